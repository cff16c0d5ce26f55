//! What holds of the slot in every interleaving of those who refuse a token, those who land one and those who read.

use std::sync::Arc;

use loom::thread::{self, JoinHandle};

use crate::token_cache::slot::{Epoch, Named, Slot};

#[derive(Debug, PartialEq, Eq)]
struct Token(&'static str);

impl Named for Token {
    fn is_named(&self, text: &str) -> bool {
        self.0 == text
    }
}

/// Remembers how many refusals were believed.
type Tokens = Slot<Token, u32>;

fn land(tokens: &Tokens, text: &'static str) {
    land_of(tokens, text, tokens.epoch());
}

/// What a flight that began then brings.
fn land_of(tokens: &Tokens, text: &'static str, begun: Epoch) -> bool {
    tokens.land(Arc::new(Token(text)), begun)
}

fn refuse(tokens: &Tokens, text: &str) -> bool {
    tokens.forget(text, |believed, _| {
        *believed += 1;
        true
    })
}

fn current(tokens: &Tokens) -> Option<&'static str> {
    tokens.load().map(|token| token.0)
}

/// With token `a` in it, in every interleaving.
fn model(act: impl Fn(&Arc<Tokens>) + Send + Sync + 'static) {
    loom::model(move || {
        let tokens = Arc::new(Tokens::empty());
        land(&tokens, "a");
        act(&tokens);
    });
}

fn beside<R: 'static>(tokens: &Arc<Tokens>, act: impl FnOnce(&Tokens) -> R + 'static) -> JoinHandle<R> {
    let tokens = Arc::clone(tokens);
    thread::spawn(move || act(&tokens))
}

#[test]
fn a_late_refusal_throws_neither_of_two_successors_away() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        land(tokens, "b");
        land(tokens, "c");
        refusing.join().unwrap();
        assert_eq!(current(tokens), Some("c"));
    });
}

#[test]
fn of_two_refusals_around_a_landing_at_most_one_counts_and_the_successor_stays() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        let landing = beside(tokens, |tokens| land(tokens, "b"));
        let here = refuse(tokens, "a");
        let there = refusing.join().unwrap();
        landing.join().unwrap();
        assert!(!(here && there), "one token was forgotten twice");
        assert_eq!(current(tokens), Some("b"));
    });
}

#[test]
fn a_successor_that_is_refused_itself_is_gone_exactly_if_that_refusal_counted() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        let landing = beside(tokens, |tokens| land(tokens, "b"));
        let gone = refuse(tokens, "b");
        refusing.join().unwrap();
        landing.join().unwrap();
        assert_eq!(current(tokens), (!gone).then_some("b"));
    });
}

#[test]
fn a_token_refused_by_three_at_once_is_forgotten_once_and_is_one_refusal() {
    model(|tokens| {
        let one = beside(tokens, |tokens| refuse(tokens, "a"));
        let other = beside(tokens, |tokens| refuse(tokens, "a"));
        let here = refuse(tokens, "a");
        let forgotten = [here, one.join().unwrap(), other.join().unwrap()];
        assert_eq!(forgotten.iter().filter(|forgotten| **forgotten).count(), 1);
        assert_eq!((*tokens.refusals(), current(tokens)), (1, None));
    });
}

#[test]
fn who_refuses_and_gets_a_new_one_keeps_it_whoever_else_refuses_the_old_one() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        if refuse(tokens, "a") {
            land(tokens, "b");
            refusing.join().unwrap();
            assert_eq!(current(tokens), Some("b"));
        } else {
            assert!(refusing.join().unwrap());
        }
    });
}

#[test]
fn what_lands_after_the_slot_was_cleared_stays_whoever_refuses_what_was_before() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        tokens.clear();
        land(tokens, "b");
        refusing.join().unwrap();
        assert_eq!(current(tokens), Some("b"));
    });
}

#[test]
fn once_the_slot_was_cleared_nothing_lands_of_a_flight_that_began_before() {
    model(|tokens| {
        let begun = tokens.epoch();
        let landing = beside(tokens, move |tokens| land_of(tokens, "b", begun));
        tokens.clear();
        assert_eq!(current(tokens), None, "it was signed out");
        landing.join().unwrap();
        assert_eq!(current(tokens), None);
    });
}

#[test]
fn of_two_who_clear_and_land_anew_no_flight_of_before_takes_the_place() {
    model(|tokens| {
        let begun = tokens.epoch();
        let landing = beside(tokens, move |tokens| land_of(tokens, "b", begun));
        let refusing = beside(tokens, |tokens| refuse(tokens, "b"));
        tokens.clear();
        assert!(land_of(tokens, "c", tokens.epoch()));
        assert_eq!(current(tokens), Some("c"));
        landing.join().unwrap();
        refusing.join().unwrap();
        assert_eq!(current(tokens), Some("c"));
    });
}

#[test]
fn a_flight_that_began_while_the_slot_was_cleared_lands_exactly_if_it_began_after() {
    model(|tokens| {
        let clearing = beside(tokens, Tokens::clear);
        let landed = land_of(tokens, "b", tokens.epoch());
        clearing.join().unwrap();
        let seen = current(tokens);
        assert!(seen.is_none() || (landed && seen == Some("b")), "{seen:?}");
        assert!(land_of(tokens, "c", tokens.epoch()));
        assert_eq!(current(tokens), Some("c"));
    });
}

#[test]
fn a_reader_never_sees_a_token_again_that_was_gone() {
    model(|tokens| {
        let landing = beside(tokens, |tokens| land(tokens, "b"));
        let refusing = beside(tokens, |tokens| refuse(tokens, "a"));
        let seen = [current(tokens), tokens.borrow().as_ref().map(|token| token.0)];
        let possible = [Some("a"), None, Some("b")];
        let order = seen.map(|seen| possible.iter().position(|possible| *possible == seen).unwrap());
        assert!(order[0] <= order[1], "{seen:?}");
        landing.join().unwrap();
        refusing.join().unwrap();
        assert_eq!(current(tokens), Some("b"));
    });
}

#[test]
fn a_token_that_is_kept_in_spite_of_its_refusal_stays_until_another_lands() {
    model(|tokens| {
        let refusing = beside(tokens, |tokens| tokens.forget("a", |_, _| false));
        let landing = beside(tokens, |tokens| land(tokens, "b"));
        assert!(current(tokens).is_some());
        assert!(!refusing.join().unwrap());
        landing.join().unwrap();
        assert_eq!(current(tokens), Some("b"));
    });
}
