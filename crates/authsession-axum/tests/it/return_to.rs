//! Where a login may lead: into this application, nowhere else.

use crate::stage::Stage;

#[tokio::test]
async fn places_outside_the_application_lead_to_the_default_page() {
    let stage = Stage::new().await;
    let outside = [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https:evil.example",
        "http://app@evil.example/",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "https://evil.example/",
        "https://evil.example/public",
        "http://app@evil.example/public",
        "http://127.0.0.1/public",
        "/.//evil.example",
        "/x/..//evil.example",
        "\\\\evil.example",
        "evil.example",
        "",
    ];

    for place in outside {
        let query: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        let page = stage.browser.navigate(stage.url(&format!("/auth?return_to={query}"))).await.unwrap();
        assert_eq!(page.url.as_str(), stage.url("/"), "{place:?}");
    }
}

#[tokio::test]
async fn places_inside_the_application_are_kept_whole() {
    let stage = Stage::new().await;

    for place in ["/claims?a=1&b=%2F#part", "/public", &stage.url("/public?x=//y")] {
        let query: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        let page = stage.browser.navigate(stage.url(&format!("/auth?return_to={query}"))).await.unwrap();
        let path = place.strip_prefix(stage.url("").as_str()).unwrap_or(place);
        assert!(
            page.url.as_str().starts_with(stage.url(path.split('#').next().unwrap()).as_str()),
            "{}",
            page.url
        );
    }
}
