//! Providers as they were met, with all their habits at once.

use std::time::Duration;

use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::habits::Habits;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::ledger::RefreshTokens;
use serde_json::json;

use crate::quirks::life::{lead, stage_at};

type Provider = fn(ProviderBuilder) -> ProviderBuilder;

const PROVIDERS: [(&str, Provider); 8] = [
    ("oidc-provider", |provider| {
        provider
            .signing_algorithm(SigningAlgorithm::EdDsa)
            .refresh_tokens(RefreshTokens::RotatingWithReuseDetection)
            .metadata(|document| {
                drop(document.insert("response_types_supported".into(), json!(["code", "code id_token"])))
            })
    }),
    ("oidc-provider, which does not rotate for clients with a secret", |provider| {
        provider.signing_algorithm(SigningAlgorithm::EdDsa).refresh_tokens(RefreshTokens::Static)
    }),
    ("glewlwyd", |provider| {
        let habits = Habits::default()
            .token_type("bearer")
            .token_answer(|answer| drop(answer.insert("iat".into(), 1_795_333_704.into())))
            .id_token(|_, claims| {
                claims["azp"] = claims["aud"].clone();
                claims["auth_time"] = 0.into();
            })
            .authorization_response(|response| response.push(("session_state".into(), "5f.a".into())))
            .sha256_for_eddsa()
            .code_and_state_hashed()
            .terse_refusals()
            .revocation_spares_access_tokens();
        provider
            .issuer_path("/api/oidc")
            .signing_algorithm(SigningAlgorithm::EdDsa)
            .refresh_tokens(RefreshTokens::RotatingByTurns)
            .habits(habits)
            .metadata(|document| {
                drop(document.insert("grant_types_supported".into(), json!(["authorization_code"])))
            })
    }),
    ("LemonLDAP::NG", |provider| {
        let habits = Habits::default()
            .id_token(|_, claims| {
                claims["azp"] = claims["aud"].clone();
                claims["aud"] = json!([claims["aud"]]);
                claims["acr"] = "loa-1".into();
                claims.as_object_mut().unwrap().remove("sid");
            })
            .authorization_response(|response| response.push(("session_state".into(), "d.e".into())));
        provider
            .host("localhost")
            .issuer_path("/")
            .refresh_tokens(RefreshTokens::Static)
            .habits(habits)
            .metadata(|document| {
                let listed = json!(["none", "HS256", "HS512", "RS256"]);
                document.insert("id_token_signing_alg_values_supported".into(), listed);
            })
    }),
    ("django-oauth-toolkit", |provider| {
        let habits = Habits::default().key_ids_withheld().refresh_ends_access_tokens();
        provider.issuer_path("/o").refresh_tokens(RefreshTokens::RotatingLastWins).habits(habits).metadata(
            |document| {
                for absent in ["grant_types_supported", "revocation_endpoint", "introspection_endpoint"] {
                    document.remove(absent);
                }
            },
        )
    }),
    ("Canaille", |provider| {
        let habits = Habits::default()
            .id_token(|_, claims| {
                claims["auth_time"] = (claims["auth_time"].as_f64().unwrap() + 0.619_522).into();
            })
            .no_iss_in_errors()
            .one_token_a_second();
        provider.signing_algorithm(SigningAlgorithm::Rs512).habits(habits).metadata(|document| {
            let listed = json!(["none", "HS256", "RS256", "ES256"]);
            document.insert("id_token_signing_alg_values_supported".into(), listed);
        })
    }),
    ("nanoidp", |provider| provider.refresh_tokens(RefreshTokens::RotatingSparingAccessTokens)),
    ("a mock in Python", |provider| {
        let habits = Habits::default().key_ids_withheld().userinfo_refusal(400).id_token(|_, claims| {
            claims["aud"] = json!([claims["aud"]]);
        });
        provider.refresh_tokens(RefreshTokens::Static).habits(habits).metadata(|document| {
            document.insert("token_endpoint_auth_methods_supported".into(), json!(["none"]));
            document.remove("code_challenge_methods_supported");
        })
    }),
];

#[tokio::test]
async fn login_refresh_and_logout_work_at_every_provider_met() {
    for (name, provider) in PROVIDERS {
        let stage = stage_at(provider).await;
        eprintln!("at {name}");
        lead(&stage).await;
    }
}

#[tokio::test]
async fn who_signed_in_is_known_at_every_provider_met() {
    for (name, provider) in PROVIDERS {
        let stage = stage_at(provider).await;
        stage.sign_in().await;
        assert_eq!(stage.fetch("/claims").await.1["sub"], "alice", "{name}");
        stage.clock.advance(Duration::from_secs(1));
        assert_eq!(stage.fetch("/version").await.1["sub"], "alice", "{name}");
    }
}
