//! What must not leak does not.

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::http::Form;
use authsession_core::secret::{Secret, equal_in_constant_time, for_sealing};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde::{Deserialize, Serialize};

use crate::parties::Parties;

const CANARY: &str = "canary-51e0";

/// What is sealed before it is written.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(with = "for_sealing")]
    secret: Secret,
}

#[test]
fn debug_of_a_secret_shows_nothing_of_it() {
    let secret = Secret::new(CANARY);
    assert_eq!(format!("{secret:?} {secret:#?}"), "[redacted] [redacted]");
    assert_eq!(secret.expose(), CANARY);
}

#[test]
fn debug_of_what_holds_a_secret_shows_nothing_of_it() {
    let mut form = Form::default();
    form.push(CANARY, CANARY);
    let code = AuthorizationCode { code: CANARY.into(), redirect_uri: None, code_verifier: CANARY.into() };
    let grant = RefreshToken { refresh_token: CANARY.into(), scope: None };
    let client = Client { id: "client".to_owned(), auth: ClientAuth::Secret(CANARY.into()) };
    let post = ClientAuth::SecretPost(CANARY.into());
    let basic = ClientAuth::SecretBasic(CANARY.into());
    let shown = format!("{form:?} {code:?} {grant:?} {client:?} {post:?} {basic:?}");
    assert!(!shown.contains(CANARY), "{shown}");
}

#[tokio::test]
async fn debug_of_a_token_set_and_its_endpoint_shows_no_token() {
    let parties = Parties::meet().await;
    let tokens = parties.sign_in().await.unwrap().tokens;
    let shown = format!("{tokens:?} {:?} {:?}", parties.token_endpoint(), parties.provider);
    for secret in
        [&tokens.access_token, tokens.refresh_token.as_ref().unwrap(), tokens.id_token.as_ref().unwrap()]
    {
        assert!(!shown.contains(secret.expose()), "{shown}");
    }
    assert!(!shown.contains(parties.opposite.client_secret()), "{shown}");
}

#[test]
fn a_secret_that_is_sealed_survives_being_written_and_read() {
    let written = serde_json::to_string(&Sealed { secret: Secret::new("a \"secret\"") }).unwrap();
    assert_eq!(written, r#"{"secret":"a \"secret\""}"#);
    assert_eq!(serde_json::from_str::<Sealed>(&written).unwrap().secret.expose(), "a \"secret\"");
}

#[test]
fn an_empty_secret_says_so() {
    assert!(Secret::new("").is_empty());
    assert!(!Secret::new(" ").is_empty());
}

proptest! {
    #[test]
    fn secrets_are_equal_when_their_texts_are(left in any::<String>(), right in any::<String>()) {
        prop_assert_eq!(Secret::new(&*left) == Secret::new(&*right), left == right);
        prop_assert_eq!(equal_in_constant_time(&left, &right), left == right);
        prop_assert!(equal_in_constant_time(&left, &left.clone()));
    }
}
