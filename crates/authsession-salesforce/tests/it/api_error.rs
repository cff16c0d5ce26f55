//! One classifier for what the APIs say no with.

use authsession_salesforce::error::api_error::{ApiVerdict, classify, classify_grpc};
use proptest::prelude::*;

const JSON: Option<&str> = Some("application/json;charset=UTF-8");
const XML: Option<&str> = Some("text/xml; charset=utf-8");
const HTML: Option<&str> = Some("text/html;charset=UTF-8");

const EXPIRED: &str = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
const BULK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><error
   xmlns="http://www.force.com/2009/06/asyncapi/dataload">
 <exceptionCode>InvalidSessionId</exceptionCode>
 <exceptionMessage>Invalid session id</exceptionMessage>
</error>"#;
const BULK_JSON: &str = r#"{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}"#;
const SOAP: &str = r#"<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode>
 <faultstring>INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing
 session hash: x</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"#;
const COMETD: &str = r#"[{"clientId":"x","advice":{"interval":0,"reconnect":"none"},"channel":"/meta/connect","id":"3",
 "error":"401::Authentication invalid","successful":false}]"#;

#[test]
fn a_token_that_is_over_is_refreshed_whichever_api_says_so() {
    for (status, content_type, body) in [
        (401, JSON, EXPIRED),
        (401, None, EXPIRED),
        (401, None, ""),
        (403, HTML, "Bad_OAuth_Token"),
        (403, None, " Bad_OAuth_Token\n"),
        (400, XML, BULK),
        (400, JSON, BULK_JSON),
        (500, XML, SOAP),
    ] {
        assert_eq!(
            classify(status, content_type, body.as_bytes()),
            Some(ApiVerdict::Refresh),
            "{status} {body}"
        );
    }
    let auth_error = Some("sfdc.platform.eventbus.grpc.service.auth.error");
    assert_eq!(classify_grpc(16, auth_error), Some(ApiVerdict::Refresh));
    assert_eq!(classify_grpc(16, None), Some(ApiVerdict::Refresh));
}

#[test]
fn a_401_that_is_not_about_the_token_is_not_refreshed() {
    for message in [
        "This session is not valid for use with the REST API",
        "Connected app is not attached to Agent",
        "BlackTab users cannot perform API operations",
    ] {
        let body = format!(r#"[{{"message":"{message}","errorCode":"INVALID_SESSION_ID"}}]"#);
        let verdict = classify(401, JSON, body.as_bytes());
        assert!(matches!(verdict, Some(ApiVerdict::DoNotRefresh { .. })), "{message}: {verdict:?}");
    }
}

#[test]
fn a_days_calls_used_up_stop_and_too_many_at_once_wait() {
    let limit = |message: &str| {
        let body = format!(r#"[{{"message":"{message}","errorCode":"REQUEST_LIMIT_EXCEEDED"}}]"#);
        classify(403, JSON, body.as_bytes())
    };
    assert_eq!(limit("TotalRequests Limit exceeded."), Some(ApiVerdict::Stop));
    let concurrent = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
    assert_eq!(limit(concurrent), Some(ApiVerdict::Wait));
    assert_eq!(limit("ConcurrentPerOrgLongTxn Limit exceeded."), Some(ApiVerdict::Wait));
    assert_eq!(classify(503, JSON, br#"[{"errorCode":"SERVER_UNAVAILABLE"}]"#), Some(ApiVerdict::Wait));
}

#[test]
fn an_org_that_moved_or_is_gone_is_told_apart() {
    assert_eq!(classify(420, HTML, b"<html></html>"), Some(ApiVerdict::Gone));
    let moved = "<faultstring>UNKNOWN_EXCEPTION: Destination URL not reset. The URL returned from login must be \
                 set in the SforceService</faultstring>";
    assert_eq!(classify(500, XML, moved.as_bytes()), Some(ApiVerdict::WrongInstance));
    assert_eq!(classify(403, HTML, b"Wrong_Org"), Some(ApiVerdict::WrongInstance));
}

#[test]
fn a_login_by_soap_that_is_switched_off_is_a_setting() {
    let fault = "<faultcode>sf:INVALID_OPERATION</faultcode><faultstring>INVALID_OPERATION: SOAP API login() is \
                 disabled by default in this org.</faultstring>";
    assert!(matches!(classify(500, XML, fault.as_bytes()), Some(ApiVerdict::FixConfig { .. })));
}

#[test]
fn a_stream_that_lost_its_session_shakes_hands_anew() {
    assert_eq!(classify(200, JSON, COMETD.as_bytes()), Some(ApiVerdict::Rehandshake));
    assert_eq!(classify(401, JSON, COMETD.as_bytes()), Some(ApiVerdict::Rehandshake));
}

#[test]
fn an_answer_about_something_else_has_no_verdict() {
    for (status, body) in [
        (200, EXPIRED),
        (200, r#"{"records":[{"Name":"401::Authentication invalid"}]}"#),
        (200, r#"[{"channel":"/data/x","error":"401::Authentication invalid"}]"#),
        (400, r#"[{"message":"no such column 'INVALID_SESSION_ID'","errorCode":"INVALID_FIELD"}]"#),
        (404, r#"[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]"#),
        (403, r#"[{"message":"no access","errorCode":"INSUFFICIENT_ACCESS"}]"#),
        (500, r#"[{"message":"An unexpected error","errorCode":"UNKNOWN_EXCEPTION"}]"#),
        (400, r#"[{"message":"say \"errorCode\":\"INVALID_SESSION_ID\"","errorCode":"MALFORMED_QUERY"}"#),
    ] {
        assert_eq!(classify(status, JSON, body.as_bytes()), None, "{status} {body}");
    }
    assert_eq!(classify_grpc(3, Some("sfdc.platform.eventbus.grpc.topic.error")), None);
}

#[test]
fn a_body_cut_off_or_huge_is_understood_by_its_beginning() {
    let cut = &EXPIRED[..EXPIRED.len() - 3];
    assert_eq!(classify(400, JSON, cut.as_bytes()), Some(ApiVerdict::Refresh));
    let huge = format!(
        r#"[{{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests","more":"{}"}}]"#,
        "x".repeat(1 << 20)
    );
    assert_eq!(classify(403, JSON, huge.as_bytes()), Some(ApiVerdict::Stop));
    let far_away = format!(r#"[{{"message":"{}","errorCode":"INVALID_SESSION_ID"}}]"#, "x".repeat(1 << 16));
    assert_eq!(classify(400, JSON, far_away.as_bytes()), None);
    let broken =
        [br#"[{"message":"\xff\xfe"#.as_slice(), &[0xff, 0xc3], br#"","errorCode":"INVALID_SESSION_ID"}]"#]
            .concat();
    assert_eq!(classify(400, JSON, &broken), Some(ApiVerdict::Refresh));
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(status in 100..600u16, body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = classify(status, None, &body);
    }

    #[test]
    fn no_piece_of_a_known_body_makes_it_panic(from in 0..700usize, to in 0..700usize, status in 200..504u16) {
        for body in [EXPIRED, BULK, BULK_JSON, SOAP, COMETD] {
            let (from, to) = (from.min(body.len()), to.min(body.len()));
            let _ = classify(status, None, body.as_bytes().get(from..to).unwrap_or_default());
        }
    }
}
