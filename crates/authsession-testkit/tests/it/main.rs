//! What the kit promises, one file a subject.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a step of a test fails the test")]

mod authorization;
mod cookies;
mod discovery;
mod lifecycle;
mod login_page;
mod logout;
mod navigation;
mod refresh;
mod relying_party;
mod script;
mod tokens;
