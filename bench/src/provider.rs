//! The provider both sides sign in at: rotation with reuse detection, tokens as long as real ones.

use std::error::Error;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use authsession_testkit::browser::Browser;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::user::User;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

const TOKEN_LENGTH: usize = 1000;

/// A provider whose access tokens live that long. Access and ID tokens have about a thousand characters, as those of the
/// large providers do.
pub(crate) async fn start(lifetime: Duration) -> io::Result<Arc<Provider>> {
    let user = User::new("alice", "Alice Example").claim("groups", "g".repeat(300));
    let provider = Provider::builder().user(user).access_token_lifetime(lifetime).start().await?;
    let provider = Arc::new(provider);
    provider.always(Endpoint::Token, long_tokens(&provider));
    Ok(provider)
}

/// The provider's answer with its access token made longer.
pub(crate) fn long_tokens(provider: &Arc<Provider>) -> Answer {
    let signer = Arc::downgrade(provider);
    Answer::tampered(move |body| lengthen(body, &signer).unwrap_or_default())
}

/// `at_hash` belongs to the short token, so the ID token is signed anew without it.
fn lengthen(body: &mut Value, signer: &Weak<Provider>) -> Option<()> {
    let token = body.get("access_token")?.as_str()?;
    let padding = "x".repeat(TOKEN_LENGTH.saturating_sub(token.len()));
    body["access_token"] = format!("{token}{padding}").into();
    let payload = URL_SAFE_NO_PAD.decode(body.get("id_token")?.as_str()?.split('.').nth(1)?).ok()?;
    let mut claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    claims.remove("at_hash");
    body["id_token"] = signer.upgrade()?.sign(claims.into()).ok()?.into();
    Some(())
}

/// Signs in with a new browser and hands over the application's cookie of that name, as a `Cookie` header.
pub(crate) async fn sign_in(login: &str, cookie: &str) -> Result<HeaderValue, Box<dyn Error>> {
    let browser = Browser::new()?;
    let page = browser.navigate(login).await?;
    let cookies = browser.cookies(login)?;
    let found = cookies.iter().find(|(name, _)| name == cookie);
    let (name, value) = found.ok_or_else(|| {
        let text = page.text();
        format!("no cookie {cookie} after the login at {login}: {} {text}", page.status)
    })?;
    Ok(HeaderValue::try_from(format!("{name}={value}"))?)
}
