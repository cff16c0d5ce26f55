//! Which URLs a secret may travel to.

use authsession_salesforce::auth::transport::{
    is_loopback_host, is_secure_transport, is_secure_transport_for,
};
use url::Url;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[test]
fn secrets_travel_by_https_or_stay_on_this_machine() {
    for safe in [
        "https://acme.example",
        "http://localhost:1",
        "http://127.0.0.9",
        "http://[::1]:8080",
        "http://a.localhost",
    ] {
        assert!(is_secure_transport(&url(safe)), "{safe}");
    }
    for unsafe_one in
        ["http://acme.example", "http://127.0.0.1.evil.example", "ftp://localhost", "http://10.0.0.1"]
    {
        assert!(!is_secure_transport(&url(unsafe_one)), "{unsafe_one}");
    }
}

#[test]
fn a_proxy_takes_loopback_off_this_machine() {
    assert!(is_loopback_host(&url("http://127.0.0.1")));
    assert!(!is_secure_transport_for(&url("http://127.0.0.1"), true));
    assert!(is_secure_transport_for(&url("https://127.0.0.1"), true));
}
