//! Connections to a provider that nobody uses: its server may be closing them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::http::HttpClient;
use authsession_core::provider::Endpoints;
use authsession_core::token_endpoint::TokenEndpoint;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::parties::Parties;

const TOKEN: &str = r#"{"access_token":"a","token_type":"Bearer","expires_in":300}"#;

/// A token endpoint that keeps every connection, and how many there were.
async fn keeping() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{TOKEN}", TOKEN.len());
                let mut request = vec![0; 16 * 1024];
                while let Ok(1..) = connection.read(&mut request).await {
                    connection.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (format!("http://{address}/token"), connections)
}

#[tokio::test]
async fn a_connection_that_was_idle_for_a_second_is_not_used_again() {
    let (parties, http) = (Parties::meet().await, HttpClient::builder().build().unwrap());
    let (token, connections) = keeping().await;
    let endpoints = Endpoints { token: Some(token.parse().unwrap()), ..Endpoints::default() };
    let provider = Arc::new(parties.newcomer(endpoints, &http));
    let endpoint = TokenEndpoint::new(provider, parties.client(), http, parties.clock());
    for _ in 0..20 {
        endpoint.redeem(&ClientCredentials::default()).await.unwrap();
    }
    let at_once = connections.load(Ordering::SeqCst);
    assert!(at_once < 20, "one that is in use is used on");

    tokio::time::sleep(Duration::from_secs(2)).await;

    endpoint.redeem(&ClientCredentials::default()).await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), at_once + 1);
}
