//! The pages: signed out, signed in, and what is between.

use authsession_axum::extractors::Session;

use crate::claims::{Row, in_utc};
use crate::html::{escaped, fill};
use crate::outage::Outage;
use crate::site::Site;
use crate::snapshot::Snapshot;

const FRAME: &str = include_str!("assets/frame.html");
const SIGNED_OUT: &str = include_str!("assets/signed_out.html");
const SIGNED_IN: &str = include_str!("assets/signed_in.html");

/// Nobody is signed in: what this is, and one button.
pub(crate) fn signed_out(site: &Site) -> String {
    let away = site.outage.as_ref().filter(|outage| outage.is_on());
    let notice = away
        .map(|outage| format!("<div class=\"notice\">The test provider is away. {}</div>", button(outage)));
    invitation(site, &notice.unwrap_or_default())
}

/// The access token is over and there is nothing to refresh it with.
pub(crate) fn token_expired(site: &Site) -> String {
    invitation(
        site,
        "<p class=\"notice\" role=\"status\">Your access token has expired, and the provider issued no refresh token: \
         sign in again. Most providers issue one for <code>--scope offline_access</code>.</p>",
    )
}

/// Who is signed in, and what their session holds.
pub(crate) fn signed_in(site: &Site, session: &Session, snapshot: &Snapshot) -> String {
    let (name, margin) = (escaped(&snapshot.name), site.refresh_margin.as_millis().to_string());
    let left = snapshot.expires_in_ms;
    let seconds = left.map_or_else(|| "–".to_owned(), |left| left.div_ceil(1000).to_string());
    let lifetime = site.token_lifetime.map(|lifetime| lifetime.as_millis()).or(left).unwrap_or_default();
    let content = fill(
        SIGNED_IN,
        &[
            ("name", &name),
            ("initials", &escaped(&initials(&snapshot.name))),
            ("subject", &escaped(&snapshot.subject)),
            ("issuer", &escaped(session.issuer())),
            ("left", &left.map(|left| left.to_string()).unwrap_or_default()),
            ("seconds", &seconds),
            ("lifetime", &lifetime.to_string()),
            ("margin", &margin),
            ("number", &snapshot.token_number),
            ("created", &time(session.created_at().unix_millis(), &in_utc(session.created_at()))),
            ("ends", &time(session.expires_at().unix_millis(), &in_utc(session.expires_at()))),
            ("outage", &site.outage.as_ref().map(button).unwrap_or_default()),
            ("claims", &snapshot.claims.iter().map(row).collect::<String>()),
        ],
    );
    framed(site, &format!("{name} · authsession"), SIGN_OUT, &content)
}

const SIGN_OUT: &str = "<form method=\"post\" action=\"/auth/logout\" data-signed-in>\
     <button class=\"quiet\" data-testid=\"sign-out\">Sign out</button></form>";

fn invitation(site: &Site, notice: &str) -> String {
    let (whom, how) = if site.outage.is_some() {
        ("a test provider in this very process", "No passwords: you choose Alice or Bob.")
    } else {
        ("your provider", "You come back here afterwards.")
    };
    let lifetime = match site.token_lifetime {
        Some(lifetime) => format!("The access token lives {} seconds.", lifetime.as_secs()),
        None => "The access token lives as long as your provider says.".to_owned(),
    };
    let margin = format!("{} seconds", site.refresh_margin.as_secs());
    let issuer = escaped(&site.issuer);
    let values = [
        ("notice", notice),
        ("whom", whom),
        ("how", how),
        ("issuer", &issuer),
        ("lifetime", &lifetime),
        ("margin", &margin),
    ];
    framed(site, "authsession", "", &fill(SIGNED_OUT, &values))
}

/// Switches the test provider off, or on again.
fn button(outage: &Outage) -> String {
    let (path, label) = if outage.is_on() {
        ("/provider/back", "Bring the provider back")
    } else {
        ("/provider/away", "Take the provider away")
    };
    format!(
        "<form method=\"post\" action=\"{path}\" data-outage>\
         <button class=\"quiet\" data-testid=\"outage\">{label}</button></form>"
    )
}

fn framed(site: &Site, title: &str, corner: &str, content: &str) -> String {
    let provider = if site.outage.is_some() { "test provider" } else { "live provider" };
    fill(FRAME, &[("title", title), ("corner", corner), ("provider", provider), ("content", content)])
}

fn row(row: &Row) -> String {
    // Nobody reads these: they may break anywhere.
    let opaque = matches!(row.name.as_str(), "sid" | "nonce" | "at_hash" | "c_hash" | "jti" | "uti" | "rh");
    fill(
        "<tr><th scope=\"row\">{{name}}</th> <td class=\"{{class}}\" data-claim=\"{{name}}\">{{value}}</td> \
         <td class=\"meaning\">{{meaning}}</td></tr>\n",
        &[
            ("name", &escaped(&row.name)),
            ("class", if opaque { "opaque" } else { "plain" }),
            ("meaning", row.meaning),
            ("value", &escaped(&row.value)),
        ],
    )
}

/// A time the script turns into the reader's own.
fn time(unix_millis: i64, text: &str) -> String {
    format!("<time data-at=\"{unix_millis}\">{text}</time>")
}

/// At most two letters that stand for a name.
fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let ends = [letters.next(), letters.next_back()];
    ends.into_iter().flatten().flat_map(char::to_uppercase).collect()
}
