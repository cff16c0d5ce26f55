//! Everybody asks at once, at every replica, when the token is over.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::replicas::fleet::{Fleet, PROCESSES};

const REQUESTS: usize = 200;
const ROUNDS: usize = 50;
/// The bound the replicas promise, and what a request takes.
const STALENESS: Duration = Duration::from_millis(1_100);

pub(super) async fn fifty_times(store: &str) {
    let fleet = Fleet::on(store, false).await;
    for round in 0..ROUNDS {
        all_ask_at_once(&fleet, round).await;
    }
}

/// At a provider written by others.
#[cfg(feature = "real")]
pub(super) async fn fifty_times_at_oidc_provider(store: &str, client: &str) {
    let fleet = Fleet::at_oidc_provider(store, client).await;
    for round in 0..ROUNDS {
        all_ask_at_once(&fleet, round).await;
    }
}

pub(super) async fn with_near_copies(store: &str) {
    let fleet = Fleet::on(store, true).await;
    for round in 0..5 {
        all_ask_at_once(&fleet, round).await;
    }
    for replica in 0..PROCESSES {
        fleet.token(replica).await;
    }
    fleet.browser.navigate(fleet.url(1, "/")).await.unwrap();
    // The cookie stays with the others, as with a request under way.
    let cookies = fleet.browser.all_cookies();
    let session = cookies.iter().find(|cookie| cookie.name == "authsession").unwrap();
    let header = format!("{}={}", session.name, session.value);
    fleet.browser.submit(fleet.url(1, "/auth/logout"), &[]).await.unwrap();
    sleep(STALENESS).await;
    let elsewhere = authsession_testkit::browser::Browser::new().unwrap();
    for replica in 0..PROCESSES {
        elsewhere.set_cookie(fleet.url(replica, "/"), &header).unwrap();
        let page = elsewhere.fetch(fleet.url(replica, "/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), page.json().unwrap()["reason"].as_str()), (401, Some("logout")));
    }
}

async fn all_ask_at_once(fleet: &Fleet, round: usize) {
    let before = fleet.token(round % PROCESSES).await;
    fleet.expire().await;
    let refreshes = fleet.provider.refreshes().await;
    let mut asked = JoinSet::new();
    for number in 0..REQUESTS {
        fleet.ask(&mut asked, number % PROCESSES);
    }
    let mut tokens = Vec::new();
    while let Some(page) = asked.join_next().await {
        let page = page.unwrap();
        assert_eq!(page.status, 200, "round {round}: {}", page.text());
        tokens.push(page.text().into_owned());
    }
    tokens.dedup();
    assert_eq!(fleet.provider.refreshes().await, refreshes + 1, "round {round}: one refresh for all");
    assert_eq!(tokens.len(), 1, "round {round}: all have the same token");
    assert!(
        tokens[0] != before && fleet.provider.takes(&tokens[0]).await,
        "round {round}: it is new, and alive"
    );
}
