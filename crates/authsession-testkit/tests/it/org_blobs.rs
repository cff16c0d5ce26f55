//! Records with bytes in them.

use crate::org_api::Api;
use crate::org_api::code;
use crate::org_api::told;
use http::Method;
use serde_json::json;

const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=\"b0undary\"");

/// A record, and the bytes of one of its fields.
fn parts(record: &str, field: &str, bytes: &str) -> String {
    format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"entity\"\r\nContent-Type: application/json\r\n\r\n{record}\r\n\
         --b0undary\r\nContent-Type: application/octet-stream\r\n\
         Content-Disposition: form-data; name=\"{field}\"; filename=\"a.txt\"\r\n\r\n{bytes}\r\n--b0undary--\r\n"
    )
}

#[tokio::test]
async fn bytes_come_beside_the_record_and_are_fetched_alone() {
    let api = Api::new().await;
    let bytes = "line\r\n\r\n--line\n";
    let body = parts(r#"{"PathOnClient":"a.txt"}"#, "VersionData", bytes);
    let (status, made) = told(&api.send(Method::POST, "sobjects/ContentVersion", &[MULTIPART], body).await);
    assert_eq!(status, 201, "{made}");
    let record = format!("sobjects/ContentVersion/{}", made["id"].as_str().unwrap());
    let (_, read) = api.get(&format!("{record}?fields=VersionData,ContentSize,Title")).await;
    let link = format!("/services/data/v66.0/{record}/VersionData");
    assert_eq!(
        (&read["VersionData"], &read["ContentSize"], &read["Title"]),
        (&json!(link), &json!(bytes.len()), &json!("a.txt"))
    );
    assert_eq!(api.send(Method::GET, &link, &[], "").await.text(), bytes);
}

#[tokio::test]
async fn bytes_come_as_base64_too_and_are_replaced() {
    let api = Api::new().await;
    let parent = api.org.insert("Account", json!({ "Name": "Initech" })).unwrap();
    let attachment = json!({ "Name": "a.txt", "ParentId": parent, "Body": "aGVsbG8=" });
    let (status, made) = api.post("sobjects/Attachment", &attachment).await;
    assert_eq!(status, 201, "{made}");
    let body = format!("sobjects/Attachment/{}/Body", made["id"].as_str().unwrap());
    assert_eq!(api.send(Method::GET, &body, &[], "").await.text(), "hello");

    let document = json!({ "Name": "d", "FolderId": "00lxx0000000001AAA", "Body": "aGVsbG8=" });
    let (_, made) = api.post("sobjects/Document", &document).await;
    let record = format!("sobjects/Document/{}", made["id"].as_str().unwrap());
    let changed =
        api.send(Method::PATCH, &record, &[MULTIPART], parts(r#"{"Name":"e"}"#, "Body", "bye")).await;
    assert_eq!(changed.status, 204);
    assert_eq!(api.send(Method::GET, &format!("{record}/Body"), &[], "").await.text(), "bye");
    assert_eq!(api.get(&record).await.1["Name"], "e");
}

#[tokio::test]
async fn a_multipart_body_that_is_none_is_refused() {
    let api = Api::new().await;
    for body in [parts("{}", "Nope", "x"), "nonsense".to_owned()] {
        let (status, error) = told(&api.send(Method::POST, "sobjects/Document", &[MULTIPART], body).await);
        assert_eq!((status, code(&error)), (400, "INVALID_MULTIPART_REQUEST"));
    }
    assert_eq!(code(&api.post("sobjects/Document", &json!({ "Body": "%" })).await.1), "JSON_PARSER_ERROR");
}
