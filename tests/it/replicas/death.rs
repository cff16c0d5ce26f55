//! The replica that refreshes is killed, step by step; the others go on.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use tokio::task::JoinSet;

use crate::replicas::fleet::{Fleet, LEASE_SECONDS, PROCESSES};

/// The first is asked, and comes as far as that step; then the others are asked, and it is killed.
async fn dies_at(store: &str, step: &str) -> (Fleet, JoinSet<authsession_testkit::browser::Page>) {
    let mut fleet = Fleet::on(store, false).await;
    fleet.expire().await;
    let held = match step {
        "sent" | "rotated" => {
            let (answer, gate) = match step {
                "sent" => Answer::dropped_before().held(),
                _ => Answer::normal().held_after(),
            };
            fleet.provider.script().enqueue(Endpoint::Token, answer);
            Some(gate)
        }
        step => {
            fleet.stop_at(0, step).await;
            None
        }
    };
    let mut first = JoinSet::new();
    fleet.ask(&mut first, 0);
    match &held {
        Some(gate) => assert!(gate.reached().await, "{step}"),
        None => assert!(fleet.has_stopped(0).await, "{step}"),
    }
    let mut others = JoinSet::new();
    for replica in 1..PROCESSES {
        fleet.ask(&mut others, replica);
    }
    first.abort_all();
    fleet.kill(0).await;
    if let Some(gate) = held {
        gate.open();
    }
    fleet.advance(1..PROCESSES, LEASE_SECONDS).await;
    (fleet, others)
}

async fn all_are_served(fleet: &Fleet, mut others: JoinSet<authsession_testkit::browser::Page>, step: &str) {
    let mut served = Vec::new();
    while let Some(page) = others.join_next().await {
        let page = page.unwrap();
        assert_eq!(page.status, 200, "{step}: {}", page.text());
        served.push(page.text().into_owned());
    }
    served.dedup();
    assert_eq!(served.len(), 1, "{step}: all have the same token");
    assert!(fleet.provider.takes(&served[0]).await, "{step}: it is alive");
}

/// The lease is taken; the refresh is marked as sent; it is sent, and the provider has not seen it.
pub(super) async fn before_anything_is_sent(store: &str) {
    for (step, refreshes) in [("leased", 1), ("marked", 1), ("sent", 2)] {
        let (fleet, others) = dies_at(store, step).await;
        all_are_served(&fleet, others, step).await;
        assert_eq!(fleet.provider.refreshes().await, refreshes, "{step}");
    }
}

/// A machine that was put to sleep, or out of memory: between the mark and the sending its lease falls free, and another replica
/// refreshes. When it wakes, it sends nothing.
pub(super) async fn stands_still_before_it_sends(store: &str) {
    let fleet = Fleet::on(store, false).await;
    fleet.expire().await;
    fleet.stop_at(0, "marked").await;
    let mut asked = JoinSet::new();
    fleet.ask(&mut asked, 0);
    assert!(fleet.has_stopped(0).await);
    fleet.stands_still(0).await;
    fleet.advance(1..PROCESSES, LEASE_SECONDS).await;
    let mut others = JoinSet::new();
    for replica in 1..PROCESSES {
        fleet.ask(&mut others, replica);
    }
    all_are_served(&fleet, others, "still").await;
    assert_eq!(fleet.provider.refreshes().await, 1);

    fleet.wakes(0).await;
    fleet.advance([0], LEASE_SECONDS).await;
    fleet.go_on(0).await;

    all_are_served(&fleet, asked, "awake").await;
    assert_eq!(fleet.provider.refreshes().await, 1, "what was spent meanwhile is not sent again");
    assert!(fleet.provider.takes(&fleet.token(1).await).await);
}

/// The lease falls free by itself.
pub(super) async fn after_the_tokens_are_saved(store: &str) {
    let (fleet, others) = dies_at(store, "saved").await;
    all_are_served(&fleet, others, "saved").await;
    assert_eq!(fleet.provider.refreshes().await, 1);
}

/// The provider has rotated the token, and what it answered is gone with the process: on its way, or just received. Nobody can
/// save that; the user is told, and signs in again.
pub(super) async fn with_the_answer(store: &str) {
    for step in ["rotated", "answered"] {
        let (fleet, mut others) = dies_at(store, step).await;
        while let Some(page) = others.join_next().await {
            let page = page.unwrap();
            let reason = page.json().unwrap()["reason"].as_str().map(str::to_owned);
            assert_eq!((page.status.as_u16(), reason.as_deref()), (401, Some("refresh_lost")), "{step}");
        }
        assert_eq!(
            fleet.provider.refreshes().await,
            2,
            "{step}: tried once more, when there was nothing left to lose"
        );
    }
}
