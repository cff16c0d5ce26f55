//! Row 17: what the application knows of its users grows old.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use axum::Router;
use serde_json::{Map, Value, json};

use crate::pains::scene::{Scene, until};

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
