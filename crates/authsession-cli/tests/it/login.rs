//! `authsession login`: by the browser on this machine, and by a code.

use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::login_file::LoginFile;
use crate::process::{Ended, authsession, ended};

async fn provider() -> Provider {
    let builder = Provider::builder().client(Client::public("cli")).device_interval(Duration::from_secs(1));
    builder.start().await.unwrap()
}

fn login(provider: &Provider, file: &LoginFile, more: &[&str]) -> Child {
    let mut command = authsession(&["login", "--store", &file.path, "--client-id", "cli"]);
    command.args(["--issuer", provider.issuer(), "--scope", "openid", "--scope", "email offline_access"]);
    command.args(more).spawn().unwrap()
}

/// What it says after that word.
async fn told(child: &mut Child, word: &str) -> String {
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("it is told before it ends");
        if let Some(told) = line.strip_prefix(word) {
            return told.trim().to_owned();
        }
    }
}

/// Signs in by a browser, and keeps the login in that file.
pub(crate) async fn sign_in(provider: &Provider, file: &LoginFile) -> Ended {
    agree(login(provider, file, &[])).await
}

/// Does as a login asks: opens the page it names.
pub(crate) async fn agree(mut child: Child) -> Ended {
    let url = told(&mut child, "Open").await;
    let page = Browser::new().unwrap().navigate(&url).await.unwrap();
    assert!(page.text().contains("signed in"), "{}", page.text());
    ended(child).await
}

#[tokio::test]
async fn who_signs_in_by_the_browser_needs_to_say_no_more_than_the_file_from_then_on() {
    let (provider, file) = (provider().await, LoginFile::new());
    let signed_in = sign_in(&provider, &file).await;
    assert!(signed_in.succeeded && signed_in.out.is_empty(), "{}", signed_in.log);
    let asked = provider.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("scope"), Some("openid email offline_access"));
    let first = file.token().await;
    assert!(provider.live_access_token(first.token()));
    let second = file.instead_of(first.token()).await;
    assert!(provider.live_access_token(second.token()) && first.token() != second.token());
    let third = file.instead_of(second.token()).await;
    assert!(provider.live_access_token(third.token()), "the file still knows after a refresh");
}

#[tokio::test]
async fn who_signs_in_by_a_code_is_shown_it_and_where_to_enter_it() {
    let (provider, file) = (provider().await, LoginFile::new());
    let mut child = login(&provider, &file, &["--device"]);
    let url = told(&mut child, "Open").await;
    assert_eq!(url, provider.endpoint(Endpoint::DeviceVerification));
    let codes = provider.pending_user_codes();
    assert!(provider.approve_device(&codes[0]));
    let signed_in = ended(child).await;
    assert!(signed_in.succeeded && signed_in.out.is_empty(), "{}", signed_in.log);
    assert!(provider.live_access_token(file.token().await.token()));
}

#[tokio::test]
async fn a_user_who_says_no_is_not_signed_in() {
    let (provider, file) = (provider().await, LoginFile::new());
    let mut child = login(&provider, &file, &["--device"]);
    told(&mut child, "Open").await;
    assert!(provider.deny_device(&provider.pending_user_codes()[0]));
    let refused = ended(child).await;
    assert_eq!(refused.status, Some(3), "{}", refused.log);
    assert!(refused.log.contains("access_denied"), "{}", refused.log);
    assert_eq!(file.token().await.status, Some(3));
}

#[tokio::test]
async fn a_login_that_cannot_be_renewed_is_said_to_be_one() {
    let builder = Provider::builder().client(Client::public("cli")).offline_access_required(true);
    let (provider, file) = (builder.start().await.unwrap(), LoginFile::new());
    let mut command = authsession(&["login", "--store", &file.path, "--client-id", "cli"]);
    let signed_in = agree(command.args(["--issuer", provider.issuer()]).spawn().unwrap()).await;
    assert!(signed_in.succeeded && signed_in.log.contains("offline_access"), "{}", signed_in.log);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (provider, file) = (provider().await, LoginFile::new());
    sign_in(&provider, &file).await;
    file.instead_of(file.token().await.token()).await;
    for ending in ["", ".lock", ".save"] {
        let mode = std::fs::metadata(format!("{}{ending}", file.path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{ending}");
    }
}
