//! Every example, signed in to.

#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../by_hand.rs"]
mod by_hand;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../client_credentials.rs"]
mod client_credentials;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../database.rs"]
mod database;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../device_login.rs"]
mod device_login;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../json_api.rs"]
mod json_api;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../login.rs"]
mod login;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../plain_oauth2.rs"]
mod plain_oauth2;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../salesforce.rs"]
mod salesforce;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../salesforce_bulk.rs"]
mod salesforce_bulk;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../salesforce_records.rs"]
mod salesforce_records;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../service_account.rs"]
mod service_account;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../sessions_in_cookies.rs"]
mod sessions_in_cookies;
#[expect(dead_code, reason = "its main is for `cargo run`")]
#[path = "../../step_up.rs"]
mod step_up;

mod readme;

use std::time::Duration;

use authsession_core::client_auth::ClientAuth;
use authsession_core::random;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::Org;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::json;

#[tokio::test]
async fn login_says_hello_to_whoever_signs_in() {
    let provider = Provider::builder().interactive(true).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = login::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    browser.navigate(server.url()).await.unwrap();
    let page = browser.press("Bob").await.unwrap();

    assert!(page.text().contains("Hello, Bob Example!"), "{}", page.text());
}

#[tokio::test]
async fn json_api_tells_its_script_where_to_sign_in() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = json_api::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    browser.navigate(server.url()).await.unwrap();
    let refused = browser.fetch("/api/me").await.unwrap();
    assert_eq!(refused.status, 401);
    let page = browser.click(refused.json().unwrap()["login_url"].as_str().unwrap()).await.unwrap();

    assert_eq!(page.url.as_str(), format!("{}/", server.url()));
    assert_eq!(browser.fetch("/api/me").await.unwrap().json().unwrap()["name"], "Alice Example");
}

#[tokio::test]
async fn step_up_asks_once_more_after_five_minutes() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = step_up::app(&provider, slot.url()).await.unwrap();
    let (browser, server) = (Browser::with_clock(clock.clone()).unwrap(), slot.serve(app));
    let transfer = format!("{}/transfer", server.url());

    let page = browser.navigate(&transfer).await.unwrap();
    assert!(page.text().contains("Alice Example, you may transfer"), "{}", page.text());
    clock.advance(Duration::from_secs(301));
    let page = browser.navigate(&transfer).await.unwrap();

    assert!(page.text().contains("you signed in 0 s ago"), "{}", page.text());
    let asked = provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("max_age"), Some("0"));
    assert_eq!(asked.query_value("acr_values"), Some("urn:example:mfa phr"));
}

#[tokio::test]
async fn by_hand_signs_in_without_discovery() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = by_hand::app(&provider, slot.url()).unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    let page = browser.navigate(server.url()).await.unwrap();

    assert_eq!(page.text(), "Hello, Alice Example!");
    assert_eq!(provider.journal().count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn plain_oauth2_takes_the_user_from_the_api() {
    let provider = plain_oauth2::provider().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = plain_oauth2::app(&provider, slot.url()).unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    let page = browser.navigate(server.url()).await.unwrap();

    assert_eq!(page.text(), "Hello, octocat, number 583231!");
}

#[tokio::test]
async fn client_credentials_open_an_api_by_secret_or_key_and_survive_a_401() {
    let key = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let registered = Client::confidential("daemon", "secret").public_key(key.public_key().unwrap());
    let provider = Provider::builder().client(registered).start().await.unwrap();
    let by_key = client_credentials::by_key(&key.private_key_pem().unwrap(), key.key_id()).unwrap();
    let api = provider.endpoint(Endpoint::Api);
    for auth in [ClientAuth::Secret("secret".into()), by_key] {
        let tokens = client_credentials::tokens(provider.issuer(), "daemon", auth).unwrap();
        let client = tokens.api_client(&api).unwrap();
        for _ in 0..2 {
            assert_eq!(client.get(format!("{api}/users")).send().await.unwrap().status(), 200);
            provider.revoke_access_tokens();
        }
    }
    assert_eq!(provider.journal().grants("client_credentials"), 4);
}

#[tokio::test]
async fn service_account_turns_its_key_file_into_tokens() {
    let (provider, key) = service_account::provider().unwrap();
    let provider = provider.start().await.unwrap();
    let key_file = service_account::key_file(&provider, &key).unwrap();
    let tokens = service_account::tokens(&key_file, "storage.read").unwrap();

    let token = tokens.token().await.unwrap();

    assert_eq!(token.tokens().scope.as_deref(), Some("storage.read"));
    assert!(provider.live_access_token(token.expose()));
}

#[tokio::test]
async fn device_login_remembers_who_signed_in() {
    let provider = device_login::provider().device_pace_enforced(false).start().await.unwrap();
    let eagerly = Answer::tampered(|body| body["interval"] = json!(0.01));
    provider.always(Endpoint::DeviceAuthorization, eagerly);
    let folder = std::env::temp_dir().join(format!("device_login-{}", random::text::<9>().unwrap()));
    std::fs::create_dir(&folder).unwrap();
    let settings = || device_login::settings(&provider, &folder.join("login.json"));

    let first = device_login::log_in(settings(), |pending| {
        assert!(provider.approve_device(&pending.user_code));
    });
    let first = first.await.unwrap().token().await.unwrap();
    let second = device_login::log_in(settings(), |_| panic!("asked again")).await.unwrap();

    assert_eq!(second.token().await.unwrap().expose(), first.expose());
    provider.revoke_everything();
    second.invalidate(first.expose());
    assert!(second.token().await.unwrap_err().to_string().contains("sign in again"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn salesforce_shows_the_users_accounts_and_survives_the_end_of_the_orgs_session() {
    let org = Org::builder().rotation(true).start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = salesforce::app(&org, slot.url()).await.unwrap();
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app));

    for _ in 0..2 {
        let page = browser.navigate(server.url()).await.unwrap();
        assert!(page.text().starts_with("Your accounts: Acme, Globex."), "{}", page.text());
        org.expire_sessions();
    }

    assert_eq!(org.journal().grants("refresh_token"), 1);
}

#[tokio::test]
async fn records_are_signed_up_together_and_found_by_their_names() {
    let org = Org::builder().start().await.unwrap();
    let salesforce = salesforce_records::client(&org).unwrap();
    salesforce_records::sign_up(&salesforce, "Initech", "O'Hara").await.unwrap();
    org.expire_sessions();

    assert_eq!(salesforce_records::people(&salesforce, "O'H").await.unwrap(), ["O'Hara of Initech"]);
    salesforce_records::sign_up(&salesforce, "Nobody's", "").await.unwrap_err();
    assert_eq!(org.query("SELECT Id FROM Account WHERE Name = 'Nobody\\'s'").unwrap().len(), 0);
}

#[tokio::test]
async fn rows_loaded_in_bulk_are_there_once_however_often_they_are_loaded() {
    let org = Org::builder().start().await.unwrap();
    let salesforce = salesforce_bulk::client(&org).unwrap();
    let before = salesforce_bulk::count(&salesforce).await.unwrap();
    let widgets: Vec<_> = (0..500)
        .map(|number| salesforce_bulk::Widget { name: "\"W\",\n".to_owned(), number: format!("x{number}") })
        .collect();

    for _ in 0..2 {
        let loaded = salesforce_bulk::load(&salesforce, &widgets).await.unwrap();
        assert_eq!((loaded.successes.len(), loaded.failures.len()), (500, 0));
        org.expire_sessions();
    }

    assert_eq!(salesforce_bulk::count(&salesforce).await.unwrap(), before + 500);
}

#[tokio::test]
async fn sessions_in_cookies_outlive_the_process() {
    let (provider, key) = (Provider::builder().start().await.unwrap(), random::text::<32>().unwrap());
    let (slot, later) = (Server::reserve().await.unwrap(), Server::reserve().await.unwrap());
    let url = slot.url().to_owned();
    let app = || sessions_in_cookies::app(&provider, &url, &key);
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app().await.unwrap()));
    let page = browser.navigate(server.url()).await.unwrap();
    assert!(
        page.text().starts_with("Hello, Alice Example! Your session is in your cookies."),
        "{}",
        page.text()
    );

    let restarted = later.serve(app().await.unwrap());

    assert_eq!(browser.fetch(restarted.url()).await.unwrap().text(), page.text());
    assert_eq!(provider.journal().grants("authorization_code"), 1);
}

#[tokio::test]
async fn database_keeps_sessions_beyond_the_process() {
    let (provider, key) = (Provider::builder().start().await.unwrap(), random::text::<32>().unwrap());
    let (slot, later) = (Server::reserve().await.unwrap(), Server::reserve().await.unwrap());
    let url = slot.url().to_owned();
    let folder = std::env::temp_dir().join(format!("database-{}", random::text::<9>().unwrap()));
    std::fs::create_dir(&folder).unwrap();
    let file = format!("sqlite://{}", folder.join("sessions.db").display());
    let app = || database::app(&provider, &url, &key, &file);
    let (browser, server) = (Browser::new().unwrap(), slot.serve(app().await.unwrap()));
    let page = browser.navigate(server.url()).await.unwrap();
    assert!(
        page.text().starts_with("Hello, Alice Example! Your session is in a database."),
        "{}",
        page.text()
    );

    let restarted = later.serve(app().await.unwrap());

    assert_eq!(browser.fetch(restarted.url()).await.unwrap().text(), page.text());
    assert_eq!(provider.journal().grants("authorization_code"), 1);
    std::fs::remove_dir_all(folder).unwrap();
}
