//! The lies a sign-in is told, one after the other, and what a person gets to see of each. `docs/promises/login-checks.md`
//! lists them all.

mod answers;
mod caches;
mod code_challenge;
mod cookies;
mod frames;
mod id_token;
mod keys;
mod leaks;
mod logout;
mod mix_up;
mod refresh;
mod userinfo;

use authsession_testkit::browser::Page;
use authsession_testkit::keys::SigningAlgorithm;

use crate::stage::Stage;

/// A stage whose keys are quickly made.
async fn stage() -> Stage {
    Stage::with(|provider| provider.signing_algorithm(SigningAlgorithm::Es256), |application| application)
        .await
}

/// What a page says above its text.
fn title(page: &Page) -> String {
    let text = page.text();
    let title = text.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
    title.map(|(title, _)| title.to_owned()).unwrap_or_default()
}
