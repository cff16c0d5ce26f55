//! Any order of events: what the token cache promises holds after every one of them.

mod gated_mint;
mod model;
mod threads;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::{Endpoint, Error, Fault, OAuthError};
use authsession_core::token_cache::TokenCache;
use authsession_core::token_cache::held_token::HeldToken;
use authsession_core::token_cache::snapshot::State;
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

use crate::parties::clock_of;
use crate::scripted_mint::{HOUR, settle};
use crate::token_cache_schedules::gated_mint::{GatedMint, serial_of};
use crate::token_cache_schedules::model::Model;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
enum Step {
    Advance(Duration),
    /// Up to the instant at which the token's next window begins, or the one before.
    AdvanceToEdge {
        short_of_it: bool,
    },
    /// What was spawned runs on; callers do not notice yet.
    Run,
    Look,
    Ask {
        patience: Option<Duration>,
    },
    /// A caller notices what came.
    Wake(usize),
    Answer(Answer),
    Invalidate(Which),
    Adopt(Tokens),
    Forgive,
    Forget,
}

/// A token of that lifetime, so long on its way.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    lifetime: Option<Duration>,
    underway: Duration,
}

#[derive(Clone, Debug)]
enum Answer {
    Tokens(Tokens),
    Unreachable,
    Busy(Duration),
    Dead,
    Lost,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Current,
    Old,
    Unknown,
}

fn tokens() -> impl Strategy<Value = Tokens> {
    let lifetime = select(vec![Some(HOUR), Some(HOUR), Some(100 * SECOND), None]);
    let underway = select(vec![Duration::ZERO, Duration::ZERO, Duration::ZERO, 2 * HOUR]);
    (lifetime, underway).prop_map(|(lifetime, underway)| Tokens { lifetime, underway })
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => tokens().prop_map(Answer::Tokens),
        1 => Just(Answer::Unreachable),
        1 => select(vec![0, 3, 300, 100_000]).prop_map(|seconds| Answer::Busy(seconds * SECOND)),
        1 => Just(Answer::Dead),
        1 => Just(Answer::Lost),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let millis =
        select(vec![1, 400, 600, 2_000, 5_000, 11_000, 70_000, 96_000, 2_700_000, 3_000_000, 3_550_000]);
    let patience = option::of(select(vec![SECOND, 60 * SECOND]));
    prop_oneof![
        4 => millis.prop_map(|millis| Step::Advance(Duration::from_millis(millis))),
        2 => any::<bool>().prop_map(|short_of_it| Step::AdvanceToEdge { short_of_it }),
        5 => Just(Step::Run),
        2 => Just(Step::Look),
        5 => patience.prop_map(|patience| Step::Ask { patience }),
        4 => any::<usize>().prop_map(Step::Wake),
        5 => answer().prop_map(Step::Answer),
        2 => select(vec![Which::Current, Which::Current, Which::Old, Which::Unknown]).prop_map(Step::Invalidate),
        1 => tokens().prop_map(Step::Adopt),
        1 => Just(Step::Forgive),
        1 => Just(Step::Forget),
    ]
}

type Asking = Pin<Box<dyn Future<Output = Result<Arc<HeldToken>, Error>>>>;

struct Caller {
    asking: Asking,
    gives_up: Timestamp,
}

/// The cache, those who ask it, and what ought to be.
struct Stage {
    time: VirtualClock,
    mint: Arc<GatedMint>,
    cache: TokenCache,
    callers: Vec<Caller>,
    /// Somebody came for whom a refresh has to begin.
    wanted: bool,
    model: Model,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_happens_in_whatever_order_every_promise_holds(
        repeatable in any::<bool>(),
        steps in vec(step(), 1..100),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut stage = Stage::set(repeatable);
            for step in steps {
                stage.take(step).await;
                stage.check();
            }
            stage.everybody_gets_an_answer().await;
        });
    }
}

impl Stage {
    fn set(repeatable: bool) -> Self {
        let time = VirtualClock::halted();
        let mint = GatedMint::new(repeatable);
        let cache = TokenCache::builder(Arc::clone(&mint) as Arc<_>, clock_of(&time)).build();
        Self { mint, cache, callers: Vec::new(), wanted: false, model: Model::new(repeatable), time }
    }

    fn now(&self) -> Timestamp {
        clock_of(&self.time).now()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Advance(by) => self.advance(by),
            Step::AdvanceToEdge { short_of_it } => {
                let until = self.model.edge(self.now()).since(self.now());
                self.advance(until.saturating_sub(Duration::from_millis(u64::from(short_of_it))));
            }
            Step::Run => self.run().await,
            Step::Look => self.look(),
            Step::Ask { patience } => self.ask(patience),
            Step::Wake(number) if !self.callers.is_empty() => self.wake(number % self.callers.len()),
            Step::Wake(_) => {}
            Step::Answer(answer) => self.answer(answer).await,
            Step::Invalidate(which) => self.invalidate(which),
            Step::Adopt(tokens) => {
                let (serial, set) = self.tokens(tokens);
                let landed = self.cache.adopt(set).is_ok();
                assert_eq!(landed, self.model.lands(serial, tokens, self.now()), "adopting {tokens:?}");
            }
            Step::Forgive => {
                self.cache.reset_failures();
                self.model.forgives();
            }
            Step::Forget => {
                self.cache.forget();
                self.model.forgets(self.mint.asked());
            }
        }
    }

    fn advance(&mut self, by: Duration) {
        self.time.advance(by);
        let now = self.now();
        self.callers.retain(|caller| now < caller.gives_up);
    }

    /// Lets the refresh run: it begins when somebody came for whom it has to, and only if nothing is against it.
    async fn run(&mut self) {
        let (now, before) = (self.now(), self.mint.asked());
        settle().await;
        if self.mint.asked() > before {
            self.model.may_be_asked(now);
        }
        if std::mem::take(&mut self.wanted) && self.is_due() {
            assert!(self.mint.is_asked(), "a new token is due, and nobody gets it");
        }
    }

    /// Whether whoever comes now starts a refresh.
    fn is_due(&self) -> bool {
        self.cache.snapshot().pause.is_zero() && !self.model.may_be_fresh(self.now())
    }

    /// Whoever only looks gets the current token, or nothing, and never waits.
    fn look(&mut self) {
        let now = self.now();
        self.wanted |= self.is_due() && self.model.at_once(now).is_some();
        let seen = self.cache.at_once().map(|token| serial_of(&token));
        assert_eq!(seen, self.model.at_once(now));
        assert_eq!(self.cache.read(serial_of), seen, "reading in place shows the same");
    }

    fn ask(&mut self, patience: Option<Duration>) {
        let (now, told) = (self.now(), self.cache.snapshot());
        self.wanted |= self.is_due();
        let gives_up = patience.map_or(Timestamp::NEVER, |patience| now + patience);
        let cache = self.cache.clone();
        let asking = Box::pin(async move { cache.token().await });
        self.callers.push(Caller { asking, gives_up });
        let last = self.callers.len() - 1;
        self.wake(last);
        let answered = self.callers.len() == last;
        let (usable, at_once) = (self.model.usable(now).is_some(), self.model.at_once(now).is_some());
        assert!(answered || !at_once, "nobody waits while a token serves");
        assert_eq!(answered, at_once || !told.pause.is_zero(), "{told:?}");
        assert_eq!(told.state.serves(), usable, "what was told is what a caller gets: {told:?}");
    }

    /// Polls one caller; what it gets is the current token, or an error if there is none.
    fn wake(&mut self, number: usize) {
        let now = self.now();
        let mut context = Context::from_waker(Waker::noop());
        match self.callers[number].asking.as_mut().poll(&mut context) {
            Poll::Pending => return,
            Poll::Ready(Ok(token)) => {
                self.model.handed_out(serial_of(&token), now);
            }
            Poll::Ready(Err(error)) => {
                assert!(self.model.usable(now).is_none(), "{error} although a token serves");
            }
        }
        drop(self.callers.swap_remove(number));
    }

    async fn answer(&mut self, answer: Answer) {
        if !self.mint.is_asked() {
            return;
        }
        self.wanted = false;
        let unavailable = |fault, retry_after| Error::Unavailable {
            endpoint: Endpoint::Token,
            fault,
            retry_after,
            cause: None,
        };
        let error = match answer {
            Answer::Tokens(tokens) => {
                let (serial, set) = self.tokens(tokens);
                self.mint.answers(Ok(set));
                settle().await;
                let ended = Error::untrusted("ended");
                if !self.model.comes(self.mint.asked(), serial, tokens, self.now()) {
                    self.model.fails(&ended, self.now());
                }
                return;
            }
            Answer::Unreachable => unavailable(Fault::Unreachable, None),
            Answer::Busy(pause) => unavailable(Fault::Status(429), Some(pause)),
            Answer::Dead => Error::grant_refused(OAuthError::InvalidGrant),
            Answer::Lost => unavailable(Fault::TimedOut, None),
        };
        self.mint.answers(Err(error.clone()));
        settle().await;
        self.model.fails(&error, self.now());
    }

    fn tokens(&self, Tokens { lifetime, underway }: Tokens) -> (u64, TokenSet) {
        let serial = self.mint.next_serial();
        let set = TokenSet::new(format!("t{serial}"), self.now() - underway);
        (serial, lifetime.into_iter().fold(set, TokenSet::expiring_after))
    }

    fn invalidate(&mut self, which: Which) {
        let current = self.model.current();
        let text = match which {
            Which::Current => current.map(|serial| format!("t{serial}")),
            Which::Old => Some(format!("t{}", current.unwrap_or(2) - 1)),
            Which::Unknown => None,
        };
        let before = format!("{:?}", self.cache.snapshot());
        let forgotten = self.cache.invalidate(text.as_deref().unwrap_or("unknown"));
        match which {
            Which::Current if current.is_some() => self.model.refused(forgotten),
            _ => {
                assert!(!forgotten, "only the current token can be forgotten");
                assert_eq!(format!("{:?}", self.cache.snapshot()), before, "and nothing changes");
            }
        }
    }

    /// What is told agrees with what ought to be.
    fn check(&self) {
        let (now, told) = (self.now(), self.cache.snapshot());
        assert!(self.mint.at_most_one_at_a_time(), "two requests at a time");
        self.model.agrees_on_pause(told.pause, now);
        let usable = self.model.usable(now).is_some();
        let failed = told.last_error.as_ref().map(Error::is_transient);
        assert_eq!(failed, self.model.failed());
        match told.state {
            State::Empty => assert!(!usable && failed.is_none()),
            State::Unavailable => assert!(!usable && failed == Some(true)),
            State::Dead => assert!(!usable && failed == Some(false)),
            State::Fresh => assert!(self.model.may_be_fresh(now) && failed.is_none()),
            State::Stale => assert!(usable && !self.model.must_be_fresh(now) && failed.is_none()),
            State::Failing => assert!(usable && failed.is_some()),
            State::Refused => assert!(usable && self.model.may_have_given_up()),
            other => panic!("{other:?}"),
        }
    }

    /// Once the provider answers, nobody is left waiting.
    async fn everybody_gets_an_answer(&mut self) {
        for _ in 0..3 {
            settle().await;
            self.answer(Answer::Tokens(Tokens { lifetime: Some(HOUR), underway: Duration::ZERO })).await;
            for number in (0..self.callers.len()).rev() {
                self.wake(number);
            }
        }
        assert!(self.callers.is_empty(), "{} callers wait for ever", self.callers.len());
        self.check();
    }
}
