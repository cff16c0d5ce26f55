//! Microsoft Entra ID: one provider, an issuer for each tenant, and only those on the list.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::known_provider::KnownProvider;
use authsession_store::key::StoreKey;
use authsession_store::store::SessionStore;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::user::User;
use serde_json::Value;

use crate::pains::scene::until;
use crate::providers::imitation::{OTHER_TENANT, TENANT, entra, play, sign_in, stage};
use crate::stage::{COOKIE_KEY, Stage};

/// A stage whose user is in this tenant, at an application that admits `TENANT` alone.
async fn with_a_user_of(tenant: &'static str) -> Stage {
    stage(
        |provider| entra("organizations", provider).user(User::new("alice", "Alice").claim("tid", tenant)),
        async |builder, provider| {
            let issuer = format!("http://{}", provider.address());
            builder.with_provider(KnownProvider::entra_tenants([TENANT]).at(&issuer)).await.unwrap()
        },
    )
    .await
}

fn issuer_of(stage: &Stage, tenant: &str) -> String {
    stage.provider.issuer().replace("organizations", tenant)
}

async fn sessions_of(stage: &Stage, issuer: &str) -> Vec<StoreKey> {
    stage.store.find_by_subject(issuer, "alice").await.unwrap()
}

#[tokio::test]
async fn a_session_carries_the_issuer_of_its_users_tenant() {
    let stage = with_a_user_of(TENANT).await;

    assert_eq!(sign_in(&stage).await.status, 200);

    assert_eq!(sessions_of(&stage, &issuer_of(&stage, TENANT)).await.len(), 1);
    assert_eq!(sessions_of(&stage, &issuer_of(&stage, "{tenantid}")).await, []);
    assert_eq!(stage.fetch("/claims").await.1["iss"], issuer_of(&stage, TENANT));
}

#[tokio::test]
async fn a_user_of_another_tenant_is_turned_away_and_their_tokens_are_not_kept() {
    let stage = with_a_user_of(OTHER_TENANT).await;

    let page = sign_in(&stage).await;

    assert!(page.status.is_client_error() || page.status.is_server_error(), "{}", page.status);
    assert_eq!((stage.session_cookie(), stage.store.len()), (None, 0));
}

#[tokio::test]
async fn two_tenants_never_share_a_user() {
    let stage = play("entra_tenants(tenants)").await;
    sign_in(&stage).await;
    stage.browser.clear_cookies();
    let other = |claims: &mut Value| {
        claims["iss"] = claims["iss"].as_str().unwrap().replace(TENANT, OTHER_TENANT).into();
        claims["tid"] = OTHER_TENANT.into();
    };
    stage.provider.enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| other(claims)));

    assert_eq!(sign_in(&stage).await.status, 200);

    for tenant in [TENANT, OTHER_TENANT] {
        assert_eq!(sessions_of(&stage, &issuer_of(&stage, tenant)).await.len(), 1, "{tenant}");
    }
}

#[tokio::test]
async fn a_token_whose_tenant_claim_disagrees_with_its_issuer_signs_nobody_in() {
    let stage = with_a_user_of(TENANT).await;
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["tid"] = OTHER_TENANT.into()));

    let page = sign_in(&stage).await;

    assert_eq!((page.status.is_success(), stage.session_cookie()), (false, None));
}

#[tokio::test]
async fn a_refresh_that_moves_to_another_tenant_ends_the_session() {
    let stage = play("entra_tenants(tenants)").await;
    sign_in(&stage).await;
    stage.provider.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(|_, claims| {
            claims["iss"] = claims["iss"].as_str().unwrap().replace(TENANT, OTHER_TENANT).into();
        }),
    );

    stage.expire_token();

    let (status, problem) = stage.fetch("/token").await;
    assert_eq!((status, problem["reason"].as_str()), (401, Some("provider_mismatch")));
}

#[tokio::test]
async fn a_userinfo_however_new_moves_nobody_to_another_tenant() {
    let user = User::new("alice", "Alice").claim("team", "red").claim("tid", TENANT);
    let stage = stage(
        |provider| entra("organizations", provider).user(user).id_token_on_refresh(false),
        async |builder, provider| {
            let issuer = format!("http://{}", provider.address());
            let known = KnownProvider::entra_tenants([TENANT]).at(&issuer);
            builder.with_provider(known).await.unwrap().with_userinfo(true)
        },
    )
    .await;
    assert_eq!(sign_in(&stage).await.status, 200);
    let moved = Answer::tampered(|userinfo| {
        userinfo["tid"] = OTHER_TENANT.into();
        userinfo["team"] = "blue".into();
    });
    stage.provider.enqueue(Endpoint::Userinfo, moved);

    stage.expire_token();
    stage.fetch("/token").await;

    assert!(until(async || stage.fetch("/claims").await.1["team"] == "blue").await);
    assert_eq!(stage.fetch("/claims").await.1["tid"], TENANT);
}

#[tokio::test]
async fn sessions_of_a_tenant_that_is_taken_off_the_list_count_no_more() {
    let stage = play("entra_tenants(tenants)").await;
    sign_in(&stage).await;
    let cookie = stage.session_cookie().unwrap();

    let stricter = with_the_same_store(&stage, KnownProvider::entra_tenants([OTHER_TENANT])).await;
    stricter.browser.set_cookie(stricter.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();

    let (status, problem) = stricter.fetch("/token").await;
    assert_eq!((status, problem["reason"].as_str()), (401, Some("unknown_session")));
    assert_eq!(stage.fetch("/token").await.0, 200);
}

#[tokio::test]
async fn each_list_of_tenants_is_asked_for_at_the_place_that_knows_them() {
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for (at, known) in [
        ("organizations", KnownProvider::entra_tenants([TENANT])),
        ("common", KnownProvider::entra_tenants([TENANT, personal])),
        ("common", KnownProvider::danger_entra_any_tenant()),
    ] {
        let provider = entra(at, Provider::builder()).start().await.unwrap();
        let known = known.at(&format!("http://{}", provider.address()));

        let outcome = OAuthConfigurationBuilder::default().with_provider(known).await;

        assert!(outcome.is_ok(), "{at}: {outcome:?}");
        assert_eq!(provider.journal().count(Endpoint::Discovery), 1, "{at}");
    }
}

async fn with_the_same_store(other: &Stage, known: KnownProvider) -> Stage {
    let store = std::sync::Arc::clone(&other.store);
    let clock = other.clock.clone();
    let provider = entra("organizations", Provider::builder().clock(clock.clone())).start().await.unwrap();
    let known = known.at(&format!("http://{}", other.provider.address()));
    let slot = authsession_testkit::serve::Server::reserve().await.unwrap();
    let builder = crate::stage::application(&provider, &slot, &clock).with_provider(known).await.unwrap();
    let server = slot.serve(crate::stage::app(builder, std::sync::Arc::clone(&store)));
    let browser = authsession_testkit::browser::Browser::with_clock(clock.clone()).unwrap();
    Stage { clock, provider, store, server, browser }
}

#[tokio::test]
async fn a_list_of_tenants_that_no_id_token_is_held_against_is_refused_at_the_start() {
    let provider = entra("organizations", Provider::builder()).start().await.unwrap();
    let issuer = format!("http://{}", provider.address());
    let builder = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
        .with_provider(KnownProvider::entra_tenants([TENANT]).at(&issuer))
        .await
        .unwrap();

    let error = builder.with_scopes(vec!["api"]).build().unwrap_err();

    assert!(error.to_string().contains("add it (with_scopes)"), "{error}");
}
