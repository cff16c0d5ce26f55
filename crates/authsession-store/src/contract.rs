//! The promises every store keeps, as a test suite anyone can call.
//!
//! Each promise is a function named as a sentence; it fails an assertion when the store breaks it. A promise draws its own
//! keys and issuer, so all of them may run on one database, one after another or at once. Time stands still and is moved
//! by the promise: the store must measure every deadline by the [`Clock`] it is given.
//!
//! ```
//! use authsession_store::contract;
//! use authsession_store::memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! contract::keeps_every_promise(async |clock| MemoryStore::with_clock(clock)).await;
//! # }
//! ```

use authsession_core::clock::Clock;

#[cfg(feature = "sealed")]
use crate::backend::Backend;
use crate::contract::bench::Bench;
#[cfg(feature = "sealed")]
use crate::contract::processes::Processes;
use crate::store::SessionStore;

pub mod bench;
pub mod claim;
pub mod deadline;
pub mod key;
pub mod lease;
pub mod look_up;
#[cfg(feature = "sealed")]
pub mod processes;
pub mod tombstone;
pub mod version;

/// Holds a store against every promise. `make` opens it, on the clock it is given, anew for each promise.
///
/// # Panics
/// When the store breaks a promise, naming it.
pub async fn keeps_every_promise<S: SessionStore>(make: impl AsyncFn(Clock) -> S) {
    macro_rules! hold_to {
        ($($noun:ident::$promise:ident,)*) => { $($noun::$promise(&Bench::new(&make).await).await;)* };
    }
    hold_to! {
        key::a_session_is_found_as_it_was_kept,
        key::an_unknown_key_is_absent,
        key::a_taken_key_is_refused_while_its_session_lives,
        key::a_taken_key_is_refused_after_its_session_ended,
        key::one_of_many_creating_the_same_key_wins,
        deadline::an_idle_session_is_not_shown,
        deadline::a_session_that_is_too_old_is_not_shown,
        deadline::an_overdue_session_takes_no_update_and_no_lease,
        deadline::a_touch_moves_the_idle_deadline_on,
        deadline::a_touch_never_moves_it_back,
        deadline::a_touch_never_revives,
        deadline::a_touch_is_no_new_version,
        deadline::a_touch_does_not_outlive_the_session_s_age,
        deadline::an_idle_end_of_a_session_that_was_touched_meanwhile_ends_nothing,
        deadline::an_update_moves_the_end_of_a_session,
        deadline::deadlines_that_never_come_do_not_come,
        deadline::deadlines_before_the_epoch_are_deadlines,
        version::an_update_is_seen_by_the_next_load,
        version::an_update_of_another_version_changes_nothing,
        version::an_update_of_nothing_makes_nothing,
        version::an_update_keeps_the_idle_deadline,
        version::one_of_many_updates_at_once_wins,
        tombstone::an_ended_session_says_why,
        tombstone::an_end_gives_out_the_session_once,
        tombstone::the_first_reason_stays,
        tombstone::an_end_of_nothing_leaves_nothing,
        tombstone::an_overdue_session_is_ended_once_for_its_own_reason,
        tombstone::a_sweep_ends_what_is_overdue_and_nothing_else,
        tombstone::a_logout_wins_over_an_update_in_flight,
        tombstone::a_logout_wins_over_many_updates_at_once,
        look_up::all_sessions_of_a_user_are_found,
        look_up::all_sessions_of_a_provider_session_are_found,
        look_up::another_issuer_s_sessions_are_not_found,
        look_up::a_session_that_was_found_ends_by_that_key,
        look_up::ended_and_overdue_sessions_are_not_found,
        look_up::an_updated_session_is_found_by_what_it_is_now,
        lease::a_lease_has_one_owner,
        lease::a_lease_is_renewed_by_its_owner,
        lease::a_lease_falls_free_when_its_time_is_over,
        lease::a_lease_does_not_outlast_a_clock_that_is_set_back,
        lease::a_lease_is_released_only_by_its_owner,
        lease::a_lease_does_not_keep_others_from_saving,
        lease::an_update_keeps_the_lease,
        lease::there_is_no_lease_on_an_ended_or_unknown_session,
        lease::one_of_many_asking_for_the_lease_gets_it,
        claim::one_of_many_has_the_claim,
        claim::what_came_of_a_claim_is_told,
        claim::a_claim_that_is_given_up_is_the_next_one_s,
        claim::a_claim_that_was_lost_is_nobody_s,
        claim::a_claim_is_no_session,
    }
}

/// Holds a backend of [`SealedStore`](crate::sealed_store::SealedStore) against what several processes rely on. `open` opens it
/// at the same place each time, as one more process would, and with leases by the server's clock where it has one. It is asked for
/// the first time by eight at once, so that nothing need be prepared there.
///
/// # Panics
/// When the backend breaks a promise, naming it.
#[cfg(feature = "sealed")]
pub async fn keeps_every_promise_among_processes<B: Backend>(open: impl AsyncFn() -> B) {
    processes::any_number_may_open_it_at_once(&open).await;
    macro_rules! hold_to {
        ($($promise:ident,)*) => { $(processes::$promise(&Processes::new(&open).await).await;)* };
    }
    hold_to! {
        what_one_keeps_another_finds,
        one_of_many_creates_is_kept,
        one_of_many_updates_is_saved,
        one_of_many_ends_has_what_was_kept,
        each_session_is_swept_by_one,
        many_who_write_at_once_all_get_their_turn,
        leases_last_by_the_server_s_clock,
        saves_and_ends_are_heard_by_the_others,
    }
}
