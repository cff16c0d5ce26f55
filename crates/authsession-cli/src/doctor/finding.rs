//! One thing that was looked at, how it stands, and what to do next.

use std::borrow::Cow;

use serde::Serialize;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    Warning,
    Wrong,
}

impl Verdict {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Area {
    Provider,
    Keys,
    Application,
    Client,
}

impl Area {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Provider => "Provider",
            Self::Keys => "Keys",
            Self::Application => "Application",
            Self::Client => "Client",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) area: Area,
    /// A name that stays, for programs.
    pub(crate) check: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) found: Cow<'static, str>,
    /// What to do about it.
    pub(crate) next: Option<Cow<'static, str>>,
}

impl Finding {
    pub(crate) fn ok(area: Area, check: &'static str, found: impl Into<Cow<'static, str>>) -> Self {
        Self { area, check, verdict: Verdict::Ok, found: found.into(), next: None }
    }

    pub(crate) fn warning(
        area: Area,
        check: &'static str,
        found: impl Into<Cow<'static, str>>,
        next: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { area, check, verdict: Verdict::Warning, found: found.into(), next: Some(next.into()) }
    }

    pub(crate) fn wrong(
        area: Area,
        check: &'static str,
        found: impl Into<Cow<'static, str>>,
        next: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { area, check, verdict: Verdict::Wrong, found: found.into(), next: Some(next.into()) }
    }
}
