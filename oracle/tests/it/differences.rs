//! Where authsession and huskarl differ, and why we do what we do.

/// Who takes what the other one refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    OnlyAuthsession,
    OnlyHuskarl,
}

/// One difference.
pub(crate) struct Difference {
    pub(crate) area: &'static str,
    pub(crate) case: &'static str,
    pub(crate) accepts: Accepts,
    /// For the reader.
    #[expect(dead_code, reason = "it is here to be read")]
    pub(crate) why: &'static str,
}

const fn ours(area: &'static str, case: &'static str, why: &'static str) -> Difference {
    Difference { area, case, accepts: Accepts::OnlyAuthsession, why }
}

const fn theirs(area: &'static str, case: &'static str, why: &'static str) -> Difference {
    Difference { area, case, accepts: Accepts::OnlyHuskarl, why }
}

const UNREAD: &str = "a member nothing here depends on cannot spoil the others";
const PLAIN_HTTP: &str = "secrets go to https alone, or to this machine itself (RFC 6749 §3.1, §3.2)";
const MEDIA_TYPE: &str = "what does not call itself JSON is a page, of a proxy or a portal";
const TWICE: &str = "of two members of one name somebody else may read the other (RFC 8259 §4)";
const CLOCKS: &str = "two honest clocks may be a minute apart; there it is ten seconds";
const PROFILE: &str =
    "providers write claims about the user in many ways: none of them decides who signed in";

/// All of them. A row that no longer differs fails, and so does a difference without a row.
pub(crate) const DIFFERENCES: [Difference; 60] = [
    ours(
        "metadata",
        "no jwks_uri",
        "whether an ID token comes is seen when it comes: then it is refused, and the error says what is missing",
    ),
    ours("metadata", "no response types", UNREAD),
    ours(
        "metadata",
        "token endpoint with a fragment",
        "a fragment is never sent (RFC 9110 §7.1): the request goes to the same place",
    ),
    ours("metadata", "scopes as one text", UNREAD),
    ours("metadata", "policy page without a scheme", UNREAD),
    ours(
        "metadata",
        "pushed requests required and nowhere to push",
        "requests are not pushed: a provider that wants them pushed says so itself",
    ),
    theirs("metadata", "token endpoint over plain http", PLAIN_HTTP),
    theirs("metadata", "authorization endpoint over plain http", PLAIN_HTTP),
    theirs("metadata", "jwks_uri over plain http", PLAIN_HTTP),
    theirs("metadata", "userinfo endpoint over plain http", PLAIN_HTTP),
    theirs("metadata", "end session endpoint over plain http", PLAIN_HTTP),
    theirs("metadata", "as plain text", MEDIA_TYPE),
    theirs("metadata", "as HTML", MEDIA_TYPE),
    theirs("metadata", "an unknown member twice", TWICE),
    theirs(
        "authorization response",
        "code empty",
        "an empty parameter counts as left out (RFC 6749 §3.1): nothing is there to redeem",
    ),
    theirs(
        "authorization response",
        "code with a NUL",
        "a code is of printable ASCII (RFC 6749 appendix A.11): this one was made by nobody honest",
    ),
    theirs(
        "authorization response",
        "code with a line break",
        "a code is of printable ASCII (RFC 6749 appendix A.11): this one was made by nobody honest",
    ),
    theirs(
        "authorization response",
        "code that is not UTF-8",
        "a code is of printable ASCII (RFC 6749 appendix A.11): this one was made by nobody honest",
    ),
    ours(
        "authorization response",
        "a signed response beside a code",
        "signed responses are never asked for: the parameter is one of those nobody knows, and the code is checked all the same",
    ),
    theirs(
        "authorization response",
        "iss not promised, and another",
        "who says that it comes from somebody else is believed, promised or not (RFC 9207 §2.4)",
    ),
    theirs("token answer", "access_token empty", "an empty token authorizes nothing"),
    theirs("token answer", "access_token with a blank", "no header can carry it (RFC 6750 §2.1)"),
    theirs("token answer", "access_token with a line break", "no header can carry it (RFC 6750 §2.1)"),
    theirs("token answer", "access_token with an umlaut", "no header can carry it (RFC 6750 §2.1)"),
    ours("token answer", "expires_in in quotes and blanks", "the number is plain"),
    theirs(
        "token answer",
        "expires_in 0",
        "what has expired on arrival is no token: it would be refreshed without end",
    ),
    theirs(
        "token answer",
        "expires_in 1e300",
        "beyond ten years it is a mistake, and the token would never be replaced",
    ),
    theirs(
        "token answer",
        "expires_in a hundred years",
        "beyond ten years it is a mistake, and the token would never be replaced",
    ),
    ours(
        "token answer",
        "id_token empty",
        "an empty text counts as left out; a login that asked for an ID token is refused for it",
    ),
    ours("token answer", "authorization_details a text", UNREAD),
    theirs(
        "token answer",
        "an error beside the tokens",
        "a provider that says error has not said yes (RFC 6749 §5.2)",
    ),
    theirs("token answer", "an unknown member twice", TWICE),
    theirs("token answer", "a member twice further down", TWICE),
    theirs("token answer", "as plain text", MEDIA_TYPE),
    theirs("token answer", "as HTML", MEDIA_TYPE),
    theirs(
        "ID token",
        "max_age asked, auth_time ahead",
        "nobody has authenticated tomorrow: an auth_time ahead of the clock, or in milliseconds, would pass any max_age",
    ),
    theirs(
        "ID token",
        "aud us twice",
        "several audiences ask for azp (OpenID Connect Core §3.1.3.7), and nobody honest says one twice",
    ),
    theirs(
        "ID token",
        "azp another",
        "issued to somebody else (OpenID Connect Core §3.1.3.7); the erratum that drops the check is not in force everywhere",
    ),
    theirs("ID token", "sub empty", "nobody is called nothing"),
    theirs("ID token", "sub of 256 characters", "255 at most (OpenID Connect Core §2)"),
    ours("ID token", "iat half a minute ahead", CLOCKS),
    ours("ID token", "exp half a minute ago", CLOCKS),
    ours("ID token", "nbf half a minute ahead", CLOCKS),
    ours("ID token", "max_age asked, half a minute too old", CLOCKS),
    theirs("ID token", "iat a day ago", "issued before this login began: it belongs to another one"),
    theirs(
        "ID token",
        "at_hash wrong",
        "the access token was exchanged for another (OpenID Connect Core §3.1.3.6)",
    ),
    ours("ID token", "auth_time a fraction", "a NumericDate may be a fraction (RFC 7519 §2)"),
    ours("ID token", "email_verified in quotes", PROFILE),
    ours("ID token", "amr one text", PROFILE),
    ours("ID token", "updated_at as a date", PROFILE),
    ours("ID token", "address a text", PROFILE),
    theirs("ID token", "no critical header, listed", "an empty list is forbidden (RFC 7515 §4.1.11)"),
    ours(
        "ID token",
        "keys in the header",
        "keys that a token brings along are never looked at, whatever they are",
    ),
    theirs("claims as a text", "an unknown claim twice", TWICE),
    theirs("claims as a text", "a claim twice further down", TWICE),
    theirs("claims as a text", "a megabyte", "beyond 64 KiB nothing is read: no honest token comes near it"),
    theirs("refresh", "another azp", "issued to somebody else, as at the login"),
    theirs(
        "refresh",
        "iat five minutes before the login",
        "older than the one it replaces (OpenID Connect Core §12.2)",
    ),
    theirs("refresh", "at_hash wrong", "the access token was exchanged for another, as at the login"),
    ours("algorithm", "ES512", "curve P-521 is verified too"),
];
