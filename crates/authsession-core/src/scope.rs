//! What a scope asks for (RFC 6749 §3.3, OpenID Connect Core §3.1.2.1).

/// Whether that scope asks for an ID token: whether `openid` is among its words.
#[must_use]
pub fn asks_for_id_token(scope: &str) -> bool {
    scope.split(' ').any(|one| one == "openid")
}
