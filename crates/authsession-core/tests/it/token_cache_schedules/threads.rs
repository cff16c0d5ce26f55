//! Real threads, as busy as they can be: each operation is judged by what was certain before it began.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::{Endpoint, Error, Fault};
use authsession_core::token_cache::held_token::HeldToken;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_set::TokenSet;
use authsession_testkit::clock::VirtualClock;

use crate::parties::clock_of;
use crate::token_cache_schedules::gated_mint::serial_of;

const TASKS: u64 = 8;
const OPERATIONS: u64 = 2_000;
const SEEDS: u64 = 4;

/// Numbers its tokens, and takes a few turns of the scheduler for each.
#[derive(Debug, Default)]
struct BusyMint {
    clock: Clock,
    serial: AtomicU64,
    under_way: AtomicUsize,
    most_at_a_time: AtomicUsize,
}

#[async_trait]
impl Mint for BusyMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_a_time.fetch_max(under_way, Ordering::SeqCst);
        let serial = self.serial.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..serial % 5 {
            tokio::task::yield_now().await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if serial.is_multiple_of(7) {
            return Err(Error::unavailable(Endpoint::Token, Fault::Unreachable));
        }
        let tokens = TokenSet::new(format!("t{serial}"), self.clock.now());
        Ok(tokens.expiring_after(Duration::from_secs(1 + serial % 100)))
    }
}

/// What all threads know for certain.
#[derive(Default)]
struct Witness {
    /// The newest token anybody was handed.
    newest_out: AtomicU64,
    /// The newest token that was forgotten; with it all before.
    newest_gone: AtomicU64,
    handed_out: AtomicUsize,
    forgotten: AtomicUsize,
}

/// What was certain when an operation began.
struct Before {
    newest_out: u64,
    newest_gone: u64,
    now: Timestamp,
}

impl Witness {
    fn before(&self, clock: &Clock) -> Before {
        Before {
            newest_out: self.newest_out.load(Ordering::SeqCst),
            newest_gone: self.newest_gone.load(Ordering::SeqCst),
            now: clock.now(),
        }
    }

    fn handed_out(&self, token: &HeldToken, before: &Before) -> u64 {
        let serial = serial_of(token);
        assert!(serial >= before.newest_out, "{serial} after {}", before.newest_out);
        assert!(serial > before.newest_gone, "{serial}, though {} was forgotten", before.newest_gone);
        assert!(token.expires_at().unwrap() > before.now, "handed out although it had ended");
        self.newest_out.fetch_max(serial, Ordering::SeqCst);
        self.handed_out.fetch_add(1, Ordering::SeqCst);
        serial
    }

    fn forgotten(&self, serial: u64) {
        self.newest_gone.fetch_max(serial, Ordering::SeqCst);
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

/// Numbers that look random, the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

async fn work(
    cache: TokenCache,
    mint: Arc<BusyMint>,
    time: VirtualClock,
    witness: Arc<Witness>,
    mut dice: Dice,
) {
    let clock = clock_of(&time);
    let mut last = 0;
    for _ in 0..OPERATIONS {
        let before = witness.before(&clock);
        match dice.roll(10) {
            0..4 => {
                if let Ok(token) = cache.token().await {
                    last = witness.handed_out(&token, &before);
                }
            }
            4..7 => {
                if let Some(token) = cache.at_once() {
                    last = witness.handed_out(&token, &before);
                }
            }
            7 if cache.invalidate(&format!("t{last}")) => witness.forgotten(last),
            8 => time.advance(Duration::from_millis(1 << dice.roll(15))),
            9 => match dice.roll(10) {
                0 => cache.reset_failures(),
                1 => {
                    // All that were asked for by now, landed or not.
                    let newest = mint.serial.load(Ordering::SeqCst);
                    cache.forget();
                    witness.forgotten(newest);
                }
                _ => tokio::task::yield_now().await,
            },
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_threads_no_token_comes_back_and_one_request_is_made_at_a_time() {
    for seed in 1..=SEEDS {
        let time = VirtualClock::halted();
        let mint = Arc::new(BusyMint { clock: clock_of(&time), ..BusyMint::default() });
        let cache = TokenCache::builder(Arc::clone(&mint) as Arc<_>, clock_of(&time)).build();
        let witness = Arc::new(Witness::default());
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let dice = Dice((seed * TASKS + task).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                tokio::spawn(work(cache.clone(), Arc::clone(&mint), time.clone(), Arc::clone(&witness), dice))
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(mint.most_at_a_time.load(Ordering::SeqCst), 1);
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        assert!(count(&witness.handed_out) > 100 && count(&witness.forgotten) > 10, "nothing was tried");
    }
}
