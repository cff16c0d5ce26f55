//! The same to both: metadata, keys, authorization responses, token answers and ID tokens are given to authsession and to
//! huskarl, and where their verdicts differ, [`differences`] says why.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod authorization_response;
mod both;
mod claims_text;
mod differences;
mod id_token;
mod keys;
mod metadata;
mod refresh;
mod token_answer;
mod verdict;
