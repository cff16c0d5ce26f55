//! An org that moves to another instance URL with a new token.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use authsession_salesforce::auth::AuthSession;
use authsession_salesforce::{Cirrus, CirrusResult, async_trait};
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Where it is, and the token for it: here, and there once the first token is refused.
struct Moving {
    here: (String, String),
    there: (String, String),
    has_moved: AtomicBool,
}

impl Moving {
    fn now(&self) -> &(String, String) {
        if self.has_moved.load(Ordering::SeqCst) { &self.there } else { &self.here }
    }
}

#[async_trait]
impl AuthSession for Moving {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        Ok(self.now().1.as_str().into())
    }

    fn instance_url(&self) -> &str {
        &self.now().0
    }

    async fn invalidate(&self, _: &str) {
        self.has_moved.store(true, Ordering::SeqCst);
    }
}

async fn moving() -> (Stage, Stage, Cirrus) {
    let (here, there) = (Stage::set().await, Stage::set().await);
    let at = |stage: &Stage| {
        let token = stage.org.open_session(&stage.org.username()).unwrap();
        (stage.org.instance_url().to_owned(), token)
    };
    let auth = Moving { here: at(&here), there: at(&there), has_moved: AtomicBool::new(false) };
    here.org.expire_sessions();
    let client = Cirrus::builder().auth(Arc::new(auth)).build().unwrap();
    (here, there, client)
}

#[tokio::test]
async fn a_refused_call_is_made_again_where_the_new_token_is_for() {
    let (here, there, client) = moving().await;
    let created = client.sobject("Account").create(&json!({ "Name": "Initech" })).await.unwrap();
    assert_eq!((here.calls(), there.calls()), (1, 1));
    let id = created.id;
    assert_eq!(there.org.query(&format!("SELECT Id FROM Account WHERE Id = '{id}'")).unwrap().len(), 1);
    client.get::<Value>("limits").await.unwrap();
    assert_eq!((here.calls(), there.calls()), (1, 2));
}

#[tokio::test]
async fn the_new_token_goes_to_no_url_of_the_old_instance() {
    let (here, there, client) = moving().await;
    let request = client.request_builder(Method::GET, "limits").await.unwrap().build().unwrap();
    let answer = client.execute(request).await.unwrap();
    assert_eq!(answer.status(), 401);
    let new = client.auth().access_token().await.unwrap().into_owned();
    let sent = here.org.journal().requests(OrgEndpoint::Rest);
    assert!(sent.iter().all(|one| !one.header("authorization").unwrap().contains(&new)));
    assert_eq!((sent.len(), there.calls()), (1, 0));
}
