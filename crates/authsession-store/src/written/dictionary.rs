//! What sessions are made of, to be referred to instead of written.
//!
//! Frozen: records that name it are read with it. What should be in it and is not goes into another one, with an id of its own.

/// The first, in the form of RFC 8878 §5.
pub(super) fn first() -> Vec<u8> {
    [TABLES.as_slice(), TEXTS].concat()
}

/// How often what is met: made once by `ZDICT_finalizeDictionary` from `TEXTS` and records in the manner of five providers, with
/// random tokens. So no record brings tables of its own: it is a twentieth smaller, and packed in half the time.
const TABLES: [u8; 153] = [
    0x37, 0xa4, 0x30, 0xec, 0x01, 0x00, 0x00, 0x00, 0x39, 0x10, 0xb0, 0x92, 0xcc, 0x01, 0x30, 0x0c, 0xc3,
    0x30, 0x0c, 0xc3, 0x30, 0x0c, 0xc3, 0xc0, 0x83, 0x72, 0x14, 0xfe, 0xd7, 0xc2, 0xdf, 0x42, 0x9f, 0x92,
    0x22, 0xc5, 0xa4, 0x09, 0x02, 0x4e, 0x4f, 0x1a, 0x70, 0xfa, 0xc9, 0x51, 0xb2, 0x03, 0x9a, 0x32, 0x37,
    0x25, 0x45, 0x7a, 0x0e, 0x02, 0x61, 0x19, 0x6b, 0xcd, 0xc9, 0x43, 0xb5, 0xd6, 0x5a, 0x07, 0x03, 0x01,
    0x00, 0x00, 0x12, 0x0a, 0x44, 0xc2, 0xe3, 0x22, 0xc2, 0x0e, 0x00, 0x04, 0xa0, 0x81, 0x8d, 0x0e, 0x95,
    0x18, 0xa5, 0x0f, 0x08, 0x43, 0xd2, 0x60, 0x48, 0x1a, 0x87, 0x82, 0x42, 0x49, 0x88, 0x62, 0x30, 0x8e,
    0x42, 0x28, 0x00, 0x60, 0x18, 0x14, 0x35, 0xc8, 0x30, 0xe5, 0x10, 0x14, 0x01, 0x00, 0x00, 0x24, 0xf1,
    0x44, 0x33, 0x51, 0x34, 0x0e, 0x85, 0xca, 0x30, 0x14, 0xc5, 0x31, 0x08, 0x00, 0x01, 0x24, 0x05, 0xa0,
    0x65, 0x74, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
];

/// What is met most often stands last.
const TEXTS: &[u8] = concat!(
    // Further members of token answers.
    "sfdc_community_url", "sfdc_community_id", "sfdc_site_url", "sfdc_site_id", "api_instance_url", "instance_url",
    "issued_at", "signature", "refresh_token_expires_in", "ext_expires_in", "foci", "client_info", "session_state",
    "not-before-policy", "issued_token_type", "urn:ietf:params:oauth:token-type:access_token",
    // Claims of Salesforce.
    r#","organization_id":"00D","user_id":"005","preferred_username":""#,
    r#"","nickname":"","is_app_installed":true,"active":true,"user_type":"STANDARD","language":"en_US","locale":"en_US","utcOffset":-28800000,"#,
    r#""photos":{"picture":"https://","thumbnail":"https://"},"urls":{"enterprise":"https://"#,
    ".my.salesforce.com/services/Soap/c/{version}/00D", "/services/data/v{version}/sobjects/", "/services/data/v{version}/query/",
    "https://test.salesforce.com/id/00D", "https://login.salesforce.com/id/00D", ".sandbox.my.salesforce.com",
    "https://login.salesforce.com", ".my.salesforce.com", "refresh_token id web api full openid",
    // Issuers.
    "https://appleid.apple.com", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_",
    ".b2clogin.com/", ".ciamlogin.com/", ".eu.auth0.com/", ".us.auth0.com/", ".okta.com/oauth2/default", ".oktapreview.com/oauth2/", ".onelogin.com/oidc/2",
    "https://gitlab.com", "https://keycloak.", "https://auth.", "https://sso.", "https://id.", "https://idp.", "/auth/realms/", "/realms/", "/application/o/",
    "https://sts.windows.net/", "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
    "https://login.microsoftonline.com/", "/v2.0", "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000",
    "https://accounts.google.com", ".apps.googleusercontent.com", "https://www.googleapis.com/auth/userinfo.profile",
    "https://www.googleapis.com/auth/userinfo.email", "https://lh3.googleusercontent.com/a/", "=s96-c",
    // Claims of Microsoft.
    r#","acct":0,"aio":""#, r#"","app_displayname":""#, r#"","appid":""#, r#"","appidacr":"1","idp":"https://sts.windows.net/"#,
    r#"","idtyp":"user","ipaddr":""#, r#"","oid":""#, r#"","onprem_sid":"S-1-5-21-"#, r#"","platf":"3","puid":"1003"#, r#"","rh":"0.A"#, r#"","tenant_region_scope":"EU"#,
    r#"","tid":""#, r#"","unique_name":""#, r#"","upn":""#, r#"","uti":""#, r#"","ver":"2.0","wids":["b79fbf4d-3ef9-4689-8143-76b194e85509"]"#,
    r#"","ver":"1.0","xms_"#, r#","hasgroups":true"#, r#","signin_state":["kmsi"]"#, "User.Read profile openid email offline_access",
    // Claims of Keycloak, Auth0, Okta, Cognito.
    r#","allowed-origins":["https://"#, r#""],"realm_access":{"roles":["default-roles-"#, r#"","offline_access","uma_authorization"]},"#,
    r#""resource_access":{"account":{"roles":["manage-account","manage-account-links","view-profile"]}},"#, r#""typ":"Bearer","#,
    r#""typ":"ID","#, r#""session_state":""#, r#""scp":["openid","profile","email","offline_access"],"cid":"0oa"#, r#"","uid":"00u"#, r#"","idp":"00o"#,
    r#"","gty":"password"#, r#"","permissions":["read:"#, r#"","cognito:groups":["#, r#"],"cognito:username":""#, r#"","token_use":"access"#, r#"","token_use":"id"#,
    r#"","event_id":""#, r#"","origin_jti":""#, r#"","auth0|"#, r#"google-oauth2|"#,
    // Claims about a person, and the userinfo.
    r#"","middle_name":""#, r#"","profile":"https://"#, r#"","website":"https://"#, r#"","gender":""#, r#"","birthdate":""#, r#"","zoneinfo":"Europe/"#,
    r#"America/New_York","locale":"en-US"#, r#"","locale":"de-DE"#, r#"","locale":"en"#, r#"","phone_number":"+"#, r#"","phone_number_verified":true"#,
    r#","address":{"formatted":""#, r#"","street_address":""#, r#"","locality":""#, r#"","region":""#, r#"","postal_code":""#, r#"","country":""#, r#""}"#,
    r#","updated_at":"#, r#","hd":""#, r#"","entitlements":["#, r#""],"roles":[""#, r#""],"groups":[""#, "admin", "user", "editor", "viewer", "everyone", "employees",
    r#""],"amr":["pwd","mfa","otp","hwk","rsa"]"#, r#"],"amr":["pwd"]"#, r#","acr":"urn:mace:incommon:iap:silver"#, r#"","acr":"0"#, r#"","acr":"1"#,
    r#"","nickname":""#, r#"","preferred_username":""#, r#"","picture":"https://"#, r#"","given_name":""#, r#"","family_name":""#, r#"","name":""#,
    r#"","email":""#, "@gmail.com", "@outlook.com", "@example.com", r#"","email_verified":true,""#, r#"","email_verified":false,""#,
    // Claims of every token.
    r#"{"active":true,"#, r#"{"iss":"https://"#, r#"","sub":""#, r#"","aud":[""#, r#"","aud":"https://api."#, r#"","aud":""#, r#"","azp":""#, r#"","client_id":""#,
    r#"","jti":""#, r#"","sid":""#, r#"","nonce":""#, r#"","at_hash":""#, r#"","c_hash":""#, r#"","s_hash":""#, r#"","scope":"openid profile email offline_access"#,
    r#"","scp":"#, r#","auth_time":17"#, r#","iat":17"#, r#","nbf":17"#, r#","exp":17"#, r#"{"exp":17"#, r#"{"sub":""#, r#"{"aud":""#,
    // Headers.
    r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"EdDSA","kid":""#, r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, r#"{"alg":"dir","enc":"A256GCM","iss":"https://"#,
    r#"{"alg":"PS256","typ":"JWT","kid":""#, r#"{"alg":"ES256","typ":"JWT","kid":""#, r#"{"alg":"ES256","kid":""#, r#"{"typ":"JWT","nonce":""#,
    r#"{"kid":""#, r#"","alg":"RS256"}"#, r#"","typ":"JWT","alg":"RS256"}"#, r#"","x5t":""#, r#"{"alg":"RS256","typ":"at+jwt","kid":""#,
    r#"{"alg":"RS256","typ" : "JWT","kid" : ""#, r#"{"typ":"JWT","alg":"RS256","kid":""#, r#"{"alg":"RS256","kid":""#, r#"","typ":"JWT"}"#,
    r#"{"alg":"RS256","typ":"JWT","kid":""#, r#""}{""#,
    // How the fields follow one another: numbers and lengths of `written.rs`.
    "\x0f\x06bearer\x10", "\x0f\x06Bearer\x11\x1bhttps://accounts.google.com\x12", "\x0f\x06Bearer\x10\x2aopenid profile email offline_access address phone",
    "\x0f\x06Bearer\x10\x14openid profile email\x11", "\x0f\x06Bearer\x10\x23openid profile email offline_access\x11",
)
.as_bytes();
