// One bulk flow of jsforce at the org of real_salesforce_bulk.rs: `node jsforce_bulk.mjs <flow>`. It fails by throwing.
import assert from "node:assert/strict";
import { createSign } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import jsforce from "jsforce";

const { ORG_URL, ORG_KEY, ORG_USERNAME, ORG_PRIVATE_KEY } = process.env;
const poll = { pollInterval: 20, pollTimeout: 20_000 };

function bearer() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 120;
  const message = `${part({ alg: "RS256" })}.${part({ iss: ORG_KEY, sub: ORG_USERNAME, aud: ORG_URL, exp })}`;
  const assertion = `${message}.${createSign("RSA-SHA256").update(message).sign(ORG_PRIVATE_KEY, "base64url")}`;
  return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
}

async function connected(version = "66.0") {
  const refreshFn = (conn, done) => conn.oauth2.requestToken(bearer()).then((made) => done(null, made.access_token), done);
  const oauth2 = { loginUrl: ORG_URL };
  const conn = new jsforce.Connection({ loginUrl: ORG_URL, instanceUrl: ORG_URL, oauth2, refreshFn, version });
  await conn.authorize(bearer());
  return conn;
}

async function loaded(conn, operation, input, more = {}) {
  return conn.bulk2.loadAndWaitForResults({ object: "Account", operation, input, ...more, ...poll });
}

async function selected(conn, soql) {
  return (await conn.bulk2.query(soql, poll)).toArray();
}

// The directory of a zip archive, which is all the org looks at.
function archive(...names) {
  const entry = (name) => {
    const head = Buffer.alloc(46);
    head.write("PK\u0001\u0002");
    head.writeUInt16LE(name.length, 28);
    return Buffer.concat([head, Buffer.from(name)]);
  };
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(names.length, 10);
  return Buffer.concat([...names.map(entry), end]);
}

const flows = {
  async bulk_load() {
    const conn = await connected();
    const rows = [{ Name: 'One, "quoted"', Phone: "1" }, { Name: "Two\nlines", Phone: "2" }, { Name: "", Phone: "3" }];
    const made = await loaded(conn, "insert", rows);
    assert.equal(made.successfulResults.length, 2);
    assert.equal(made.failedResults.length, 1);
    assert.match(made.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING:/);
    assert.equal(made.unprocessedRecords.length, 0);
    const [one, two] = made.successfulResults;
    assert.equal(one.sf__Created, "true");
    assert.equal(two.Name, "Two\nlines");
    const changed = await loaded(conn, "update", [{ Id: one.sf__Id, Name: "Uno" }]);
    assert.equal(changed.successfulResults[0].sf__Created, "false");
    assert.equal((await conn.sobject("Account").retrieve(one.sf__Id)).Name, "Uno");
    const gone = await loaded(conn, "delete", [{ Id: one.sf__Id }, { Id: two.sf__Id }]);
    assert.equal(gone.successfulResults.length, 2);
    assert.equal((await conn.query("SELECT Id FROM Account WHERE Name = 'Uno'")).totalSize, 0);
  },

  async bulk_upsert() {
    const conn = await connected();
    const more = { object: "Widget__c", externalIdFieldName: "External_Id__c" };
    const rows = [{ External_Id__c: "W1", Weight__c: 1.5 }];
    const made = await loaded(conn, "upsert", rows, more);
    assert.equal(made.successfulResults[0].sf__Created, "true");
    const again = await loaded(conn, "upsert", rows, more);
    assert.equal(again.successfulResults[0].sf__Created, "false");
  },

  async bulk_stream() {
    const conn = await connected();
    const lines = function* () {
      yield "Name\n";
      for (let at = 0; at < 1000; at++) yield `Streamed ${at}\n`;
    };
    const made = await loaded(conn, "insert", Readable.from(lines()));
    assert.equal(made.successfulResults.length, 1000);
  },

  async bulk_steps() {
    const conn = await connected();
    const job = conn.bulk2.createJob({ object: "Account", operation: "insert" });
    await job.open();
    await job.uploadData("Name\nStep by step\n");
    await assert.rejects(job.uploadData("Name\nTwice\n"), /only be uploaded to a job once/);
    await job.close();
    await job.poll(20, 20_000);
    const info = await job.check();
    assert.equal(info.state, "JobComplete");
    assert.equal(info.numberRecordsProcessed, 1);
    await assert.rejects(job.abort(), /Aborting already Completed Job not allowed/);
    await job.delete();
    await assert.rejects(job.check());
  },

  async bulk_fails() {
    const conn = await connected();
    await assert.rejects(loaded(conn, "insert", [{ Nothing: 1 }]), /InvalidBatch : Field name not found : Nothing/);
    await assert.rejects(selected(conn, "SELECT Nothing FROM Account"), { errorCode: "INVALID_FIELD" });
  },

  async bulk_query() {
    const conn = await connected();
    const rows = await selected(conn, "SELECT Id, Name FROM Account ORDER BY Name");
    assert.deepEqual(rows.map((row) => row.Name).slice(-2), ["Acme", "Globex"]);
    assert.equal(rows.length, 7);
    const none = await selected(conn, "SELECT Id FROM Account WHERE Name = 'Nobody'");
    assert.equal(none.length, 0);
    const stream = await conn.bulk2.query("SELECT Id FROM Contact", poll);
    assert.match(await text(stream.stream()), /Id/);
  },

  async bulk_recovers() {
    const conn = await connected();
    const made = await loaded(conn, "insert", [{ Name: "Survivor" }]);
    assert.equal(made.successfulResults.length, 1);
  },

  async tooling() {
    const conn = await connected();
    assert.ok((await conn.tooling.describeGlobal()).sobjects.some((one) => one.name === "ApexClass"));
    const good = await conn.tooling.executeAnonymous("System.debug('hello');");
    assert.deepEqual([good.compiled, good.success], [true, true]);
    const bad = await conn.tooling.executeAnonymous("this is no Apex");
    assert.deepEqual([bad.compiled, bad.success], [false, false]);
    const Body = "public class Made {}";
    const made = await conn.tooling.sobject("ApexClass").create({ Name: "Made", Body });
    assert.equal((await conn.tooling.sobject("ApexClass").retrieve(made.id)).Body, Body);
    const found = await conn.tooling.query("SELECT Id, Name FROM ApexClass WHERE Name = 'Made'");
    assert.equal(found.records[0].Id, made.id);
    await conn.tooling.sobject("ApexClass").destroy(made.id);
  },

  async apex_rest() {
    const conn = await connected();
    const told = await conn.apex.post("/acme/Orders", { amount: 3 });
    assert.deepEqual([told.method, told.path, told.body], ["POST", "/acme/Orders", { amount: 3 }]);
    assert.equal((await conn.apex.get("/acme/Orders?id=7")).query.id, "7");
  },

  async deploy() {
    const conn = await connected();
    const begun = await conn.metadata.deployRest(archive("package.xml", "classes/Foo.cls"), { singlePackage: true });
    assert.equal(begun.deployResult.status, "Pending");
    assert.equal(begun.deployResult.numberComponentsTotal, 2);
    assert.equal(begun.deployOptions.singlePackage, true);
  },
};

await flows[process.argv[2]]();
