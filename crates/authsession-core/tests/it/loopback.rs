//! Waiting on this machine for the browser to come back (RFC 8252).

use std::net::{Ipv6Addr, TcpListener};
use std::time::Duration;

use authsession_core::error::{Error, OAuthError};
use authsession_core::loopback::LoopbackListener;
use authsession_core::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;

use crate::verdict::{hint, refusal, told};

const STATE: &str = "the-state-of-this-sign-in";
const ANSWER: &str = "/callback?code=the-code&state=the-state-of-this-sign-in";
const YES: &str = "You are signed in";
const NO: &str = "The sign-in failed";

fn bound(redirect_uri: &str) -> Result<LoopbackListener, Error> {
    LoopbackListener::bind(&redirect_uri.parse().unwrap())
}

/// One that waits for `STATE`, and where it does.
fn waiting() -> (Url, JoinHandle<Result<Secret, Error>>) {
    let listener = bound("http://127.0.0.1/callback").unwrap();
    let at = listener.redirect_uri().clone();
    (at, tokio::spawn(async move { listener.callback(&STATE.into()).await }))
}

fn address(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// What comes back for this request line, from this host by that name.
async fn ask_as(host: &str, at: &Url, line: &str) -> String {
    let mut stream = TcpStream::connect(address(at)).await.unwrap();
    stream.write_all(format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What comes back for the answer, even when the connection breaks.
async fn said(at: &Url) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address(at)).await?;
    stream.write_all(format!("GET {ANSWER} HTTP/1.1\r\nHost: {}\r\n\r\n", address(at)).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn ask(at: &Url, line: &str) -> String {
    ask_as(&address(at), at, line).await
}

async fn get(at: &Url, target: &str) -> String {
    ask(at, &format!("GET {target}")).await
}

#[tokio::test]
async fn the_answer_to_this_sign_in_is_handed_over_as_it_came() {
    let (at, callback) = waiting();
    assert!(get(&at, ANSWER).await.contains(YES));
    assert_eq!(callback.await.unwrap().unwrap().expose(), "code=the-code&state=the-state-of-this-sign-in");
}

#[tokio::test]
async fn a_browser_that_comes_before_it_is_waited_for_is_kept_waiting() {
    let listener = bound("http://127.0.0.1:0/callback").unwrap();
    let at = listener.redirect_uri().clone();
    let browser = tokio::spawn(async move { get(&at, ANSWER).await });
    tokio::task::yield_now().await;
    listener.callback(&STATE.into()).await.unwrap();
    assert!(browser.await.unwrap().contains(YES));
}

#[tokio::test]
async fn a_refusal_is_told_to_the_user() {
    let (at, callback) = waiting();
    let page = get(&at, "/callback?error=access_denied&state=the-state-of-this-sign-in").await;
    assert!(page.contains(NO) && !page.contains("access_denied"), "{page}");
    assert!(callback.await.unwrap().unwrap().expose().contains("access_denied"));
}

#[tokio::test]
async fn what_is_not_the_answer_is_turned_away_and_ends_nothing() {
    let (at, callback) = waiting();
    let twice = format!("GET {ANSWER}&state={STATE}");
    for (line, status) in [
        ("GET /favicon.ico", 404),
        ("GET /", 404),
        ("GET /callback/?code=the-code&state=the-state-of-this-sign-in", 404),
        ("GET /CALLBACK?code=the-code&state=the-state-of-this-sign-in", 404),
        ("GET /callback", 400),
        ("GET /callback?code=the-code", 400),
        ("GET /callback?code=the-code&state=another", 400),
        ("GET /callback?code=the-code&state=", 400),
        (twice.as_str(), 400),
        ("HEAD /callback?code=the-code&state=the-state-of-this-sign-in", 400),
        ("POST /callback?code=the-code&state=the-state-of-this-sign-in", 400),
        ("OPTIONS /callback?code=the-code&state=the-state-of-this-sign-in", 400),
    ] {
        let answer = ask(&at, line).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
        assert!(!answer.contains("<html") && !answer.contains("the-code"), "{line}: {answer}");
    }
    assert!(!callback.is_finished());
    get(&at, ANSWER).await;
    assert!(callback.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_turned_away() {
    let (at, callback) = waiting();
    let port = at.port().unwrap();
    let twice = format!("127.0.0.1:{port}\r\nHost: evil.example");
    for host in
        ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", &format!("localhost:{port}"), &twice]
    {
        let answer = ask_as(host, &at, &format!("GET {ANSWER}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{host}: {answer}");
    }
    let through_a_proxy = ask(&at, &format!("GET http://evil.example{ANSWER}")).await;
    assert!(through_a_proxy.starts_with("HTTP/1.1 400 "), "{through_a_proxy}");
    assert!(!callback.is_finished());
    get(&at, ANSWER).await;
    assert!(callback.await.unwrap().is_ok());
}

#[tokio::test]
async fn the_page_keeps_nothing_runs_nothing_and_repeats_nothing() {
    for (target, is_html) in [(ANSWER, true), ("/favicon.ico", false)] {
        let (at, _callback) = waiting();
        let answer = get(&at, target).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        for header in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "connection: close",
        ] {
            assert!(head.contains(header), "{header} is missing: {head}");
        }
        assert!(head.contains("default-src 'none'") && !head.contains("unsafe"), "{head}");
        assert_eq!(head.contains("text/html"), is_html, "{head}");
        for unwanted in ["<script", "the-code", STATE, "{{", "http"] {
            assert!(!body.contains(unwanted), "{unwanted}: {body}");
        }
    }
}

#[tokio::test]
async fn nobody_listens_any_more_once_it_is_answered() {
    let (at, callback) = waiting();
    get(&at, ANSWER).await;
    callback.await.unwrap().unwrap();
    assert!(TcpStream::connect(address(&at)).await.is_err());
}

#[tokio::test]
async fn connections_that_say_nothing_or_half_of_it_hold_nobody_up() {
    let (at, callback) = waiting();
    let mut silent = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address(&at)).await.unwrap();
        stream.write_all(b"GET /callback?code=").await.unwrap();
        silent.push(stream);
        silent.push(TcpStream::connect(address(&at)).await.unwrap());
    }
    let answered = tokio::time::timeout(Duration::from_secs(2), get(&at, ANSWER)).await;
    assert!(answered.unwrap().contains(YES));
    let handed_over = tokio::time::timeout(Duration::from_secs(1), callback).await;
    assert!(handed_over.unwrap().unwrap().is_ok(), "a silent connection was waited for");
}

#[tokio::test]
async fn a_crowd_of_silent_connections_makes_room_for_the_browser() {
    let (at, callback) = waiting();
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(TcpStream::connect(address(&at)).await.unwrap());
    }
    assert!(tokio::time::timeout(Duration::from_secs(2), get(&at, ANSWER)).await.unwrap().contains(YES));
    assert!(callback.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_again_and_again_makes_room_for_the_browser() {
    let (at, callback) = waiting();
    for _ in 0..400 {
        let at = at.clone();
        tokio::spawn(async move {
            while let Ok(mut stream) = TcpStream::connect(address(&at)).await {
                let _ = stream.read(&mut [0]).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let comes_through = async {
        // The crowd has this very process to itself: now and then the user has to press reload.
        while !matches!(tokio::time::timeout(Duration::from_secs(3), said(&at)).await, Ok(Ok(page)) if page.contains(YES))
        {
        }
    };
    tokio::time::timeout(Duration::from_secs(15), comes_through).await.unwrap();
    assert!(callback.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_browser_that_waits_for_the_outcome_is_not_sent_away() {
    let listener = bound("http://127.0.0.1/callback").unwrap();
    let at = listener.redirect_uri().clone();
    let waiting = tokio::spawn(async move { listener.arrival(&STATE.into()).await.unwrap() });
    let mut crowd = Vec::new();
    for _ in 0..127 {
        crowd.push(TcpStream::connect(address(&at)).await.unwrap());
    }
    let browser = tokio::spawn(async move { get(&at, ANSWER).await });
    waiting.await.unwrap().answer(true).await;
    assert!(browser.await.unwrap().contains(YES));
}

#[tokio::test]
async fn a_request_that_is_too_long_ends_nothing() {
    let (at, callback) = waiting();
    let answer = get(&at, &format!("{ANSWER}&more={}", "x".repeat(20_000))).await;
    assert!(answer.contains(NO), "over 16 KiB it cannot be read: {answer}");
    assert!(callback.await.unwrap().is_ok());
    let (at, callback) = waiting();
    let mut stream = TcpStream::connect(address(&at)).await.unwrap();
    // It may be hung up on before all of it is said.
    let _ = stream.write_all(format!("GET {ANSWER}&more={}", "x".repeat(100_000)).as_bytes()).await;
    assert!(get(&at, ANSWER).await.contains(YES));
    assert!(callback.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_browser_that_does_not_come_back_is_not_waited_for_for_ever() {
    let listener = bound("http://127.0.0.1/callback").unwrap().deadline(Duration::from_millis(20));
    let at = listener.redirect_uri().clone();
    let outcome = listener.callback(&STATE.into()).await;
    assert!(told(outcome.as_ref().unwrap_err()).contains("did not come back in time"));
    assert_eq!(refusal(outcome), OAuthError::ExpiredToken);
    assert!(TcpStream::connect(address(&at)).await.is_err());
}

#[tokio::test]
async fn who_gives_up_stops_listening() {
    let (at, callback) = waiting();
    get(&at, "/favicon.ico").await;
    callback.abort();
    assert!(callback.await.unwrap_err().is_cancelled());
    assert!(TcpStream::connect(address(&at)).await.is_err());
}

#[tokio::test]
async fn two_sign_ins_at_a_time_do_not_meet() {
    let ((one, first), (other, second)) = (waiting(), waiting());
    assert_ne!(one, other);
    get(&other, &ANSWER.replace("the-code", "the-second-code")).await;
    get(&one, ANSWER).await;
    assert!(first.await.unwrap().unwrap().expose().contains("=the-code"));
    assert!(second.await.unwrap().unwrap().expose().contains("=the-second-code"));
}

#[tokio::test]
async fn the_browser_waits_until_it_is_known_how_the_sign_in_ended() {
    for (signed_in, shown) in [(Some(true), YES), (Some(false), NO), (None, NO)] {
        let listener = bound("http://127.0.0.1/callback").unwrap();
        let at = listener.redirect_uri().clone();
        let browser = tokio::spawn(async move { get(&at, ANSWER).await });
        let arrival = listener.arrival(&STATE.into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!browser.is_finished());
        match signed_in {
            Some(signed_in) => arrival.answer(signed_in).await,
            None => drop(arrival),
        }
        assert!(browser.await.unwrap().contains(shown), "{signed_in:?}");
    }
}

#[tokio::test]
async fn localhost_is_listened_on_in_both_families() {
    let listener = bound("http://localhost/callback").unwrap();
    let at = listener.redirect_uri().clone();
    let port = at.port().unwrap();
    let callback = tokio::spawn(async move { listener.callback(&STATE.into()).await });
    if has_ipv6() {
        let by_the_other: Url = format!("http://[::1]:{port}/").parse().unwrap();
        assert!(ask_as(&address(&at), &by_the_other, "GET /favicon.ico").await.contains("404"));
    }
    let by_address: Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    assert!(ask_as(&address(&at), &by_address, &format!("GET {ANSWER}")).await.contains(YES));
    assert!(callback.await.unwrap().is_ok());
}

#[test]
fn localhost_is_not_shared_with_who_has_its_port_in_the_other_family() {
    if let Ok(other) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        let port = other.local_addr().unwrap().port();
        assert!(hint(bound(&format!("http://localhost:{port}/callback"))).contains("port"));
    }
}

#[tokio::test]
async fn ipv6_will_do() {
    if !has_ipv6() {
        return;
    }
    let listener = bound("http://[::1]/callback").unwrap();
    let at = listener.redirect_uri().clone();
    assert!(at.as_str().starts_with("http://[::1]:"));
    let callback = tokio::spawn(async move { listener.callback(&STATE.into()).await });
    assert!(get(&at, ANSWER).await.contains(YES));
    assert!(callback.await.unwrap().is_ok());
}

#[test]
fn a_port_that_is_asked_for_is_the_one() {
    let listener = bound("http://127.0.0.1/callback").unwrap();
    let at = listener.redirect_uri().as_str().to_owned();
    assert!(hint(bound(&at)).contains("port"), "it is taken");
    drop(listener);
    assert_eq!(bound(&at).unwrap().redirect_uri().as_str(), at);
}

#[test]
fn nothing_but_a_loopback_host_is_listened_on() {
    for redirect_uri in [
        "http://0.0.0.0/callback",
        "http://192.168.0.1/callback",
        "http://[::]/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://app.example/callback",
        "http://localhost.example/callback",
        "http://app.localhost/callback",
        "https://127.0.0.1/callback",
        "com.example.app:/callback",
    ] {
        assert!(hint(bound(redirect_uri)).contains("127.0.0.1"), "{redirect_uri}");
    }
    for redirect_uri in ["http://me@127.0.0.1/", "http://127.0.0.1/?a=b", "http://127.0.0.1/#a"] {
        assert!(hint(bound(redirect_uri)).contains("must have no"), "{redirect_uri}");
    }
}

#[tokio::test]
async fn what_came_is_not_shown() {
    let listener = bound("http://127.0.0.1/callback").unwrap();
    let at = listener.redirect_uri().clone();
    let browser = tokio::spawn(async move { get(&at, ANSWER).await });
    let arrival = listener.arrival(&STATE.into()).await.unwrap();
    let shown = format!("{arrival:?} {arrival:#?}");
    assert!(!shown.contains("the-code") && !shown.contains(STATE), "{shown}");
    arrival.answer(true).await;
    browser.await.unwrap();
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
