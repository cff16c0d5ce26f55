//! ID tokens as real providers write them (OpenID Connect Core §2).

use std::time::Duration;

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::quirks::life::{lead, stage_at, stage_with};
use crate::stage::Stage;

type Edit = fn(&mut Value);

fn saying(edit: Edit) -> Habits {
    Habits::default().id_token(move |_, claims| edit(claims))
}

#[tokio::test]
async fn claims_of_odd_shapes_that_say_the_right_thing_are_accepted() {
    let odd: [(&str, Edit); 6] = [
        ("aud as a list of one", |claims| claims["aud"] = json!([claims["aud"]])),
        ("auth_time with a fraction", |claims| {
            claims["auth_time"] = (claims["auth_time"].as_f64().unwrap() + 0.619_522).into();
        }),
        ("auth_time of 0", |claims| claims["auth_time"] = 0.into()),
        ("azp beside one aud", |claims| claims["azp"] = claims["aud"].clone()),
        ("amr as a list", |claims| claims["amr"] = json!(["session"])),
        ("no sid and no auth_time", |claims| {
            let claims = claims.as_object_mut().unwrap();
            claims.retain(|name, _| name != "sid" && name != "auth_time");
        }),
    ];
    for (what, edit) in odd {
        eprintln!("{what}");
        lead(&stage_with(saying(edit)).await).await;
    }
}

#[tokio::test]
async fn an_id_token_for_nobody_or_for_another_is_refused_at_the_login() {
    let wrong: [(&str, Edit); 3] = [
        ("an empty aud", |claims| claims["aud"] = json!([])),
        ("an empty text", |claims| claims["aud"] = "".into()),
        ("another azp", |claims| claims["azp"] = "another".into()),
    ];
    for (what, edit) in wrong {
        let stage = stage_with(saying(edit)).await;
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None), "{what}");
    }
}

#[tokio::test]
async fn hashes_nobody_asked_for_are_checked_where_they_can_be() {
    lead(&stage_with(Habits::default().code_and_state_hashed()).await).await;

    let wrong = Habits::default().code_and_state_hashed().id_token(|_, claims| {
        claims["c_hash"] = claims["s_hash"].clone();
    });
    let stage = stage_with(wrong).await;
    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 400);
}

#[tokio::test]
async fn for_eddsa_either_hash_is_accepted_and_no_third() {
    for habits in [Habits::default(), Habits::default().sha256_for_eddsa()] {
        let habits = habits.code_and_state_hashed();
        let stage = stage_at(|provider| provider.signing_algorithm(SigningAlgorithm::EdDsa).habits(habits));
        lead(&stage.await).await;
    }
    for hash in ["at_hash", "c_hash"] {
        let wrong = Habits::default().code_and_state_hashed().id_token(move |_, claims| {
            claims[hash] = "x4Q8HQk1rJXbFVpWwYZr6w".into();
        });
        let stage =
            stage_at(|provider| provider.signing_algorithm(SigningAlgorithm::EdDsa).habits(wrong)).await;
        assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 400, "{hash}");
    }
}

#[tokio::test]
async fn an_algorithm_nobody_registered_and_none_in_the_lists_are_no_matter() {
    let stage = stage_at(|provider| {
        provider.signing_algorithm(SigningAlgorithm::Rs512).metadata(|document| {
            document.insert("id_token_signing_alg_values_supported".into(), json!(["none", "RS256"]));
        })
    });
    lead(&stage.await).await;
}

#[tokio::test]
async fn none_in_the_lists_lets_no_unsigned_token_in() {
    let stage = stage_at(|provider| {
        provider.metadata(|document| {
            document.insert("id_token_signing_alg_values_supported".into(), json!(["none"]));
        })
    })
    .await;
    stage.provider.enqueue(Endpoint::Token, Answer::id_token_unsigned());

    assert_eq!(stage.browser.navigate(stage.url("/token")).await.unwrap().status, 400);
}

#[tokio::test]
async fn tokens_and_keys_without_a_kid_find_each_other_even_after_the_keys_were_rotated() {
    let stage = stage_with(Habits::default().key_ids_withheld()).await;
    lead(&stage).await;

    stage.provider.rotate_keys().unwrap();
    stage.clock.advance(Duration::from_secs(120));

    stage.sign_in().await;
}

#[tokio::test]
async fn a_weaker_authentication_than_was_asked_for_can_be_read() {
    let stage = Stage::with(
        |provider| provider.habits(saying(|claims| claims["acr"] = "loa-1".into())),
        |application| application.with_authorization_parameter("acr_values", "loa-5"),
    )
    .await;
    stage.sign_in().await;

    assert_eq!(stage.fetch("/claims").await.1["acr"], "loa-1");
}
