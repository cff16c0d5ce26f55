//! Ingest jobs of Bulk API 2.0.

use crate::org_client::Stage;
use crate::org_client::text;
use authsession_testkit::browser::Page;
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;
use serde_json::Value;
use serde_json::json;

pub(crate) const INGEST: &str = "/services/data/v66.0/jobs/ingest";

/// An org, its session, and the requests a bulk client makes.
pub(crate) struct Bulk {
    pub(crate) stage: Stage,
    pub(crate) token: String,
}

impl Bulk {
    pub(crate) async fn new() -> Self {
        let stage = Stage::new().await;
        let token = stage.session().await;
        Self { stage, token }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Page {
        self.stage.ask(method, path, &self.token, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask(Method::GET, path, "").await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, content_type: &str, body: &str) -> Page {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", content_type)];
        let url = format!("{}{path}", self.stage.org.instance_url());
        self.stage.browser.fetch_with(method, url, &headers, body).await.unwrap()
    }

    async fn create(&self, spec: Value) -> String {
        let page = self.ask(Method::POST, INGEST, &spec.to_string()).await;
        assert_eq!(page.status, 200, "{}", page.text());
        format!("{INGEST}/{}", text(&page.json().unwrap(), "id"))
    }

    async fn upload(&self, job: &str, csv: &str) -> Page {
        self.send(Method::PUT, &format!("{job}/batches"), "text/csv", csv).await
    }

    pub(crate) async fn set(&self, job: &str, state: &str) -> Page {
        self.ask(Method::PATCH, job, &json!({ "state": state }).to_string()).await
    }

    pub(crate) async fn state(&self, job: &str) -> String {
        text(&self.get(job).await.json().unwrap(), "state").to_owned()
    }

    /// Created, filled, closed and polled to its end.
    async fn run(&self, spec: Value, csv: &str) -> String {
        let job = self.create(spec).await;
        assert_eq!(self.upload(&job, csv).await.status, 201);
        assert_eq!(self.set(&job, "UploadComplete").await.status, 200);
        while !matches!(self.state(&job).await.as_str(), "JobComplete" | "Failed") {}
        job
    }

    async fn lines(&self, job: &str, which: &str) -> Vec<String> {
        let page = self.get(&format!("{job}/{which}")).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/csv")));
        page.text().lines().map(str::to_owned).collect()
    }

    async fn count(&self, soql: &str) -> Value {
        let soql: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
        self.get(&format!("/services/data/v66.0/query?q={soql}")).await.json().unwrap()["totalSize"].clone()
    }
}

fn insert() -> Value {
    json!({ "object": "Account", "operation": "insert", "contentType": "CSV" })
}

pub(crate) fn error(page: &Page) -> (u16, String, String) {
    let body = page.json().unwrap();
    (page.status.as_u16(), text(&body[0], "errorCode").to_owned(), text(&body[0], "message").to_owned())
}

#[tokio::test]
async fn a_new_job_is_open_and_says_where_its_data_goes() {
    let bulk = Bulk::new().await;
    let page = bulk.ask(Method::POST, INGEST, &insert().to_string()).await;
    let job = page.json().unwrap();
    let id = text(&job, "id");
    assert!(id.starts_with("750") && id.len() == 18);
    assert_eq!(text(&job, "contentUrl"), format!("services/data/v66.0/jobs/ingest/{id}/batches"));
    assert_eq!(text(&job, "createdDate"), "2030-01-01T00:00:00.000+0000");
    for (member, value) in [
        ("state", json!("Open")),
        ("apiVersion", json!(66.0)),
        ("columnDelimiter", json!("COMMA")),
        ("lineEnding", json!("LF")),
        ("contentType", json!("CSV")),
        ("concurrencyMode", json!("Parallel")),
        ("createdById", json!(bulk.stage.org.user_id(&bulk.stage.org.username()))),
    ] {
        assert_eq!(job[member], value, "{member}");
    }
}

#[tokio::test]
async fn a_job_moves_on_one_state_a_poll_and_its_rows_are_records() {
    let bulk = Bulk::new().await;
    let job = bulk.create(insert()).await;
    assert_eq!(bulk.upload(&job, "Name,Industry\nOne,Energy\n\"Two, Ltd\",Energy\n").await.status, 201);
    let closed = bulk.set(&job, "UploadComplete").await.json().unwrap();
    assert_eq!((text(&closed, "state"), closed.get("lineEnding")), ("UploadComplete", None));
    for state in ["UploadComplete", "InProgress", "JobComplete", "JobComplete"] {
        assert_eq!(bulk.state(&job).await, state);
    }
    let told = bulk.get(&job).await.json().unwrap();
    assert_eq!((&told["numberRecordsProcessed"], &told["numberRecordsFailed"]), (&json!(2), &json!(0)));
    assert_eq!(text(&told, "jobType"), "V2Ingest");
    assert_eq!(bulk.count("SELECT Id FROM Account WHERE Name = 'Two, Ltd'").await, 1);
}

#[tokio::test]
async fn the_pace_of_jobs_is_the_tests_to_set() {
    let bulk = Bulk::new().await;
    bulk.stage.org.bulk_pace(0);
    let job = bulk.create(insert()).await;
    bulk.upload(&job, "Name\nOne\n").await;
    bulk.set(&job, "UploadComplete").await;
    assert_eq!(bulk.state(&job).await, "JobComplete");
}

#[tokio::test]
async fn rows_that_fail_are_told_apart_from_those_that_do_not() {
    let bulk = Bulk::new().await;
    let job = bulk.run(insert(), "Name,Industry\nOne,Energy\n,Energy\n").await;
    let good = bulk.lines(&job, "successfulResults").await;
    assert_eq!(good[0], r#""sf__Id","sf__Created","Name","Industry""#);
    assert!(good[1].starts_with(r#""001"#) && good[1].ends_with(r#"","true","One","Energy""#), "{}", good[1]);
    let bad = bulk.lines(&job, "failedResults").await;
    assert_eq!(bad[0], r#""sf__Id","sf__Error","Name","Industry""#);
    assert_eq!(
        bad[1],
        r#""","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","","Energy""#
    );
    assert_eq!(bulk.lines(&job, "unprocessedrecords").await, [r#""Name","Industry""#]);
    assert_eq!(bulk.get(&job).await.json().unwrap()["numberRecordsFailed"], 1);
}

#[tokio::test]
async fn records_are_updated_and_deleted_by_their_ids() {
    let bulk = Bulk::new().await;
    let job = bulk.run(insert(), "Name\nOne\nTwo\n").await;
    let lines = bulk.lines(&job, "successfulResults").await;
    let ids: Vec<&str> = lines[1..].iter().map(|line| &line[1..19]).collect();
    let update = json!({ "object": "Account", "operation": "update" });
    let csv = format!("Id,Name\n{},Uno\n001000000000000AAA,Nobody\n", ids[0]);
    let job = bulk.run(update, &csv).await;
    assert_eq!(bulk.count("SELECT Id FROM Account WHERE Name = 'Uno'").await, 1);
    let failed = bulk.lines(&job, "failedResults").await;
    assert!(failed[1].starts_with(r#""001000000000000AAA","#), "{}", failed[1]);
    for (operation, id) in [("delete", ids[0]), ("hardDelete", ids[1])] {
        let delete = json!({ "object": "Account", "operation": operation });
        let job = bulk.run(delete, &format!("Id\n{id}\n")).await;
        assert_eq!(bulk.lines(&job, "successfulResults").await[1], format!(r#""{id}","false","{id}""#));
        assert_eq!(bulk.count(&format!("SELECT Id FROM Account WHERE Id = '{id}'")).await, 0);
    }
}

#[tokio::test]
async fn records_are_upserted_by_an_external_id_and_know_their_parents() {
    let bulk = Bulk::new().await;
    let acme = bulk.stage.org.query("SELECT Id FROM Account WHERE Name = 'Acme'").unwrap();
    let acme = text(&acme[0], "Id");
    let spec =
        json!({ "object": "Widget__c", "operation": "upsert", "externalIdFieldName": "External_Id__c" });
    let csv = format!("External_Id__c,Weight__c,Active__c,Account__c\nW1,1.5,true,{acme}\nW2,2,false,\n");
    let job = bulk.run(spec.clone(), &csv).await;
    assert!(bulk.lines(&job, "successfulResults").await[1].contains(r#"","true","W1""#));
    let csv = "External_Id__c,Weight__c,Account__c\nW1,#N/A,\nW3,heavy,\n,1,\n";
    let job = bulk.run(spec, csv).await;
    assert!(bulk.lines(&job, "successfulResults").await[1].contains(r#"","false","W1""#));
    let failed = bulk.lines(&job, "failedResults").await;
    assert_eq!(failed.len(), 1 + 2, "{failed:?}");
    assert_eq!(failed[2], r#""","MISSING_ARGUMENT:External_Id__c not specified:--","","1","""#);
    let found = bulk
        .stage
        .org
        .query("SELECT Weight__c, Active__c, Account__r.Name FROM Widget__c WHERE External_Id__c = 'W1'");
    assert_eq!(found.unwrap(), [json!({ "Weight__c": null, "Active__c": true, "Account__r.Name": "Acme" })]);
}

#[tokio::test]
async fn columns_may_be_parted_by_other_signs_and_lines_end_in_crlf() {
    let bulk = Bulk::new().await;
    for (name, sign) in [("SEMICOLON", ';'), ("TAB", '\t'), ("PIPE", '|'), ("CARET", '^'), ("BACKQUOTE", '`')]
    {
        let mut spec = insert();
        spec["columnDelimiter"] = name.into();
        spec["lineEnding"] = "CRLF".into();
        let job = bulk.run(spec, &format!("Name{sign}Industry\r\n{name}{sign}Energy\r\n")).await;
        let page = bulk.get(&format!("{job}/successfulResults")).await;
        assert!(page.text().ends_with(&format!("\"{name}\"{sign}\"Energy\"\r\n")), "{}", page.text());
        assert_eq!(bulk.count(&format!("SELECT Id FROM Account WHERE Name = '{name}'")).await, 1);
    }
}

#[tokio::test]
async fn data_that_cannot_be_of_the_job_fails_it() {
    let bulk = Bulk::new().await;
    let delete = json!({ "object": "Account", "operation": "delete" });
    for (spec, csv, message) in [
        (
            insert(),
            "Name\r\nOne\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (insert(), "Name,Nothing\nOne,1\n", "InvalidBatch : Field name not found : Nothing"),
        (delete, "Id,Name\n001,One\n", "InvalidBatch : The 'delete' batch must contain only ids"),
    ] {
        let job = bulk.run(spec, csv).await;
        let told = bulk.get(&job).await.json().unwrap();
        assert_eq!((text(&told, "state"), text(&told, "errorMessage")), ("Failed", message));
        assert_eq!(bulk.lines(&job, "unprocessedrecords").await.len(), 2);
    }
}

#[tokio::test]
async fn a_job_comes_with_its_data_in_one_request() {
    let bulk = Bulk::new().await;
    let body = format!(
        "--BOUNDARY\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{}\r\n\
         --BOUNDARY\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; \
         filename=\"content\"\r\n\r\nName\nFrom a part\n\r\n--BOUNDARY--\r\n",
        insert()
    );
    let page = bulk.send(Method::POST, INGEST, "multipart/form-data; boundary=BOUNDARY", &body).await;
    let made = page.json().unwrap();
    assert_eq!(text(&made, "state"), "UploadComplete");
    bulk.stage.org.bulk_pace(0);
    assert_eq!(bulk.state(&format!("{INGEST}/{}", text(&made, "id"))).await, "JobComplete");
    assert_eq!(bulk.count("SELECT Id FROM Account WHERE Name = 'From a part'").await, 1);
}

#[tokio::test]
async fn what_a_jobs_state_does_not_allow_is_refused() {
    let bulk = Bulk::new().await;
    let job = bulk.create(insert()).await;
    assert_eq!(bulk.ask(Method::DELETE, &job, "").await.status, 400);
    bulk.upload(&job, "Name\nOne\n").await;
    let (status, code, message) = error(&bulk.upload(&job, "Name\nTwo\n").await);
    assert_eq!((status, code.as_str()), (400, "INVALIDJOBSTATE"));
    assert!(message.starts_with("Found multiple contents for job: <750"), "{message}");
    bulk.set(&job, "UploadComplete").await;
    assert_eq!(error(&bulk.upload(&job, "Name\nTwo\n").await).1, "INVALIDJOBSTATE");
    while bulk.state(&job).await != "JobComplete" {}
    let aborted = error(&bulk.set(&job, "Aborted").await);
    assert_eq!(aborted.2, "Aborting already Completed Job not allowed");
    assert_eq!(bulk.ask(Method::DELETE, &job, "").await.status, 204);
    assert_eq!(bulk.get(&job).await.status, 404);
}

#[tokio::test]
async fn a_job_aborted_or_failed_half_way_tells_what_it_left() {
    let bulk = Bulk::new().await;
    let job = bulk.create(insert()).await;
    bulk.upload(&job, "Name\nA111\nA222\nA333\nA444\n").await;
    bulk.set(&job, "UploadComplete").await;
    while bulk.state(&job).await != "InProgress" {}
    assert_eq!(text(&bulk.set(&job, "Aborted").await.json().unwrap(), "state"), "Aborted");
    assert_eq!(bulk.lines(&job, "successfulResults").await.len(), 1 + 2);
    assert_eq!(bulk.lines(&job, "unprocessedrecords").await, ["\"Name\"", "\"A333\"", "\"A444\""]);
    bulk.stage.org.fail_next_bulk_job("InternalServerError : Retried more than ten times");
    let job = bulk.run(insert(), "Name\nB111\nB222\n").await;
    let told = bulk.get(&job).await.json().unwrap();
    assert_eq!(text(&told, "errorMessage"), "InternalServerError : Retried more than ten times");
    assert_eq!(bulk.lines(&job, "unprocessedrecords").await.len(), 1 + 1);
}

#[tokio::test]
async fn a_description_that_makes_no_job_is_refused() {
    let bulk = Bulk::new().await;
    for (spec, code, message) in [
        (
            json!({ "object": "Nothing", "operation": "insert" }),
            "INVALIDJOB",
            "Unable to find object: Nothing",
        ),
        (
            json!({ "object": "Account", "operation": "upsert" }),
            "INVALIDJOB",
            "External ID was blank for Account. An External ID must be specified for upsert.",
        ),
        (
            json!({ "object": "Account", "operation": "guess" }),
            "JSON_PARSER_ERROR",
            "guess is not a valid value for the enum OperationEnum",
        ),
    ] {
        let refused = error(&bulk.ask(Method::POST, INGEST, &spec.to_string()).await);
        assert_eq!(refused, (400, code.to_owned(), message.to_owned()));
    }
    let job = bulk.create(insert()).await;
    let wrong = bulk.send(Method::PUT, &format!("{job}/batches"), "application/json", "{}").await;
    assert_eq!(wrong.status, 415);
    assert_eq!(bulk.get(&format!("{INGEST}/750xx0000000099AAA")).await.status, 404);
}

#[tokio::test]
async fn jobs_are_listed_a_page_at_a_time() {
    let bulk = Bulk::new().await;
    bulk.stage.org.bulk_jobs_listed(2);
    for _ in 0..3 {
        bulk.create(insert()).await;
    }
    let first = bulk.get(INGEST).await.json().unwrap();
    assert_eq!((&first["done"], first["records"].as_array().unwrap().len()), (&json!(false), 2));
    let second = bulk.get(text(&first, "nextRecordsUrl")).await.json().unwrap();
    assert_eq!((&second["done"], second["records"].as_array().unwrap().len()), (&json!(true), 1));
    assert_eq!(
        (&second["nextRecordsUrl"], text(&second["records"][0], "jobType")),
        (&Value::Null, "V2Ingest")
    );
    for none in ["jobType=Classic", "isPkChunkingEnabled=true"] {
        let page = bulk.get(&format!("{INGEST}?{none}")).await.json().unwrap();
        assert_eq!(page, json!({ "done": true, "records": [], "nextRecordsUrl": null }));
    }
}

#[tokio::test]
async fn the_journal_keeps_the_beginning_of_a_big_upload_and_its_length() {
    let bulk = Bulk::new().await;
    let job = bulk.create(insert()).await;
    let csv = format!("Name\n{}\n", "x".repeat(6 * 1024 * 1024));
    assert_eq!(bulk.upload(&job, &csv).await.status, 201);
    let kept = bulk.stage.org.journal().last(OrgEndpoint::Rest).unwrap();
    assert_eq!((kept.length, kept.body.len()), (csv.len(), 64 * 1024));
    let too_long = "x".repeat(5 * 1024 * 1024);
    assert_eq!(bulk.stage.token(&[("grant_type", &too_long)]).await.status, 413);
}
