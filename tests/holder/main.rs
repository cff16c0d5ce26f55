//! One of several processes that share a program's own login in a store, for the tests of them: its settings stand in the
//! environment.
//!
//! For each line on its standard input, seconds, it moves its clock on by so much and prints a token that is valid then.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a process of the tests fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use authsession_core::client_auth::ClientAuth;
use authsession_core::clock::Clock;
use authsession_core::token_source::TokenSource;
use authsession_store::open;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_token_store::SealedTokenStore;
use authsession_testkit::clock::VirtualClock;
use tokio::io::{AsyncBufReadExt as _, BufReader};

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| unreachable!("{name} is not set"))
}

#[tokio::main]
async fn main() {
    let clock = VirtualClock::system();
    let now = clock.clone();
    let clock_of_all = Clock::from_fn(move || now.now());
    let backend = open::danger_backend_by_the_callers_clock(&setting("HOLDER_STORE")).await.expect("a store");
    let ring = KeyRing::new(&setting("HOLDER_KEY").into()).expect("a key");
    let store =
        SealedTokenStore::new(backend, ring, setting("HOLDER_LOGIN")).with_clock(clock_of_all.clone());
    let tokens = TokenSource::builder()
        .issuer(setting("HOLDER_ISSUER"))
        .client("holders", ClientAuth::None)
        .token_store(Arc::new(store))
        .stored_login()
        .clock(clock_of_all)
        .build()
        .expect("a token source");
    println!("READY");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("standard input") {
        clock.advance(Duration::from_secs(line.parse().expect("seconds")));
        let token = tokens.token().await.expect("a token");
        println!("{}", token.expose());
    }
}
