"""One bulk flow of simple-salesforce at the org of real_salesforce_bulk.rs: `python simple_salesforce_bulk.py <flow>`."""

import csv
import io
import os
import sys
import tempfile

from simple_salesforce import Salesforce, SalesforceMalformedRequest
from simple_salesforce.exceptions import SalesforceOperationError

from to_the_org import session

QUICK = 0.05


def connected():
    return Salesforce(
        username=os.environ["ORG_USERNAME"],
        consumer_key=os.environ["ORG_KEY"],
        privatekey=os.environ["ORG_PRIVATE_KEY"],
        session=session(),
    )


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def bulk_load():
    salesforce = connected()
    accounts = salesforce.bulk2.Account
    (told,) = accounts.insert(records=[{"Name": "One, ltd"}, {"Name": "Two\nlines"}], wait=QUICK)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (2, 0), told
    good = rows(accounts.get_successful_records(told["job_id"]))
    assert [row["Name"] for row in good] == ["One, ltd", "Two\nlines"], good
    ids = [row["sf__Id"] for row in good]
    (told,) = accounts.update(records=[{"Id": ids[0], "Name": "Uno"}, {"Id": "001000000000000AAA", "Name": "Nobody"}], wait=QUICK)
    assert told["numberRecordsFailed"] == 1, told
    bad = rows(accounts.get_failed_records(told["job_id"]))
    assert bad[0]["sf__Error"].startswith("INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:"), bad
    assert rows(accounts.get_unprocessed_records(told["job_id"])) == []
    (told,) = accounts.delete(records=[{"Id": one} for one in ids], wait=QUICK)
    assert told["numberRecordsFailed"] == 0, told
    assert salesforce.query("SELECT Id FROM Account WHERE Name = 'Uno'")["totalSize"] == 0


def bulk_upsert():
    widgets = connected().bulk2.Widget__c
    for created in ["true", "false"]:
        (told,) = widgets.upsert(records=[{"External_Id__c": "W1", "Weight__c": "2"}], external_id_field="External_Id__c", wait=QUICK)
        assert rows(widgets.get_successful_records(told["job_id"]))[0]["sf__Created"] == created


def bulk_fails():
    salesforce = connected()
    try:
        salesforce.bulk2.Account.insert(records=[{"Nothing": "1"}], wait=QUICK)
    except SalesforceOperationError as failure:
        assert "InvalidBatch : Field name not found : Nothing" in str(failure), failure
    else:
        raise AssertionError("an unknown column was taken")
    try:
        list(salesforce.bulk2.Account.query("SELECT Nothing FROM Account", wait=QUICK))
    except SalesforceMalformedRequest as failure:
        assert failure.content[0]["errorCode"] == "INVALID_FIELD", failure
        return
    raise AssertionError("an unknown column was selected")


def bulk_query():
    accounts = connected().bulk2.Account
    pages = list(accounts.query("SELECT Id, Name FROM Account ORDER BY Name", max_records=3, wait=QUICK))
    assert [len(rows(page)) for page in pages] == [3, 3, 1], pages
    with tempfile.TemporaryDirectory() as folder:
        told = accounts.download("SELECT Id, Name FROM Account", path=folder, max_records=5, wait=QUICK)
        assert [one["number_of_records"] for one in told] == [5, 2], told


globals()[sys.argv[1]]()
