//! What operators count of a token cache, with the feature `metrics`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use authsession_core::error::{Error, OAuthError};
use authsession_testkit::clock::VirtualClock;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::scripted_mint::{HOUR, ScriptedMint};

#[test]
fn refreshes_and_refused_tokens_are_counted_by_how_they_ended() {
    let counting = Counting::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&counting, || runtime.block_on(a_life_of_a_cache()));
    for (counter, times) in [
        ("authsession_token_refreshes_total outcome=refreshed", 2),
        ("authsession_token_refreshes_total outcome=failed", 1),
        ("authsession_token_refreshes_total outcome=dead", 1),
        ("authsession_tokens_refused_total outcome=forgotten", 1),
    ] {
        assert_eq!(counting.counted(counter), times, "{counter}");
    }
}

async fn a_life_of_a_cache() {
    let time = VirtualClock::halted();
    let mint = ScriptedMint::new(&time);
    let cache = mint.cache(&time);
    mint.next_is_out_of_order();
    cache.token().await.unwrap_err();
    time.advance(HOUR);
    let token = cache.token().await.unwrap();
    cache.invalidate(token.expose());
    mint.next_fails(Error::grant_refused(OAuthError::InvalidGrant));
    cache.token().await.unwrap_err();
    time.advance(HOUR);
    cache.token().await.unwrap();
}

#[derive(Default)]
struct Counting(Mutex<HashMap<String, Arc<AtomicU64>>>);

impl Counting {
    fn counted(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |count| count.load(Ordering::SeqCst))
    }
}

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
