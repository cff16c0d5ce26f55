//! Requests byte for byte: what the testkit's browser never sends, from windows and frames whose cookies are kept by hand.

use std::collections::BTreeMap;

use axum::http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stage::Stage;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// An answer as it stood on the wire.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap();
        let pairs = head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// Where it leads; empty if it does not.
    pub(crate) fn location(&self) -> &str {
        self.headers("location").first().copied().unwrap_or_default()
    }
}

/// Sends a navigation with these headers.
pub(crate) async fn send(
    stage: &Stage,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: app\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\nConnection: close\r\n\
         {headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let address = stage.server.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut connection = TcpStream::connect(address).await.unwrap();
    // What is too long may be refused before all of it was sent.
    let _broken = connection.write_all(&[head.as_bytes(), body].concat()).await;
    let mut text = Vec::new();
    let _broken = connection.read_to_end(&mut text).await;
    let text = String::from_utf8(text).unwrap();
    Answer { status: text.split(' ').nth(1).unwrap().parse().unwrap(), text }
}

/// A window or a frame: what its requests say of it, and the cookies it keeps.
#[derive(Clone)]
pub(crate) struct Window {
    says: &'static [(&'static str, &'static str)],
    keeps: &'static str,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self { says: &[("Sec-Fetch-Dest", "document")], keeps: "", cookies: BTreeMap::new() }
    }

    /// That keeps only cookies with this flag.
    pub(crate) fn keeping(flag: &'static str) -> Self {
        Self { keeps: flag, ..Self::new() }
    }

    /// Whose requests come from the application's own pages.
    pub(crate) fn at_home() -> Self {
        Self { says: &[("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "same-origin")], ..Self::new() }
    }

    /// A frame in a page of another site: other cookies than `SameSite=None` are neither sent there nor kept.
    pub(crate) fn framed() -> Self {
        let says = &[("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Site", "cross-site")];
        Self { says, ..Self::keeping("SameSite=None") }
    }

    pub(crate) async fn get(&mut self, stage: &Stage, target: &str) -> Answer {
        self.send(stage, Method::GET, target, "").await
    }

    pub(crate) async fn post(&mut self, stage: &Stage, form: &[(String, String)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(stage, Method::POST, "/auth/callback", &form).await
    }

    async fn send(&mut self, stage: &Stage, method: Method, target: &str, body: &str) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let headers = [self.says, &[("Cookie", &cookies), ("Content-Type", FORM)]].concat();
        let answer = send(stage, method, target, &headers, body.as_bytes()).await;
        for cookie in answer.headers("set-cookie").into_iter().filter(|cookie| cookie.contains(self.keeps)) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
