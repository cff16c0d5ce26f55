//! Which org a session is for: learned at the login, held at every refresh.

use authsession_salesforce::SharedAuth;
use authsession_salesforce::auth::Recovery;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use serde_json::Value;

use crate::salesforce::scene::Scene;

/// Renews the job's token by an answer that says something else.
async fn renew(scene: &Scene, job: &SharedAuth, lie: impl Fn(&mut Value) + Send + Sync + 'static) {
    scene.org.enqueue(OrgEndpoint::Token, Answer::tampered(lie));
    job.invalidate(&job.access_token().await.unwrap()).await;
}

#[tokio::test]
async fn the_instance_url_is_that_of_the_login_and_stays_where_a_refresh_names_none() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;
    assert_eq!(job.instance_url(), scene.org.instance_url());

    renew(&scene, &job, |answer| drop(answer.as_object_mut().unwrap().remove("instance_url"))).await;

    assert!(job.access_token().await.is_ok());
    assert_eq!(scene.job().await.instance_url(), scene.org.instance_url());
}

#[tokio::test]
async fn a_login_whose_instance_url_is_no_salesforce_org_fails() {
    let scene = Scene::new().await;
    for lie in ["https://mallory.example", "http://acme.my.salesforce.com", "nonsense"] {
        let answer = Answer::tampered(move |answer| answer["instance_url"] = lie.into());
        scene.org.enqueue(OrgEndpoint::Token, answer);

        let page = scene.browser.navigate(scene.url("/accounts")).await.unwrap();

        assert_eq!(page.status, 400, "{lie}");
        assert_eq!(scene.fetch("/accounts").await.0, 401, "{lie}");
    }
}

#[tokio::test]
async fn a_refresh_that_names_another_org_s_url_moves_no_session_there() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;

    for lie in ["https://mallory.example", "https://mallory.my.salesforce.com"] {
        renew(&scene, &job, move |answer| {
            answer["instance_url"] = lie.into();
            answer.as_object_mut().unwrap().remove("id");
        })
        .await;
        assert!(job.access_token().await.is_ok());
        assert_eq!(job.instance_url(), scene.org.instance_url());
    }
    assert_eq!(scene.fetch("/accounts").await.0, 200);
}

#[tokio::test]
async fn an_org_that_moved_is_followed() {
    let scene = Scene::signed_in().await;
    let job = scene.job().await;

    renew(&scene, &job, |answer| answer["instance_url"] = "https://acme.my.salesforce.com/".into()).await;
    job.access_token().await.unwrap();

    assert_eq!(job.instance_url(), "https://acme.my.salesforce.com");
    assert_eq!(scene.job().await.instance_url(), "https://acme.my.salesforce.com");
}

#[tokio::test]
async fn a_refresh_for_another_org_or_user_ends_the_session() {
    for (org, user) in [("00D000000000999AAA", "005000000000001AAA"), ("", "005000000000999AAA")] {
        let scene = Scene::signed_in().await;
        let job = scene.job().await;
        let org = if org.is_empty() { scene.org.organization_id() } else { org };
        let id = format!("{}/id/{org}/{user}", scene.org.url());

        renew(&scene, &job, move |answer| answer["id"] = id.clone().into()).await;

        assert_eq!(job.access_token().await.unwrap_err().recovery(), Recovery::Reauthorize);
        assert_eq!(scene.fetch("/accounts").await.1["reason"], "provider_mismatch");
    }
}

#[tokio::test]
async fn a_session_from_before_salesforce_was_set_learns_its_org_by_a_refresh() {
    let scene = Scene::before_salesforce().await;
    scene.sign_in().await;

    let job = scene.job_at(1, "/job").await;

    assert_eq!((job.instance_url(), scene.refreshes()), (scene.org.instance_url(), 1));
    let page = scene.browser.fetch(scene.url("/accounts")).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
}

#[tokio::test]
async fn an_application_that_does_not_say_salesforce_is_told_to() {
    let scene = Scene::before_salesforce().await;
    scene.sign_in().await;

    assert_eq!(scene.fetch("/accounts").await.0, 500);
    assert_eq!(scene.refreshes(), 0);
}
