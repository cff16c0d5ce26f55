//! Two hundred requests at once on a session whose access token has expired: how many refresh grants, how many served,
//! what is left of the session.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use axum::http::StatusCode;
use tokio::task::JoinSet;

use crate::contestants::{Contestant, authsession, axum_oidc_client};
use crate::effort::Effort;
use crate::provider;
use crate::stopwatch::Spread;

/// Requests at once.
pub(crate) const PARALLEL: usize = 200;
/// How long the token endpoint takes to think.
pub(crate) const DELAY: Duration = Duration::from_millis(50);
/// Short, since one of the two takes the time from the system alone: it has to be waited for.
const LIFETIME: Duration = Duration::from_secs(3);

/// What became of the sessions.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) sessions: usize,
    /// Refresh grants the provider received, over all sessions.
    pub(crate) grants: usize,
    /// Requests answered with 200, over all sessions.
    pub(crate) served: usize,
    /// Sessions that still work when the token expires the next time.
    pub(crate) alive: usize,
    /// From the first request to the last answer.
    pub(crate) wall: Spread,
}

/// All that is measured of an expired token.
pub(crate) struct Figures {
    /// One refresh grant by hand, over a kept connection: what nobody can be faster than.
    pub(crate) endpoint: Spread,
    pub(crate) outcomes: [Outcome; 2],
}

/// Storms as many sessions as the effort says, at both.
pub(crate) async fn measure(effort: Effort) -> Result<Figures, Box<dyn Error>> {
    let endpoint = endpoint(effort).await?;

    let provider = provider::start(LIFETIME).await?;
    let application = authsession::Application::new(&provider).await?;
    let mut sessions = Vec::new();
    for _ in 0..effort.storms() {
        sessions.push(application.sign_in().await?);
    }
    let ours = storm(&provider, sessions).await?;

    let provider = provider::start(LIFETIME).await?;
    let application = axum_oidc_client::Application::new(&provider).await?;
    let mut sessions = Vec::new();
    for _ in 0..effort.storms() {
        sessions.push(application.sign_in().await?);
    }
    let theirs = storm(&provider, sessions).await?;
    Ok(Figures { endpoint, outcomes: [ours, theirs] })
}

async fn storm(provider: &Arc<Provider>, sessions: Vec<Contestant>) -> Result<Outcome, Box<dyn Error>> {
    let name = sessions.first().ok_or("no session to storm")?.name;
    provider.always(Endpoint::Token, provider::long_tokens(provider).after(DELAY));
    provider.journal().clear();
    tokio::time::sleep(LIFETIME).await;
    let (mut walls, mut served) = (Vec::new(), 0);
    for session in &sessions {
        let started = Instant::now();
        served += ask_at_once(session).await;
        walls.push(started.elapsed());
    }
    let grants = provider.journal().grants("refresh_token");
    tokio::time::sleep(LIFETIME).await;
    let mut alive = 0;
    for session in &sessions {
        alive += usize::from(session.clone().ask().await.status() == StatusCode::OK);
    }
    let wall = Spread::of_durations(walls);
    Ok(Outcome { name, sessions: sessions.len(), grants, served, alive, wall })
}

async fn ask_at_once(session: &Contestant) -> usize {
    let mut requests = JoinSet::new();
    for _ in 0..PARALLEL {
        let mut session = session.clone();
        requests.spawn(async move { session.ask().await.status() });
    }
    let statuses = requests.join_all().await;
    statuses.into_iter().filter(|status| *status == StatusCode::OK).count()
}

/// The time of one refresh grant over a kept connection, by hand.
async fn endpoint(effort: Effort) -> Result<Spread, Box<dyn Error>> {
    let provider = provider::start(LIFETIME).await?;
    provider.always(Endpoint::Token, Answer::error(400, "invalid_grant").after(DELAY));
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut times = Vec::new();
    for turn in 0..=effort.storms() {
        let started = Instant::now();
        let request = client
            .post(provider.endpoint(Endpoint::Token))
            .basic_auth(provider.client_id(), Some(provider.client_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=refresh_token&refresh_token=none");
        request.send().await?.bytes().await?;
        // The first one opens the connection.
        if turn > 0 {
            times.push(started.elapsed());
        }
    }
    Ok(Spread::of_durations(times))
}
