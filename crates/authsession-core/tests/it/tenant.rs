//! Providers with an issuer for each tenant: who gets in is on a list, and every lie about a tenant is one about the issuer.

use std::sync::Arc;

use authsession_core::authorization::AuthorizationResponse;
use authsession_core::error::Error;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::tenant::TenantIssuers;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use serde_json::Value;

use crate::parties::{Parties, SignedIn, clock_of};
use crate::verdict::{hint, untrusted};

const OURS: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const THEIRS: &str = "bbbbbbbb-0000-4000-8000-000000000002";

/// A provider whose metadata at `/common` name a template; it signs everybody in as a user of this tenant.
fn signing_in_for(tenant: &'static str) -> impl FnOnce(ProviderBuilder) -> ProviderBuilder {
    let of = move |issuer: &str| issuer.replace("/common/", &format!("/{tenant}/"));
    let habits = Habits::default()
        .id_token(move |_, claims| {
            claims["iss"] = of(claims["iss"].as_str().unwrap()).into();
            claims["tid"] = tenant.into();
        })
        .authorization_response(move |parameters| {
            let iss = parameters.iter_mut().find(|(name, _)| name == "iss").unwrap();
            iss.1 = of(&iss.1);
        });
    let template = |document: &mut serde_json::Map<String, Value>| {
        let issuer = document["issuer"].as_str().unwrap().replace("/common/", "/{tenantid}/");
        document.insert("issuer".to_owned(), issuer.into());
    };
    move |builder| builder.issuer_path("/common/v2.0").metadata(template).habits(habits)
}

fn issuers(parties: &Parties) -> Result<TenantIssuers, Error> {
    TenantIssuers::listed(parties.opposite.issuer().replace("/common/", "/{tenantid}/"), [OURS])
}

/// Parties that meet at that provider, of whose tenants only ours is admitted.
async fn meet_admitting_ours(tenant: &'static str) -> Parties {
    let parties = Parties::meet_with(signing_in_for(tenant)).await;
    let issuers = issuers(&parties).unwrap().with_tenant_claim("tid");
    know_by(parties, issuers)
}

fn know_by(mut parties: Parties, issuers: TenantIssuers) -> Parties {
    let (at, http) = (parties.opposite.issuer(), parties.http.clone());
    let clock = clock_of(&parties.time);
    let provider =
        Provider::discover_tenants(at, Arc::new(issuers), Endpoints::default(), http, clock).unwrap();
    parties.provider = Arc::new(provider);
    parties
}

async fn told(
    parties: &Parties,
    lie: impl Fn(&mut Value) + Send + Sync + 'static,
) -> Result<SignedIn, Error> {
    parties.opposite.enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| lie(claims)));
    parties.sign_in().await
}

#[tokio::test]
async fn a_user_of_a_tenant_listed_signs_in_under_the_tenants_own_issuer() {
    let parties = meet_admitting_ours(OURS).await;

    let signed_in = parties.sign_in().await.unwrap();

    let own = parties.opposite.issuer().replace("/common/", &format!("/{OURS}/"));
    assert_eq!(signed_in.claims.issuer, own);
    let renewed = parties.refresh(&signed_in.tokens).await.unwrap();
    let verifier = parties.verifier();
    let (id_token, access_token) = (renewed.id_token.unwrap(), renewed.access_token);
    let again = verifier
        .verify_refresh(&parties.provider, &id_token, &access_token, parties.now(), &signed_in.claims)
        .await;
    assert_eq!(again.unwrap().issuer, own);
}

#[tokio::test]
async fn a_user_of_a_tenant_that_is_not_listed_is_turned_away_though_the_same_keys_sign() {
    let parties = meet_admitting_ours(OURS).await;
    let theirs = |claims: &mut Value| {
        claims["iss"] = claims["iss"].as_str().unwrap().replace(OURS, THEIRS).into();
        claims["tid"] = THEIRS.into();
    };

    assert!(untrusted(told(&parties, theirs).await).contains("not that of a tenant admitted"));
}

#[tokio::test]
async fn a_tenant_claim_that_disagrees_with_the_issuer_is_refused_and_one_that_is_missing_is_not() {
    let parties = meet_admitting_ours(OURS).await;

    for lie in [Value::from(THEIRS), Value::from(7), "".into(), format!("{OURS} ").into()] {
        let said = lie.clone();
        let outcome = told(&parties, move |claims| claims["tid"] = said.clone()).await;
        assert!(untrusted(outcome).contains("another tenant"), "{lie}");
    }
    let missing = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("tid"));
    assert!(told(&parties, missing).await.is_ok());
    assert!(told(&parties, |claims| claims["tid"] = Value::Null).await.is_ok());
}

#[tokio::test]
async fn nothing_but_a_plain_tenant_takes_the_placeholders_place() {
    let parties = Parties::meet_with(signing_in_for(OURS)).await;
    let template = parties.opposite.issuer().replace("/common/", "/{tenantid}/");
    let parties = know_by(parties, TenantIssuers::danger_any_tenant(template).unwrap());

    for lie in
        ["", "..", ".", "a/b", "a%2Fb", "{tenantid}", "a?b", "a#b", "a\\b", "a b", "evil.example/x", "ä"]
    {
        let outcome = told(&parties, move |claims| {
            claims["iss"] = claims["iss"].as_str().unwrap().replace(OURS, lie).into();
        });
        assert!(untrusted(outcome.await).contains("not that of a tenant admitted"), "{lie}");
    }
    let longest = |claims: &mut Value| {
        claims["iss"] = claims["iss"].as_str().unwrap().replace(OURS, &"a".repeat(256)).into();
    };
    assert!(untrusted(told(&parties, longest).await).contains("not that of a tenant admitted"));
    let other_host = |claims: &mut Value| claims["iss"] = format!("https://evil.example/{OURS}/v2.0").into();
    assert!(untrusted(told(&parties, other_host).await).contains("not that of a tenant admitted"));
    assert!(parties.sign_in().await.is_ok());
}

#[tokio::test]
async fn an_authorization_response_from_a_tenant_that_is_not_listed_is_refused() {
    let parties = meet_admitting_ours(OURS).await;
    let (pending, query) = parties.send(&parties.request()).await;
    let metadata = parties.provider.metadata().await.unwrap();

    let theirs = AuthorizationResponse::parse(&query.replace(OURS, THEIRS)).unwrap();
    assert!(untrusted(theirs.check(&pending, &metadata)).contains("another provider"));
    let template = AuthorizationResponse::parse(&query.replace(OURS, "{tenantid}")).unwrap();
    assert!(untrusted(template.check(&pending, &metadata)).contains("another provider"));
    assert!(AuthorizationResponse::parse(&query).unwrap().check(&pending, &metadata).is_ok());
}

#[tokio::test]
async fn a_refresh_that_moves_to_another_tenant_is_about_somebody_else() {
    let parties = Parties::meet_with(signing_in_for(OURS)).await;
    let template = parties.opposite.issuer().replace("/common/", "/{tenantid}/");
    let parties = know_by(parties, TenantIssuers::listed(template, [OURS, THEIRS]).unwrap());
    let before = parties.sign_in().await.unwrap();
    parties.opposite.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(|_, claims| {
            claims["iss"] = claims["iss"].as_str().unwrap().replace(OURS, THEIRS).into();
        }),
    );

    let renewed = parties.refresh(&before.tokens).await.unwrap();
    let (id_token, access_token) = (renewed.id_token.unwrap(), renewed.access_token);
    let outcome = parties
        .verifier()
        .verify_refresh(&parties.provider, &id_token, &access_token, parties.now(), &before.claims)
        .await;

    assert!(matches!(outcome, Err(Error::Mismatch(_))), "{outcome:?}");
}

#[tokio::test]
async fn metadata_with_a_template_are_refused_where_no_tenants_were_configured() {
    let parties = Parties::meet_with(signing_in_for(OURS)).await;

    let refused = untrusted(parties.provider.metadata().await);

    assert!(refused.contains("say which tenants may sign in"), "{refused}");
}

#[tokio::test]
async fn metadata_with_another_template_or_none_are_refused_where_tenants_are_configured() {
    for other in ["https://evil.example/{tenantid}/v2.0", "", OURS, "{tenantid}"] {
        let parties = meet_admitting_ours(OURS).await;
        let answer = Answer::tampered(move |document| {
            document["issuer"] = other.into();
        });
        parties.opposite.enqueue(Endpoint::Discovery, answer);
        assert!(untrusted(parties.provider.metadata().await).contains("names another issuer"), "{other}");
    }
}

#[tokio::test]
async fn a_key_bound_to_an_issuer_vouches_for_no_other() {
    let bound_to = |issuer: String| {
        Answer::tampered(move |set| {
            for key in set["keys"].as_array_mut().unwrap() {
                key["issuer"] = issuer.as_str().into();
            }
        })
    };
    for (tenant, vouches) in [(OURS, true), ("{tenantid}", true), (THEIRS, false), ("{tenantid}/x", false)] {
        let parties = meet_admitting_ours(OURS).await;
        let issuer = parties.opposite.issuer().replace("/common/", &format!("/{tenant}/"));
        parties.opposite.always(Endpoint::Jwks, bound_to(issuer));

        let outcome = parties.sign_in().await;

        assert_eq!(outcome.is_ok(), vouches, "{tenant}: {outcome:?}");
    }
    // Of a provider with one issuer, the member counts where it is another issuer's URL and nothing else.
    for (issuer, vouches) in [
        ("CN=Example Root", true),
        ("https://login.example/{tenantid}/v2.0", true),
        ("https://login.example/9188040d/v2.0", false),
    ] {
        let parties = Parties::meet().await;
        parties.opposite.always(Endpoint::Jwks, bound_to(issuer.to_owned()));
        assert_eq!(parties.sign_in().await.is_ok(), vouches, "{issuer}");
    }
}

#[tokio::test]
async fn an_assertion_of_ours_is_never_made_out_to_a_template() {
    let parties = meet_admitting_ours(OURS).await;

    let metadata = parties.provider.metadata().await.unwrap();

    assert_eq!(metadata.sole_issuer(), None);
    assert!(metadata.is_issuer(&parties.opposite.issuer().replace("/common/", &format!("/{OURS}/"))));
    assert!(!metadata.is_issuer(metadata.issuer.as_deref().unwrap()));
}

#[test]
fn a_template_that_leaves_more_than_a_part_of_the_path_to_the_tenant_is_a_configuration_error() {
    let wrong = [
        "https://login.example/v2.0",
        "https://{tenant}/v2.0",
        "https://{tenant}.login.example/v2.0",
        "https://login.example/x{tenant}/v2.0",
        "https://login.example/{tenant}x",
        "https://login.example/{tenant}/{tenant}",
        "https://login.example/{}/v2.0",
        "https://login.example/?tenant=/{tenant}",
        "login.example/{tenant}",
        "",
    ];
    for template in wrong {
        assert!(hint(TenantIssuers::danger_any_tenant(template)).contains("template"), "{template}");
    }
    let template = "https://login.example/{tenant}/v2.0";
    assert!(hint(TenantIssuers::listed(template, [""; 0])).contains("name the tenants"));
    for tenant in ["", "..", "a/b", "*", "{tenant}", "a b"] {
        assert!(hint(TenantIssuers::listed(template, [tenant])).contains("as in its issuer"), "{tenant}");
    }
    let http = HttpClient::builder().build().unwrap();
    let clock = authsession_core::clock::Clock::system();
    let as_issuer = Provider::discover(template, Endpoints::default(), http, clock);
    assert!(hint(as_issuer).contains("which tenants"));
}
