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

Object.assign(flows, {
  async records() {
    const conn = await signedIn();
    const widgets = conn.sobject("Widget__c");
    const { id } = await widgets.create({ Name: "Bolt", Weight__c: 1.5, Made_On__c: "2030-01-01" });
    assert.deepEqual(await widgets.update({ Id: id, Active__c: true, Color__c: "Red" }), { id, success: true, errors: [] });
    const bolt = await widgets.retrieve(id);
    assert.deepEqual([bolt.Weight__c, bolt.Active__c, bolt.Made_On__c], [1.5, true, "2030-01-01"]);

    const made = await widgets.upsert({ External_Id__c: "W 1", Name: "Nut" }, "External_Id__c");
    const changed = await widgets.upsert({ External_Id__c: "W 1", Name: "Washer" }, "External_Id__c");
    assert.deepEqual([made.created, changed.created, changed.id], [true, false, made.id]);
    await widgets.create([{ Code__c: "c" }, { Code__c: "c" }]);
    await assert.rejects(widgets.upsert({ Code__c: "c", Name: "x" }, "Code__c"), { errorCode: "MULTIPLE_CHOICES" });

    await assert.rejects(conn.sobject("Contact").create({ FirstName: "Ada" }), {
      errorCode: "REQUIRED_FIELD_MISSING",
      message: "Required fields are missing: [LastName]",
    });
    await assert.rejects(widgets.create({ Nope__c: 1 }), { errorCode: "INVALID_FIELD" });
    assert.equal((await widgets.destroy(id)).success, true);
    await assert.rejects(widgets.retrieve(id), { errorCode: "ENTITY_IS_DELETED" });
    const [start, end] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)];
    assert.deepEqual((await widgets.deleted(start, end)).deletedRecords.map((one) => one.id), [id]);
    assert.equal((await widgets.updated(start, end)).ids.length, 3);
  },

  async collections() {
    const conn = await signedIn();
    const accounts = conn.sobject("Account");
    const wanted = Array.from({ length: 450 }, (_, at) => ({ Name: at === 7 ? "" : `Account ${at}` }));
    const made = await accounts.create(wanted, { allowRecursive: true });
    assert.equal(made.filter((one) => one.success).length, 449);
    assert.equal(made[7].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
    const ids = made.filter((one) => one.success).map((one) => one.id).slice(0, 3);
    const changed = await accounts.update(ids.map((Id) => ({ Id, Industry: "Energy" })));
    assert.ok(changed.every((one) => one.success));
    const read = await accounts.retrieve(ids);
    assert.deepEqual(read.map((one) => one.Industry), ["Energy", "Energy", "Energy"]);
    const none = await accounts.update([{ Id: ids[0], Phone: "1" }, { Id: ids[1], Name: "" }], { allOrNone: true });
    assert.deepEqual(none.map((one) => one.success), [false, false]);
    assert.equal((await accounts.retrieve(ids[0])).Phone, null);
    const upserted = await conn.sobject("Widget__c").upsert(
      [{ External_Id__c: "1", Name: "a" }, { External_Id__c: "2", Name: "b" }], "External_Id__c",
    );
    assert.deepEqual(upserted.map((one) => one.created), [true, true]);
    assert.ok((await accounts.destroy(ids)).every((one) => one.success));
    assert.equal(await accounts.count(), 448);
  },

  async queries() {
    const conn = await signedIn();
    const accounts = conn.sobject("Account");
    await accounts.create(Array.from({ length: 2500 }, (_, at) => ({ Name: `Many ${at}` })), { allowRecursive: true });
    const first = await conn.query("SELECT Id, Name FROM Account ORDER BY Name");
    assert.deepEqual([first.totalSize, first.done, first.records.length], [2502, false, 2000]);
    const second = await conn.queryMore(first.nextRecordsUrl);
    assert.deepEqual([second.done, second.records.length], [true, 502]);
    const all = await conn.query("SELECT Id FROM Account", { autoFetch: true, maxFetch: 10_000 });
    assert.equal(new Set(all.records.map((one) => one.Id)).size, 2502);

    const [acme] = await accounts.find({ Name: { $like: "acm%" }, CreatedDate: { $gte: jsforce.Date.YESTERDAY } }, "Id, Name");
    await conn.sobject("Contact").create({ LastName: "O'Hara", AccountId: acme.Id });
    const [ohara] = await conn.sobject("Contact").find({ LastName: "O'Hara" }, { LastName: 1, "Account.Name": 1 });
    assert.equal(ohara.Account.Name, "Acme");
    const nested = await accounts.find({ Id: acme.Id }, "Id").include("Contacts").select("Id, LastName").end();
    assert.deepEqual(nested[0].Contacts.records.map((one) => one.LastName), ["O'Hara"]);
    const grouped = await conn.query("SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY Industry NULLS LAST");
    assert.deepEqual(grouped.records.map((one) => [one.Industry, one.n]), [["Energy", 1], ["Manufacturing", 1], [null, 2500]]);

    await accounts.destroy(acme.Id);
    const scanned = await conn.query("SELECT Id FROM Account WHERE IsDeleted = true", { scanAll: true });
    assert.equal(scanned.records[0].Id, acme.Id);
    await assert.rejects(conn.query("SELECT Nope FROM Account"), { errorCode: "INVALID_FIELD" });
    await assert.rejects(conn.queryMore("01gxx0000000099AAA-2000"), { errorCode: "INVALID_QUERY_LOCATOR" });
  },

  async describe() {
    const conn = await signedIn();
    const { sobjects } = await conn.describeGlobal();
    assert.ok(sobjects.some((one) => one.name === "Widget__c" && one.custom));
    const contact = await conn.describe("Contact");
    const field = contact.fields.find((one) => one.name === "AccountId");
    assert.deepEqual([field.type, field.referenceTo], ["reference", ["Account"]]);
    assert.equal((await conn.sobject("Account").describe()).keyPrefix, "001");
    await assert.rejects(conn.describe("Nope"), { errorCode: "NOT_FOUND" });
    assert.ok((await conn.limits()).DailyApiRequests.Max > 0);
  },

  async search() {
    const conn = await signedIn();
    await conn.sobject("Contact").create({ LastName: "Acme-Smith", Email: "s@acme.example" });
    const found = await conn.search("FIND {acme} IN ALL FIELDS RETURNING Account(Id, Name), Contact(Id, LastName)");
    assert.deepEqual(found.searchRecords.map((one) => one.attributes.type), ["Account", "Contact"]);
    await assert.rejects(conn.search("FIND acme"), { errorCode: "MALFORMED_SEARCH" });
  },

  async composite() {
    const conn = await signedIn();
    const base = `/services/data/v${conn.version}`;
    const parts = (name) => [
      { method: "POST", url: `${base}/sobjects/Account`, referenceId: "account", body: { Name: "Initech" } },
      { method: "POST", url: `${base}/sobjects/Contact`, referenceId: "contact", body: { LastName: name, AccountId: "@{account.id}" } },
    ];
    const post = (path, body) => conn.requestPost(`${base}/composite${path}`, body);
    const good = await post("", { allOrNone: true, compositeRequest: parts("Lumbergh") });
    assert.deepEqual(good.compositeResponse.map((one) => one.httpStatusCode), [201, 201]);
    const bad = await post("", { allOrNone: true, compositeRequest: parts("") });
    assert.deepEqual(bad.compositeResponse.map((one) => one.body[0].errorCode), ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]);
    const batch = await post("/batch", { batchRequests: [{ method: "GET", url: `v${conn.version}/limits` }] });
    assert.equal(batch.results[0].statusCode, 200);
    const tree = await post("/tree/Account", {
      records: [{
        attributes: { type: "Account", referenceId: "a" },
        Name: "Tree",
        Contacts: { records: [{ attributes: { type: "Contact", referenceId: "c" }, LastName: "Leaf" }] },
      }],
    });
    assert.deepEqual([tree.hasErrors, tree.results.length], [false, 2]);
  },

  async blobs() {
    const conn = await signedIn();
    const versions = conn.sobject("ContentVersion");
    const bytes = Buffer.from("line\r\n\r\n--line", "utf8");
    const record = { PathOnClient: "a.txt", VersionData: bytes.toString("base64") };
    const files = { multipartFileFields: { VersionData: { filename: "a.txt", contentType: "application/octet-stream" } } };
    for (const options of [{}, files]) {
      const { id } = await versions.create({ ...record }, options);
      const chunks = [];
      for await (const chunk of versions.record(id).blob("VersionData")) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(bytes));
    }
  },
});

await flows[process.argv[2]]();
