//! Where a token may go, and the tricks by which it would go elsewhere.

use authsession_core::bearer::challenge::refuses_the_token;
use authsession_core::bearer::origin::Origins;
use authsession_core::error::Error;
use http::{HeaderMap, StatusCode, Uri};
use url::Url;

/// Asked as a URL and, where it is one, as a URI: nobody gets the token by the way of asking.
fn cover(base: &str, url: &str) -> bool {
    let origins = Origins::of(base).unwrap();
    let as_url = Url::parse(url).is_ok_and(|url| origins.cover(&url));
    let as_uri = url.parse::<Uri>().is_ok_and(|uri| origins.cover_uri(&uri));
    assert!(as_url || !as_uri, "{url} is covered as a URI only");
    as_url
}

#[test]
fn a_token_may_go_to_every_spelling_of_its_origin() {
    for url in [
        "https://api.example/",
        "https://API.Example:443/a?b#c",
        "https://api.example?q",
        "HTTPS://api.example/x",
    ] {
        assert!(cover("https://api.example", url), "{url}");
        let uri = url.split('#').next().unwrap().parse::<Uri>().unwrap();
        assert!(Origins::of("https://api.example").unwrap().cover_uri(&uri), "{url}");
    }
    assert!(cover("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"));
    assert!(cover("https://[2001:db8::1]", "https://[2001:DB8:0::1]/x"));
}

#[test]
fn a_token_may_go_to_no_other_origin() {
    for url in [
        "http://api.example/",
        "http://api.example:443/",
        "https://api.example:8443/",
        "https://api.example./",
        "https://api.example.evil.example/",
        "https://evil.example/api.example",
        "https://sub.api.example/",
        "https://api.example@evil.example/",
        "https://api.example:443@evil.example/",
        "https://evil.example#@api.example/",
        "https://evil.example\\@api.example/",
        "https://user@api.example/",
        "https://:password@api.example/",
        "ftp://api.example/",
        "data:text/plain,api.example",
        "//api.example/",
        "/orders",
    ] {
        assert!(!cover("https://api.example", url), "{url}");
    }
}

#[test]
fn a_path_holds_the_token_below_it() {
    for url in [
        "https://h.example/v2",
        "https://h.example/v2/",
        "https://h.example/v2/x/../y",
        "https://h.example/v2?x",
    ] {
        assert!(cover("https://h.example/v2/", url), "{url}");
    }
    for url in [
        "https://h.example/",
        "https://h.example/v20",
        "https://h.example/V2",
        "https://h.example/v2/../admin",
        "https://h.example/v2/%2E%2e/admin",
        "https://h.example/v2/..%2Fadmin",
        "https://h.example/v2/%2e%2e%5Cadmin",
        "https://h.example/v2\\..\\admin",
        "https://h.example/v2/..;/admin",
    ] {
        assert!(!cover("https://h.example/v2", url), "{url}");
    }
}

#[test]
fn a_host_a_parser_may_read_otherwise_gets_no_token_as_a_uri() {
    let origins = Origins::of("http://127.0.0.1:8080").unwrap();
    assert!(origins.cover_uri(&Uri::from_static("http://127.0.0.1:8080/")));
    for uri in
        ["http://127.1:8080/", "http://0x7f.0.0.1:8080/", "http://@127.0.0.1:8080/", "127.0.0.1:8080", "/x"]
    {
        assert!(!origins.cover_uri(&uri.parse().unwrap()), "{uri}");
    }
}

#[test]
fn a_base_url_that_is_no_safe_place_is_refused() {
    for base in [
        "",
        "api.example",
        "/api",
        "http://api.example",
        "ftp://api.example",
        "https://u@api.example",
        "https://a.example/?x",
        "https://a.example/#x",
    ] {
        assert!(matches!(Origins::of(base), Err(Error::Misconfigured { .. })), "{base}");
    }
    assert!(matches!(Origins::any_of([]), Err(Error::Misconfigured { .. })));
    let error = Origins::of("https://user:hunter2@api.example").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn only_a_401_that_another_token_could_cure_refuses_the_token() {
    let says = |status: u16, challenges: &[&str]| {
        let mut headers = HeaderMap::new();
        for challenge in challenges {
            headers.append("www-authenticate", challenge.parse().unwrap());
        }
        refuses_the_token(StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert!(says(401, &[]));
    assert!(says(401, &[r#"Bearer realm="api", error="invalid_token""#]));
    assert!(says(401, &[r#"Bearer error_description="not, error=\"insufficient_scope\", no""#]));
    assert!(says(401, &[r#"Bearer x_error="insufficient_scope""#]));
    assert!(!says(401, &[r#"Basic realm="a,b", Bearer error="insufficient_scope", scope="write""#]));
    assert!(!says(401, &["Basic", "bearer Error = insufficient_scope"]));
    assert!(!says(403, &[r#"Bearer error="invalid_token""#]) && !says(200, &[]) && !says(500, &[]));
}
