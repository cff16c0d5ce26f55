//! What the middleware and the layer both promise: every test takes both roads.

use std::sync::{Arc, Mutex};

use authsession_core::bearer::reqwest_middleware::BearerMiddleware;
use authsession_core::bearer::tower_layer::BearerLayer;
use authsession_core::error::{Error, OAuthError};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider as Opposite;
use authsession_testkit::script::Answer;
use bytes::Bytes;
use http::{HeaderValue, Request};
use tower_layer::Layer as _;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::bearer_stage::{ROADS, Stage, Unchanging, authorizations};

#[tokio::test]
async fn a_request_carries_the_token() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        assert_eq!((stage.get().await.unwrap(), stage.counted()), (200, (1, 1)), "{road:?}");
    }
}

#[tokio::test]
async fn after_a_401_there_is_one_refresh_and_one_more_try_of_the_whole_request() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        stage.opposite().revoke_access_tokens();
        let request = Request::put(format!("{}/orders?dry=1", stage.api())).header("x-trace", "7");
        let status = stage.send(request.body(Bytes::from("the body")).unwrap()).await.unwrap();
        assert_eq!((status, stage.counted()), (200, (2, 2)), "{road:?}");
        let sent = stage.opposite().journal().last(Endpoint::Api).unwrap();
        assert_eq!((sent.method.as_str(), sent.header("x-trace")), ("PUT", Some("7")));
        assert_eq!((sent.query_value("dry"), sent.body.as_ref()), (Some("1"), &b"the body"[..]));
        assert!(sent.path.ends_with("/orders"));
    }
}

#[tokio::test]
async fn a_second_401_goes_to_the_caller() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        stage.opposite().always(Endpoint::Api, Answer::status(401));
        assert_eq!((stage.get().await.unwrap(), stage.counted()), (401, (2, 2)), "{road:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_on_a_dead_token_bring_one_refresh() {
    for road in ROADS {
        let stage = Arc::new(Stage::set(road).await);
        stage.opposite().revoke_access_tokens();
        let requests: Vec<_> = (0..50)
            .map(|_| {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move { stage.get().await.unwrap() })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.unwrap(), 200, "{road:?}");
        }
        assert_eq!(stage.counted().1, 2, "{road:?}");
    }
}

#[tokio::test]
async fn an_answer_no_token_would_change_is_not_asked_for_twice() {
    let scope = Answer::status(401).header("www-authenticate", r#"Bearer error="insufficient_scope""#);
    for (status, answer) in [(401, scope), (403, Answer::status(403)), (500, Answer::status(500))] {
        for road in ROADS {
            let stage = Stage::set(road).await;
            stage.opposite().enqueue(Endpoint::Api, answer.clone());
            assert_eq!((stage.get().await.unwrap(), stage.counted()), (status, (1, 1)), "{road:?}");
            assert_eq!((stage.get().await.unwrap(), stage.counted().1), (200, 1), "the token was kept");
        }
    }
}

#[tokio::test]
async fn the_same_token_is_not_tried_twice() {
    for road in ROADS {
        let mut stage = Stage::set(road).await;
        stage.tokens = Arc::new(Unchanging(HeaderValue::from_static("Bearer nobody-knows-it")));
        assert_eq!((stage.get().await.unwrap(), stage.counted()), (401, (1, 1)), "{road:?}");
    }
}

#[tokio::test]
async fn a_callers_own_authorization_is_left_alone() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        let request = Request::get(stage.api()).header("authorization", "Basic bXk6b3du").body(Bytes::new());
        assert_eq!((stage.send(request.unwrap()).await.unwrap(), stage.counted()), (401, (1, 1)), "{road:?}");
        assert_eq!(authorizations(stage.opposite()), [Some("Basic bXk6b3du".to_owned())]);
    }
}

#[tokio::test]
async fn another_origin_is_asked_without_the_token_and_its_401_changes_nothing() {
    for road in ROADS {
        let (stage, stranger) = (Stage::set(road).await, Opposite::builder().start().await.unwrap());
        let port = stage.opposite().address().port();
        let elsewhere = stranger.endpoint(Endpoint::Api);
        for url in [elsewhere.clone(), elsewhere.replacen("://", &format!("://127.0.0.1:{port}@"), 1)] {
            let Ok(request) = Request::get(&url).body(Bytes::new()) else { panic!("{url}") };
            assert_eq!(stage.send(request).await.unwrap(), 401, "{road:?}");
        }
        let mut seen = authorizations(&stranger);
        seen.retain(|value| value.as_ref().is_some_and(|value| value.starts_with("Bearer")));
        assert!(seen.is_empty(), "{road:?}: {seen:?}");
        assert_eq!((stranger.journal().count(Endpoint::Api), stage.counted()), (2, (0, 1)), "{road:?}");
        assert_eq!((stage.get().await.unwrap(), stage.counted().1), (200, 1), "{road:?}");
    }
}

#[tokio::test]
async fn without_a_token_the_api_is_not_asked_and_the_caller_learns_why() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        stage.tokens.refused(&stage.tokens.authorization_at_once().unwrap()).await;
        stage.opposite().enqueue(Endpoint::Token, Answer::error(400, "invalid_grant"));
        let error = stage.get().await.unwrap_err();
        assert!(matches!(error, Error::GrantRefused { code: OAuthError::InvalidGrant, .. }), "{road:?}");
        assert_eq!(stage.counted().0, 0, "{road:?}");
    }
}

#[tokio::test]
async fn when_the_token_is_refused_and_no_other_can_be_had_the_caller_learns_why() {
    for road in ROADS {
        let stage = Stage::set(road).await;
        stage.opposite().revoke_access_tokens();
        stage.opposite().always(Endpoint::Token, Answer::status(503));
        let error = stage.get().await.unwrap_err();
        assert!(error.is_transient(), "{road:?}: {error}");
        assert_eq!(stage.counted().0, 1, "{road:?}");
    }
}

#[tokio::test]
async fn a_vendors_odd_answer_can_be_named_a_refusal() {
    for road in ROADS {
        let mut stage = Stage::set(road).await;
        stage.refused_when = Some(|status, headers| status == 403 && headers.contains_key("x-token-ended"));
        stage.opposite().enqueue(Endpoint::Api, Answer::status(403).header("x-token-ended", "yes"));
        assert_eq!((stage.get().await.unwrap(), stage.counted()), (200, (2, 2)), "{road:?}");
        stage.opposite().enqueue(Endpoint::Api, Answer::status(401));
        assert_eq!((stage.get().await.unwrap(), stage.counted()), (401, (3, 2)), "{road:?}");
    }
}

#[tokio::test]
async fn no_token_shows_in_logs_debug_or_errors() {
    for road in ROADS {
        let (stage, log) = (Stage::set(road).await, Log::default());
        let _listening = tracing::subscriber::set_default(log.clone());
        stage.opposite().revoke_access_tokens();
        assert_eq!(stage.get().await.unwrap(), 200);
        let secrets = authorizations(stage.opposite());
        stage.opposite().revoke_access_tokens();
        stage.opposite().always(Endpoint::Token, Answer::status(503));
        let error = stage.get().await.unwrap_err();
        let layer = BearerLayer::<Bytes>::new(Arc::clone(&stage.tokens), stage.origins.clone());
        let middleware = BearerMiddleware::new(Arc::clone(&stage.tokens), stage.origins.clone());
        let shown = format!("{error} {error:?} {middleware:?} {layer:?} {:?}", layer.layer(()));
        let logged = log.0.lock().unwrap().clone();
        assert!(logged.contains("once more with a new one"), "{logged}");
        assert_eq!(secrets.len(), 2, "{road:?}");
        for secret in secrets {
            let token = secret.unwrap().replace("Bearer ", "");
            assert!(!shown.contains(&token) && !logged.contains(&token), "{road:?}");
        }
    }
}

/// Everything that is logged, fields included.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?}\n"));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
