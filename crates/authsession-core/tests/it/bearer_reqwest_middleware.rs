//! What only the middleware of reqwest has to promise: redirects it does not see, bodies that are read once.

use std::sync::Arc;

use authsession_core::bearer::origin::Origins;
use authsession_core::bearer::reqwest_middleware::BearerMiddleware;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider as Opposite;
use authsession_testkit::script::Answer;
use http::Request;
use reqwest::redirect::Policy;

use crate::bearer_stage::{Road, Stage, authorizations, client};

async fn stage(redirects: Policy) -> Stage {
    let mut stage = Stage::set(Road::Middleware).await;
    stage.client = client(redirects);
    stage
}

#[tokio::test]
async fn a_redirect_to_another_port_does_not_take_the_token_along_with_any_client() {
    let (stage, stranger) = (stage(Policy::default()).await, Opposite::builder().start().await.unwrap());
    stage.opposite().enqueue(Endpoint::Api, Answer::redirect(stranger.endpoint(Endpoint::Api)));
    assert_eq!(stage.get().await.unwrap(), 401);
    assert_eq!(authorizations(&stranger), [None], "asked once, without the token");
    assert_eq!(
        (stage.get().await.unwrap(), stage.counted()),
        (200, (2, 1)),
        "a stranger's 401 changes nothing"
    );
}

#[tokio::test]
async fn with_our_policy_a_redirect_out_of_the_origin_goes_to_the_caller() {
    let (mut stage, stranger) = (stage(Policy::none()).await, Opposite::builder().start().await.unwrap());
    stage.client = client(stage.origins.redirect_policy());
    stage.opposite().enqueue(Endpoint::Api, Answer::redirect(stranger.endpoint(Endpoint::Api)));
    assert_eq!((stage.get().await.unwrap(), stranger.journal().all().len()), (302, 0));
}

#[tokio::test]
async fn with_our_policy_a_redirect_out_of_the_path_goes_to_the_caller() {
    let mut stage = stage(Policy::none()).await;
    stage.origins = Origins::of(&stage.api()).unwrap();
    stage.client = client(stage.origins.redirect_policy());
    let elsewhere = stage.opposite().endpoint(Endpoint::Userinfo);
    stage.opposite().enqueue(Endpoint::Api, Answer::redirect(elsewhere));
    assert_eq!(stage.get().await.unwrap(), 302);
    assert_eq!(stage.opposite().journal().count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn with_our_policy_a_redirect_within_the_origin_is_followed_with_the_token() {
    let mut stage = stage(Policy::none()).await;
    stage.client = client(stage.origins.redirect_policy());
    stage.opposite().enqueue(Endpoint::Api, Answer::redirect(format!("{}/moved", stage.api())));
    assert_eq!((stage.get().await.unwrap(), stage.counted()), (200, (2, 1)));
}

#[tokio::test]
async fn with_our_policy_requests_that_began_elsewhere_are_redirected_as_ever() {
    let (mut stage, stranger) = (stage(Policy::none()).await, Opposite::builder().start().await.unwrap());
    stage.client = client(stage.origins.redirect_policy());
    stranger.enqueue(Endpoint::Api, Answer::redirect(stage.api()));
    let request = Request::get(stranger.endpoint(Endpoint::Api)).body(bytes::Bytes::new()).unwrap();
    assert_eq!((stage.send(request).await.unwrap(), stage.counted()), (401, (1, 1)));
    assert_eq!(authorizations(stage.opposite()), [None]);
}

#[tokio::test]
async fn a_body_that_is_read_once_is_not_sent_again_and_the_next_request_has_another_token() {
    let stage = stage(Policy::none()).await;
    stage.opposite().revoke_access_tokens();
    let bearer = BearerMiddleware::new(Arc::clone(&stage.tokens), stage.origins.clone());
    let once = reqwest::Body::wrap(reqwest::Body::from("read once"));
    let api = reqwest_middleware::ClientBuilder::new(stage.client.clone()).with(bearer).build();
    let answer = api.post(stage.api()).body(once).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), stage.counted()), (401, (1, 1)));
    assert_eq!((stage.get().await.unwrap(), stage.counted()), (200, (2, 2)));
}
