//! What users read about the table is what stands in it.

use std::fmt::Write as _;
use std::path::Path;

use authsession_axum::provider_table::{Address, ClientSecret, Lack, Row, TABLE};

const DOCUMENT: &str = "../../docs/providers.md";

const INTRODUCTION: &str = "# Providers by name

```rust
let configuration = OAuthConfigurationBuilder::default()
    .with_provider(KnownProvider::google()).await?
    .with_client_id(\"…\").with_client_secret(\"…\")
    .with_redirect_uri(\"https://app.example.com/auth/callback\").with_private_cookie_key(&cookie_key)
    .build()?;
```

Of `with_provider`, `with_issuer` and `with_tenant_issuers` the last one called counts; another one forgets the row. Every other setter
goes before the row.

*Lacks* is what others have and this provider has not; nothing has to be configured to do without. Without ID tokens the userinfo
says who the user is. Without refresh tokens a session outlives its access token, which is handed out no more once it has ended.
Without revocation a logout leaves the tokens to expire. Without logout at the provider users are signed out of the application, and
stay signed in there. Without `expires_in` a lifetime is assumed.

A test keeps this page equal to the table in `authsession_axum::provider_table`.
";

/// Run with `UPDATE_DOCS=1` to write it anew.
#[test]
fn the_document_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let made = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }

    let written = std::fs::read_to_string(&path).unwrap_or_default();

    assert!(written == made, "docs/providers.md is not what the table says: run the test with UPDATE_DOCS=1");
}

#[test]
fn every_url_of_the_table_is_https_and_every_path_begins_with_a_slash() {
    for row in TABLE {
        let (base, paths) = address(row);
        assert!(base.is_empty() || (base.starts_with("https://") && !base.ends_with('/')), "{}", row.name);
        for (what, path) in paths.into_iter().filter(|(what, _)| !what.starts_with("tenant")) {
            assert!(
                path.is_empty() || path.starts_with('/') || path.starts_with("https://"),
                "{}: {what}",
                row.name
            );
        }
    }
}

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for row in TABLE {
        writeln!(text, "\n## {}\n\n| | |\n|---|---|", row.name).unwrap();
        let calls: Vec<_> = row.constructors.iter().map(|call| format!("`KnownProvider::{call}`")).collect();
        writeln!(text, "| chosen by | {} |", calls.join(", ")).unwrap();
        let (base, paths) = address(row);
        let shown = if base.is_empty() { "given by the application".to_owned() } else { format!("`{base}`") };
        writeln!(text, "| base URL | {shown} |").unwrap();
        for (what, path) in paths.into_iter().filter(|(_, path)| !path.is_empty()) {
            writeln!(text, "| {what} | `{}` |", joined(base, path)).unwrap();
        }
        writeln!(text, "| scopes | `{}` |", row.scopes.join(" ")).unwrap();
        for (name, value) in row.parameters {
            writeln!(text, "| asks with | `{name}={value}` |").unwrap();
        }
        if row.form_post {
            writeln!(text, "| answers by | form (`response_mode=form_post`) |").unwrap();
        }
        if row.refresh_token_with_consent {
            writeln!(text, "| refresh token | with consent: asked for once more when none came |").unwrap();
        }
        match row.client_secret {
            ClientSecret::InBody => writeln!(text, "| client secret | in the body |").unwrap(),
            ClientSecret::Signed => {
                writeln!(text, "| client secret | signed for each request, in the body |").unwrap();
            }
            _ => {}
        }
        if row.subject_claim != "sub" {
            writeln!(text, "| who the user is | the userinfo's `{}` |", row.subject_claim).unwrap();
        }
        if let Some(lifetime) = row.assumed_token_lifetime {
            writeln!(text, "| access token | taken to live {} minutes |", lifetime.as_secs() / 60).unwrap();
        }
        if let Some(interval) = row.least_refresh_interval {
            writeln!(text, "| refreshed | every {} hours, no sooner |", interval.as_secs() / 3600).unwrap();
        }
        if !row.lacks.is_empty() {
            let lacks: Vec<_> = row.lacks.iter().copied().map(Lack::name).collect();
            writeln!(text, "| lacks | {} |", lacks.join(", ")).unwrap();
        }
        writeln!(text, "\n{}", row.notes).unwrap();
    }
    text
}

/// The URL: what is below an empty base is below the application's; what has no path is no URL.
fn joined(base: &str, path: &str) -> String {
    match (base, path.starts_with('/')) {
        ("", true) => format!("…{path}"),
        (base, true) => format!("{base}{path}"),
        (_, false) => path.to_owned(),
    }
}

/// The base URL, and what is below it.
fn address(row: &Row) -> (&'static str, Vec<(&'static str, &'static str)>) {
    match row.address {
        Address::Discovered { base, path, end_session, .. } => {
            (base, vec![("issuer", path), ("logout", end_session.unwrap_or_default())])
        }
        Address::Tenants { base, any, organizations, personal_accounts, template, claim, .. } => {
            let places = [("found at", organizations), ("found at with personal accounts", any)];
            let issuers = [
                ("issuers", template),
                ("tenant claim", claim),
                ("tenant of personal accounts", personal_accounts),
            ];
            (base, places.into_iter().chain(issuers).collect())
        }
        Address::ByHand { base, authorization, token, jwks, userinfo, revocation, .. } => {
            let (userinfo, elsewhere) = userinfo.unwrap_or_default();
            let paths = vec![
                ("authorization", authorization),
                ("token", token),
                ("keys", jwks.unwrap_or_default()),
                ("userinfo", userinfo),
                ("userinfo elsewhere", elsewhere),
                ("revocation", revocation.unwrap_or_default()),
            ];
            (base, paths)
        }
        _ => unreachable!("an address the document has no words for"),
    }
}
