//! Many callers at once and no token: after a refusal, and with a deadline that is shorter than the endpoint takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::effort::Effort;
use crate::outbound::org;
use crate::outbound::sessions::{self, Failure, Session};
use crate::stopwatch::Spread;

/// What the endpoint takes.
pub(crate) const DELAY: Duration = Duration::from_millis(50);
/// Callers at once on a token that was refused.
pub(crate) const CALLERS: usize = 1000;
/// Callers at once with a deadline.
pub(crate) const HURRIED: usize = 200;
/// What each of them waits at a time, before trying again.
pub(crate) const DEADLINE: Duration = Duration::from_millis(20);
/// When they give up.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1500);

/// What became of the storms on one crate's sessions.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) storms: usize,
    pub(crate) callers: usize,
    /// Over all storms.
    pub(crate) grants: usize,
    /// Over all storms.
    pub(crate) served: usize,
    /// From the first call to the last answer.
    pub(crate) wall: Spread,
}

impl Outcome {
    /// One grant a storm, and everybody served.
    pub(crate) const fn is_perfect(&self) -> bool {
        self.grants == self.storms && self.served == self.storms * self.callers
    }
}

/// A thousand callers on a refused token: the floor and all three, turn and turn about, with a session each time.
pub(crate) async fn refused(effort: Effort) -> Result<Vec<Outcome>, Failure> {
    let orgs = [org::start().await?, org::start().await?, org::start().await?];
    let floor_org = org::start().await?;
    let mut walls = vec![Vec::new(); orgs.len() + 1];
    let mut grants = vec![0; orgs.len() + 1];
    let mut served = vec![0; orgs.len() + 1];
    let mut names = vec!["floor: one request by hand"];
    let client = reqwest::Client::builder().no_proxy().build()?;
    for storm in 0..storms(effort) {
        fetch(&client, &floor_org).await?;
        slow_down(&floor_org);
        let cell = Arc::new(OnceCell::new());
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (cell, client, url) =
                (Arc::clone(&cell), client.clone(), floor_org.endpoint(OrgEndpoint::Token));
            let form = form(&floor_org);
            callers.spawn(
                async move { cell.get_or_try_init(|| post(&client, url, form)).await.cloned().is_ok() },
            );
        }
        served[0] += callers.join_all().await.into_iter().filter(|served| *served).count();
        walls[0].push(started.elapsed());
        grants[0] += speed_up(&floor_org);
        for (place, (make, org)) in sessions::ALL.into_iter().zip(&orgs).enumerate() {
            let place = place + 1;
            let session = make(org)?;
            let token = session.token().await?;
            session.invalidate(&token).await;
            slow_down(org);
            let started = Instant::now();
            let mut callers = JoinSet::new();
            for _ in 0..CALLERS {
                let session = Arc::clone(&session);
                callers.spawn(async move { session.token().await.is_ok() });
            }
            served[place] += callers.join_all().await.into_iter().filter(|served| *served).count();
            walls[place].push(started.elapsed());
            grants[place] += speed_up(org);
            if storm == 0 {
                names.push(session.name());
            }
        }
    }
    let outcomes = names.into_iter().zip(walls).zip(grants).zip(served);
    let outcome = |(((name, walls), grants), served)| Outcome {
        name,
        storms: storms(effort),
        callers: CALLERS,
        grants,
        served,
        wall: Spread::of_durations(walls),
    };
    Ok(outcomes.map(outcome).collect())
}

/// Two hundred callers who give up after 20 ms and try again, on a session without a token.
pub(crate) async fn hurried() -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for make in sessions::ALL {
        let org = org::start().await?;
        let session = make(&org)?;
        slow_down(&org);
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..HURRIED {
            let session = Arc::clone(&session);
            callers.spawn(async move { is_served(&*session, started).await });
        }
        let served = callers.join_all().await.into_iter().filter(|served| *served).count();
        let wall = Spread::of_durations([started.elapsed()]);
        let grants = org::requests(&org);
        outcomes.push(Outcome { name: session.name(), storms: 1, callers: HURRIED, grants, served, wall });
    }
    Ok(outcomes)
}

async fn is_served(session: &dyn Session, started: Instant) -> bool {
    while started.elapsed() < PATIENCE {
        if let Ok(Ok(_)) = tokio::time::timeout(DEADLINE, session.token()).await {
            return true;
        }
        // What fails at once would be tried without end.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

const fn storms(effort: Effort) -> usize {
    match effort {
        Effort::Full => 21,
        Effort::Quick => 1,
    }
}

fn slow_down(org: &Org) {
    org.journal().clear();
    org.always(OrgEndpoint::Token, org::long_tokens().after(DELAY));
}

/// How many requests it received while it was slow.
fn speed_up(org: &Org) -> usize {
    let requests = org::requests(org);
    org.always(OrgEndpoint::Token, org::long_tokens());
    requests
}

async fn fetch(client: &reqwest::Client, org: &Org) -> Result<Arc<str>, Failure> {
    post(client, org.endpoint(OrgEndpoint::Token), form(org)).await
}

async fn post(client: &reqwest::Client, url: String, form: String) -> Result<Arc<str>, Failure> {
    let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await?.error_for_status()?.bytes().await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    Ok(answer["access_token"].as_str().ok_or("no token")?.into())
}

fn form(org: &Org) -> String {
    let (key, secret) = (org.consumer_key(), org.consumer_secret());
    format!("grant_type=client_credentials&client_id={key}&client_secret={secret}")
}
