//! Answers that come in drops: the time allowed is for the whole answer, not for the next byte of it.

use std::time::Duration;

use authsession_core::error::Fault;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::parties::{Parties, clock_of};
use crate::verdict::fault;

/// A server that begins to answer at once, and sends one more blank of its body every few milliseconds for ever.
async fn dripping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head =
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
                let mut sent = connection.write_all(head).await;
                while sent.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    sent = connection.write_all(b" ").await;
                }
            });
        }
    });
    format!("http://{address}")
}

fn impatient() -> HttpClient {
    HttpClient::builder().timeout(Duration::from_millis(200)).build().unwrap()
}

#[tokio::test]
async fn metadata_that_come_in_drops_time_out() {
    let (parties, issuer) = (Parties::meet().await, dripping().await);
    let provider =
        Provider::discover(&issuer, Endpoints::default(), impatient(), clock_of(&parties.time)).unwrap();
    assert_eq!(fault(provider.metadata().await), Fault::TimedOut);
}

#[tokio::test]
async fn keys_that_come_in_drops_time_out() {
    let parties = Parties::meet().await;
    let jwks = Some(dripping().await.parse().unwrap());
    let provider = parties.newcomer(Endpoints { jwks, ..Endpoints::default() }, &impatient());
    let token = crate::mint::Mint::new("key").token(&parties.honest_claims());
    assert_eq!(fault(parties.hold_against(&provider, &token).await), Fault::TimedOut);
}
