//! What operators see: the counters, with the feature `metrics`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::stage::Stage;

type Counters = Arc<Mutex<HashMap<String, Arc<AtomicU64>>>>;

#[tokio::test]
async fn logins_refreshes_and_ends_with_their_reasons_are_counted() {
    let counters = recorded();

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

fn recorded() -> Counters {
    static COUNTERS: OnceLock<Counters> = OnceLock::new();
    let counters = COUNTERS.get_or_init(|| {
        let counters = Counters::default();
        metrics::set_global_recorder(Counting(Arc::clone(&counters))).unwrap();
        counters
    });
    Arc::clone(counters)
}

struct Counting(Counters);

impl Recorder for Counting {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let name = format!("{}{}", key.name(), labels.collect::<String>());
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
