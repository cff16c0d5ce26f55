//! The ways to read a fresh token: what each crate offers, and the floors.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;

use authsession_core::clock::Clock;
use authsession_core::token_cache::TokenCache;
use authsession_core::token_set::TokenSet;
use axum::http::{HeaderValue, Method, Uri};
use huskarl::authorizer::HttpAuthorizer;
use huskarl::cache::TokenSource as _;

use crate::outbound::floor::{self, Floor};
use crate::outbound::org;
use crate::outbound::sessions::{self, Failure, Session as _};
use crate::outbound::unasked::Unasked;

/// Reads at a time.
pub(crate) const BATCH: u32 = 1000;

/// What is had in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    /// A `String`.
    Text,
    /// A `HeaderValue`.
    Header,
    /// A reference.
    Borrowed,
}

/// A task's reads, under way.
type Reading = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One way to read.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    pub(crate) has: Has,
    read: Box<dyn Fn(u32) -> Reading + Send + Sync>,
}

impl Reader {
    fn new(has: Has, name: &'static str, read: impl Read) -> Arc<Self> {
        let read = Arc::new(read);
        let read = move |times| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let read = Arc::clone(&read);
            Box::pin(async move {
                for _ in 0..times {
                    read.read().await;
                }
            })
        };
        Arc::new(Self { name, has, read: Box::new(read) })
    }

    /// Reads that often.
    pub(crate) async fn read(&self, times: u32) {
        (self.read)(times).await;
    }
}

/// Reads once, and checks that there was a token.
trait Read: Send + Sync + 'static {
    fn read(&self) -> impl Future<Output = ()> + Send;
}

/// A way to read: its name, what it reads from, and how.
macro_rules! ways {
    ($($way:ident($from:ty): |$self:ident| $read:expr;)*) => {$(
        struct $way($from);

        impl Read for $way {
            async fn read(&self) {
                let $self = &self.0;
                black_box($read);
            }
        }
    )*};
}

type Ours = Arc<dyn authsession_salesforce::auth::AuthSession>;
type Cirrus = Arc<dyn cirrus_auth::AuthSession>;
type Huskarl = Arc<dyn huskarl::cache::TokenCache>;

ways! {
    FloorText(floor::Shared): |floor| floor.access_token().await.expect(FRESH);
    OursText(Ours): |session| session.access_token().await.expect(FRESH).into_owned();
    CirrusText(Cirrus): |session| session.access_token().await.expect(FRESH).into_owned();
    HuskarlText(Huskarl): |cache| text(&cache.token().await.expect(FRESH)).to_owned();
    FloorHeader(floor::Shared): |floor| floor.shared_header().expect(FRESH);
    FloorStriped(floor::Shared): |floor| floor.striped_header().expect(FRESH);
    OursAtOnce(Ours): |session| session.authorization_at_once().expect(FRESH);
    OursHeader(Ours): |session| session.authorization().await.expect(FRESH);
    CirrusHeader(Cirrus): |session| header(&session.access_token().await.expect(FRESH));
    HuskarlHeader((HttpAuthorizer, Uri)): |from| from.0.get_headers(&Method::GET, &from.1).await.expect(FRESH);
    FloorBorrowed(Arc<Floor>): |floor| floor.read(|token| black_box(token).len()).expect(FRESH);
    OursBorrowed(TokenCache): |cache| cache.read(|token| black_box(token.expose()).len()).expect(FRESH);
    HuskarlShared(Huskarl): |cache| black_box(text(&cache.token().await.expect(FRESH))).len();
}

const FRESH: &str = "the token is fresh";

fn text(answer: &huskarl::grant::core::TokenResponse) -> &str {
    answer.access_token().token().expose_secret()
}

fn header(token: &str) -> HeaderValue {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).expect("a token fits a header");
    value.set_sensitive(true);
    value
}

/// All of them, each with a token of its own in hand.
pub(crate) async fn all() -> Result<Vec<Arc<Reader>>, Failure> {
    let org = org::start().await?;
    let token = "x".repeat(1000);
    let floor = Arc::new(Floor::new(&token).map_err(|error| error.to_string())?);
    let ours = Arc::new(sessions::ours(&org)?);
    let cirrus = Arc::new(sessions::cirrus(&org, None)?);
    let huskarl = Arc::new(sessions::huskarl(&org, None)?);
    let cache = TokenCache::builder(Arc::new(Unasked), Clock::system()).build();
    let mut tokens = TokenSet::new(token.as_str(), Clock::system().now());
    tokens.expires_at = Some(tokens.received_at + std::time::Duration::from_secs(3600));
    cache.adopt(tokens)?;
    for got in [ours.token().await?, cirrus.token().await?, sessions::Session::token(&*huskarl).await?] {
        assert_eq!(got.len(), token.len(), "all tokens are equally long");
    }
    let authorizer = HttpAuthorizer::builder().cache(Arc::clone(&huskarl)).build();
    let (ours, cirrus, huskarl): (Ours, Cirrus, Huskarl) = (ours, cirrus, huskarl);
    let by_hand: floor::Shared = floor.clone();
    let uri = Uri::from_static("https://example.my.salesforce.com/services/data");
    Ok(vec![
        Reader::new(Has::Text, "floor: arc-swap, boxed future, `String`", FloorText(by_hand.clone())),
        Reader::new(Has::Text, "authsession, `access_token()`", OursText(ours.clone())),
        Reader::new(Has::Text, "cirrus-auth, `access_token()`", CirrusText(cirrus.clone())),
        Reader::new(Has::Text, "huskarl, `token()` and a copy", HuskarlText(huskarl.clone())),
        Reader::new(Has::Header, "floor: arc-swap, one header for all", FloorHeader(by_hand.clone())),
        Reader::new(Has::Header, "floor: arc-swap, a header a thread", FloorStriped(by_hand)),
        Reader::new(Has::Header, "authsession, `authorization_at_once()`", OursAtOnce(ours.clone())),
        Reader::new(Has::Header, "authsession, `authorization()`", OursHeader(ours)),
        Reader::new(Has::Header, "cirrus-auth, and the header built", CirrusHeader(cirrus)),
        Reader::new(Has::Header, "huskarl, `get_headers()`", HuskarlHeader((authorizer, uri))),
        Reader::new(Has::Borrowed, "floor: arc-swap", FloorBorrowed(floor)),
        Reader::new(Has::Borrowed, "authsession, `TokenCache::read`", OursBorrowed(cache)),
        Reader::new(Has::Borrowed, "huskarl, `token()` (an `Arc`)", HuskarlShared(huskarl)),
    ])
}
