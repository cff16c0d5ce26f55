//! The queues of a script: one an endpoint, one a pattern.

use crate::pattern::Pattern;
use crate::script::Answer;
use http::Method;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::Hash;

#[derive(Debug)]
pub(crate) struct Queues<E> {
    endpoints: HashMap<E, Queue>,
    /// In the order they were first spoken of.
    patterns: Vec<(Pattern, Queue)>,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) next: VecDeque<Answer>,
    pub(crate) always: Option<Answer>,
}

impl Queue {
    fn take(&mut self) -> Option<Answer> {
        let next = self.next.pop_front();
        next.or_else(|| self.always.clone())
    }
}

impl<E> Default for Queues<E> {
    fn default() -> Self {
        Self { endpoints: HashMap::new(), patterns: Vec::new() }
    }
}

impl<E: Copy + Eq + Hash> Queues<E> {
    pub(crate) fn of(&mut self, endpoint: E) -> &mut Queue {
        self.endpoints.entry(endpoint).or_default()
    }

    pub(crate) fn at(&mut self, pattern: &str) -> &mut Queue {
        let pattern = Pattern::new(pattern);
        let known = self.patterns.iter().position(|(other, _)| *other == pattern);
        let at = known.unwrap_or(self.patterns.len());
        if known.is_none() {
            self.patterns.push((pattern, Queue::default()));
        }
        &mut self.patterns[at].1
    }

    pub(crate) fn forget(&mut self, endpoint: E) {
        self.endpoints.remove(&endpoint);
    }

    pub(crate) fn forget_at(&mut self, pattern: &str) {
        let pattern = Pattern::new(pattern);
        self.patterns.retain(|(other, _)| *other != pattern);
    }

    /// The next answer to such a request, if there is one.
    pub(crate) fn take(&mut self, endpoint: E, method: &Method, path: &str) -> Option<Answer> {
        let fitting = self.patterns.iter_mut().filter(|(pattern, _)| pattern.fits(method, path));
        let scripted = fitting.map(|(_, queue)| queue).find_map(Queue::take);
        scripted.or_else(|| self.endpoints.get_mut(&endpoint)?.take())
    }
}
