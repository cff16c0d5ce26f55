//! Which requests are meant: a method and a path in which `*` stands for any text.

use http::Method;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
}

impl Pattern {
    /// `PUT */batches`, or a path alone for any method.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.trim().to_owned() }
    }

    pub(crate) fn fits(&self, method: &Method, path: &str) -> bool {
        let (wanted, glob) = self.text.split_once(' ').unwrap_or(("", &self.text));
        (wanted.is_empty() || wanted == method.as_str())
            && covers(glob.trim(), path.strip_suffix('/').unwrap_or(path))
    }
}

fn covers(glob: &str, text: &str) -> bool {
    let Some((before, after)) = glob.split_once('*') else { return glob == text };
    let Some(mut rest) = text.strip_prefix(before) else { return false };
    loop {
        if covers(after, rest) {
            return true;
        }
        let mut signs = rest.chars();
        if signs.next().is_none() {
            return false;
        }
        rest = signs.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_the_rest_for_itself() {
        let fits = |pattern: &str, method: Method, path: &str| Pattern::new(pattern).fits(&method, path);
        assert!(fits("PUT */batches", Method::PUT, "/services/data/v66.0/jobs/ingest/750/batches/"));
        assert!(fits("*/jobs/*/7*", Method::GET, "/services/data/v66.0/jobs/query/750"));
        assert!(!fits("PUT */batches", Method::GET, "/jobs/ingest/750/batches"));
        assert!(!fits("*/jobs/query", Method::GET, "/jobs/query/750"));
    }
}
