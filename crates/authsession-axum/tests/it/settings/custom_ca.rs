//! A provider whose certificate a root of its own vouches for: `root.pem` of `leaf.pem`, made for these tests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::stage::COOKIE_KEY;

fn path(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/settings");
    folder.join(name).display().to_string()
}

/// A provider that is spoken to by TLS; the address is that of its terminator.
async fn behind_tls() -> (Provider, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Provider::builder()
        .metadata(move |document| {
            let plain = document["issuer"].as_str().unwrap().to_owned();
            for value in document.values_mut() {
                if let Some(url) = value.as_str().filter(|url| url.starts_with(&plain)) {
                    *value = url.replace(&plain, &format!("https://{address}")).into();
                }
            }
        })
        .start()
        .await
        .unwrap();
    let chain = vec![CertificateDer::from_pem_file(path("leaf.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(path("leaf.key")).unwrap();
    let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (acceptor, upstream) = (TlsAcceptor::from(Arc::new(tls)), provider.address());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (mut plain, secured) =
                    (TcpStream::connect(upstream).await.unwrap(), acceptor.accept(socket).await);
                if let Ok(mut secured) = secured {
                    let _ = copy_bidirectional(&mut secured, &mut plain).await;
                }
            });
        }
    });
    (provider, address)
}

fn builder() -> OAuthConfigurationBuilder {
    OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
}

#[tokio::test]
async fn a_provider_is_believed_that_a_custom_root_vouches_for() {
    let (provider, address) = behind_tls().await;

    let builder =
        builder().with_custom_ca_cert(&path("root.pem")).with_issuer(&format!("https://{address}")).await;

    let configuration = builder.unwrap().build().unwrap();
    assert!(configuration.provider().metadata().await.is_ok());
    assert_eq!(provider.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn without_that_root_it_is_not_and_nothing_is_said_to_it() {
    let (provider, address) = behind_tls().await;

    let builder = builder().with_issuer(&format!("https://{address}")).await.unwrap();

    assert!(builder.build().unwrap().provider().metadata().await.unwrap_err().is_transient());
    assert_eq!(provider.journal().all().len(), 0);
}

#[test]
fn a_root_that_is_none_or_not_there_is_a_configuration_error() {
    for (file, says) in
        [("leaf.key", "certificate"), ("does-not-exist.pem", "cannot be read"), ("custom_ca.rs", "PEM")]
    {
        let builder = builder()
            .with_issuer_by_hand("https://login.example")
            .with_authorization_endpoint("https://login.example/authorize")
            .with_token_endpoint("https://login.example/token")
            .with_jwks_uri("https://login.example/jwks")
            .with_custom_ca_cert(&path(file));
        let error = builder.build().map(drop).unwrap_err().to_string();
        assert!(error.contains(says), "{file}: {error} should say {says}");
    }
}
