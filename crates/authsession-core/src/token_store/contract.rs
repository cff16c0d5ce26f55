//! The promises every token store keeps, as a test suite anyone can call.
//!
//! Each promise is a function named as a sentence; it fails an assertion when the store breaks it. A promise gets two handles
//! on one empty slot, as two processes would open it.
//!
//! ```
//! use authsession_core::token_store::contract;
//! use authsession_core::token_store::memory::MemoryTokenStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let twice = |store: MemoryTokenStore| [store.clone(), store];
//! contract::keeps_every_promise(async || twice(MemoryTokenStore::default())).await;
//! # }
//! ```

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::{self, Timestamp};
use crate::extras::Extras;
use crate::token_set::TokenSet;
use crate::token_store::{TokenLock, TokenStore};

/// Who gets the lock in this time was not kept from it.
const A_WHILE: Duration = Duration::from_millis(100);
/// Who does not get the lock in this time never will.
const LONG: Duration = Duration::from_secs(30);
const ROUNDS: usize = 20;
/// What a store must not stumble over.
const ODD: &str =
    "\"quoted\" \\back\\ \u{0}\u{1f}\u{7f} \r\n\t 'it''s' $1 %s {} Zoë \u{2713} \u{1f511} \u{202e}";

/// Two handles on one slot, each as a process of its own has it.
#[derive(Clone, Debug)]
pub struct Pair {
    one: Arc<dyn TokenStore>,
    other: Arc<dyn TokenStore>,
}

/// Holds a store against every promise. `make` opens a slot that nobody used yet, twice, anew for each promise.
///
/// # Panics
/// When the store breaks a promise, naming it. Outside a tokio runtime with its timer.
pub async fn keeps_every_promise<S: TokenStore + 'static>(make: impl AsyncFn() -> [S; 2]) {
    macro_rules! hold_to {
        ($($promise:ident,)*) => { $($promise(&Pair::open(&make).await).await;)* };
    }
    hold_to! {
        nothing_is_kept_before_the_first_save,
        every_field_is_found_as_it_was_saved,
        every_save_has_a_revision_of_its_own,
        a_save_on_top_of_another_revision_changes_nothing,
        a_first_save_is_refused_when_something_is_kept,
        a_save_on_top_of_nothing_is_refused_when_nothing_is_kept,
        what_is_cleared_is_gone_and_its_revisions_never_come_again,
        a_clear_of_another_revision_changes_nothing,
        one_of_many_saving_at_once_wins,
        the_lock_keeps_others_waiting,
        the_lock_keeps_nobody_from_loading_and_saving,
        the_lock_of_an_aborted_task_is_released,
        waiting_for_the_lock_can_be_given_up,
        nothing_is_lost_between_lock_and_save,
    }
}

/// Nothing is kept, and that is no error.
pub async fn nothing_is_kept_before_the_first_save(pair: &Pair) {
    assert_eq!(sound(pair.one.load().await), None);
}

/// Every field comes back as it was, absent ones and odd characters included, by the other handle too.
pub async fn every_field_is_found_as_it_was_saved(pair: &Pair) {
    let received_at = Timestamp::from_unix_millis(1_893_456_000_123);
    let bare = TokenSet::new(ODD, received_at);
    let mut full = bare.clone().expiring_after(Duration::from_millis(3_599_999));
    full.token_type = "bearer".into();
    full.refresh_token = Some(ODD.repeat(500).as_str().into());
    full.id_token = Some("an.id.token".into());
    full.scope = Some("openid email".into());
    full.extras = Extras::from_iter([("instance_url", "https://org.example"), (ODD, ODD), ("", "")]);
    let mut seen = None;
    for tokens in [bare, full] {
        seen = pair.save(seen, &tokens).await;
        for store in [&pair.one, &pair.other] {
            let kept = sound(store.load().await);
            assert!(kept.as_ref().is_some_and(|kept| kept.tokens == tokens), "tokens come back as they were");
            assert_eq!(kept.map(|kept| kept.revision), seen, "load tells the revision the save told");
        }
    }
}

/// No revision comes twice.
pub async fn every_save_has_a_revision_of_its_own(pair: &Pair) {
    let mut revisions = vec![pair.save(None, &tokens("0")).await];
    for number in 1..ROUNDS {
        // The same tokens again are a save all the same.
        let next = pair.save(revisions[number - 1], &tokens("0")).await;
        assert!(!revisions.contains(&next), "a revision came twice: {next:?} after {revisions:?}");
        revisions.push(next);
    }
}

/// A revision that is no longer kept, or never was, keeps a save from happening.
pub async fn a_save_on_top_of_another_revision_changes_nothing(pair: &Pair) {
    let first = pair.save(None, &tokens("first")).await;
    let second = pair.save(first, &tokens("second")).await;
    let never = second.map(|revision| revision.wrapping_add(1000));
    for seen in [first, never] {
        assert_eq!(
            sound(pair.other.compare_and_swap(seen, &tokens("late")).await),
            None,
            "saved on {seen:?}"
        );
    }
    pair.keeps("second", second).await;
}

/// `None` saves on top of nothing, and of nothing else.
pub async fn a_first_save_is_refused_when_something_is_kept(pair: &Pair) {
    let first = pair.save(None, &tokens("first")).await;
    assert_eq!(sound(pair.other.compare_and_swap(None, &tokens("late")).await), None, "saved on something");
    pair.keeps("first", first).await;
}

/// A revision is not that of nothing.
pub async fn a_save_on_top_of_nothing_is_refused_when_nothing_is_kept(pair: &Pair) {
    for seen in [0, 1] {
        assert_eq!(
            sound(pair.one.compare_and_swap(Some(seen), &tokens("late")).await),
            None,
            "{seen} is kept"
        );
    }
    assert_eq!(sound(pair.one.load().await), None);
}

/// A store that was cleared keeps nothing, and a save by who has not noticed is refused.
pub async fn what_is_cleared_is_gone_and_its_revisions_never_come_again(pair: &Pair) {
    let before = pair.save(None, &tokens("before")).await;
    let Some(seen) = before else { return };
    assert!(sound(pair.other.clear(seen).await), "a clear of the revision kept was refused");
    assert_eq!(sound(pair.one.load().await), None);
    assert!(!sound(pair.one.clear(seen).await), "what is gone was cleared once more");
    let after = pair.save(None, &tokens("after")).await;
    assert_ne!(after, before, "a revision came twice");
    assert_eq!(
        sound(pair.other.compare_and_swap(before, &tokens("late")).await),
        None,
        "saved on what was cleared"
    );
    pair.keeps("after", after).await;
}

/// Who wants to clear what is no longer kept clears nothing.
pub async fn a_clear_of_another_revision_changes_nothing(pair: &Pair) {
    let first = pair.save(None, &tokens("first")).await;
    let second = pair.save(first, &tokens("second")).await;
    let Some(seen) = first else { return };
    assert!(!sound(pair.other.clear(seen).await), "cleared on a revision of before");
    pair.keeps("second", second).await;
}

/// Of those who saw the same revision, or nothing, one saves, even if none of them took the lock.
pub async fn one_of_many_saving_at_once_wins(pair: &Pair) {
    let mut seen = None;
    for _ in 0..2 {
        let savers: Vec<_> = (0..ROUNDS)
            .map(|number| {
                let store = pair.handle(number);
                tokio::spawn(async move { store.compare_and_swap(seen, &tokens(&number.to_string())).await })
            })
            .collect();
        let mut saved = Vec::new();
        for saver in savers {
            saved.extend(sound(sound(saver.await)));
        }
        assert_eq!(saved.len(), 1, "so many of {ROUNDS} who saw {seen:?} saved");
        seen = saved.pop();
    }
}

/// Neither handle gets a lock the other holds; whoever waits gets it when it is dropped.
pub async fn the_lock_keeps_others_waiting(pair: &Pair) {
    for (holder, waiting) in [(&pair.one, &pair.other), (&pair.one, &pair.one), (&pair.other, &pair.one)] {
        let held = sound(holder.lock().await);
        assert!(clock::within(A_WHILE, waiting.lock()).await.is_none(), "two hold the lock");
        drop(held);
        in_time(waiting).await;
    }
}

/// The lock is for those who take it: a look, or a save on the right revision, needs none.
pub async fn the_lock_keeps_nobody_from_loading_and_saving(pair: &Pair) {
    let _held = sound(pair.one.lock().await);
    let saved = clock::within(LONG, pair.save(None, &tokens("first"))).await;
    let looked = clock::within(LONG, pair.keeps("first", saved.flatten())).await;
    assert!(looked.is_some(), "the lock kept somebody from saving or loading");
}

/// Whose task ends, however it ends, holds nothing any more.
pub async fn the_lock_of_an_aborted_task_is_released(pair: &Pair) {
    let (locked, is_locked) = oneshot::channel();
    let store = Arc::clone(&pair.one);
    let holder = tokio::spawn(async move {
        let _held = sound(store.lock().await);
        let _ = locked.send(());
        pending::<()>().await;
    });
    sound(is_locked.await);
    holder.abort();
    in_time(&pair.other).await;
}

/// Who waited and gave up is not given the lock later.
pub async fn waiting_for_the_lock_can_be_given_up(pair: &Pair) {
    let held = sound(pair.one.lock().await);
    for _ in 0..5 {
        assert!(clock::within(A_WHILE / 5, pair.other.lock()).await.is_none(), "two hold the lock");
    }
    drop(held);
    drop(in_time(&pair.other).await);
    in_time(&pair.one).await;
}

/// Many who lock, load, and save one more: all of it counts, and none of their saves is refused.
pub async fn nothing_is_lost_between_lock_and_save(pair: &Pair) {
    let adders: Vec<_> = (0..ROUNDS)
        .map(|number| {
            let store = pair.handle(number);
            tokio::spawn(async move {
                let _turn = sound(store.lock().await);
                let kept = sound(store.load().await);
                let count = kept.as_ref().map_or(0, |kept| sound(kept.tokens.access_token.expose().parse()));
                let (seen, count): (_, usize) = (kept.map(|kept| kept.revision), count + 1);
                let saved = store.compare_and_swap(seen, &tokens(&count.to_string())).await;
                assert!(sound(saved).is_some(), "a save under the lock was refused");
            })
        })
        .collect();
    for adder in adders {
        sound(adder.await);
    }
    let kept = sound(pair.one.load().await);
    assert_eq!(kept.map(|kept| kept.tokens), Some(tokens(&ROUNDS.to_string())), "additions were lost");
}

impl Pair {
    /// Opens a slot, twice.
    pub async fn open<S: TokenStore + 'static>(make: &impl AsyncFn() -> [S; 2]) -> Self {
        let [one, other] = make().await;
        Self { one: Arc::new(one), other: Arc::new(other) }
    }

    /// The one or the other.
    fn handle(&self, number: usize) -> Arc<dyn TokenStore> {
        Arc::clone(if number.is_multiple_of(2) { &self.one } else { &self.other })
    }

    /// Saves by one handle what has to be taken.
    async fn save(&self, seen: Option<u64>, tokens: &TokenSet) -> Option<u64> {
        let saved = sound(self.one.compare_and_swap(seen, tokens).await);
        assert!(saved.is_some(), "a save on the revision kept was refused: {seen:?}");
        saved
    }

    /// Asserts by the other handle what is kept.
    async fn keeps(&self, access_token: &str, revision: Option<u64>) {
        let kept = sound(self.other.load().await);
        assert_eq!(kept.as_ref().map(|kept| kept.revision), revision, "the revision changed");
        assert_eq!(kept.map(|kept| kept.tokens), Some(tokens(access_token)), "the tokens changed");
    }
}

async fn in_time(store: &Arc<dyn TokenStore>) -> TokenLock {
    match clock::within(LONG, store.lock()).await {
        Some(lock) => sound(lock),
        None => unreachable!("nobody holds the lock, and it cannot be had"),
    }
}

fn tokens(access_token: &str) -> TokenSet {
    TokenSet::new(access_token, Timestamp::from_unix_seconds(1_893_456_000))
}

/// What a step gave that must not fail.
fn sound<T, E: fmt::Debug>(outcome: Result<T, E>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => unreachable!("the step failed: {error:?}"),
    }
}
