//! One token kept fresh: who waits, who does not, and how often the provider is asked.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::{Endpoint, Error, Fault, OAuthError};
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;

use crate::parties::clock_of;
use crate::scripted_mint::{HOUR, ScriptedMint, settle};

struct Stage {
    time: VirtualClock,
    mint: Arc<ScriptedMint>,
    cache: TokenCache,
}

impl Stage {
    fn set() -> Self {
        let time = VirtualClock::halted();
        let mint = ScriptedMint::new(&time);
        let cache = mint.cache(&time);
        Self { time, mint, cache }
    }

    /// With a token in hand.
    async fn with_token() -> Self {
        let stage = Self::set();
        assert_eq!(stage.token().await, "t1");
        stage
    }

    async fn token(&self) -> String {
        self.cache.token().await.unwrap().expose().to_owned()
    }

    fn now(&self) -> Timestamp {
        clock_of(&self.time).now()
    }

    fn state(&self) -> State {
        self.cache.snapshot().state
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn dead() -> Error {
    Error::grant_refused(OAuthError::InvalidGrant)
}

#[tokio::test]
async fn a_fresh_token_is_served_from_memory() {
    let stage = Stage::with_token().await;
    for _ in 0..100 {
        assert_eq!(stage.token().await, "t1");
        assert_eq!(stage.cache.at_once().unwrap().authorization(), "Bearer t1");
    }
    assert_eq!((stage.mint.asked(), stage.state()), (1, State::Fresh));
}

#[tokio::test]
async fn nobody_waits_in_the_advisory_window_and_one_refresh_runs_behind() {
    let stage = Stage::with_token().await;
    stage.mint.shut();
    stage.time.advance(HOUR - 9 * MINUTE);
    assert_eq!(stage.state(), State::Stale);
    for _ in 0..100 {
        assert_eq!(stage.cache.at_once().unwrap().expose(), "t1");
    }
    stage.mint.until_asked(2).await;
    assert_eq!(stage.token().await, "t1");
    stage.mint.open();
    settle().await;
    assert_eq!(stage.token().await, "t2");
    assert_eq!(stage.mint.asked(), 2);
}

#[tokio::test]
async fn in_the_mandatory_window_callers_wait_for_one_refresh() {
    let stage = Stage::with_token().await;
    stage.time.advance(HOUR - MINUTE);
    assert!(stage.cache.at_once().is_none());
    let (one, other) = tokio::join!(stage.token(), stage.token());
    assert_eq!((one.as_str(), other.as_str(), stage.mint.asked()), ("t2", "t2", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_on_a_refused_token_bring_one_grant() {
    let stage = Stage::with_token().await;
    stage.mint.shut();
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let cache = stage.cache.clone();
            tokio::spawn(async move {
                cache.invalidate("t1");
                cache.token().await.unwrap().expose().to_owned()
            })
        })
        .collect();
    stage.mint.until_asked(2).await;
    stage.mint.open();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "t2");
    }
    assert_eq!(stage.mint.asked(), 2);
}

#[tokio::test]
async fn callers_who_give_up_do_not_stop_the_refresh_they_started() {
    let stage = Stage::set();
    stage.mint.shut();
    for _ in 0..20 {
        let impatient = tokio::time::timeout(Duration::from_millis(1), stage.cache.token());
        assert!(impatient.await.is_err());
    }
    stage.mint.open();
    assert_eq!(stage.token().await, "t1");
    assert_eq!(stage.mint.asked(), 1);
}

#[tokio::test]
async fn who_was_refused_late_does_not_throw_the_successor_away() {
    let stage = Stage::with_token().await;
    assert!(stage.cache.invalidate("t1"));
    assert_eq!(stage.token().await, "t2");
    assert!(!stage.cache.invalidate("t1"));
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn while_the_provider_is_away_the_token_serves_and_requests_are_spaced_out() {
    let stage = Stage::with_token().await;
    stage.time.advance(HOUR - 9 * MINUTE);
    for _ in 0..10 {
        stage.mint.next_is_out_of_order();
    }
    for second in 0..10 {
        assert_eq!(stage.token().await, "t1", "after {second} s");
        settle().await;
        stage.time.advance(Duration::from_secs(1));
    }
    assert_eq!(stage.state(), State::Failing);
    let asked = stage.mint.asked() - 1;
    assert!((2..=5).contains(&asked), "{asked} requests in ten seconds");
}

#[tokio::test]
async fn a_token_serves_until_it_ends_whatever_the_refresh_came_to() {
    let stage = Stage::with_token().await;
    stage.time.advance(HOUR - MINUTE);
    stage.mint.next_fails(dead());
    assert_eq!(stage.token().await, "t1");
    stage.time.advance(MINUTE);
    stage.mint.next_fails(dead());
    assert!(matches!(stage.cache.token().await, Err(Error::GrantRefused { .. })));
    assert_eq!(stage.state(), State::Dead);
}

#[tokio::test]
async fn a_dead_grant_is_presented_once_and_answered_from_memory_fifty_times() {
    let stage = Stage::set();
    stage.mint.next_fails(dead());
    for _ in 0..50 {
        assert!(matches!(stage.cache.token().await, Err(Error::GrantRefused { .. })));
    }
    assert_eq!(stage.mint.asked(), 1);
}

#[tokio::test]
async fn a_dead_grant_is_tried_less_and_less_often() {
    let stage = Stage::set();
    for _ in 0..1_000 {
        stage.mint.next_fails(dead());
    }
    for _ in 0..38 * 60 {
        stage.cache.token().await.unwrap_err();
        stage.time.advance(Duration::from_secs(1));
    }
    let asked = stage.mint.asked();
    assert!((6..=12).contains(&asked), "{asked} requests in 38 minutes");
}

#[tokio::test]
async fn new_credentials_are_tried_at_once() {
    let stage = Stage::set();
    stage.mint.next_fails(dead());
    stage.cache.token().await.unwrap_err();
    stage.cache.reset_failures();
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn a_provider_that_asks_to_be_left_alone_is_left_alone() {
    let stage = Stage::set();
    let busy = |seconds| Error::Unavailable {
        endpoint: Endpoint::Token,
        fault: Fault::Status(429),
        retry_after: Some(Duration::from_secs(seconds)),
        cause: None,
    };
    stage.mint.next_fails(busy(300));
    stage.cache.token().await.unwrap_err();
    stage.time.advance(Duration::from_secs(299));
    let error = stage.cache.token().await.unwrap_err();
    assert_eq!((error.retry_after(), stage.mint.asked()), (Some(Duration::from_secs(1)), 1));
    stage.time.advance(Duration::from_secs(1));
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn an_attempt_that_may_have_spent_the_grant_is_not_repeated_while_a_token_serves() {
    let stage = Stage::with_token().await;
    stage.mint.is_repeatable_no_more();
    stage.mint.next_fails(Error::unavailable(Endpoint::Token, Fault::TimedOut));
    stage.time.advance(HOUR - 9 * MINUTE);
    for _ in 0..8 {
        assert_eq!(stage.token().await, "t1");
        settle().await;
        stage.time.advance(MINUTE);
    }
    assert_eq!(stage.mint.asked(), 2, "once, and then no more");
    stage.time.advance(MINUTE);
    assert_eq!(stage.token().await, "t3");
}

#[tokio::test]
async fn an_api_that_refuses_every_token_brings_no_loop_of_grants() {
    let stage = Stage::set();
    for _ in 0..100 {
        let token = stage.token().await;
        stage.cache.invalidate(&token);
    }
    assert!(stage.mint.asked() <= 4, "{} grants", stage.mint.asked());
    assert_eq!(stage.state(), State::Refused);
    assert!(stage.cache.at_once().is_some(), "the API's own refusal is what callers see");
}

#[tokio::test]
async fn a_provider_that_hands_the_refused_token_out_again_brings_no_loop_either() {
    let stage = Stage::set();
    for _ in 0..100 {
        stage.mint.next(Ok(TokenSet::new("the same", stage.now()).expiring_after(HOUR)));
    }
    for _ in 0..100 {
        let token = stage.token().await;
        stage.cache.invalidate(&token);
        stage.time.advance(Duration::from_secs(20));
    }
    assert!(stage.mint.asked() <= 16, "{} grants", stage.mint.asked());
}

#[tokio::test]
async fn a_token_that_grew_old_before_it_was_refused_is_always_replaced() {
    let stage = Stage::with_token().await;
    for number in 2..20 {
        stage.time.advance(5 * MINUTE);
        assert!(stage.cache.invalidate(&format!("t{}", number - 1)));
        assert_eq!(stage.token().await, format!("t{number}"));
    }
}

fn without_expiry(stage: &Stage) -> Arc<dyn Mint> {
    for number in 1..10 {
        stage.mint.next(Ok(TokenSet::new(format!("t{number}"), stage.now())));
    }
    Arc::clone(&stage.mint) as Arc<dyn Mint>
}

#[tokio::test]
async fn a_lifetime_the_provider_does_not_state_is_assumed() {
    let mut stage = Stage::set();
    let builder = TokenCache::builder(without_expiry(&stage), clock_of(&stage.time));
    stage.cache = builder.assumed_lifetime(HOUR).build();
    assert_eq!(stage.token().await, "t1");
    assert_eq!(stage.cache.snapshot().expires_at, Some(stage.now() + HOUR));
    stage.time.advance(HOUR);
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn without_a_lifetime_a_token_serves_until_it_is_refused() {
    let mut stage = Stage::set();
    stage.cache = TokenCache::builder(without_expiry(&stage), clock_of(&stage.time)).build();
    assert_eq!(stage.token().await, "t1");
    stage.time.advance(1_000 * HOUR);
    assert_eq!(stage.token().await, "t1");
    stage.cache.invalidate("t1");
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn an_assumed_lifetime_slides_with_use_where_the_vendors_does() {
    let mut stage = Stage::set();
    let builder = TokenCache::builder(without_expiry(&stage), clock_of(&stage.time));
    stage.cache = builder.assumed_lifetime(HOUR).sliding(true).longest_lifetime(20 * HOUR).build();
    for _ in 0..24 {
        assert_eq!(stage.token().await, "t1");
        stage.time.advance(HOUR / 2);
    }
    stage.time.advance(HOUR);
    stage.mint.next_is_out_of_order();
    assert_eq!(stage.token().await, "t2", "not used for so long, it ended");
}

#[tokio::test]
async fn a_sliding_lifetime_has_an_end_too() {
    let mut stage = Stage::set();
    let builder = TokenCache::builder(without_expiry(&stage), clock_of(&stage.time));
    stage.cache = builder.assumed_lifetime(HOUR).sliding(true).longest_lifetime(3 * HOUR).build();
    for _ in 0..12 {
        assert_eq!(stage.token().await, "t1");
        stage.time.advance(HOUR / 4);
    }
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn a_stated_lifetime_is_cut_to_the_longest_allowed() {
    let mut stage = Stage::set();
    let mint: Arc<dyn Mint> = Arc::clone(&stage.mint) as Arc<dyn Mint>;
    stage.cache = TokenCache::builder(mint, clock_of(&stage.time)).longest_lifetime(10 * MINUTE).build();
    assert_eq!(stage.token().await, "t1");
    stage.time.advance(10 * MINUTE);
    assert_eq!(stage.token().await, "t2");
}

#[tokio::test]
async fn who_watches_is_told_of_a_new_token_a_refusal_and_a_failure() {
    let stage = Stage::with_token().await;
    let mut watch = stage.cache.watch();
    stage.cache.invalidate("t1");
    assert_eq!(watch.changed().await.state, State::Empty);
    stage.mint.next_is_out_of_order();
    stage.cache.token().await.unwrap_err();
    let failed = watch.changed().await;
    assert_eq!(failed.state, State::Unavailable);
    assert!(failed.last_error.is_some() && !failed.pause.is_zero());
    stage.time.advance(MINUTE);
    stage.token().await;
    let renewed = watch.changed().await;
    assert_eq!((renewed.state, renewed.last_refresh), (State::Fresh, Some(stage.now())));
}

#[tokio::test]
async fn tokens_that_came_by_another_road_are_held() {
    let stage = Stage::set();
    stage.cache.adopt(TokenSet::new("adopted", stage.now()).expiring_after(HOUR)).unwrap();
    assert_eq!((stage.token().await.as_str(), stage.mint.asked()), ("adopted", 0));
}

#[tokio::test]
async fn neither_a_cache_nor_a_token_shows_the_token() {
    let stage = Stage::with_token().await;
    let held = stage.cache.token().await.unwrap();
    let shown = format!("{:?} {held:?} {:?} {:?}", stage.cache, stage.cache.watch(), held.authorization());
    assert!(!shown.contains("t1"), "{shown}");
}

#[test]
fn without_a_runtime_a_stale_token_still_serves() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::with_token());
    stage.time.advance(HOUR - 9 * MINUTE);
    assert_eq!(stage.cache.at_once().unwrap().expose(), "t1");
}

#[test]
fn a_refresh_lost_with_somebody_elses_runtime_is_taken_over() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = Stage::set();
    stage.mint.shut();
    let doomed = runtime();
    let (cache, mint) = (stage.cache.clone(), Arc::clone(&stage.mint));
    doomed.block_on(async {
        tokio::spawn(async move { cache.token().await });
        mint.until_asked(1).await;
    });
    let waiting = std::thread::spawn({
        let cache = stage.cache.clone();
        move || runtime().block_on(async { cache.token().await.unwrap().expose().to_owned() })
    });
    std::thread::sleep(Duration::from_millis(50));
    drop(doomed);
    stage.mint.open();
    assert_eq!(waiting.join().unwrap(), "t2");
}
