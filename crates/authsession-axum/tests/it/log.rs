//! What is logged, whole, on the thread of the test that listens.
//!
//! One subscriber for the whole binary: with one a test, what another thread met first would stay switched off.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static LISTENING: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// The events of this library on this thread, from now on.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<(Level, String)>>>);

/// Ends it when it is dropped.
pub(crate) struct Listening;

pub(crate) fn kept() -> (Log, Listening) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Everything).unwrap());
    let log = Log::default();
    LISTENING.set(Some(log.clone()));
    (log, Listening)
}

impl Log {
    /// All of it, a line a field.
    pub(crate) fn text(&self) -> String {
        self.0.borrow().iter().map(|(_, event)| event.as_str()).collect()
    }

    /// The warnings, and worse, that mention this.
    pub(crate) fn warnings(&self, mentioning: &str) -> Vec<String> {
        let events = self.0.borrow();
        let wanted = events.iter().filter(|(level, text)| *level <= Level::WARN && text.contains(mentioning));
        wanted.map(|(_, text)| text.clone()).collect()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

struct Everything;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("authsession")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        LISTENING.with_borrow(|listening| {
            if let Some(log) = listening {
                let mut text = Text(String::new());
                event.record(&mut text);
                log.0.borrow_mut().push((*event.metadata().level(), text.0));
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
