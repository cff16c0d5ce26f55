//! What operators see: the counters and the gauge, with the feature `metrics`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use axum::Router;
use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::pains::scene::Scene;
use crate::stage::Stage;

type Counters = Arc<Mutex<HashMap<String, Arc<AtomicU64>>>>;
/// Every value each gauge was ever set to: other tests of this process set them too.
type Gauges = Arc<Mutex<HashMap<String, Vec<f64>>>>;

#[tokio::test]
async fn logins_refreshes_and_ends_with_their_reasons_are_counted() {
    let (counters, _) = recorded();

    let stage = Stage::signed_in().await;
    stage.expire_token();
    stage.token().await;
    stage.browser.fetch(stage.url("/end")).await.unwrap();
    stage.sign_in().await;
    stage.clock.advance(Duration::from_secs(25 * 3600));
    stage.fetch("/token").await;
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);

    for counter in [
        "authsession_logins_total",
        "authsession_refreshes_total outcome=refreshed",
        "authsession_sessions_ended_total reason=ended",
        "authsession_sessions_ended_total reason=idle",
    ] {
        let counted = counters.lock().unwrap().get(counter).map_or(0, |count| count.load(Ordering::SeqCst));
        assert!(counted >= 1, "{counter}: {:?}", counters.lock().unwrap());
    }
}

#[tokio::test]
async fn how_far_the_providers_clock_is_ahead_is_a_gauge() {
    let (_, gauges) = recorded();
    let (ours, theirs) = (VirtualClock::halted(), VirtualClock::halted());
    theirs.advance(Duration::from_secs(40));
    let provider = Provider::builder().clock(theirs).start().await.unwrap();
    let scene = Scene::before(provider, ours, |application| application, Router::new()).await;

    scene.browser.navigate(scene.url("/token")).await.unwrap();

    let told = gauges.lock().unwrap()["authsession_clock_skew_seconds"].clone();
    assert!(told.iter().any(|seconds| (39.0..=41.0).contains(seconds)), "{told:?}");
}

fn recorded() -> (Counters, Gauges) {
    static RECORDED: OnceLock<(Counters, Gauges)> = OnceLock::new();
    let (counters, gauges) = RECORDED.get_or_init(|| {
        let (counters, gauges) = (Counters::default(), Gauges::default());
        let counting = Counting { counters: Arc::clone(&counters), gauges: Arc::clone(&gauges) };
        metrics::set_global_recorder(counting).unwrap();
        (counters, gauges)
    });
    (Arc::clone(counters), Arc::clone(gauges))
}

struct Counting {
    counters: Counters,
    gauges: Gauges,
}

struct History {
    of: String,
    gauges: Gauges,
}

impl GaugeFn for History {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.gauges.lock().unwrap().entry(self.of.clone()).or_default().push(value);
    }
}

impl Recorder for Counting {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let name = format!("{}{}", key.name(), labels.collect::<String>());
        Counter::from_arc(Arc::clone(self.counters.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(History { of: key.name().to_owned(), gauges: Arc::clone(&self.gauges) }))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
