//! How fresh an access token is.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::token_set::{Freshness, TokenSet};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

const MINUTE: Duration = Duration::from_secs(60);

/// Received at second 0, to expire at that second.
fn tokens(expires_at: Option<i64>) -> TokenSet {
    TokenSet {
        access_token: "a".into(),
        token_type: "Bearer".into(),
        refresh_token: None,
        id_token: None,
        scope: None,
        received_at: Timestamp::from_unix_seconds(0),
        expires_at: expires_at.map(Timestamp::from_unix_seconds),
        extras: Extras::default(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(second)
}

#[test]
fn a_token_is_fresh_then_stale_then_expired() {
    let tokens = tokens(Some(300));
    for (second, wanted) in [
        (0, Freshness::Fresh),
        (239, Freshness::Fresh),
        (240, Freshness::Stale),
        (299, Freshness::Stale),
        (300, Freshness::Expired),
        (1_000_000, Freshness::Expired),
    ] {
        assert_eq!(tokens.freshness(at(second), MINUTE), wanted, "second {second}");
    }
}

#[test]
fn a_token_whose_expiry_is_not_known_is_fresh() {
    assert_eq!(tokens(None).freshness(Timestamp::NEVER, MINUTE), Freshness::Fresh);
}

#[test]
fn a_token_that_lives_shorter_than_the_margin_is_fresh_for_half_its_life() {
    let tokens = tokens(Some(20));
    assert_eq!(tokens.freshness(at(0), MINUTE), Freshness::Fresh);
    assert_eq!(tokens.freshness(at(9), MINUTE), Freshness::Fresh);
    assert_eq!(tokens.freshness(at(10), MINUTE), Freshness::Stale);
}

#[test]
fn without_a_margin_a_token_is_fresh_until_it_expires() {
    let tokens = tokens(Some(300));
    assert_eq!(tokens.freshness(at(299), Duration::ZERO), Freshness::Fresh);
    assert_eq!(tokens.freshness(at(300), Duration::ZERO), Freshness::Expired);
}

#[test]
fn debug_shows_nothing_the_provider_wrote() {
    let mut tokens = tokens(Some(300));
    tokens.access_token = "canary".into();
    tokens.token_type = "canary".into();
    tokens.scope = Some("canary".into());
    tokens.extras = Extras::from_iter([("canary", "canary")]);
    let shown = format!("{tokens:?}");
    assert!(shown.contains("expires_at") && !shown.contains("canary"), "{shown}");
}

proptest! {
    #[test]
    fn no_instant_makes_it_panic_and_an_expired_token_is_never_used(
        received in any::<i64>(), expires in any::<i64>(), now in any::<i64>(), margin in any::<Duration>(),
    ) {
        let mut tokens = tokens(None);
        tokens.received_at = Timestamp::from_unix_millis(received);
        tokens.expires_at = Some(Timestamp::from_unix_millis(expires));
        let freshness = tokens.freshness(Timestamp::from_unix_millis(now), margin);
        prop_assert_eq!(freshness == Freshness::Expired, now >= expires);
    }

    #[test]
    fn arithmetic_on_time_stays_in_range(millis in any::<i64>(), by in any::<Duration>()) {
        let time = Timestamp::from_unix_millis(millis);
        prop_assert!(time + by >= time);
        prop_assert!(time - by <= time);
        prop_assert_eq!((time - by).since(time), Duration::ZERO);
    }
}
