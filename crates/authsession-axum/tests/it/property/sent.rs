//! What is sent to the login's routes: anything, and what an honest browser would send, changed.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

/// Stands in everything that is sent, by the browser and by a lying provider, and in no answer.
pub(super) const MARKER: &str = "marker-7c1e";
/// Logins half way that can be come back to.
pub(super) const ATTEMPTS: usize = 150;

const NAMES: [&str; 23] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "return_to",
    "redirect",
    "login_hint",
    "prompt",
    "max_age",
    "acr_values",
    "ui_locales",
    "session_state",
    "response",
    "id_token_hint",
    "post_logout_redirect_uri",
    "sid",
    "nonce",
    "redirect_uri",
    "user",
    "landed",
    "stale",
];
const VALUES: [&str; 33] = [
    "",
    "{marker}",
    "{state}",
    "{code}",
    "{iss}",
    "{state}{marker}",
    "{code}{marker}",
    "r.{state}",
    "r.",
    "access_denied",
    "login_required",
    "{marker}_denied",
    "none",
    "login",
    "0",
    "-1",
    "1e300",
    "99999999999999999999999",
    "%",
    "%zz{marker}",
    "%00",
    "%ff%fe{marker}",
    "%f0%9f%98",
    "%2525{marker}",
    "%0d%0aSet-Cookie:%20{marker}=1",
    "/{marker}?a=1#b",
    "//{marker}.example/",
    "https://{marker}.example/",
    "javascript:{marker}",
    "<script>{marker}</script>",
    "again",
    "{\"name\":{\"firstName\":\"{marker}\",\"lastName\":7}}",
    "AAAAAAAAAAAAAAAA",
];
const HEADERS: [&str; 18] = [
    "accept",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-dest",
    "sec-fetch-user",
    "sec-purpose",
    "purpose",
    "x-requested-with",
    "origin",
    "referer",
    "content-type",
    "content-length",
    "host",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "authorization",
    "user-agent",
];
const HEADER_VALUES: [&str; 21] = [
    "text/html",
    "*/*",
    "application/json",
    "navigate",
    "cors",
    "no-cors",
    "same-origin",
    "cross-site",
    "document",
    "iframe",
    "image",
    "prefetch",
    "{here}",
    "{here}/{marker}",
    "null",
    "https://{marker}.example",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary={marker}",
    "{marker}",
    "XMLHttpRequest",
    "Bearer {marker}",
];

/// Browsers: an old one, one that follows a link, one that sends a form of ours, one that sends somebody else's.
const PEOPLE: [&[(&str, &str)]; 4] = [
    &[("accept", "text/html")],
    &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")],
    &[("accept", "text/html"), ("origin", "{here}"), ("content-type", "application/x-www-form-urlencoded")],
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "{iss}"),
        ("content-type", "application/x-www-form-urlencoded"),
    ],
];

/// How a value somebody honest was given is changed before it is sent.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Nothing,
    Flip(usize, u8),
    Cut(usize),
    Add(String),
    Twice,
}

#[derive(Clone, Debug)]
pub(super) enum Crumb {
    /// A login's cookie, of the attempt that many after the one in the query.
    Login(usize, Change),
    Session(Change),
    Foreign(String, String),
}

/// A request, with words in braces for what only the stage knows.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    /// What an honest browser says beside the rest.
    pub(super) person: &'static [(&'static str, &'static str)],
    pub(super) honest_query: bool,
    pub(super) query: Vec<(String, String, bool)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) cookies: Vec<Crumb>,
    pub(super) body: Option<String>,
    pub(super) attempt: usize,
    pub(super) lie: usize,
    pub(super) later: Option<u64>,
}

fn text(templates: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(templates).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,60}",
        1 => (0..40_000_usize).prop_map(|length| format!("{{marker}}{}", "a".repeat(length))),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => Just(Change::Nothing),
        2 => (any::<usize>(), 0..7_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => any::<usize>().prop_map(Change::Cut),
        1 => text(&VALUES).prop_map(Change::Add),
        1 => Just(Change::Twice),
    ]
}

fn crumb() -> impl Strategy<Value = Crumb> {
    prop_oneof![
        5 => Just(Crumb::Login(0, Change::Nothing)),
        4 => (0..2_usize, change()).prop_map(|(after, change)| Crumb::Login(after, change)),
        2 => change().prop_map(Crumb::Session),
        1 => (text(&NAMES), text(&VALUES)).prop_map(|(name, value)| Crumb::Foreign(name, value)),
    ]
}

pub(super) fn sent() -> impl Strategy<Value = Sent> {
    let odd = select(&["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "ODD"][..]);
    let method = prop_oneof![12 => Just("GET"), 5 => Just("POST"), 1 => odd];
    let route = prop_oneof![2 => Just("/auth"), 5 => Just("/auth/callback"), 2 => Just("/auth/logout")];
    let name = prop_oneof![8 => select(&NAMES[..]).prop_map(str::to_owned), 1 => text(&VALUES)];
    let pair = (name, text(&VALUES), any::<bool>());
    let header = (select(&HEADERS[..]), text(&HEADER_VALUES));
    let honest = (weighted(0.8, select(&PEOPLE[..])), weighted(0.7, Just(())));
    let asked = (method, route, honest, few(pair), few(header));
    let body = weighted(0.3, text(&VALUES));
    let own = Just(vec![Crumb::Login(0, Change::Nothing)]);
    let cookies = prop_oneof![2 => own, 3 => vec(crumb(), 0..5)];
    let around = (cookies, body, 0..ATTEMPTS, any::<usize>(), weighted(0.04, 1..30_u64));
    (asked, around).prop_map(|((method, route, (person, honest_query), query, headers), around)| {
        let (cookies, body, attempt, lie, later) = around;
        let person = person.unwrap_or_default();
        let honest_query = honest_query.is_some();
        Sent { method, route, person, honest_query, query, headers, cookies, body, attempt, lie, later }
    })
}

/// As often none as some.
fn few<S: Strategy>(of: S) -> impl Strategy<Value = Vec<S::Value>> {
    (any::<bool>(), vec(of, 0..5)).prop_map(|(some, of)| if some { of } else { Vec::new() })
}

impl Change {
    pub(super) fn of(&self, name: &str, value: &str) -> Vec<u8> {
        let mut bytes = value.as_bytes().to_vec();
        match self {
            Self::Nothing => {}
            Self::Flip(at, bit) => {
                let at = at % bytes.len();
                bytes[at] ^= 1 << bit;
            }
            Self::Cut(at) => bytes.truncate(at % bytes.len()),
            Self::Add(text) => bytes.extend(text.replace("{marker}", MARKER).bytes()),
            Self::Twice => return format!("{name}={value}; {name}={value}x").into_bytes(),
        }
        [format!("{name}=").into_bytes(), bytes].concat()
    }
}
