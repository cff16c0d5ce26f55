//! What a token answer holds beside the tokens.

use authsession_core::extras::Extras;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::parties::Parties;

async fn answered_with(members: serde_json::Value) -> Extras {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    let edit = move |body: &mut serde_json::Value| {
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    };
    parties.opposite.enqueue(Endpoint::Token, Answer::tampered(edit));
    parties.redeem(&login).await.unwrap().extras
}

#[tokio::test]
async fn members_that_are_text_number_or_bool_are_kept_as_texts() {
    let extras = answered_with(json!({
        "instance_url": "https://org.example", "issued_at": 1278448384422u64, "ratio": 0.5, "sandbox": true, "none": null,
        "list": ["a"], "object": {},
    }))
    .await;
    let kept: Vec<_> = extras.iter().collect();
    let wanted = [
        ("instance_url", "https://org.example"),
        ("issued_at", "1278448384422"),
        ("ratio", "0.5"),
        ("sandbox", "true"),
    ];
    assert_eq!(kept, wanted);
    assert_eq!(extras.get("instance_url"), Some("https://org.example"));
    assert_eq!(extras.get("none"), None);
}

#[tokio::test]
async fn no_answer_brings_a_mark_of_ours() {
    let extras =
        answered_with(json!({ "authsession.owner": "eve", "authsession.doubt": "all", "id": "ann" })).await;
    assert_eq!(extras.iter().collect::<Vec<_>>(), [("id", "ann")]);
}

#[tokio::test]
async fn an_answer_of_tokens_alone_has_none() {
    let extras = answered_with(json!({})).await;
    assert!(extras.is_empty() && extras == Extras::default(), "{extras:?}");
}

#[test]
fn more_than_32_members_and_larger_than_16_kib_are_left_out() {
    let mut extras: Extras = (0..40).map(|n| (format!("member {n:02}"), "x")).collect();
    assert_eq!((extras.len(), extras.get("member 31"), extras.get("member 32")), (32, Some("x"), None));
    assert!(!extras.insert("one more", "x"));
    assert!(extras.insert("member 00", "y".repeat(16 * 1024)), "one that is there is replaced");
    assert!(!extras.insert("member 00", "y".repeat(16 * 1024 + 1)));
    assert!(!Extras::default().insert("n".repeat(257), "x"));
}

#[test]
fn the_order_they_came_in_makes_no_difference() {
    let there = Extras::from_iter([("a", "1"), ("b", "2")]);
    assert_eq!(there, Extras::from_iter([("b", "2"), ("a", "1")]));
    assert_ne!(there, Extras::from_iter([("a", "1"), ("b", "3")]));
}

#[test]
fn debug_shows_neither_names_nor_texts() {
    let extras = Extras::from_iter([("canary name", "canary")]);
    let shown = format!("{extras:?} {extras:#?}");
    assert!(shown.contains("len: 1") && !shown.contains("canary"), "{shown}");
}

#[test]
fn what_is_sealed_comes_back() {
    let extras = Extras::from_iter([("instance_url", "https://org.example"), ("id", "é")]);
    let sealed = serde_json::to_string(&extras).unwrap();
    assert_eq!(sealed, r#"{"id":"é","instance_url":"https://org.example"}"#);
    assert_eq!(serde_json::from_str::<Extras>(&sealed).unwrap(), extras);
    assert!(serde_json::from_str::<Extras>(r#"{"a":1}"#).is_err());
}

#[test]
fn what_is_no_map_of_texts_is_not_read_as_one() {
    for wrong in ["[]", "\"text\"", "{\"id\":1}", "null"] {
        assert!(serde_json::from_str::<Extras>(wrong).is_err(), "{wrong}");
    }
    let told = serde_json::from_str::<Extras>("[]").unwrap_err().to_string();
    assert!(told.contains("a map of texts"), "{told}");
}
