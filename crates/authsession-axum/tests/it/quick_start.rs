//! The README's quick start, as it stands there: compiled, run, signed in to.

use authsession_testkit::browser::Browser;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;

use crate::stage::COOKIE_KEY;

// Kept as the README shows it.
#[rustfmt::skip]
mod app {
    include!("quick_start/app.rs");

    pub(super) async fn start(issuer: &str, url: &str, secret: &str, key: &str) -> Router {
        app(issuer, url, secret, key).await.unwrap()
    }
}

const QUICK_START: &str = include_str!("quick_start/app.rs");
const README: &str = include_str!("../../../../README.md");

#[tokio::test]
async fn the_quick_start_signs_a_person_in() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let url = slot.url().to_owned();
    let server = slot.serve(app::start(provider.issuer(), &url, provider.client_secret(), COOKIE_KEY).await);

    let page = Browser::new().unwrap().navigate(server.url()).await.unwrap();

    assert!(page.text().starts_with("Hello, Alice"), "{}", page.text());
}

#[test]
fn the_quick_start_is_the_readmes_and_at_most_25_lines() {
    assert!(README.contains(QUICK_START), "README.md shows another quick start");
    assert!(QUICK_START.lines().count() <= 25, "{}", QUICK_START.lines().count());
}
