//! An integration written by hand: the requests of each flow at the org, without any library.

use authsession_testkit::browser::Browser;
use authsession_testkit::browser::Page;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::org::Org;
use authsession_testkit::org::builder::OrgBuilder;
use authsession_testkit::org::endpoint::OrgEndpoint;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;
use serde_json::json;
use url::Url;
use url::form_urlencoded;

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const CALLBACK: &str = "https://app.example/callback";

/// An org, an application's HTTP client, and the clock of both.
pub(crate) struct Stage {
    pub(crate) org: Org,
    pub(crate) browser: Browser,
    pub(crate) clock: VirtualClock,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|org| org).await
    }

    pub(crate) async fn with(edit: impl FnOnce(OrgBuilder) -> OrgBuilder) -> Self {
        let clock = VirtualClock::halted();
        let org = edit(Org::builder().clock(clock.clone())).start().await.unwrap();
        Self { org, browser: Browser::new().unwrap(), clock }
    }

    pub(crate) async fn post(&self, endpoint: OrgEndpoint, fields: &[(&str, &str)]) -> Page {
        self.browser
            .fetch_with(Method::POST, self.org.endpoint(endpoint), &[FORM], &form(fields))
            .await
            .unwrap()
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Page {
        self.post(OrgEndpoint::Token, fields).await
    }

    /// As the first app, by its secret in the body.
    pub(crate) async fn grant(&self, grant_type: &str, fields: &[(&str, &str)]) -> Page {
        let (key, secret) = (self.org.consumer_key(), self.org.consumer_secret());
        let mut all = vec![("grant_type", grant_type), ("client_id", &key), ("client_secret", &secret)];
        all.extend_from_slice(fields);
        self.token(&all).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Page {
        self.grant("refresh_token", &[("refresh_token", refresh_token)]).await
    }

    pub(crate) async fn jwt(&self, assertion: &str) -> Page {
        self.token(&[("grant_type", JWT_BEARER), ("assertion", assertion)]).await
    }

    /// Claims any client of ours would send.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.org.consumer_key(),
            "sub": self.org.username(),
            "aud": self.org.login_url(),
            "exp": self.clock.unix_seconds() + 170,
        })
    }

    /// Signed with the default app's key.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        let body: String =
            self.org.private_key_pem().lines().filter(|line| !line.starts_with("-----")).collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The access token of a JWT bearer login.
    pub(crate) async fn session(&self) -> String {
        let page = self.jwt(&self.signed(&self.claims())).await;
        text(&page.json().unwrap(), "access_token").to_owned()
    }

    /// Where the authorization endpoint sends the browser.
    pub(crate) async fn authorized(&self, extra: &[(&str, &str)]) -> Url {
        let page = self.authorization_page(extra).await;
        page.location().unwrap_or_else(|| panic!("not sent back: {} {}", page.status, page.text()))
    }

    pub(crate) async fn authorization_page(&self, extra: &[(&str, &str)]) -> Page {
        let key = self.org.consumer_key();
        let mut parameters =
            vec![("response_type", "code"), ("client_id", &key), ("redirect_uri", CALLBACK), ("state", "s1")];
        parameters.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        parameters.extend_from_slice(extra);
        let url = Url::parse_with_params(&self.org.endpoint(OrgEndpoint::Authorization), parameters).unwrap();
        self.browser.navigate_without_following(url).await.unwrap()
    }

    /// The answer to a code, fetched and redeemed.
    pub(crate) async fn signed_in(&self, extra: &[(&str, &str)]) -> Value {
        let code = parameter(&self.authorized(extra).await, "code").unwrap();
        let page = self.grant("authorization_code", &[("code", &code), ("redirect_uri", CALLBACK)]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.json().unwrap()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Page {
        self.ask(Method::GET, path, token, "").await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, token: &str, body: &str) -> Page {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let url = format!("{}{path}", self.org.instance_url());
        self.browser.fetch_with(method, url, &headers, body).await.unwrap()
    }

    /// What the REST API says to this token.
    pub(crate) async fn api_status(&self, token: &str) -> u16 {
        self.get("/services/data/v66.0", token).await.status.as_u16()
    }
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member}"))
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A refusal is always 400, never cached, and says this.
pub(crate) fn refused(page: &Page, error: &str, description: &str) {
    let body = page.json().unwrap();
    assert_eq!(
        (body["error"].as_str(), body["error_description"].as_str()),
        (Some(error), Some(description))
    );
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (400, Some("no-store")));
}
