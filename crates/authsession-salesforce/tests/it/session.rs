//! The trait, the header's value, and the session of a fixed token.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use authsession_salesforce::auth::authorization::token_in;
use authsession_salesforce::auth::{AuthSession, Recovery, SharedAuth, StaticTokenAuth};
use authsession_salesforce::{CirrusError, CirrusResult, async_trait};

const TOKEN: &str = "00D5g00000AbCdE!AQ8AQsecret";
const INSTANCE: &str = "https://acme.my.salesforce.com";

/// A session that only knows the two methods every one has to have, and is not ready at the first poll.
struct Own;

#[async_trait]
impl AuthSession for Own {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        let mut asked = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(Cow::Owned(TOKEN.to_owned()))
    }

    fn instance_url(&self) -> &str {
        INSTANCE
    }
}

#[tokio::test]
async fn a_session_of_ones_own_hands_out_the_header_without_more_code() {
    let shared: SharedAuth = Arc::new(Own);
    assert!(shared.authorization_at_once().is_none());
    let value = shared.authorization().await.unwrap();
    assert_eq!(value, format!("Bearer {TOKEN}"));
    assert!(value.is_sensitive());
    assert_eq!(token_in(&value), Some(TOKEN));
    shared.invalidate(TOKEN).await;
}

#[tokio::test]
async fn a_pointer_to_a_session_is_that_session() {
    async fn through(session: impl AuthSession) -> String {
        session.access_token().await.unwrap().into_owned()
    }
    let shared: SharedAuth = Arc::new(StaticTokenAuth::new(TOKEN, INSTANCE));
    assert_eq!(through(shared.clone()).await, TOKEN);
    assert_eq!(through(Box::new(shared)).await, TOKEN);
}

#[tokio::test]
async fn a_fixed_token_is_lent_not_copied_and_never_forgotten() {
    let session = StaticTokenAuth::new(format!("  {TOKEN}\n"), format!("{INSTANCE}/ "));
    session.invalidate(TOKEN).await;
    assert!(matches!(session.access_token().await.unwrap(), Cow::Borrowed(TOKEN)));
    assert_eq!(session.instance_url(), INSTANCE);
}

#[tokio::test]
async fn a_token_in_hand_is_a_header_at_the_first_poll() {
    let session = StaticTokenAuth::new(TOKEN, INSTANCE);
    let mut authorization = pin!(session.authorization());
    let polled = poll_fn(|context| Poll::Ready(authorization.as_mut().poll(context))).await;
    let Poll::Ready(Ok(value)) = polled else { unreachable!("{polled:?}") };
    assert!(value.is_sensitive());
    assert_eq!(session.authorization_at_once(), Some(value));
}

#[tokio::test]
async fn a_token_no_header_can_carry_is_an_error_that_says_so() {
    let session = StaticTokenAuth::new("00D!line\nbreak", INSTANCE);
    let error = session.authorization().await.unwrap_err();
    assert!(matches!(&error, CirrusError::InvalidArgument { name: "access_token", .. }), "{error:?}");
    assert!(matches!(error.recovery(), Recovery::FixConfig { .. }));
    assert!(!format!("{error} {error:?}").contains("break"));
}

#[tokio::test]
async fn no_token_shows_in_debug() {
    let session = StaticTokenAuth::new(TOKEN, INSTANCE);
    let shown = format!("{session:?} {:?} {:?}", session.authorization(), Own.authorization());
    assert!(!shown.contains("secret"), "{shown}");
    assert!(!format!("{:?}", session.authorization().await.unwrap()).contains("secret"));
}
