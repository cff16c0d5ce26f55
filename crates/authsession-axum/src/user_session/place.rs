//! Where an API is: a URL lent out for as long as the session is held, so those it had before are kept too.

use std::sync::OnceLock;

/// A base URL, and where it moved to since.
#[derive(Clone, Debug)]
pub(super) struct Place {
    url: Box<str>,
    moved: OnceLock<Box<Self>>,
}

impl Place {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.into(), moved: OnceLock::new() }
    }

    pub(super) fn url(&self) -> &str {
        &self.now().url
    }

    /// Orgs seldom move; of two who say so at the same time, one is enough.
    pub(super) fn move_to(&self, url: &str) {
        let now = self.now();
        if *now.url != *url {
            let _ = now.moved.set(Box::new(Self::new(url)));
        }
    }

    fn now(&self) -> &Self {
        let mut now = self;
        while let Some(next) = now.moved.get() {
            now = next;
        }
        now
    }
}
