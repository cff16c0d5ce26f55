//! The browser's cookie rules (RFC 6265bis).

use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use std::time::Duration;

const APP: &str = "http://127.0.0.1:3000/";

fn names(browser: &Browser, url: &str) -> Vec<String> {
    browser.cookies(url).unwrap().into_iter().map(|(name, _)| name).collect()
}

fn heeds(url: &str, header: &str) -> bool {
    Browser::new().unwrap().set_cookie(url, header).unwrap()
}

#[test]
fn a_host_prefix_needs_secure_the_root_path_and_no_domain() {
    assert!(heeds(APP, "__Host-id=1; Secure; Path=/"));
    assert!(!heeds(APP, "__Host-id=1; Path=/"));
    assert!(!heeds(APP, "__Host-id=1; Secure"));
    assert!(!heeds(APP, "__Host-id=1; Secure; Path=/app"));
    assert!(!heeds("https://app.example/", "__Host-id=1; Secure; Path=/; Domain=app.example"));
    assert!(!heeds(APP, "__host-id=1; Path=/"));
}

#[test]
fn a_secure_prefix_needs_secure() {
    assert!(heeds(APP, "__Secure-id=1; Secure; Path=/app"));
    assert!(!heeds(APP, "__Secure-id=1"));
}

#[test]
fn secure_cookies_need_https_or_a_loopback_host() {
    assert!(heeds("http://localhost:3000/", "id=1; Secure"));
    assert!(heeds("https://app.example/", "id=1; Secure"));
    assert!(!heeds("http://app.example/", "id=1; Secure"));
    let browser = Browser::new().unwrap();
    browser.set_cookie("https://app.example/", "id=1; Secure; Path=/").unwrap();
    assert!(names(&browser, "http://app.example/").is_empty());
    assert!(!browser.set_cookie("http://app.example/", "id=2; Path=/").unwrap());
}

#[test]
fn same_site_none_needs_secure() {
    assert!(!heeds("https://app.example/", "id=1; SameSite=None"));
    assert!(heeds("https://app.example/", "id=1; SameSite=None; Secure"));
}

#[test]
fn cookies_belong_to_the_host_and_not_to_the_port() {
    let browser = Browser::new().unwrap();
    browser.set_cookie(APP, "id=1; Path=/").unwrap();
    assert_eq!(names(&browser, "http://127.0.0.1:4000/x"), ["id"]);
    assert!(names(&browser, "http://localhost:3000/").is_empty());
}

#[test]
fn a_domain_covers_its_subdomains_and_nobody_else() {
    let browser = Browser::new().unwrap();
    assert!(browser.set_cookie("https://a.example.com/", "id=1; Domain=.example.com; Path=/").unwrap());
    assert_eq!(names(&browser, "https://b.example.com/"), ["id"]);
    assert!(names(&browser, "https://notexample.com/").is_empty());
    assert!(!browser.set_cookie("https://a.example.com/", "x=1; Domain=other.com").unwrap());
    assert!(!browser.set_cookie("https://a.example.com/", "x=1; Domain=com").unwrap());
}

#[test]
fn paths_match_whole_segments_and_the_longest_comes_first() {
    let browser = Browser::new().unwrap();
    browser.set_cookie(APP, "root=1; Path=/").unwrap();
    browser.set_cookie(APP, "auth=1; Path=/auth").unwrap();
    assert_eq!(names(&browser, "http://127.0.0.1/auth/callback"), ["auth", "root"]);
    assert_eq!(names(&browser, "http://127.0.0.1/authority"), ["root"]);
    browser.set_cookie("http://127.0.0.1/deep/down/page", "here=1").unwrap();
    assert_eq!(names(&browser, "http://127.0.0.1/deep/down/other"), ["here", "root"]);
}

#[test]
fn cookies_end_by_the_clock() {
    let clock = VirtualClock::halted();
    let browser = Browser::with_clock(clock.clone()).unwrap();
    browser.set_cookie(APP, "age=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
    browser.set_cookie(APP, "date=1; Expires=Tue, 01 Jan 2030 00:01:30 GMT").unwrap();
    browser.set_cookie(APP, "stays=1").unwrap();
    assert_eq!(names(&browser, APP), ["age", "date", "stays"]);
    clock.advance(Duration::from_secs(60));
    assert_eq!(names(&browser, APP), ["date", "stays"]);
    clock.advance(Duration::from_secs(30));
    assert_eq!(names(&browser, APP), ["stays"]);
    browser.set_cookie(APP, "stays=; Max-Age=0").unwrap();
    assert!(names(&browser, APP).is_empty());
}

#[test]
fn scripts_do_not_see_http_only_cookies() {
    let browser = Browser::new().unwrap();
    browser.set_cookie(APP, "hidden=1; HttpOnly").unwrap();
    browser.set_cookie(APP, "shown=1").unwrap();
    assert_eq!(browser.cookies_seen_by_scripts(APP).unwrap(), [("shown".to_owned(), "1".to_owned())]);
}

#[test]
fn an_oversized_cookie_is_refused() {
    assert!(!heeds(APP, &format!("id={}", "x".repeat(4095))));
    assert!(heeds(APP, &format!("id={}", "x".repeat(4094))));
}

#[test]
fn tabs_share_cookies_and_closing_ends_those_without_an_end() {
    let browser = Browser::new().unwrap();
    let tab = browser.tab();
    tab.set_cookie(APP, "session=1").unwrap();
    tab.set_cookie(APP, "kept=1; Max-Age=60").unwrap();
    assert_eq!(names(&browser, APP), ["session", "kept"]);
    browser.reopen();
    assert_eq!(names(&tab, APP), ["kept"]);
    browser.clear_cookies();
    assert!(names(&tab, APP).is_empty());
}
