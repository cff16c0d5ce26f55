//! The ID token that comes with a refresh, against the one of the login (OpenID Connect Core §12.2).

use serde_json::{Value, json};

use crate::both::Both;
use crate::id_token::Login;
use crate::verdict::{Outcome, assert_explained};

type Edit = fn(&mut Value);

/// Edits to the login's claims, which have an `auth_time`: what the provider says anew.
const EDITED: [(&str, Edit); 20] = [
    ("honest", |_| {}),
    ("no nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
    ("another nonce", |claims| claims["nonce"] = "another".into()),
    ("no auth_time", |claims| drop(claims.as_object_mut().unwrap().remove("auth_time"))),
    ("another auth_time", |claims| claims["auth_time"] = 1_700_000_001.into()),
    ("another iss", |claims| claims["iss"] = "https://evil.example".into()),
    ("another sub", |claims| claims["sub"] = "mallory".into()),
    ("no sub", |claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
    ("another aud", |claims| claims["aud"] = "another-client".into()),
    ("the same aud as a list", |claims| claims["aud"] = json!([claims["aud"]])),
    ("an audience more, and azp us", |claims| {
        claims["azp"] = claims["aud"].clone();
        claims["aud"] = json!([claims["aud"], "another"]);
    }),
    ("another azp", |claims| claims["azp"] = "another-client".into()),
    ("iat five minutes before the login", |claims| {
        claims["iat"] = (claims["iat"].as_i64().unwrap() - 300).into()
    }),
    ("iat half a minute before the login", |claims| {
        claims["iat"] = (claims["iat"].as_i64().unwrap() - 30).into()
    }),
    ("iat an hour ahead", |claims| claims["iat"] = (claims["iat"].as_i64().unwrap() + 3600).into()),
    ("no iat", |claims| drop(claims.as_object_mut().unwrap().remove("iat"))),
    ("expired", |claims| claims["exp"] = (claims["iat"].as_i64().unwrap() - 3600).into()),
    ("at_hash wrong", |claims| claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
    ("another sid", |claims| claims["sid"] = "another".into()),
    ("another acr", |claims| claims["acr"] = "tin".into()),
];

#[tokio::test]
async fn refreshed_id_tokens_are_believed_or_refused_by_both_alike() {
    let (both, mut outcomes) = (Both::meet().await, Vec::new());
    for (case, edit) in EDITED {
        let login = Login::begin(&both).await;
        let mut claims = login.claims(&both);
        for (name, value) in
            [("auth_time", json!(1_700_000_000)), ("sid", "one".into()), ("acr", "gold".into())]
        {
            claims[name] = value;
        }
        let old = both.opposite.sign(claims.clone()).unwrap();
        edit(&mut claims);
        let new = both.opposite.sign(claims).unwrap();
        let (ours, theirs) = login.refreshed(&both, &old, &new).await;
        outcomes.push(Outcome { case, ours, theirs });
    }
    assert_explained("refresh", &outcomes);
}
