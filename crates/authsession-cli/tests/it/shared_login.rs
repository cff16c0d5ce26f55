//! Ten processes at a time on one login whose refresh token rotates: one grant a round, and the login lives on.

use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::file::FileTokenStore;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::gate::Gate;
use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use tokio::process::Child;
use tokio::time::{Duration, sleep};

use crate::login::sign_in;
use crate::login_file::LoginFile;
use crate::process::{ended, tell};

const PROCESSES: usize = 10;
/// Longer than a process needs from its start to the lock.
const AT_THE_LOCK: Duration = Duration::from_millis(150);

/// Who hands out tokens, and knows what became of them.
trait Opposite {
    /// Ends every access token, and no login.
    fn refuse_all(&self);
    fn is_live(&self, access_token: &str) -> bool;
    fn can_be_renewed(&self, refresh_token: &str) -> bool;
    fn grants(&self) -> usize;
    /// Holds the next request for a token, and does nothing about it.
    fn hold_next(&self) -> Gate;
}

impl Opposite for Provider {
    fn refuse_all(&self) {
        self.revoke_access_tokens();
    }

    fn is_live(&self, access_token: &str) -> bool {
        self.live_access_token(access_token)
    }

    fn can_be_renewed(&self, refresh_token: &str) -> bool {
        self.live_refresh_token(refresh_token) && self.refresh_family_alive(refresh_token)
    }

    fn grants(&self) -> usize {
        self.journal().grants("refresh_token")
    }

    fn hold_next(&self) -> Gate {
        let (answer, gate) = Answer::status(503).held();
        self.enqueue(Endpoint::Token, answer);
        gate
    }
}

impl Opposite for Org {
    fn refuse_all(&self) {
        self.expire_sessions();
    }

    fn is_live(&self, access_token: &str) -> bool {
        Self::is_live(self, access_token)
    }

    fn can_be_renewed(&self, refresh_token: &str) -> bool {
        self.is_live_refresh_token(refresh_token)
    }

    fn grants(&self) -> usize {
        self.journal().grants("refresh_token")
    }

    fn hold_next(&self) -> Gate {
        let (answer, gate) = Answer::status(503).held();
        self.enqueue(OrgEndpoint::Token, answer);
        gate
    }
}

/// Starts that many processes, and tells them all at once that the token is refused.
async fn start(file: &LoginFile, processes: usize, refused: &str) -> Vec<Child> {
    let mut started: Vec<_> = (0..processes).map(|_| file.start_refusing()).collect();
    for process in &mut started {
        tell(process, refused).await;
    }
    started
}

/// One is killed (`SIGKILL`) while all wait for their turn.
async fn one_dies_in_the_queue(file: &LoginFile, refused: &str) -> Vec<Child> {
    let turn = FileTokenStore::at(&file.path).lock().await.unwrap();
    let mut started = start(file, PROCESSES, refused).await;
    sleep(AT_THE_LOCK).await;
    started.pop().unwrap().kill().await.unwrap();
    drop(turn);
    started
}

/// The one whose turn it is is killed while it waits for the provider's answer, and the others for their turn.
async fn one_dies_in_its_turn(opposite: &impl Opposite, file: &LoginFile, refused: &str) -> Vec<Child> {
    let gate = opposite.hold_next();
    let mut first = start(file, 1, refused).await.pop().unwrap();
    assert!(gate.reached().await);
    let started = start(file, PROCESSES - 1, refused).await;
    sleep(AT_THE_LOCK).await;
    first.kill().await.unwrap();
    gate.open();
    started
}

async fn round_after_round(rounds: usize, opposite: &impl Opposite, file: &LoginFile) {
    let mut token = file.token().await.token().to_owned();
    for round in 0..rounds {
        opposite.refuse_all();
        let asked = opposite.grants();
        let (processes, grants) = match round % 10 {
            3 => (one_dies_in_the_queue(file, &token).await, 1..=1),
            // The one nobody answered, the one that counts, and any before it while the org is busy with the first.
            7 => (one_dies_in_its_turn(opposite, file, &token).await, 2..=5),
            _ => (start(file, PROCESSES, &token).await, 1..=1),
        };
        let mut answers = Vec::new();
        for process in processes {
            answers.push(ended(process).await.token().to_owned());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "round {round}: all have the same token");
        assert!(answers[0] != token && opposite.is_live(&answers[0]), "round {round}");
        assert!(grants.contains(&(opposite.grants() - asked)), "round {round}");
        let kept = file.kept().await;
        assert!(opposite.can_be_renewed(LoginFile::refresh_token_is(&kept)), "round {round}");
        token = answers.remove(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_processes_on_one_rotating_token_refreshed_together_keep_it_alive_50_times() {
    let provider = Provider::builder().client(Client::public("cli")).start().await.unwrap();
    let file = LoginFile::new();
    assert!(sign_in(&provider, &file).await.succeeded);
    round_after_round(50, &provider, &file).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_processes_on_one_rotating_login_of_an_org_keep_it_alive() {
    let org = Org::builder().rotation(true).start().await.unwrap();
    let (key, endpoint) = (org.consumer_key(), org.endpoint(OrgEndpoint::Token));
    let client = ["--client-id", &key, "--client-secret-env", "SECRET", "--refresh-token-env", "SEED"];
    let file = LoginFile::new()
        .with(&[&["--token-endpoint", &endpoint][..], &client].concat())
        .with_variable("SECRET", &org.consumer_secret())
        .with_variable("SEED", &org.approve(&org.username()).unwrap());
    round_after_round(10, &org, &file).await;
}
