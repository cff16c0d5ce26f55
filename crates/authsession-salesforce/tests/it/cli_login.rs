//! Logins of the Salesforce CLI. The encrypted texts were made with node's `crypto`, in the CLI's format.

use std::fs;
use std::path::PathBuf;

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{CliKey, CliLoginFault, ImportedLogin, OrgId};
use proptest::prelude::*;

const FIRST_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SECOND_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f000112233445566778899aabbccddeeff";
const ACCESS: &str = "00D5g00000AbCdE!AQ8AQFixtureAccess";
const REFRESH: &str = "5Aep861FixtureRefresh";

/// Access token, refresh token and client secret.
const FIRST_VERSION: [&str; 3] = [
    "a1b2c3d4e5f61d35b048bde19842de23429743a0c2b9a9fef42f96e3d6fee49d7ab088c056448a71:9eaf451688b2df36ea596839a6ebcd47",
    "0123456789abb87198272df610c42e8c988a0b955a95f82bd5e01b:7940eca1ddd34e4b7eded8cc572a7018",
    "fedcba9876540c6622315e6d50a268673a8143:64c30f91cf276414d00b8eaa4357ad11",
];
const SECOND_VERSION: [&str; 3] = [
    "a1b2c3d4e5f60718293a4b5cc5674ad61037b6c6e3d5446502d53a5dd16bc19db05f96d70c0c5443e7ac6ba3a077:f8aff42d3c0ceeceb5fd73b313a4649e",
    "0123456789ab0123456789abc82187e8a4940b4dff10a134b675565d16f166c934:6b2a55a0c527cf20f6137538602f3583",
    "fedcba9876543210fedcba98cd327da55b805f969ff8f2c910:6d96e3cb1d7fcb5bac9ed5f7d59f2574",
];

fn auth_file([access, refresh, secret]: [&str; 3]) -> String {
    format!(
        r#"{{"accessToken":"{access}","refreshToken":"{refresh}","clientSecret":"{secret}","clientId":"3MVG9app",
        "instanceUrl":"https://acme--uat.sandbox.my.salesforce.com","loginUrl":"https://test.salesforce.com",
        "orgId":"00D5g00000AbCdEFGH","username":"ann@acme.example.uat","isDevHub":false,"instanceApiVersion":"66.0"}}"#
    )
}

fn fault(outcome: Result<ImportedLogin, CirrusError>) -> CliLoginFault {
    match outcome.unwrap_err() {
        CirrusError::CliLogin { fault, .. } => fault,
        other => unreachable!("{other:?}"),
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn an_auth_url_is_taken_over() {
    let url = "force://3MVG9app:s3cret:5Aep861Refresh._==@acme--uat.sandbox.my.salesforce.com\n";
    let login = ImportedLogin::from_auth_url(url).unwrap();
    assert_eq!(login.client_id, "3MVG9app");
    assert_eq!(login.client_secret.unwrap().expose(), "s3cret");
    assert_eq!(login.refresh_token.unwrap().expose(), "5Aep861Refresh._==");
    assert_eq!(login.instance_url.as_str(), "https://acme--uat.sandbox.my.salesforce.com");
    assert_eq!(login.login_url.audience(), "https://test.salesforce.com");
}

#[test]
fn the_clis_own_app_has_no_secret() {
    let login = ImportedLogin::from_auth_url("force://PlatformCLI::5Aep@http://127.0.0.1:8080").unwrap();
    assert_eq!(login.client_secret, None);
    assert_eq!(login.instance_url.as_str(), "http://127.0.0.1:8080");
    let login = ImportedLogin::from_auth_url("force://PlatformCLI::5Aep%3D@localhost:8080").unwrap();
    assert_eq!(login.instance_url.as_str(), "http://localhost:8080");
    assert_eq!(login.refresh_token.unwrap().expose(), "5Aep=");
}

#[test]
fn what_is_not_an_auth_url_is_refused_and_not_repeated() {
    for text in [
        "",
        "null",
        "force://hunter2",
        "force://a:hunter2@b.c",
        "force://a:b:@c.d",
        "force://a:b:c:hunter2@d.e",
        "https://a:b:c@d.e",
    ] {
        let error = ImportedLogin::from_auth_url(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert_eq!(fault(Err(error)), CliLoginFault::NotALogin, "{text}");
    }
}

#[test]
fn an_encrypted_auth_file_opens_with_its_key_in_both_versions() {
    for (sealed, key) in [(FIRST_VERSION, FIRST_KEY), (SECOND_VERSION, SECOND_KEY)] {
        let login = ImportedLogin::from_json(&auth_file(sealed), Some(&CliKey::new(key).unwrap())).unwrap();
        assert_eq!(login.access_token.unwrap().expose(), ACCESS);
        assert_eq!(login.refresh_token.unwrap().expose(), REFRESH);
        assert_eq!(login.client_secret.unwrap().expose(), "FixtureSecret");
        assert_eq!(login.login_url.as_str(), "https://test.salesforce.com");
        assert_eq!(login.username.as_deref(), Some("ann@acme.example.uat"));
        assert_eq!(login.org_id, OrgId::parse("00D5g00000AbCdE"));
    }
}

#[test]
fn a_users_login_is_opened_with_the_key_that_lies_next_to_it() {
    for state in [".sfdx", ".sf"] {
        let home = folder(&format!("cli-login-home{state}"));
        fs::create_dir(home.join(state)).unwrap();
        fs::write(home.join(state).join("ann@acme.example.json"), auth_file(SECOND_VERSION)).unwrap();
        let outcome = ImportedLogin::of_user_in(&home, "ann@acme.example");
        assert_eq!(fault(outcome), CliLoginFault::KeyMissing);
        let key = format!(r#"{{"account":"local","key":"{SECOND_KEY}","service":"sfdx"}}"#);
        fs::write(home.join(state).join("key.json"), key).unwrap();
        let login = ImportedLogin::of_user_in(&home, "ann@acme.example").unwrap();
        assert_eq!(login.refresh_token.unwrap().expose(), REFRESH);
    }
}

#[test]
fn a_file_that_is_not_encrypted_needs_no_key() {
    let folder = folder("cli-login-plain");
    fs::write(folder.join("key.json"), "somebody else's").unwrap();
    fs::write(folder.join("url.txt"), "force://PlatformCLI::5Aep@acme.my.salesforce.com\n").unwrap();
    assert_eq!(ImportedLogin::read(folder.join("url.txt")).unwrap().client_id, "PlatformCLI");
    fs::write(folder.join("plain.json"), auth_file([ACCESS, REFRESH, "s3cret"])).unwrap();
    assert_eq!(ImportedLogin::read(folder.join("plain.json")).unwrap().client_id, "3MVG9app");
}

#[test]
fn a_file_that_does_not_open_says_which_key_is_wrong() {
    let file = auth_file(FIRST_VERSION);
    assert_eq!(fault(ImportedLogin::from_json(&file, None)), CliLoginFault::KeyMissing);
    for other in ["f".repeat(32), SECOND_KEY.to_owned()] {
        let outcome = ImportedLogin::from_json(&file, Some(&CliKey::new(&other).unwrap()));
        assert_eq!(fault(outcome), CliLoginFault::NotDecryptable);
    }
    let changed = file.replace("a1b2c3d4e5f61d35", "a1b2c3d4e5f61d36");
    let outcome = ImportedLogin::from_json(&changed, Some(&CliKey::new(FIRST_KEY).unwrap()));
    assert_eq!(fault(outcome), CliLoginFault::NotDecryptable);
}

#[test]
fn a_key_of_somebody_elses_is_refused() {
    for text in ["short", &"g".repeat(64)] {
        assert!(CliKey::new(text).is_err(), "{text}");
    }
    let foreign = format!(r#"{{"account":"local","key":"{FIRST_KEY}","service":"other"}}"#);
    assert!(CliKey::from_key_file(&foreign).is_err());
    assert!(!format!("{:?}", CliKey::new(FIRST_KEY).unwrap()).contains("0f1e"));
}

#[test]
fn what_the_cli_prints_is_taken_over() {
    let printed = format!(
        r#"{{"status":0,"result":{{"id":"00D5g00000AbCdEFGH","accessToken":"{ACCESS}","username":"ann@acme.example",
        "instanceUrl":"https://acme.my.salesforce.com","clientId":"PlatformCLI","connectedStatus":"Connected",
        "sfdxAuthUrl":"force://PlatformCLI::{REFRESH}@acme.my.salesforce.com"}},"warnings":[]}}"#
    );
    let login = ImportedLogin::from_json(&printed, None).unwrap();
    assert_eq!(login.access_token.as_ref().unwrap().expose(), ACCESS);
    assert_eq!(login.refresh_token.as_ref().unwrap().expose(), REFRESH);
    assert_eq!(login.org_id, OrgId::parse("00D5g00000AbCdE"));
    let shown = format!("{login:?}");
    assert!(!shown.contains("Fixture"), "{shown}");
    let only_the_url = r#"{"status":0,"result":"force://PlatformCLI::5Aep@acme.my.salesforce.com"}"#;
    assert!(ImportedLogin::from_json(only_the_url, None).is_ok());
}

#[test]
fn tokens_the_cli_left_out_are_asked_for_by_the_right_command() {
    let printed = r#"{"result":{"accessToken":"[REDACTED] use the other command","username":"ann@acme.example",
        "instanceUrl":"https://acme.my.salesforce.com","clientId":"PlatformCLI","sfdxAuthUrl":"<REDACTED>"}}"#;
    let outcome = ImportedLogin::from_json(printed, None);
    assert!(outcome.as_ref().unwrap_err().to_string().contains("show-sfdx-auth-url"));
    assert_eq!(fault(outcome), CliLoginFault::Redacted);
}

#[test]
fn a_login_by_key_needs_no_token() {
    let file = r#"{"clientId":"3MVG9app","privateKey":"/keys/server.key","username":"bot@acme.example",
        "instanceUrl":"https://acme.my.salesforce.com","loginUrl":"https://login.salesforce.com"}"#;
    let login = ImportedLogin::from_json(file, None).unwrap();
    assert_eq!(login.private_key_file, Some(PathBuf::from("/keys/server.key")));
    assert_eq!(
        fault(ImportedLogin::from_json(r#"{"instanceUrl":"https://a.my.salesforce.com"}"#, None)),
        CliLoginFault::NoToken
    );
}

#[test]
fn a_file_that_is_not_there_and_a_name_that_is_a_path_are_told() {
    let missing = folder("cli-login-missing").join("nobody@acme.example.json");
    let error = ImportedLogin::read(missing).unwrap_err();
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(fault(Err(error)), CliLoginFault::NotReadable);
    for name in ["../../etc/passwd", "a@b/../c", "nobody"] {
        assert!(matches!(ImportedLogin::of_user(name), Err(CirrusError::InvalidArgument { .. })), "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}", sealed in "[0-9a-f]{0,60}:[0-9a-f]{32}") {
        let _ = ImportedLogin::from_auth_url(&format!("force://{text}"));
        let _ = ImportedLogin::from_json(&text, None);
        for key in [FIRST_KEY, SECOND_KEY] {
            let file = auth_file([&sealed, &sealed, &sealed]);
            prop_assert!(ImportedLogin::from_json(&file, Some(&CliKey::new(key).unwrap())).is_err());
        }
    }
}
