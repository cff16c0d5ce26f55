//! Row 17: what the application knows of its users grows old.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use authsession_testkit::user::User;
use axum::Router;
use serde_json::{Map, Value, json};

use crate::log;
use crate::pains::scene::{Scene, replica_of, until};

/// The application's own word for what the provider calls a group.
fn is_admin(claims: &mut Map<String, Value>) {
    let groups = claims.get("groups").and_then(Value::as_array);
    let is_admin = groups.is_some_and(|groups| groups.iter().any(|group| group == "ops"));
    claims.insert("is_admin".to_owned(), is_admin.into());
}

async fn scene(edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Scene {
    let scene = Scene::set(|provider| provider, edit, Router::new()).await;
    scene.sign_in().await;
    scene
}

/// The next refresh tells these groups.
fn joins(scene: &Scene, groups: &'static [&'static str]) {
    let answer = Answer::lying_id_token(move |_, claims| claims["groups"] = json!(groups));
    scene.provider.enqueue(Endpoint::Token, answer);
    scene.expire_token();
}

/// Made an administrator at noon, the user has no rights until they sign in anew. Dismissed, they keep them.
#[tokio::test]
async fn row_17_roles_are_current_after_a_refresh_without_a_new_login() {
    let scene = scene(|application| application.map_claims(is_admin)).await;
    assert_eq!(scene.fetch("/claims").await.1["is_admin"], false);

    for (groups, admin) in [(&["staff", "ops"] as &[&str], true), (&["staff"], false), (&["ops"], true)] {
        joins(&scene, groups);
        assert_eq!(scene.fetch("/claims").await.1["is_admin"], admin, "{groups:?}");
        assert_eq!(
            scene.fetch("/claims").await.1["groups"],
            json!(groups),
            "the provider's claims are there too"
        );
    }
    assert_eq!(scene.provider.journal().count(Endpoint::Authorization), 0);
}

/// One user has a claim nobody thought of.
#[tokio::test]
async fn row_17_a_mapper_that_panics_ends_no_session_and_lets_nothing_unmapped_through() {
    let maps = |claims: &mut Map<String, Value>| {
        assert!(claims.get("groups").is_none_or(Value::is_array), "the test's mapper does not cope");
        is_admin(claims);
    };
    let scene = scene(|application| application.map_claims(maps)).await;
    let odd = Answer::lying_id_token(|_, claims| claims["groups"] = "ops".into());
    scene.provider.enqueue(Endpoint::Token, odd);
    scene.expire_token();

    let (status, problem) = scene.fetch("/claims").await;
    assert_eq!((status, problem.get("groups")), (500, None));
    assert_eq!(scene.fetch("/token").await.0, 200, "the session lives");

    joins(&scene, &["ops"]);
    assert_eq!(scene.fetch("/claims").await.1["is_admin"], true);
}

/// Some providers tell roles in the userinfo only.
#[tokio::test]
async fn row_17_roles_of_the_userinfo_are_current_too() {
    let scene = scene(|application| application.with_userinfo(true).map_claims(is_admin)).await;
    for (groups, admin) in [(json!(["ops"]), true), (json!([]), false)] {
        let told = groups.clone();
        let answer = Answer::tampered(move |userinfo| userinfo["groups"] = told.clone());
        scene.provider.enqueue(Endpoint::Userinfo, answer);
        scene.expire_token();
        assert_eq!(scene.fetch("/claims").await.0, 200, "nobody waits for it");

        assert!(until(async || scene.fetch("/claims").await.1["is_admin"] == admin).await, "{groups}");
        assert_eq!(scene.fetch("/claims").await.1["groups"], groups);
    }
    assert_eq!(scene.refreshes(), 2);
}

#[tokio::test]
async fn row_17_a_userinfo_that_is_away_or_about_another_user_changes_nothing() {
    let answers = [
        Answer::status(500),
        Answer::error(401, "invalid_token"),
        Answer::html(200, "<h1>Accept our terms</h1>"),
        Answer::tampered(|userinfo| {
            userinfo["sub"] = "bob".into();
            userinfo["email"] = "bob@example.test".into();
        }),
    ];
    let scene = scene(|application| application.with_userinfo(true)).await;
    for (number, answer) in answers.into_iter().enumerate() {
        scene.provider.journal().clear();
        scene.provider.enqueue(Endpoint::Userinfo, answer);
        scene.expire_token();

        assert_eq!(scene.fetch("/claims").await.0, 200, "answer {number}");
        assert!(scene.provider.journal().reaches(Endpoint::Userinfo, 1).await, "answer {number}");

        let (status, claims) = scene.fetch("/claims").await;
        assert_eq!((status, claims["email"].as_str()), (200, Some("alice@example.test")), "answer {number}");
    }
}

/// The public pages and the back office are two layers before one store.
#[tokio::test]
async fn row_17_what_one_layer_makes_of_the_claims_is_not_what_another_one_hands_out() {
    let scene = scene(|application| application.map_claims(is_admin)).await;
    let other = replica_of(&scene).await;
    assert_eq!(scene.fetch("/claims").await.1["is_admin"], false);

    let page = scene.browser.fetch(format!("{}/claims", other.url().trim_end_matches('/'))).await.unwrap();

    let claims = page.json().unwrap();
    assert_eq!((&claims["sub"], claims.get("is_admin")), (&json!("alice"), None));
    assert_eq!(scene.fetch("/claims").await.1["is_admin"], false);
}

/// What the userinfo tells from now on.
fn tells(scene: &Scene, edit: fn(&mut Value)) {
    scene.provider.always(Endpoint::Userinfo, Answer::tampered(edit));
}

#[tokio::test]
async fn row_17_the_userinfo_of_a_refresh_that_brings_no_id_token_counts_before_the_login_s() {
    let ops = User::new("alice", "Alice").claim("groups", json!(["ops"])).claim("team", "red");
    let terse = |provider: ProviderBuilder| provider.user(ops).id_token_on_refresh(false);
    let scene = Scene::set(terse, |application| application.with_userinfo(true), Router::new()).await;
    scene.sign_in().await;
    let login = scene.fetch("/claims").await.1;
    assert_eq!((&login["groups"], login["email"].as_str()), (&json!(["ops"]), Some("alice@example.test")));

    tells(&scene, |userinfo| {
        userinfo["groups"] = json!([]);
        userinfo.as_object_mut().unwrap().remove("team");
        for of_the_token in ["iss", "aud", "exp", "iat", "auth_time", "acr", "sid", "at_hash", "nonce"] {
            userinfo[of_the_token] = "userinfo".into();
        }
    });
    scene.expire_token();
    scene.fetch("/token").await;

    assert!(until(async || scene.fetch("/claims").await.1["groups"] == json!([])).await);
    let now = scene.fetch("/claims").await.1;
    for of_the_token in ["iss", "aud", "exp", "iat", "auth_time", "sid", "at_hash", "nonce"] {
        assert!(
            login[of_the_token] != Value::Null && now[of_the_token] == login[of_the_token],
            "{of_the_token}"
        );
    }
    assert_eq!(now["team"], "red", "what the userinfo says nothing of");
}

#[tokio::test]
async fn row_17_a_new_id_token_counts_before_an_older_userinfo_again() {
    let scene = scene(|application| application.with_userinfo(true)).await;
    tells(&scene, |userinfo| userinfo["groups"] = json!(["staff"]));
    for groups in [None, Some(json!(["ops"]))] {
        if groups.is_some() {
            scene.provider.enqueue(Endpoint::Userinfo, Answer::status(500));
        }
        let told = groups.clone();
        scene.provider.enqueue(
            Endpoint::Token,
            Answer::lying_id_token(move |_, claims| match &told {
                Some(groups) => claims["groups"] = groups.clone(),
                None => claims["nonce"] = "another login's".into(),
            }),
        );
        scene.expire_token();
        scene.fetch("/token").await;

        let wanted = groups.unwrap_or_else(|| json!(["staff"]));
        assert!(until(async || scene.fetch("/claims").await.1["groups"] == wanted).await, "{wanted}");
    }
}

/// They signed in elsewhere: ID tokens name that login from then on, and none of them is taken over.
#[tokio::test]
async fn row_17_roles_of_the_userinfo_are_current_though_each_new_id_token_is_of_another_login() {
    let (log, _listening) = log::kept();
    let scene = scene(|application| application.with_userinfo(true)).await;
    for (number, groups) in [&["ops"] as &[&str], &[]].into_iter().enumerate() {
        let later = |claims: &mut Value| claims["auth_time"] = claims["iat"].clone();
        scene.provider.enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| later(claims)));
        let told = json!(groups);
        scene
            .provider
            .enqueue(Endpoint::Userinfo, Answer::tampered(move |userinfo| userinfo["groups"] = told.clone()));
        scene.expire_token();
        assert_eq!(scene.fetch("/token").await.0, 200, "the session lives");

        assert!(
            until(async || scene.fetch("/claims").await.1["groups"] == json!(groups)).await,
            "{groups:?}"
        );
        assert_eq!(log.warnings("is not taken over").len(), 1, "told once, after refresh {number}");
    }
}
