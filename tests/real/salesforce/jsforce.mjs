// One flow of jsforce at the org of real_salesforce.rs: `node jsforce.mjs <flow>`. It fails by throwing.
import assert from "node:assert/strict";
import { createSign } from "node:crypto";
import jsforce from "jsforce";

const { ORG_URL, ORG_KEY, ORG_SECRET, ORG_USERNAME, ORG_PASSWORD, ORG_PRIVATE_KEY } = process.env;
const app = { loginUrl: ORG_URL, clientId: ORG_KEY, clientSecret: ORG_SECRET };
const bare = { loginUrl: ORG_URL };
const redirectUri = "https://app.example/callback";

const connection = (oauth2, more = {}) => new jsforce.Connection({ ...bare, instanceUrl: ORG_URL, oauth2, ...more });

function assertion() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 120;
  const message = `${part({ alg: "RS256" })}.${part({ iss: ORG_KEY, sub: ORG_USERNAME, aud: ORG_URL, exp })}`;
  return `${message}.${createSign("RSA-SHA256").update(message).sign(ORG_PRIVATE_KEY, "base64url")}`;
}

const bearer = () => ({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion() });

// Every session has to stand this.
async function work(conn) {
  const found = await conn.query("SELECT Id, Name FROM Account WHERE Name = 'Acme'");
  assert.equal(found.totalSize, 1);
  const created = await conn.sobject("Account").create({ Name: "Made by jsforce" });
  assert.equal(created.success, true);
  assert.equal((await conn.sobject("Account").retrieve(created.id)).Name, "Made by jsforce");
  assert.ok(conn.limitInfo.apiUsage.used > 0);
}

async function expire() {
  assert.ok((await fetch(`${ORG_URL}/__testkit/expire`, { method: "POST" })).ok);
}

async function signedIn(scope = "api refresh_token id") {
  const oauth2 = new jsforce.OAuth2({ ...app, redirectUri, useVerifier: true });
  const url = oauth2.getAuthorizationUrl({ scope, state: "s" });
  const sent = await fetch(url, { redirect: "manual" });
  const back = new URL(sent.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "s");
  const conn = connection(oauth2);
  await conn.authorize(back.searchParams.get("code"));
  return conn;
}

const flows = {
  async jwt_bearer() {
    const conn = connection(bare);
    await conn.authorize(bearer());
    await work(conn);
    assert.equal((await conn.identity()).username, ORG_USERNAME);
  },

  async jwt_bearer_recovers() {
    const conn = connection(bare, {
      refreshFn: (conn, done) => conn.oauth2.requestToken(bearer()).then((made) => done(null, made.access_token), done),
    });
    await conn.authorize(bearer());
    await expire();
    await work(conn);
  },

  async client_credentials() {
    const conn = connection(app);
    await conn.authorize({ grant_type: "client_credentials" });
    await work(conn);
    await conn.logout();
  },

  async password() {
    const conn = connection(app);
    await conn.login(ORG_USERNAME, ORG_PASSWORD);
    await work(conn);
  },

  async soap() {
    const conn = new jsforce.Connection(bare);
    const user = await conn.login(ORG_USERNAME, ORG_PASSWORD);
    assert.ok(user.organizationId.startsWith("00D"));
    await work(conn);
    const again = connection(undefined, { accessToken: conn.accessToken });
    await conn.logout();
    await assert.rejects(again.query("SELECT Id FROM Account"), { errorCode: "INVALID_SESSION_ID" });
  },

  async soap_disabled() {
    const refused = new jsforce.Connection(bare).login(ORG_USERNAME, ORG_PASSWORD);
    await assert.rejects(refused, /INVALID_OPERATION: SOAP API login\(\) is disabled by default in this org/);
  },

  async code_with_pkce() {
    const conn = await signedIn();
    await work(conn);
    assert.ok(conn.refreshToken);
  },

  async refresh() {
    const conn = await signedIn();
    // The verifier is of the code; jsforce would send it along with every refresh.
    const later = connection(app, { accessToken: conn.accessToken, refreshToken: conn.refreshToken });
    await expire();
    await Promise.all(Array.from({ length: 10 }, () => later.query("SELECT Id FROM Account")));
    await work(later);
    assert.notEqual(later.accessToken, conn.accessToken);
  },

  async revoke() {
    const conn = await signedIn();
    const { accessToken, refreshToken } = conn;
    await conn.logout(true);
    const later = connection(app, { accessToken, refreshToken });
    await assert.rejects(later.query("SELECT Id FROM Account"), /expired access\/refresh token/);
  },

  async without_api_scope() {
    const conn = await signedIn("id refresh_token");
    const refused = { errorCode: "INVALID_SESSION_ID", message: /not valid for use with the REST API/ };
    const later = connection(app, { accessToken: conn.accessToken, refreshToken: conn.refreshToken });
    await assert.rejects(later.query("SELECT Id FROM Account"), refused);
  },
};

await flows[process.argv[2]]();
