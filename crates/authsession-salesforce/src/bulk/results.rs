//! The result of a job as it comes: all its pages as one CSV, and no row lost or repeated when a connection breaks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use authsession_core::clock;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderValue;
use http::header::ACCEPT;

use crate::bulk::position::BulkPosition;
use crate::client::Cirrus;
use crate::csv::row_buffer::{RowBuffer, Taken};
use crate::error::csv_fault::CsvFault;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::text;
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::Call;
use crate::query::trail::{QueryTrail, lost};

const LOCATOR: &str = "sforce-locator";
const NUMBER_OF_RECORDS: &str = "sforce-numberofrecords";

/// A result in whole rows, with one header before all of them; no more than the row at hand and a piece behind it is held, however
/// large the result is.
///
/// A page whose body breaks off is asked for again, and the rows of it that were handed on are left out; as often as the client's
/// [`RetryPolicy`](crate::exchange::retry::RetryPolicy) allows without any headway. When it ends with an error all the same, its
/// [`position`](Self::position) says where another one goes on. A page that says the next one is where one was before is no end:
/// its rows come, and then an error.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use futures_util::TryStreamExt;
///
/// let mut rows = salesforce.bulk().query().all_results("7505fEXAMPLE4C2AAM")?;
/// while let Some(piece) = rows.try_next().await? {
///     println!("{} bytes", piece.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct BulkResults {
    client: Cirrus,
    path: String,
    max_records: Option<u32>,
    follows: bool,
    position: BulkPosition,
    trail: QueryTrail,
    /// Whether the header is still to be handed on.
    owes_header: bool,
    header: Option<Bytes>,
    phase: Phase,
    /// How often in a row a page broke off without any headway.
    breaks: u32,
}

enum Phase {
    /// The next page is to be asked for, after that pause.
    Before(Duration),
    Opening(Pin<Box<dyn Future<Output = CirrusResult<ByteStream>> + Send>>),
    Reading(Box<Page>),
    Over,
}

struct Page {
    body: ByteStream,
    rows: RowBuffer,
    has_header: bool,
    /// So many of its rows were handed on before it broke.
    to_skip: u64,
    count: u64,
    has_ended: bool,
}

/// What comes of a page.
enum Step {
    Rows(Bytes),
    End,
    Broken(CirrusError),
}

impl BulkResults {
    pub(crate) fn new(client: &Cirrus, path: String) -> Self {
        Self {
            client: client.clone(),
            path,
            max_records: None,
            follows: true,
            position: BulkPosition::default(),
            trail: QueryTrail::default(),
            owes_header: true,
            header: None,
            phase: Phase::Before(Duration::ZERO),
            breaks: 0,
        }
    }

    /// How many rows a page has at most; as many as Salesforce finds right unless set.
    #[must_use]
    pub fn max_records(mut self, rows: u32) -> Self {
        self.max_records = Some(rows);
        self
    }

    /// Goes on from there, where another one stopped. The header is handed on unless it is behind.
    #[must_use]
    pub fn from_position(mut self, position: BulkPosition) -> Self {
        self.owes_header = !position.header;
        self.start_at(position)
    }

    /// Hands the header on, wherever it begins.
    #[must_use]
    pub fn with_header(mut self) -> Self {
        self.owes_header = true;
        self
    }

    /// Where it stands: behind all that was handed on.
    #[must_use]
    pub const fn position(&self) -> &BulkPosition {
        &self.position
    }

    /// That page, with its header.
    pub(crate) fn at_locator(self, locator: &str) -> Self {
        let position = BulkPosition { locator: Some(locator.to_owned()), ..BulkPosition::default() };
        self.start_at(position)
    }

    fn start_at(mut self, position: BulkPosition) -> Self {
        self.trail = QueryTrail::default();
        if let Some(locator) = &position.locator {
            self.trail.leads_on_to(locator);
        }
        self.position = position;
        self
    }

    pub(crate) fn only_one_page(mut self) -> Self {
        self.follows = false;
        self
    }

    /// The same under the headers of its first page, which is there by then.
    pub(crate) async fn begun(mut self) -> CirrusResult<ByteStream> {
        let page = self.open(Duration::ZERO).await?;
        let (status, headers) = (page.status(), page.headers().clone());
        self.phase = Phase::Reading(Box::new(Page::new(page, self.position.rows)));
        Ok(ByteStream::of(status, headers, self))
    }

    fn open(&self, pause: Duration) -> Pin<Box<dyn Future<Output = CirrusResult<ByteStream>> + Send>> {
        let mut call = Call::get(self.path.clone()).header(ACCEPT, HeaderValue::from_static("text/csv"));
        if let Some(locator) = &self.position.locator {
            call = call.parameter("locator", locator);
        }
        if let Some(rows) = self.max_records {
            call = call.parameter("maxRecords", &rows.to_string());
        }
        let client = self.client.clone();
        Box::pin(async move {
            if !pause.is_zero() {
                clock::wait(pause).await;
            }
            client.download(call).await
        })
    }

    /// Whole rows that are new, the end of the page, or why there is none.
    fn poll_page(&mut self, page: &mut Page, context: &mut Context<'_>) -> Poll<CirrusResult<Step>> {
        loop {
            let most = match () {
                () if !page.has_header => 1,
                () if page.to_skip > 0 => page.to_skip,
                () => u64::MAX,
            };
            let (rows, count) = match page.rows.take(most, usize::MAX) {
                Taken::Rows(rows, count) => (rows, count),
                Taken::Wrong(kind) => {
                    return Poll::Ready(Err(CirrusError::Csv(CsvFault::new(kind, page.count + 1))));
                }
                Taken::NeedsMore | Taken::NoRoom if !page.has_ended => {
                    match ready!(page.body.poll_next_unpin(context)) {
                        Some(Ok(piece)) => page.rows.push(&piece),
                        Some(Err(error)) => return Poll::Ready(Ok(Step::Broken(error))),
                        None => page.has_ended = true,
                    }
                    continue;
                }
                Taken::NeedsMore | Taken::NoRoom => {
                    // Rows end in a line end, or at least in a quote: others are half.
                    let rest = page.rows.rest();
                    if !rest.ends_with(b"\"") || page.announced().is_some_and(|all| page.count + 1 != all) {
                        return Poll::Ready(page.end(rest.trim_ascii().is_empty()));
                    }
                    (rest, 1)
                }
            };
            if !page.has_header {
                page.has_header = true;
                if self.header.get_or_insert_with(|| rows.clone()) != &rows {
                    return Poll::Ready(Err(another("its pages have different columns")));
                }
                if std::mem::take(&mut self.owes_header) {
                    self.position.header = true;
                    return Poll::Ready(Ok(Step::Rows(rows)));
                }
                continue;
            }
            page.count += count;
            if page.to_skip > 0 {
                page.to_skip -= count;
                continue;
            }
            self.position.rows = page.count;
            self.breaks = 0;
            return Poll::Ready(Ok(Step::Rows(rows)));
        }
    }

    /// The page is to be asked for again, if it may be.
    fn again(&mut self, error: CirrusError) -> CirrusResult<()> {
        let pause = self.client.retry_policy().wait_after(self.breaks, &error).ok_or(error)?;
        tracing::debug!(target: "authsession::salesforce", rows = self.position.rows, ?pause, "a page broke off");
        self.breaks += 1;
        self.phase = Phase::Before(pause);
        Ok(())
    }

    /// The page is over.
    fn turn(&mut self, page: &Page) -> CirrusResult<()> {
        let Some(next) = text(page.body.headers(), LOCATOR) else { return Ok(()) };
        if !self.trail.leads_on_to(next) {
            return Err(lost());
        }
        if self.follows {
            self.position = BulkPosition::at(next);
            self.phase = Phase::Before(Duration::ZERO);
        }
        Ok(())
    }
}

impl Stream for BulkResults {
    type Item = CirrusResult<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            // Whatever is not put back is over.
            let outcome = match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Over => return Poll::Ready(None),
                Phase::Before(pause) => {
                    self.phase = Phase::Opening(self.open(pause));
                    Ok(())
                }
                Phase::Opening(mut opening) => match opening.as_mut().poll(context) {
                    Poll::Pending => {
                        self.phase = Phase::Opening(opening);
                        return Poll::Pending;
                    }
                    Poll::Ready(opened) => opened.map(|body| {
                        self.phase = Phase::Reading(Box::new(Page::new(body, self.position.rows)));
                    }),
                },
                Phase::Reading(mut page) => match self.poll_page(&mut page, context) {
                    Poll::Pending => {
                        self.phase = Phase::Reading(page);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(Step::Rows(rows))) => {
                        self.phase = Phase::Reading(page);
                        return Poll::Ready(Some(Ok(rows)));
                    }
                    Poll::Ready(Ok(Step::End)) => self.turn(&page),
                    Poll::Ready(Ok(Step::Broken(error))) => self.again(error),
                    Poll::Ready(Err(error)) => Err(error),
                },
            };
            if let Err(error) = outcome {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl Page {
    fn new(body: ByteStream, to_skip: u64) -> Self {
        let rows = RowBuffer::of_results();
        Self { body, rows, has_header: false, to_skip, count: 0, has_ended: false }
    }

    /// How many rows it has, by its headers.
    fn announced(&self) -> Option<u64> {
        text(self.body.headers(), NUMBER_OF_RECORDS)?.parse().ok()
    }

    /// Its body ended. It may have broken off where nobody could see it but by the rows that are missing.
    fn end(&self, is_between_rows: bool) -> CirrusResult<Step> {
        if !is_between_rows || self.announced().is_some_and(|all| self.count < all) {
            return Ok(Step::Broken(CirrusError::cut_off()));
        }
        if self.to_skip > 0 {
            return Err(another("a page has fewer rows than before"));
        }
        Ok(Step::End)
    }
}

fn another(why: &str) -> CirrusError {
    CirrusError::InvalidResponse(format!("this is not the result as it was ({why}): begin anew"))
}

impl fmt::Debug for BulkResults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkResults")
            .field("path", &self.path)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
