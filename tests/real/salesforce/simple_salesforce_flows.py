"""One flow of simple-salesforce at the org of real_salesforce.rs: `python simple_salesforce_flows.py <flow>`."""

import base64
import os
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from simple_salesforce import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from to_the_org import session

ORG_URL = os.environ["ORG_URL"]
KEY, SECRET = os.environ["ORG_KEY"], os.environ["ORG_SECRET"]
USERNAME, PASSWORD = os.environ["ORG_USERNAME"], os.environ["ORG_PASSWORD"]
PRIVATE_KEY = os.environ["ORG_PRIVATE_KEY"]


def work(salesforce):
    """Every session has to stand this."""
    found = salesforce.query("SELECT Id, Name FROM Account WHERE Name = 'Acme'")
    assert found["totalSize"] == 1, found
    created = salesforce.Account.create({"Name": "Made by simple-salesforce"})
    assert salesforce.Account.get(created["id"])["Name"] == "Made by simple-salesforce"
    assert salesforce.Account.update(created["id"], {"Industry": "Energy"}) == 204
    assert salesforce.Account.delete(created["id"]) == 204
    assert salesforce.limits()["DailyApiRequests"]["Max"] == 15000
    assert salesforce.api_usage["api-usage"].used > 0


def expire():
    assert session().post(f"{ORG_URL}/__testkit/expire").ok


def by_jwt():
    return Salesforce(username=USERNAME, consumer_key=KEY, privatekey=PRIVATE_KEY, session=session())


def by_credentials():
    return Salesforce(consumer_key=KEY, consumer_secret=SECRET, domain="acme.my", session=session())


def recovers(salesforce):
    before = salesforce.session_id
    expire()
    work(salesforce)
    assert salesforce.session_id != before


def jwt_bearer():
    work(by_jwt())


def jwt_bearer_recovers():
    recovers(by_jwt())


def client_credentials():
    work(by_credentials())


def client_credentials_recover():
    recovers(by_credentials())


def password():
    work(Salesforce(username=USERNAME, password=PASSWORD, consumer_key=KEY, consumer_secret=SECRET, session=session()))


def soap():
    work(Salesforce(username=USERNAME, password=PASSWORD, security_token="TOKEN", session=session()))


def revoke():
    salesforce = by_jwt()
    revoked = salesforce.session.post(salesforce.oauth2_url + "revoke", {"token": salesforce.session_id})
    assert revoked.status_code == 200, revoked.text
    direct = Salesforce(session_id=salesforce.session_id, instance_url=ORG_URL, session=session())
    try:
        direct.query("SELECT Id FROM Account")
    except SalesforceExpiredSession:
        return
    raise AssertionError("a revoked session was taken")


def refused():
    try:
        Salesforce(username="nobody@acme.example", consumer_key=KEY, privatekey=PRIVATE_KEY, session=session())
    except SalesforceAuthenticationFailed as failure:
        assert str(failure).endswith("(code: invalid_grant): user hasn't approved this consumer"), failure
        return
    raise AssertionError("nobody was let in")


def refuses(failure, code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except failure as refusal:
        assert refusal.content[0]["errorCode"] == code, refusal
        return
    raise AssertionError(f"{code} was expected")


def records():
    salesforce = by_jwt()
    widgets = salesforce.Widget__c
    bolt = widgets.create({"Name": "Bolt", "Weight__c": 1.5, "Sold_At__c": "2030-01-01T00:00:00Z"})["id"]
    assert widgets.update(bolt, {"Active__c": True}) == 204
    read = widgets.get(bolt)
    assert (read["Weight__c"], read["Active__c"], read["Sold_At__c"]) == (1.5, True, "2030-01-01T00:00:00.000+0000"), read
    assert widgets.upsert("External_Id__c/W1", {"Name": "Nut"}) == 201
    assert widgets.upsert("External_Id__c/W1", {"Name": "Washer"}) == 200
    assert widgets.get_by_custom_id("External_Id__c", "W1")["Name"] == "Washer"
    for _ in range(2):
        widgets.create({"Code__c": "c"})
    try:
        widgets.get_by_custom_id("Code__c", "c")
        raise AssertionError("two records are not one")
    except SalesforceMoreThanOneRecord as several:
        assert len(several.content) == 2, several
    refuses(SalesforceMalformedRequest, "REQUIRED_FIELD_MISSING", salesforce.Contact.create, {})
    refuses(SalesforceMalformedRequest, "STRING_TOO_LONG", widgets.create, {"Name": "x" * 81})
    assert widgets.delete(bolt) == 204
    refuses(SalesforceResourceNotFound, "ENTITY_IS_DELETED", widgets.get, bolt)
    now = datetime.now(timezone.utc)
    span = (now - timedelta(hours=1), now + timedelta(hours=1))
    assert [one["id"] for one in widgets.deleted(*span)["deletedRecords"]] == [bolt]
    assert len(widgets.updated(*span)["ids"]) == 3


def queries():
    salesforce = by_jwt()
    for start in range(0, 2400, 200):
        wanted = [{"attributes": {"type": "Account"}, "Name": f"Many {start + at}"} for at in range(200)]
        made = salesforce.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": wanted})
        assert all(one["success"] for one in made), made
    first = salesforce.query("SELECT Id, Name FROM Account")
    assert (first["totalSize"], first["done"], len(first["records"])) == (2402, False, 2000)
    second = salesforce.query_more(first["nextRecordsUrl"], True)
    assert (second["done"], len(second["records"])) == (True, 402)
    assert len(salesforce.query_all("SELECT Id FROM Account")["records"]) == 2402
    assert sum(1 for _ in salesforce.query_all_iter("SELECT Id FROM Account WHERE Name LIKE 'Many%'")) == 2400
    acme = salesforce.query("SELECT Id FROM Account WHERE Name = 'Acme'")["records"][0]["Id"]
    salesforce.Contact.create({"LastName": "O'Hara", "AccountId": acme})
    found = salesforce.query(r"SELECT Account.Name FROM Contact WHERE LastName = 'O\'Hara'")["records"]
    assert found[0]["Account"]["Name"] == "Acme", found
    salesforce.Account.delete(acme)
    scanned = salesforce.query_all("SELECT Id FROM Account WHERE IsDeleted = true", include_deleted=True)
    assert scanned["records"][0]["Id"] == acme, scanned
    refuses(SalesforceMalformedRequest, "MALFORMED_QUERY", salesforce.query, "SELECT FROM Account")


def describe():
    salesforce = by_jwt()
    assert any(one["name"] == "Widget__c" for one in salesforce.describe()["sobjects"])
    fields = {one["name"]: one for one in salesforce.Contact.describe()["fields"]}
    assert fields["AccountId"]["referenceTo"] == ["Account"], fields["AccountId"]
    assert salesforce.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"
    assert salesforce.is_sandbox() is False


def search():
    salesforce = by_jwt()
    found = salesforce.search("FIND {acme} RETURNING Account(Id, Name)")["searchRecords"]
    assert [one["Name"] for one in found] == ["Acme"], found
    assert len(salesforce.quick_search("lovelace")["searchRecords"]) == 1
    body = {"q": "acme", "sobjects": [{"name": "Account", "fields": ["Name"]}]}
    found = salesforce.restful("parameterizedSearch", method="POST", json=body)["searchRecords"]
    assert found[0]["Name"] == "Acme", found


def composite():
    salesforce = by_jwt()
    base = f"/services/data/v{salesforce.sf_version}"
    parts = [
        {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "Initech"}},
        {"method": "GET", "url": f"{base}/sobjects/Account/@{{a.id}}", "referenceId": "b"},
    ]
    answer = salesforce.restful("composite", method="POST", json={"compositeRequest": parts})["compositeResponse"]
    assert [one["httpStatusCode"] for one in answer] == [201, 200], answer
    assert answer[1]["body"]["Name"] == "Initech", answer
    graph = {"graphs": [{"graphId": "g", "compositeRequest": parts}]}
    answer = salesforce.restful("composite/graph", method="POST", json=graph)["graphs"]
    assert answer[0]["isSuccessful"] is True, answer


def blobs():
    salesforce = by_jwt()
    encoded = base64.b64encode(b"hello").decode()
    made = salesforce.Document.create({"Name": "d", "FolderId": "00lxx0000000001AAA", "Body": encoded})["id"]
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"bye")
        file.flush()
        assert salesforce.Document.update_base64(made, file.name) == 204
    assert salesforce.Document.get_base64(made) == b"bye"


globals()[sys.argv[1]]()
