//! An integration that has its session: requests to the org's REST API, and their answers.

use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::org::Org;
use http::Method;
use serde_json::Value;

/// An org, and an integration that has a new session for every request.
pub(crate) struct Api {
    pub(crate) org: Org,
    pub(crate) clock: VirtualClock,
    browser: Browser,
}

impl Api {
    pub(crate) async fn new() -> Self {
        let clock = VirtualClock::halted();
        let org = Org::builder().clock(clock.clone()).start().await.unwrap();
        Self { org, clock, browser: Browser::new().unwrap() }
    }

    /// The status, and the body as JSON; null when there is none. A path that does not begin with a slash is of v66.0.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        told(&self.send(Method::GET, path, &[], "").await)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        told(&self.send(Method::POST, path, &[], body.to_string()).await)
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        told(&self.send(Method::PATCH, path, &[], body.to_string()).await)
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        told(&self.send(Method::DELETE, path, &[], "").await)
    }

    pub(crate) async fn query(&self, soql: &str) -> Value {
        self.get(&format!("query?q={}", encoded(soql))).await.1
    }

    /// The code of the error a query is refused with.
    pub(crate) async fn refused(&self, soql: &str) -> String {
        let (status, body) = self.get(&format!("query?q={}", encoded(soql))).await;
        assert_eq!(status, 400, "{soql}: {body}");
        body[0]["errorCode"].as_str().unwrap().to_owned()
    }

    /// The values of a field, in the order of the records a query finds.
    pub(crate) async fn column(&self, field: &str, soql: &str) -> Vec<Value> {
        let answer = self.query(soql).await;
        let records = answer["records"].as_array().unwrap_or_else(|| panic!("{soql}: {answer}"));
        records.iter().map(|record| record[field].clone()).collect()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Page {
        let path =
            if path.starts_with('/') { path.to_owned() } else { format!("/services/data/v66.0/{path}") };
        let authorization = format!("Bearer {}", self.org.open_session(&self.org.username()).unwrap());
        let mut all = vec![("authorization", authorization.as_str())];
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/json"));
        }
        all.extend_from_slice(headers);
        let url = format!("{}{path}", self.org.instance_url());
        let body = String::from_utf8(body.into()).unwrap();
        self.browser.fetch_with(method, url, &all, &body).await.unwrap()
    }
}

pub(crate) fn told(page: &Page) -> (u16, Value) {
    (page.status.as_u16(), page.json().unwrap_or_default())
}

pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The code of the first error of a list.
pub(crate) fn code(answer: &Value) -> &str {
    answer[0]["errorCode"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}
