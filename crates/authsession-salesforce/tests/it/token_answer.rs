//! What a token answer is held against before its token is used.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, InstanceUrlPolicy, Recovery, WebServerFlow};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::org::user::OrgUser;
use authsession_testkit::script::Answer;
use serde_json::Value;

use crate::stage::Stage;
use crate::web_server::sign_in;

#[tokio::test]
async fn an_answer_whose_signature_is_not_the_orgs_is_not_used() {
    let forgeries: [fn(&mut Value); 5] = [
        |answer| answer["signature"] = "AAAA".into(),
        |answer| answer["signature"] = "not base64!".into(),
        |answer| answer["issued_at"] = "1700000000000".into(),
        |answer| {
            answer["id"] = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA".into()
        },
        |answer| answer["id"] = Value::Null,
    ];
    for forge in forgeries {
        let stage = Stage::set().await;
        stage.tamper(forge);
        let auth = stage.refresh(&stage.approve()).build().unwrap();
        let error = auth.access_token().await.unwrap_err();
        assert_eq!(error.recovery(), Recovery::DoNotTrust, "{error:?}");
        assert!(auth.authorization_at_once().is_none(), "nothing is cached");
        auth.reset_failures();
        stage.opens(&auth).await;
        assert_eq!(stage.refreshes(), 2);
    }
}

#[tokio::test]
async fn a_signature_is_held_against_its_own_answer() {
    let stage = Stage::set().await;
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    auth.warm_up().await.unwrap();
    stage.tamper(|answer| {
        answer.as_object_mut().unwrap().remove("signature");
    });
    stage.time.advance(std::time::Duration::from_secs(5));
    let token = auth.access_token().await.unwrap().into_owned();
    auth.invalidate(&token).await;
    stage.opens(&auth).await;
}

#[tokio::test]
async fn a_sign_in_whose_signature_is_not_the_orgs_is_neither_a_session_nor_kept() {
    let stage = Stage::set().await;
    let store = std::sync::Arc::new(authsession_core::token_store::memory::MemoryTokenStore::default());
    let flow = stage.web_server().token_store(store.clone()).build().unwrap();
    stage.tamper(|answer| answer["signature"] = "AAAA".into());
    let error = sign_in(&stage, &flow).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::DoNotTrust);
    assert!(authsession_core::token_store::TokenStore::load(&*store).await.unwrap().is_none());
}

#[tokio::test]
async fn an_id_token_that_does_not_hold_is_no_sign_in() {
    let lies = [
        Answer::lying_id_token(|_, claims| claims["nonce"] = "another".into()),
        Answer::lying_id_token(|_, claims| {
            claims.as_object_mut().unwrap().remove("nonce");
        }),
        Answer::lying_id_token(|_, claims| claims["aud"] = "another-app".into()),
        Answer::lying_id_token(|_, claims| claims["iss"] = "https://evil.example".into()),
        Answer::lying_id_token(|_, claims| claims["exp"] = 1.into()),
        Answer::lying_id_token(|_, claims| claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
        Answer::id_token_signed_by_impostor(),
        Answer::id_token_signed_by_unknown_key(),
        Answer::id_token_with_wrong_signature(),
        Answer::id_token_unsigned(),
        Answer::tampered(|answer| {
            answer.as_object_mut().unwrap().remove("id_token");
        }),
    ];
    for lie in lies {
        let stage = Stage::set().await;
        stage.org.enqueue(OrgEndpoint::Token, lie);
        let error = sign_in(&stage, &stage.web_server().build().unwrap()).await.unwrap_err();
        assert_eq!(error.recovery(), Recovery::DoNotTrust, "{error:?}");
    }
}

#[tokio::test]
async fn an_org_that_changed_its_keys_is_believed() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    sign_in(&stage, &flow).await.unwrap();
    stage.org.rotate_keys().unwrap();
    sign_in(&stage, &flow).await.unwrap();
}

async fn refreshed_with(answer: Answer) -> Result<(), CirrusError> {
    let stage = Stage::set_with(|org| {
        org.user(OrgUser::new("ann@acme.example")).user(OrgUser::new("eve@acme.example"))
    })
    .await;
    let flow = stage.web_server().build().unwrap();
    let session = sign_in(&stage, &flow).await.unwrap();
    stage.org.enqueue(OrgEndpoint::Token, answer);
    session.invalidate(&session.access_token).await;
    session.access_token().await?;
    stage.opens(&session).await;
    assert_eq!(stage.refreshes(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refresh_about_somebody_else_is_not_used() {
    let theirs = Answer::lying_id_token(|_, claims| {
        claims["sub"] = "https://login.salesforce.com/id/00D000000000001AAA/005000000000009AAA".into();
    });
    let error = refreshed_with(theirs).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::DoNotTrust, "{error:?}");
}

#[tokio::test]
async fn an_id_token_of_a_refresh_that_does_not_hold_is_left_out_and_harms_nobody() {
    for answer in [
        Answer::normal(),
        Answer::id_token_signed_by_impostor(),
        Answer::lying_id_token(|_, claims| claims["exp"] = 1.into()),
        Answer::id_token("no token at all"),
    ] {
        refreshed_with(answer).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_for_another_instance_is_refused_and_named() {
    let stage = Stage::set().await;
    stage.tamper(|answer| answer["instance_url"] = "https://another.my.salesforce.com/".into());
    let auth = stage.jwt().build().unwrap();
    let error = auth.access_token().await.unwrap_err();
    let CirrusError::InstanceUrlMismatch { configured, returned } = &error else { unreachable!("{error:?}") };
    assert_eq!(configured, stage.org.instance_url());
    assert_eq!(returned, "https://another.my.salesforce.com");
    assert!(matches!(error.recovery(), Recovery::FixConfig { .. }));
    assert_eq!(auth.instance_url(), stage.org.instance_url());
    assert!(auth.authorization_at_once().is_none());
}

#[tokio::test]
async fn an_org_that_moves_is_followed_where_the_policy_says_so() {
    for (policy, followed) in [
        (InstanceUrlPolicy::Exact, false),
        (InstanceUrlPolicy::SameOrg, true),
        (InstanceUrlPolicy::Any, true),
    ] {
        let stage = Stage::set_with(|org| org.instance_url("https://acme.my.salesforce.com")).await;
        let builder = stage.jwt().instance_url("https://acme.my.salesforce.com").instance_url_policy(policy);
        let auth = builder.build().unwrap();
        let first = auth.access_token().await.unwrap().into_owned();
        let before = auth.instance_url();
        // The same org, by its id.
        stage.tamper(|answer| answer["instance_url"] = "https://renamed.my.salesforce.com".into());
        auth.invalidate(&first).await;
        let outcome = auth.access_token().await;
        assert_eq!(outcome.is_ok(), followed, "{policy:?} {outcome:?}");
        assert_eq!(before, "https://acme.my.salesforce.com", "who holds the old one keeps it");
        assert_eq!(auth.instance_url() == "https://renamed.my.salesforce.com", followed);
    }
}

#[tokio::test]
async fn another_org_is_not_followed_though_it_is_at_the_same_url() {
    let stage = Stage::set_with(|org| org.instance_url("https://acme.my.salesforce.com")).await;
    let auth = stage.jwt().instance_url("https://acme.my.salesforce.com").build().unwrap();
    let first = auth.access_token().await.unwrap().into_owned();
    stage.tamper(|answer| {
        answer["id"] = "https://login.salesforce.com/id/00D0000000000zzAAA/005000000000001AAA".into();
    });
    auth.invalidate(&first).await;
    assert_eq!(auth.access_token().await.unwrap_err().recovery(), Recovery::DoNotTrust);
}

#[tokio::test]
async fn an_org_that_never_stops_moving_is_refused_in_the_end() {
    let stage = Stage::set().await;
    let auth = stage.jwt().instance_url_policy(InstanceUrlPolicy::Any).build().unwrap();
    let mut refused = 0;
    for number in 0..12 {
        let token = auth.access_token().await.map(std::borrow::Cow::into_owned);
        refused += usize::from(token.is_err());
        if let Ok(token) = token {
            stage.time.advance(crate::stage::minutes(2));
            auth.invalidate(&token).await;
        }
        auth.reset_failures();
        stage.tamper(move |answer| {
            answer["instance_url"] = format!("http://localhost:{}", 7000 + number).into()
        });
    }
    assert!(refused > 0);
    assert!(auth.instance_url().starts_with("http://"));
}

#[tokio::test]
async fn the_instance_is_learned_with_the_first_token() {
    let stage = Stage::set_with(|org| org.login_host(true)).await;
    let flow = WebServerFlow::builder();
    drop(flow);
    let auth = stage.jwt().instance_url_policy(InstanceUrlPolicy::Any).connect().await.unwrap();
    assert_eq!(auth.instance_url(), stage.org.instance_url());
    let token = auth.access_token().await.unwrap();
    assert_eq!(stage.api_status(&token).await, 200);
}
