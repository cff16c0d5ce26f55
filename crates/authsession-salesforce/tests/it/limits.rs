//! What the org may use.

use authsession_salesforce::OrgLimits;
use authsession_testkit::script::Answer;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn every_limit_is_told_with_its_parts() {
    let stage = Stage::set().await;
    let limits = stage.client().limits().await.unwrap();
    let calls = &limits["DailyApiRequests"];
    assert!(calls.max > 0 && calls.used() == 1);
    assert_eq!(calls.nested["Workbench"].max, 0);
    assert!(limits["DataStorageMB"].nested.is_empty());
    let again: OrgLimits = serde_json::from_value(serde_json::to_value(&limits).unwrap()).unwrap();
    assert_eq!(again, limits);
}

#[tokio::test]
async fn what_a_later_release_tells_beside_limits_is_passed_over() {
    let stage = Stage::set().await;
    let told = json!({
        "DailyApiRequests": { "Max": 5, "Remaining": -2, "Since": "today", "App": { "Max": 1, "Remaining": 0 } },
        "Season": "Winter",
        "Weather": { "Rain": true },
    });
    stage.org.enqueue_at("GET */limits", Answer::json(200, &told));
    let limits = stage.client().limits().await.unwrap();
    assert_eq!(limits.len(), 1);
    let calls = &limits["DailyApiRequests"];
    assert_eq!((calls.used(), calls.nested.len()), (7, 1));
}
