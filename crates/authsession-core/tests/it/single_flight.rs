//! One caller works, the rest share the outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsession_core::single_flight::{Aborted, SingleFlight};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

type Flight = Arc<SingleFlight<&'static str, usize>>;

/// Work that counts how often it is started, and ends when the gate lets it.
#[derive(Clone)]
struct Work {
    started: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Work {
    fn new() -> Self {
        Self { started: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }

    fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    fn finish(&self) {
        self.gate.add_permits(1);
    }

    async fn until_started(&self, times: usize) {
        while self.started() < times {
            tokio::task::yield_now().await;
        }
    }

    async fn run(self) -> usize {
        let number = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        self.gate.acquire().await.unwrap().forget();
        number
    }

    fn caller(&self, flight: &Flight, key: &'static str) -> JoinHandle<Result<usize, Aborted>> {
        let (flight, work) = (Arc::clone(flight), self.clone());
        tokio::spawn(async move { flight.run(key, || work.run()).await })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_at_once_run_the_work_once() {
    let (flight, work) = (Flight::default(), Work::new());
    let first = work.caller(&flight, "key");
    work.until_started(1).await;
    let mut others: Vec<_> = (0..999)
        .map(|_| {
            let flight = Arc::clone(&flight);
            Box::pin(async move { flight.run("key", || async { unreachable!() }).await })
        })
        .collect();
    for other in &mut others {
        assert!(polled(other.as_mut()).is_none(), "it waits");
    }
    work.finish();
    assert_eq!(first.await.unwrap(), Ok(1));
    for other in others {
        assert_eq!(other.await, Ok(1));
    }
    assert_eq!(work.started(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_on_many_threads_share_what_is_in_flight() {
    let (flight, work) = (Flight::default(), Work::new());
    let callers: Vec<_> = (0..1000).map(|_| work.caller(&flight, "key")).collect();
    work.until_started(1).await;
    work.gate.add_permits(1000);
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(caller.await.unwrap().unwrap());
    }
    assert_eq!(outcomes.len(), 1000);
    assert_eq!(outcomes.iter().max(), Some(&work.started()), "every start had its callers");
}

#[tokio::test]
async fn each_key_has_a_flight_of_its_own() {
    let (flight, work) = (Flight::default(), Work::new());
    let (one, two) = (work.caller(&flight, "one"), work.caller(&flight, "two"));
    work.until_started(2).await;
    work.gate.add_permits(2);
    let mut outcomes = [one.await.unwrap().unwrap(), two.await.unwrap().unwrap()];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [1, 2]);
}

#[tokio::test]
async fn what_is_in_flight_can_be_waited_for_whatever_becomes_of_it() {
    let (flights, work) = (Flight::default(), Work::new());
    flights.landed().await;
    flights.start("one", || work.clone().run());
    flights.start("another", || work.clone().run());
    flights.start("broken", || async { unreachable!("it breaks off") });
    let waiting = tokio::spawn({
        let flights = Arc::clone(&flights);
        async move { flights.landed().await }
    });
    work.until_started(2).await;
    work.finish();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished(), "one is still in flight");
    work.finish();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_the_work() {
    let (flight, work) = (Flight::default(), Work::new());
    let (gone, patient) = (work.caller(&flight, "key"), work.caller(&flight, "key"));
    work.until_started(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    work.finish();
    assert_eq!(patient.await.unwrap(), Ok(1));
}

#[tokio::test]
async fn when_every_caller_went_away_the_work_still_lands() {
    let (flight, work) = (Flight::default(), Work::new());
    let gone = work.caller(&flight, "key");
    work.until_started(1).await;
    gone.abort();
    assert!(gone.await.is_err());
    let late = work.caller(&flight, "key");
    tokio::task::yield_now().await;
    work.finish();
    assert_eq!(late.await.unwrap(), Ok(1), "who comes later joins it");
}

#[tokio::test]
async fn who_arrives_after_the_landing_starts_anew() {
    let (flight, work) = (Flight::default(), Work::new());
    work.gate.add_permits(2);
    assert_eq!(work.caller(&flight, "key").await.unwrap(), Ok(1));
    assert_eq!(work.caller(&flight, "key").await.unwrap(), Ok(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_an_abort_for_everybody_and_the_next_caller_starts_anew() {
    for _ in 0..100 {
        let (flight, gate) = (Flight::default(), Arc::new(Semaphore::new(0)));
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let (flight, gate) = (Arc::clone(&flight), Arc::clone(&gate));
                tokio::spawn(async move { flight.run("key", || panics_after(gate)).await })
            })
            .collect();
        gate.add_permits(10);
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Err(Aborted));
        }
        assert_eq!(flight.run("key", || async { 7 }).await, Ok(7));
    }
}

async fn panics_after(gate: Arc<Semaphore>) -> usize {
    gate.acquire().await.unwrap().forget();
    std::panic::resume_unwind(Box::new("the work failed"))
}

#[tokio::test]
async fn work_that_panics_before_it_is_in_flight_leaves_nothing_behind() {
    let flight = Flight::default();
    let caller = Arc::clone(&flight);
    let outcome = tokio::spawn(async move {
        let never = || -> std::future::Ready<usize> { std::panic::resume_unwind(Box::new("at once")) };
        caller.run("key", never).await
    });
    assert!(outcome.await.unwrap_err().is_panic());
    assert_eq!(flight.run("key", || async { 7 }).await, Ok(7));
}

#[tokio::test]
async fn a_start_does_not_wait_and_is_joined() {
    let (flight, work) = (Flight::default(), Work::new());
    flight.start("key", || work.clone().run());
    flight.start("key", || work.clone().run());
    let joined = work.caller(&flight, "key");
    work.until_started(1).await;
    tokio::task::yield_now().await;
    work.finish();
    assert_eq!(joined.await.unwrap(), Ok(1));
    assert_eq!(work.started(), 1);
}

#[test]
fn work_left_behind_on_a_runtime_nobody_drives_is_dropped_and_counts_as_aborted() {
    let runtime = || Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (flight, dropped) = (Flight::default(), Arc::new(Semaphore::new(1)));
    let idle = runtime();
    idle.block_on(async {
        let held = Arc::clone(&dropped).acquire_owned().await.unwrap();
        flight.start("key", || async move {
            std::future::pending::<()>().await;
            drop(held);
            0
        });
        tokio::task::yield_now().await;
    });
    runtime().block_on(async {
        assert_eq!(flight.run("key", || async { unreachable!() }).await, Err(Aborted));
        assert_eq!(dropped.available_permits(), 1, "the lock it held is free");
        assert_eq!(flight.run("key", || async { 7 }).await, Ok(7));
    });
    idle.block_on(tokio::task::yield_now());
}

#[tokio::test]
async fn slow_work_on_a_runtime_that_runs_is_waited_for() {
    let (flight, work) = (Flight::default(), Work::new());
    let (elsewhere, done) = (Arc::clone(&flight), Arc::new(Semaphore::new(0)));
    let (slow, until) = (work.clone(), Arc::clone(&done));
    let other = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            elsewhere.start("key", || slow.run());
            until.acquire().await.unwrap().forget();
        });
    });
    work.until_started(1).await;
    let waiting = work.caller(&flight, "key");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(!waiting.is_finished());
    work.finish();
    assert_eq!(waiting.await.unwrap(), Ok(1));
    done.add_permits(1);
    other.join().unwrap();
}

#[tokio::test]
async fn debug_tells_how_many_are_in_flight() {
    let (flight, work) = (Flight::default(), Work::new());
    flight.start("key", || work.clone().run());
    assert_eq!(format!("{flight:?}"), "SingleFlight { flights: 1 }");
}

/// What a future is ready with now.
fn polled<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
