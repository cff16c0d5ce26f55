//! The demo on a store that outlives it.

use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::provider::Provider;

use crate::process::{Demo, authsession, ended};

const KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";

fn database() -> String {
    let name = format!("authsession-demo-{}.db", authsession_core::random::text::<9>().unwrap());
    format!("sqlite:{}", std::env::temp_dir().join(name).display())
}

#[tokio::test]
async fn a_session_outlives_the_process_where_its_store_does() {
    // Where the browser comes back to is wherever the demo listens this time; the provider takes any port of this machine.
    let redirect_uri = "http://127.0.0.1:18099/auth/callback";
    let client = Client::confidential("demo", "a secret").redirect_uri(redirect_uri);
    let provider = Provider::builder().client(client).start().await.unwrap();
    let store = database();
    let settings = [
        ["--store", &store],
        ["--cookie-key", KEY],
        ["--issuer", provider.issuer()],
        ["--client-id", "demo"],
        ["--client-secret", "a secret"],
        ["--redirect-uri", redirect_uri],
    ]
    .concat();
    let first = Demo::start_with(&settings).await;
    let browser = Browser::new().unwrap();
    // As far as the callback, which is answered by the demo wherever it listens.
    let login = browser.navigate_without_following(format!("{}auth", first.url)).await.unwrap();
    let to_the_provider = login.headers["location"].to_str().unwrap().to_owned();
    let back = browser.navigate_without_following(&to_the_provider).await.unwrap();
    let callback = back.headers["location"].to_str().unwrap().replace("http://127.0.0.1:18099/", &first.url);
    browser.navigate(&callback).await.unwrap();
    let before = browser.fetch(format!("{}session", first.url)).await.unwrap();
    assert_eq!(before.status, 200, "{}", before.text());
    let said = first.end().await;
    assert!(said.out.contains("Store     SQLite"), "{}", said.out);

    let second = Demo::start_with(&settings).await;
    let after = browser.fetch(format!("{}session", second.url)).await.unwrap();

    assert_eq!(after.status, 200, "{}", after.text());
    assert_eq!(after.json().unwrap()["subject"], before.json().unwrap()["subject"]);
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told_before_anything_is_served_and_its_password_is_not() {
    for (store, says) in [
        ("mongodb://app:canary@db.example/app", "sqlite:, postgres:, mysql: or redis:"),
        ("postgres://app:canary@127.0.0.1:1/app", "not available"),
        ("redis://:canary@127.0.0.1:1/", "not available"),
    ] {
        let refused =
            authsession(&["demo", "--listen", "127.0.0.1:0"]).env("AUTHSESSION_STORE", store).spawn();
        let refused = ended(refused.unwrap()).await;
        assert!(!refused.succeeded && refused.log.contains(says), "{}", refused.log);
        assert!(!refused.log.contains("canary"), "{}", refused.log);
    }
}
