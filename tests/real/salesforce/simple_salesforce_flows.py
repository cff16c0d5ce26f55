"""One flow of simple-salesforce at the org of real_salesforce.rs: `python simple_salesforce_flows.py <flow>`."""

import os
import sys
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed, SalesforceExpiredSession

ORG_URL = os.environ["ORG_URL"]
KEY, SECRET = os.environ["ORG_KEY"], os.environ["ORG_SECRET"]
USERNAME, PASSWORD = os.environ["ORG_USERNAME"], os.environ["ORG_PASSWORD"]
PRIVATE_KEY = os.environ["ORG_PRIVATE_KEY"]


class ToTheOrg(HTTPAdapter):
    """Every https host is the org: simple-salesforce knows no http."""

    def send(self, request, **options):
        target = urlsplit(request.url)
        request.url = f"{ORG_URL}{target.path}" + (f"?{target.query}" if target.query else "")
        return super().send(request, **options)


def session():
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", ToTheOrg())
    return made


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


globals()[sys.argv[1]]()
