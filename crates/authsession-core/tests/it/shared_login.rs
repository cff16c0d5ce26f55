//! Several processes on one login that rotates: they take turns, and one grant serves them all.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::http::HttpClient;
use authsession_core::token_source::TokenSource;
use authsession_core::token_store::TokenStore;
use authsession_core::token_store::file::FileTokenStore;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::parties::Parties;
use crate::token_store::Folder;

const PROCESSES: usize = 10;
const ROUNDS: usize = 5;

/// As a process of its own has it: cache, store and HTTP client.
fn process(parties: &Parties, refresh_token: &str, store: Arc<dyn TokenStore>) -> TokenSource {
    TokenSource::builder()
        .issuer(parties.opposite.issuer())
        .client(parties.client().id, parties.client().auth)
        .refresh_token(refresh_token)
        .token_store(store)
        .http(HttpClient::builder().build().unwrap())
        .clock(parties.clock())
        .build()
        .unwrap()
}

/// Every process asks at once, round after round, each time a lifetime later.
async fn one_grant_a_round(make_store: impl Fn() -> Arc<dyn TokenStore>) {
    let parties = Parties::meet().await;
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let processes: Vec<_> = (0..PROCESSES).map(|_| process(&parties, seed.expose(), make_store())).collect();
    for round in 1..=ROUNDS {
        let asking: Vec<_> = processes
            .iter()
            .map(|process| {
                let process = process.clone();
                tokio::spawn(async move { process.token().await.unwrap().expose().to_owned() })
            })
            .collect();
        let mut tokens = Vec::new();
        for answer in asking {
            tokens.push(answer.await.unwrap());
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "all have the same token");
        assert!(parties.opposite.live_access_token(&tokens[0]));
        assert_eq!(parties.opposite.journal().grants("refresh_token"), round);
        // One of them is refused by the API, the next round by age: both bring one grant.
        if round % 2 == 0 {
            parties.opposite.revoke_access_tokens();
            assert!(processes.iter().all(|process| process.invalidate(&tokens[0])));
        } else {
            parties.time.advance(Duration::from_secs(300));
        }
    }
    let kept = make_store().load().await.unwrap().unwrap().tokens.refresh_token.unwrap();
    assert!(parties.opposite.refresh_family_alive(seed.expose()));
    assert!(parties.opposite.live_refresh_token(kept.expose()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_on_one_store_bring_one_grant_a_round() {
    let store = MemoryTokenStore::default();
    one_grant_a_round(|| Arc::new(store.clone())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_on_one_file_bring_one_grant_a_round() {
    let folder = Folder::new();
    one_grant_a_round(|| Arc::new(FileTokenStore::at(folder.path("login.json")))).await;
}

#[tokio::test]
async fn an_answer_that_one_lost_is_not_asked_for_by_another_while_the_token_serves() {
    let parties = Parties::meet().await;
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let store = MemoryTokenStore::default();
    let processes: Vec<_> =
        (0..3).map(|_| process(&parties, seed.expose(), Arc::new(store.clone()))).collect();
    let mut first = String::new();
    for process in &processes {
        first = process.token().await.unwrap().expose().to_owned();
    }
    parties.opposite.enqueue(Endpoint::Token, Answer::dropped_after());
    parties.time.advance(Duration::from_secs(295));
    for process in processes.iter().chain(&processes) {
        assert_eq!(process.token().await.unwrap().expose(), first);
    }
    assert_eq!(parties.opposite.journal().grants("refresh_token"), 2, "the first, and the one that was lost");
    assert!(parties.opposite.live_access_token(&first), "nobody passed for a thief");
    parties.time.advance(Duration::from_secs(60));
    assert!(processes[1].token().await.is_err());
    assert_eq!(parties.opposite.journal().grants("refresh_token"), 3, "nothing is left to lose: it is tried");
}

#[tokio::test]
async fn a_request_that_came_to_nothing_holds_nobody_up_once_the_token_is_refused() {
    let parties = Parties::meet().await;
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let store = MemoryTokenStore::default();
    let [one, other] = [(); 2].map(|()| process(&parties, seed.expose(), Arc::new(store.clone())));
    let first = one.token().await.unwrap();
    other.token().await.unwrap();
    parties.opposite.enqueue(Endpoint::Token, Answer::dropped_before());
    parties.time.advance(Duration::from_secs(295));
    one.token().await.unwrap();
    parties.opposite.revoke_access_tokens();
    other.invalidate(first.expose());
    let next = other.token().await.unwrap();
    parties.time.advance(Duration::from_secs(2));
    assert_eq!(one.token().await.unwrap().expose(), first.expose(), "it does not know yet");
    one.invalidate(first.expose());
    assert_eq!(one.token().await.unwrap().expose(), next.expose());
    let kept = store.load().await.unwrap().unwrap().tokens;
    assert_eq!(kept.extras.get("authsession.doubt"), None, "of the doubt nothing is left");
}
