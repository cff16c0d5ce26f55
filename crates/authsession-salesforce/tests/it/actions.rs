//! Invocable actions: found, described, and done once for each input.

use authsession_salesforce::CirrusError;
use authsession_testkit::script::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stage::Stage;

const INVOKED: &str = "POST */actions/*";

#[tokio::test]
async fn actions_are_found_and_described() {
    let stage = Stage::set().await;
    let client = stage.client();
    let actions = client.actions();
    let standard = actions.list_standard().await.unwrap();
    assert!(standard.iter().any(|action| action.name == "emailSimple"));
    assert_eq!(actions.custom_kinds().await.unwrap(), ["apex", "flow"]);
    let flows = actions.list_custom("flow").await.unwrap();
    assert_eq!((flows[0].name.as_str(), flows[0].kind.as_deref()), ("LargeOrder", Some("FLOW")));

    let described = actions.flow("LargeOrder").unwrap().describe().await.unwrap();
    assert!(!described.standard && described.inputs[0].required);
    assert_eq!((described.inputs[0].name.as_str(), described.inputs[0].max_occurs), ("Amount", Some(1)));
    assert!(described.extra.contains_key("category"));
    assert!(actions.standard("chatterPost").unwrap().describe().await.unwrap().standard);
}

#[tokio::test]
async fn an_action_is_done_once_for_each_input_in_types_of_ones_own() {
    #[derive(Serialize)]
    struct Order {
        #[serde(rename = "Amount")]
        amount: u32,
    }
    #[derive(Debug, Deserialize)]
    struct Done {
        #[serde(rename = "Amount")]
        amount: u32,
        #[serde(rename = "Flow__InterviewStatus")]
        status: String,
    }
    let stage = Stage::set().await;
    let client = stage.client();
    let flow = client.actions().flow("LargeOrder").unwrap();
    let results = flow.invoke_as::<Done, _>(&[Order { amount: 1 }, Order { amount: 2 }]).await.unwrap();
    let amounts: Vec<_> = results.iter().map(|result| result.output().unwrap().amount).collect();
    assert_eq!(amounts, [1, 2]);
    assert_eq!(results[0].output().unwrap().status, "Finished");
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn an_input_that_failed_leaves_the_others_results() {
    let stage = Stage::set().await;
    let client = stage.client();
    let echo = client.actions().apex("Echo").unwrap();
    let results = echo.invoke(&[json!({ "text": "good" }), json!({})]).await.unwrap();
    assert_eq!(results[0].output().unwrap()["text"], "good");
    assert!(!results[1].is_success);
    let error = results[1].output().unwrap_err();
    let CirrusError::Api { errors, .. } = &error else { panic!("{error:?}") };
    assert_eq!(errors[0].error_code, "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn an_answer_with_another_number_of_results_is_given_to_no_input() {
    let stage = Stage::set().await;
    let client = stage.client();
    let flow = client.actions().flow("LargeOrder").unwrap();
    let result = |is_success: bool| json!({ "actionName": "LargeOrder", "isSuccess": is_success });
    for results in [json!([]), json!([result(true)]), json!([result(true), result(true), result(true)])] {
        stage.org.enqueue_at(INVOKED, Answer::json(200, &results));
        let error = flow.invoke(&[json!({}), json!({})]).await.unwrap_err();
        assert!(matches!(error, CirrusError::InvalidResponse(_)) && error.may_have_been_done(), "{error:?}");
    }
    stage.org.enqueue_at(INVOKED, Answer::json(400, &json!([result(false)])));
    let error = flow.invoke(&[json!({}), json!({})]).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidResponse(_)), "{error:?}");
}

#[tokio::test]
async fn a_refusal_that_is_about_the_call_is_an_error() {
    let stage = Stage::set().await;
    let client = stage.client();
    let inputs = [json!({})];
    let error = client.actions().flow("Nobody").unwrap().invoke(&inputs).await.unwrap_err();
    assert!(matches!(error, CirrusError::Api { status: 404, .. }), "{error:?}");
    stage.org.enqueue_at(INVOKED, Answer::api_error(400, "JSON_PARSER_ERROR", "…"));
    let error = client.actions().flow("LargeOrder").unwrap().invoke(&inputs).await.unwrap_err();
    assert!(matches!(error, CirrusError::Api { status: 400, .. }), "{error:?}");
    for name in ["", ".."] {
        assert!(matches!(client.actions().flow(name), Err(CirrusError::InvalidInput { field: "name", .. })));
    }
    let error = client.actions().flow("LargeOrder").unwrap().invoke::<Value>(&[]).await.unwrap_err();
    assert!(matches!(error, CirrusError::InvalidInput { field: "inputs", .. }));
}

#[tokio::test]
async fn an_action_that_may_have_been_done_is_not_done_again_and_one_that_was_put_off_is() {
    let stage = Stage::set().await;
    let client = stage.client();
    let flow = client.actions().flow("LargeOrder").unwrap();
    let inputs = [json!({ "Amount": 1 })];
    stage.org.enqueue_at(INVOKED, Answer::status(503));
    flow.invoke(&inputs).await.unwrap_err();
    assert_eq!(stage.org.journal().count_at(INVOKED), 1);
    for answer in [Answer::status(429), Answer::session_expired()] {
        stage.org.enqueue_at(INVOKED, answer);
    }
    assert!(flow.invoke(&inputs).await.unwrap()[0].is_success);
    assert_eq!((stage.org.journal().count_at(INVOKED), stage.grants()), (4, 2));
}
