//! All records of a query, one after the other; the pages they come in are asked for as they are needed.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::query::children;
use crate::query::page::{self, QueryOptions, QueryResult};
use crate::query::trail::{QueryTrail, lost};

/// So many errors with no record between them, and the stream is over: whoever polls on without a pause would do so for ever.
const MOST_ERRORS: u32 = 5;

/// The records of a query as a stream. A page is asked for once the one before is handed out, and dropping the stream asks
/// for no more; a session that ends between two pages is renewed, as for every call.
///
/// A list within a record, as of `(SELECT Id FROM Contacts)`, is whole: of a long one, Salesforce sends the first only, and the
/// stream asks for the rest before it hands out the page (see [`children_as_they_come`](Self::children_as_they_come)).
///
/// Every record comes once, in Salesforce's order. After an error that may pass
/// ([`is_transient`](CirrusError::is_transient)), or a page cut off on its way, whoever asks for the next record makes the stream
/// ask for the same page again. The fifth such error without a record between them is the stream's last item, as is any other
/// error, and the first [`QuotaReserved`](CirrusError::QuotaReserved); what comes after it can still be had, from
/// [`pending_locator`](Self::pending_locator), once its cause is gone. Salesforce keeps the rest of a query for two days at
/// most, and not beyond some ends of the session: an error that [`is_lost_cursor`](CirrusError::is_lost_cursor) says that it is
/// gone, and the query has to be run again, from the last record that came (`WHERE Id > …`, where it is ordered by `Id`).
///
/// ```no_run
/// use futures_util::TryStreamExt;
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let mut accounts = salesforce.query_stream("SELECT Id, Name FROM Account").read_ahead();
/// while let Some(account) = accounts.try_next().await? {
///     println!("{}", account["Name"]);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Records<R> {
    client: Cirrus,
    options: QueryOptions,
    total_size: Option<i64>,
    /// The rest of the page at hand.
    page: vec::IntoIter<R>,
    next: Next,
    trail: QueryTrail,
    asked: Option<Asked<R>>,
    /// Since the last record.
    errors: u32,
    is_over: bool,
    reads_ahead: bool,
    completes_children: bool,
}

/// What comes after the page at hand.
#[derive(Clone)]
enum Next {
    First {
        resource: &'static str,
        soql: String,
    },
    At(String),
    /// There is more, and Salesforce did not say where.
    Lost,
    Nothing,
}

type Page<R> = CirrusResult<QueryResult<R>>;

/// A page that was asked for.
enum Asked<R> {
    /// Goes on while the stream is polled.
    Here(Pin<Box<dyn Future<Output = Page<R>> + Send>>),
    /// Goes on by itself.
    Ahead(JoinHandle<Page<R>>),
}

impl<R: DeserializeOwned + Send + Unpin + 'static> Records<R> {
    /// The records from a page on: that of a [`next_records_url`](QueryResult::next_records_url), or of an earlier stream's
    /// [`pending_locator`](Self::pending_locator). One that is not of a query of this org is refused before anything is sent.
    pub fn from_locator(client: Cirrus, next_records_url: impl Into<String>) -> Self {
        Self::new(client, QueryOptions::new(), Next::At(next_records_url.into()))
    }

    /// The records of this page as they are, and those of the pages that follow.
    pub fn from_page(client: Cirrus, page: QueryResult<R>) -> Self {
        let mut records = Self::new(client, QueryOptions::new(), Next::Nothing);
        records.turn_to(page);
        records
    }

    /// The records of a query resource: `query`, `queryAll` or `tooling/query`.
    pub(crate) fn of_query(
        client: Cirrus,
        resource: &'static str,
        soql: String,
        options: QueryOptions,
    ) -> Self {
        let completes_children = children::may_be_asked_for(&soql);
        Self { completes_children, ..Self::new(client, options, Next::First { resource, soql }) }
    }

    fn new(client: Cirrus, options: QueryOptions, next: Next) -> Self {
        let mut trail = QueryTrail::default();
        if let Next::At(locator) = &next {
            trail.leads_on_to(locator);
        }
        Self {
            client,
            options,
            total_size: None,
            page: Vec::new().into_iter(),
            next,
            trail,
            asked: None,
            errors: 0,
            is_over: false,
            reads_ahead: false,
            completes_children: true,
        }
    }

    /// Takes a page to be handed out.
    fn turn_to(&mut self, page: QueryResult<R>) {
        self.total_size = Some(page.total_size);
        self.next = match page.next_records_url {
            Some(next) if self.trail.leads_on_to(&next) => Next::At(next),
            None if page.done => Next::Nothing,
            _ => Next::Lost,
        };
        self.page = page.records.into_iter();
    }

    fn ask(&self) -> impl Future<Output = Page<R>> + Send + use<R> {
        let (client, options, next) = (self.client.clone(), self.options.clone(), self.next.clone());
        let completes_children = self.completes_children;
        async move {
            let answer = match next {
                Next::First { resource, soql } => page::ask_first(&client, resource, &soql, &options).await?,
                Next::At(locator) => page::ask_next(&client, &locator, &options).await?,
                Next::Lost | Next::Nothing => return Err(lost()),
            };
            if completes_children {
                children::whole_page(&client, &answer, &options).await
            } else {
                answer.json()
            }
        }
    }
}

impl<R> Records<R> {
    /// Asks for the next page while the one at hand is handed out, on a task of its own that ends with the stream: the memory
    /// of two pages, and no waiting where the caller takes as long as Salesforce.
    pub const fn read_ahead(mut self) -> Self {
        self.reads_ahead = true;
        self
    }

    /// Leaves the lists within records as Salesforce sends them: of a long one the first, not `done`, to be completed by
    /// [`complete`](Cirrus::complete) or streamed by [`from_page`](Self::from_page) before the stream asks for its next page, as
    /// that ends what they go on with. For lists too long for memory; not together with [`read_ahead`](Self::read_ahead).
    pub const fn children_as_they_come(mut self) -> Self {
        self.completes_children = false;
        self
    }

    /// Where the page is that comes after the one being handed out, for [`from_locator`](Self::from_locator). `None` before the
    /// first page, and while the last one is handed out.
    #[must_use]
    pub fn pending_locator(&self) -> Option<&str> {
        match &self.next {
            Next::At(locator) => Some(locator),
            _ => None,
        }
    }

    /// How many records the query has found, once a page told.
    #[must_use]
    pub const fn total_size(&self) -> Option<i64> {
        self.total_size
    }
}

impl<R: DeserializeOwned + Send + Unpin + 'static> Stream for Records<R> {
    type Item = CirrusResult<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(record) = this.page.next() {
                this.errors = 0;
                if this.reads_ahead && this.asked.is_none() && matches!(this.next, Next::At(_)) {
                    this.asked = Some(Asked::Ahead(tokio::spawn(this.ask())));
                }
                return Poll::Ready(Some(Ok(record)));
            }
            if this.asked.is_none() && (this.is_over || matches!(this.next, Next::Nothing)) {
                return Poll::Ready(None);
            }
            let asked = match this.asked.take() {
                Some(asked) => asked,
                None => Asked::Here(Box::pin(this.ask())),
            };
            let page = ready!(this.asked.insert(asked).poll(context));
            this.asked = None;
            match page {
                Ok(page) => this.turn_to(page),
                Err(error) => {
                    this.errors += 1;
                    this.is_over = this.errors == MOST_ERRORS || !may_pass(&error);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// At least what is left of the page at hand.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let here = self.page.len();
        (here, matches!(self.next, Next::Nothing).then_some(here))
    }
}

impl<R> Asked<R> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Page<R>> {
        match self {
            Self::Here(page) => page.as_mut().poll(context),
            Self::Ahead(task) => Poll::Ready(match ready!(Pin::new(task).poll(context)) {
                Ok(page) => page,
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                Err(_) => Err(CirrusError::InvalidResponse("the runtime ended before the page came".into())),
            }),
        }
    }
}

/// A page nobody will take is not waited for.
impl<R> Drop for Asked<R> {
    fn drop(&mut self) {
        if let Self::Ahead(task) = self {
            task.abort();
        }
    }
}

/// Whether the same page may be had by asking again. Calls of the org's day do not come back so soon.
fn may_pass(error: &CirrusError) -> bool {
    match error {
        CirrusError::QuotaReserved { .. } => false,
        CirrusError::Serialization(fault) => fault.is_truncated(),
        _ => error.is_transient(),
    }
}

impl<R> fmt::Debug for Records<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Records")
            .field("total_size", &self.total_size)
            .field("at_hand", &self.page.len())
            .field("pending_locator", &self.pending_locator())
            .finish_non_exhaustive()
    }
}
