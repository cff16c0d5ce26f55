//! `authsession token`: what it prints, what it asks for, and what it says instead.

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::token_set::TokenSet;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;

use crate::login::sign_in;
use crate::login_file::LoginFile;
use crate::process::{authsession, ended};

async fn signed_in() -> (Provider, LoginFile) {
    let provider = Provider::builder().client(Client::public("cli")).start().await.unwrap();
    let file = LoginFile::new();
    assert!(sign_in(&provider, &file).await.succeeded);
    (provider, file)
}

/// The same login, whose token has lived almost all of its five minutes.
async fn about_to_end(file: &LoginFile) -> TokenSet {
    let (mut tokens, now) = (file.kept().await, Clock::system().now().unix_seconds());
    tokens.received_at = Timestamp::from_unix_seconds(now - 290);
    tokens.expires_at = Some(Timestamp::from_unix_seconds(now + 10));
    file.put(&tokens).await;
    tokens
}

#[tokio::test]
async fn a_token_that_is_fresh_is_printed_and_nobody_is_asked() {
    let (provider, file) = signed_in().await;
    let asked = provider.journal().count(Endpoint::Token);
    assert_eq!(file.token().await.token(), file.kept().await.access_token.expose());
    assert_eq!(provider.journal().count(Endpoint::Token), asked);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_first() {
    let (provider, file) = signed_in().await;
    let old = about_to_end(&file).await;
    let new = file.token().await;
    assert!(new.token() != old.access_token.expose() && provider.live_access_token(new.token()));
    assert!(provider.live_refresh_token(LoginFile::refresh_token_is(&file.kept().await)));
}

#[tokio::test]
async fn a_token_refused_after_it_was_replaced_brings_no_grant() {
    let (provider, file) = signed_in().await;
    let old = file.token().await;
    let new = file.instead_of(old.token()).await;
    let late = file.instead_of(&format!("{}\n", old.token())).await;
    assert_eq!(late.token(), new.token());
    assert_eq!(provider.journal().grants("refresh_token"), 1);
}

#[tokio::test]
async fn a_provider_that_is_away_costs_no_token_that_is_still_good() {
    let (provider, file) = signed_in().await;
    let old = about_to_end(&file).await;
    provider.always(Endpoint::Token, Answer::status(503));
    let ended = file.token().await;
    assert_eq!(ended.token(), old.access_token.expose());
    assert!(ended.log.starts_with("warning:"), "{}", ended.log);
    let refused = file.instead_of(ended.token()).await;
    assert_eq!((refused.status, refused.out.as_str()), (Some(4), ""), "{}", refused.log);
    assert!(refused.log.contains("try again later"), "{}", refused.log);
    provider.clear(Endpoint::Token);
    assert!(provider.live_access_token(file.instead_of(ended.token()).await.token()), "and it comes back");
}

#[tokio::test]
async fn a_login_the_provider_ended_is_one_to_renew_by_signing_in() {
    let (provider, file) = signed_in().await;
    let token = file.token().await;
    provider.revoke_everything();
    let ended = file.instead_of(token.token()).await;
    assert_eq!((ended.status, ended.out.as_str()), (Some(3), ""));
    assert!(ended.log.contains(&format!("authsession login --store {}", file.path)), "{}", ended.log);
}

#[tokio::test]
async fn a_provider_that_is_busy_with_the_refresh_token_has_ended_no_login() {
    let (provider, file) = signed_in().await;
    about_to_end(&file).await;
    let busy = Answer::refusal(400, "invalid_grant", "token request is already being processed");
    provider.enqueue(Endpoint::Token, busy);
    assert!(provider.live_access_token(file.token().await.token()));
}

#[tokio::test]
async fn a_refresh_token_from_elsewhere_starts_a_login_and_the_same_line_serves_ever_after() {
    let (provider, elsewhere) = signed_in().await;
    let seed = LoginFile::refresh_token_is(&elsewhere.kept().await).to_owned();
    let endpoint = provider.endpoint(Endpoint::Token);
    let settings = ["--token-endpoint", &endpoint, "--client-id", "cli", "--refresh-token-env", "SEED"];
    let file = LoginFile::new().with(&settings).with_variable("SEED", &seed);
    let mut token = file.token().await;
    for _ in 0..3 {
        token = file.instead_of(token.token()).await;
    }
    assert!(provider.live_access_token(token.token()), "the seed was presented a second time");
    assert!(provider.live_access_token(file.with(&[]).token().await.token()), "nor is it needed any more");
}

#[tokio::test]
async fn a_client_proves_itself_by_variable_file_or_key_and_no_secret_is_shown() {
    let key = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let client = Client::confidential("cli", "hush-of-32-bytes-0123456789abcdef");
    let provider = Provider::builder().client(client.public_key(key.public_key().unwrap()));
    let provider = provider.client(Client::public("open")).start().await.unwrap();
    let outset = LoginFile::new();
    let secret = outset.beside("secret", "hush-of-32-bytes-0123456789abcdef\n");
    let pem = outset.beside("key.pem", &key.private_key_pem().unwrap());
    let start = ["--issuer", provider.issuer(), "--client-id", "cli", "--refresh-token-env", "SEED"];
    for proof in [["--client-secret-env", "HUSH"], ["--client-secret-file", &secret], ["--private-key", &pem]]
    {
        let seed = provider_seed(&provider).await;
        let file = LoginFile::new().with(&[&start[..], &proof].concat());
        let file =
            file.with_variable("SEED", &seed).with_variable("HUSH", "hush-of-32-bytes-0123456789abcdef");
        let ended = file.token().await;
        assert!(provider.live_access_token(ended.token()), "{proof:?}");
    }
    let wrong = LoginFile::new().with(&[&start[..], &["--client-secret-env", "HUSH"]].concat());
    let ended = wrong.with_variable("SEED", "hush-seed").with_variable("HUSH", "hush-hush").token().await;
    assert!(ended.status == Some(1) && !ended.log.contains("hush"), "{}", ended.log);
}

/// A refresh token of the client `cli`.
async fn provider_seed(provider: &Provider) -> String {
    let file = LoginFile::new();
    let mut command = authsession(&["login", "--store", &file.path, "--client-id", "cli"]);
    command.args(["--issuer", provider.issuer(), "--client-secret-env", "HUSH"]);
    let child = command.env("HUSH", provider.client_secret()).spawn().unwrap();
    crate::login::agree(child).await;
    LoginFile::refresh_token_is(&file.kept().await).to_owned()
}

#[tokio::test]
async fn a_secret_in_the_place_of_a_variables_name_is_not_repeated() {
    let file = LoginFile::new().with(&["--refresh-token-env", "hush-hush"]);
    let ended = file.token().await;
    assert!(ended.status == Some(2) && !ended.log.contains("hush"), "{}", ended.log);
    assert!(ended.log.contains("--refresh-token-env"), "{}", ended.log);
}

#[tokio::test]
async fn a_login_of_one_provider_is_not_shown_to_another() {
    let (_provider, file) = signed_in().await;
    let other = Provider::builder().client(Client::public("cli")).start().await.unwrap();
    let ended = file.with(&["--issuer", other.issuer()]).token().await;
    assert!(ended.status == Some(1) && ended.log.contains("another provider"), "{}", ended.log);
    assert_eq!(other.journal().all().len(), 0);
}

#[tokio::test]
async fn a_file_that_is_not_a_login_is_left_alone() {
    let file = LoginFile::new();
    file.beside("acme.json", "{\"format\":1,\"note\":\"hush\"}");
    let ended = file.token().await;
    assert!(ended.status == Some(1) && ended.log.contains("acme.json"), "{}", ended.log);
    assert!(!ended.log.contains("hush"), "{}", ended.log);
    assert_eq!(std::fs::read_to_string(&file.path).unwrap(), "{\"format\":1,\"note\":\"hush\"}");
}

#[tokio::test]
async fn nothing_on_standard_input_is_no_refused_token() {
    let (_provider, file) = signed_in().await;
    let ended = file.instead_of(" \n").await;
    assert!(ended.status == Some(2) && ended.log.contains("standard input"), "{}", ended.log);
}

#[tokio::test]
async fn no_token_is_in_the_log_however_much_is_logged() {
    let (_provider, file) = signed_in().await;
    let file = file.with_variable("RUST_LOG", "trace");
    let before = file.kept().await;
    let ended = file.instead_of(before.access_token.expose()).await;
    let after = file.kept().await;
    assert!(ended.log.contains("TRACE"), "{}", ended.log);
    for tokens in [&before, &after] {
        assert!(!ended.log.contains(tokens.access_token.expose()));
        assert!(!ended.log.contains(LoginFile::refresh_token_is(tokens)));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_while_the_provider_answers_costs_nothing() {
    use crate::process::signal;
    let (provider, file) = signed_in().await;
    about_to_end(&file).await;
    let (answer, gate) = Answer::normal().held_after();
    provider.enqueue(Endpoint::Token, answer);
    let child = file.start();
    assert!(gate.reached().await);
    for name in ["INT", "TERM", "HUP"] {
        signal(&child, name).await;
    }
    gate.open();
    assert!(provider.live_access_token(ended(child).await.token()));
    assert!(provider.live_refresh_token(LoginFile::refresh_token_is(&file.kept().await)));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_costs_no_refresh_token() {
    let (provider, file) = signed_in().await;
    about_to_end(&file).await;
    std::fs::create_dir(format!("{}.draft", file.path)).unwrap();
    let ended = ended(file.start()).await;
    assert!(!ended.log.contains("the login is lost"), "{}", ended.log);
    assert_eq!(provider.journal().grants("refresh_token"), 0);
}

#[tokio::test]
async fn a_token_that_cannot_be_saved_is_saved_once_there_is_room() {
    let (provider, file) = signed_in().await;
    about_to_end(&file).await;
    let in_the_way = format!("{}.draft", file.path);
    let (answer, gate) = Answer::normal().held_after();
    provider.enqueue(Endpoint::Token, answer);
    let child = file.start();
    assert!(gate.reached().await);
    std::fs::create_dir(&in_the_way).unwrap();
    gate.open();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    std::fs::remove_dir(&in_the_way).unwrap();
    let ended = ended(child).await;
    assert!(ended.log.contains("the login is lost"), "{}", ended.log);
    assert!(provider.live_access_token(ended.token()));
    assert!(provider.live_refresh_token(LoginFile::refresh_token_is(&file.kept().await)));
    assert_eq!(provider.journal().grants("refresh_token"), 1);
}
