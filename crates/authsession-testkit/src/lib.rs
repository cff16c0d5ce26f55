//! An OpenID provider that runs in the test and does what the test says.
//!
//! [`Provider`](provider::Provider) is a strict one: codes work once, PKCE and redirect URIs are checked, refresh tokens
//! rotate and a reused one kills its family. Then the test scripts what real providers do on bad days: an
//! [`Answer`](script::Answer) that is late, lost, broken or a lie. The [`Journal`](journal::Journal) shows what was really
//! asked, the [`VirtualClock`](clock::VirtualClock) stands still until it is moved, and the
//! [`Browser`](browser::Browser) keeps cookies as browsers do.
//!
//! [`Org`](org::Org) is the other one: a Salesforce org, with its token endpoint, its errors word for word, its sessions
//! that live by use and end without notice, and a REST API over records in a database of its own.
//!
//! It shares no code with the libraries it tests, so no misreading is made twice.
//!
//! ```
//! use authsession_testkit::browser::Browser;
//! use authsession_testkit::clock::VirtualClock;
//! use authsession_testkit::endpoint::Endpoint;
//! use authsession_testkit::provider::Provider;
//! use authsession_testkit::script::Answer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = VirtualClock::halted();
//! let provider = Provider::builder().clock(clock.clone()).start().await?;
//! let browser = Browser::with_clock(clock)?;
//!
//! // A busy provider, once.
//! provider.enqueue(Endpoint::Discovery, Answer::status(503).retry_after(2));
//! let discovery = provider.endpoint(Endpoint::Discovery);
//! assert_eq!(browser.fetch(&discovery).await?.status, 503);
//! assert_eq!(browser.fetch(&discovery).await?.json()?["issuer"], provider.issuer());
//! assert_eq!(provider.journal().count(Endpoint::Discovery), 2);
//!
//! // A sign-in, up to where the browser is sent back with a code.
//! let login = format!(
//!     "{}?response_type=code&client_id={}&redirect_uri=https://app.example/callback&scope=openid&state=s1",
//!     provider.endpoint(Endpoint::Authorization),
//!     provider.client_id(),
//! );
//! let page = browser.navigate_without_following(login).await?;
//! let back = page.location().ok_or("not sent back")?;
//! assert_eq!(back.path(), "/callback");
//! assert!(back.query_pairs().any(|(name, _)| name == "code"));
//! # Ok(()) }
//! ```

mod assertion;
pub mod assertion_issuer;
mod bodies;
pub mod browser;
pub mod builder;
pub mod client;
pub mod clock;
mod compression;
mod connection;
pub mod endpoint;
mod endpoints;
mod forgery;
pub mod gate;
pub mod habits;
mod http_date;
pub mod journal;
pub mod key_pair;
pub mod keys;
pub mod ledger;
pub mod org;
mod pattern;
pub mod provider;
pub mod public_key;
mod queues;
mod random;
mod realm;
pub mod script;
pub mod serve;
mod stage;
mod tokens;
pub mod user;
mod wire;
