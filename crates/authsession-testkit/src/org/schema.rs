//! The objects every org has.

use crate::org::field::Kind;
use crate::org::field::OrgField as Field;
use crate::org::object::OrgObject as Object;

/// All of them.
pub(crate) fn standard() -> Vec<Object> {
    vec![
        account(),
        contact(),
        opportunity(),
        lead(),
        case(),
        task(),
        user(),
        organization(),
        widget(),
        attachment(),
        document(),
        content_version(),
        event_log_file(),
    ]
}

fn object(name: &str, prefix: &str) -> Object {
    Object::bare(name, prefix)
}

fn phone(name: &str) -> Field {
    Field::new(name, Kind::Phone)
}

fn email(name: &str) -> Field {
    Field::new(name, Kind::Email)
}

fn integer(name: &str) -> Field {
    Field::new(name, Kind::Integer)
}

fn industry() -> Field {
    Field::picklist("Industry", ["Energy", "Finance", "Manufacturing", "Software", "Other"])
}

fn account() -> Object {
    object("Account", "001")
        .field(Field::text("Name", 255).required())
        .field(Field::picklist("Type", ["Prospect", "Customer", "Partner", "Other"]))
        .field(Field::lookup("ParentId", "Account", "Parent", "ChildAccounts"))
        .field(Field::text("BillingStreet", 255))
        .field(Field::text("BillingCity", 40))
        .field(Field::text("BillingCountry", 80))
        .field(phone("Phone"))
        .field(Field::new("Website", Kind::Url))
        .field(Field::text("AccountNumber", 40))
        .field(industry())
        .field(Field::currency("AnnualRevenue"))
        .field(integer("NumberOfEmployees"))
        .field(Field::long_text("Description", 32_000))
        .audited()
}

fn contact() -> Object {
    object("Contact", "003")
        .field(Field::lookup("AccountId", "Account", "Account", "Contacts"))
        .field(Field::text("FirstName", 40))
        .field(Field::text("LastName", 80).required())
        .field(Field::text("Name", 121).computed())
        .field(email("Email"))
        .field(phone("Phone"))
        .field(Field::text("Title", 128))
        .field(Field::text("Department", 80))
        .field(Field::date("Birthdate"))
        .field(Field::long_text("Description", 32_000))
        .audited()
}

fn opportunity() -> Object {
    object("Opportunity", "006")
        .field(Field::lookup("AccountId", "Account", "Account", "Opportunities"))
        .field(Field::text("Name", 120).required())
        .field(
            Field::picklist("StageName", ["Prospecting", "Proposal", "Closed Won", "Closed Lost"]).required(),
        )
        .field(Field::currency("Amount"))
        .field(Field::number("Probability"))
        .field(Field::date("CloseDate").required())
        .field(Field::long_text("Description", 32_000))
        .audited()
}

fn lead() -> Object {
    object("Lead", "00Q")
        .field(Field::text("FirstName", 40))
        .field(Field::text("LastName", 80).required())
        .field(Field::text("Name", 121).computed())
        .field(Field::text("Company", 255).required())
        .field(email("Email"))
        .field(phone("Phone"))
        .field(industry())
        .field(Field::picklist(
            "Status",
            ["Open - Not Contacted", "Working - Contacted", "Closed - Converted"],
        ))
        .audited()
}

fn case() -> Object {
    object("Case", "500")
        .field(Field::text("CaseNumber", 30).computed())
        .field(Field::lookup("AccountId", "Account", "Account", "Cases"))
        .field(Field::lookup("ContactId", "Contact", "Contact", "Cases"))
        .field(Field::text("Subject", 255))
        .field(Field::picklist("Status", ["New", "Working", "Escalated", "Closed"]))
        .field(Field::picklist("Priority", ["High", "Medium", "Low"]))
        .field(Field::picklist("Origin", ["Phone", "Email", "Web"]))
        .field(Field::long_text("Description", 32_000))
        .audited()
}

fn task() -> Object {
    object("Task", "00T")
        .field(Field::lookup("WhoId", "Contact", "Who", "Tasks"))
        .field(Field::lookup("WhatId", "Account", "What", "Tasks"))
        .field(Field::text("Subject", 255))
        .field(Field::picklist("Status", ["Not Started", "In Progress", "Completed"]))
        .field(Field::picklist("Priority", ["High", "Normal", "Low"]))
        .field(Field::date("ActivityDate"))
        .field(Field::long_text("Description", 32_000))
        .audited()
}

fn user() -> Object {
    object("User", "005")
        .field(Field::text("Username", 80).computed())
        .field(Field::text("Name", 121).computed())
        .field(email("Email").computed())
        .field(Field::boolean("IsActive").computed())
        .stamped()
        .read_only()
}

fn organization() -> Object {
    object("Organization", "00D")
        .field(Field::text("Name", 80).computed())
        .field(Field::text("InstanceName", 5).computed())
        .field(Field::boolean("IsSandbox").computed())
        .field(Field::text("OrganizationType", 40).computed())
        .field(Field::text("NamespacePrefix", 15).computed())
        .field(Field::datetime("TrialExpirationDate").computed())
        .stamped()
        .read_only()
}

/// The custom object, with a field of every kind, one external id that is unique and one that is not.
fn widget() -> Object {
    Object::new("Widget__c", "a00")
        .field(Field::text("External_Id__c", 40).external_id().unique())
        .field(Field::text("Code__c", 40).external_id())
        .field(Field::lookup("Account__c", "Account", "Account__r", "Widgets__r"))
        .field(Field::number("Weight__c"))
        .field(Field::boolean("Active__c"))
        .field(Field::date("Made_On__c"))
        .field(Field::datetime("Sold_At__c"))
        .field(Field::long_text("Notes__c", 32_768))
        .field(Field::picklist("Color__c", ["Red", "Green", "Blue"]).restricted())
        .field(Field::currency("Price__c"))
}

fn blob(name: &str, length: &'static str) -> Field {
    Field::new(name, Kind::Blob { length: Some(length) })
}

fn attachment() -> Object {
    object("Attachment", "00P")
        .field(Field::lookup("ParentId", "Account", "Parent", "Attachments").required().fixed())
        .field(Field::text("Name", 255).required())
        .field(Field::text("ContentType", 120))
        .field(integer("BodyLength").computed())
        .field(blob("Body", "BodyLength").required())
        .field(Field::text("Description", 500))
        .audited()
}

fn document() -> Object {
    object("Document", "015")
        .field(Field::text("FolderId", 18).required())
        .field(Field::text("Name", 255).required())
        .field(Field::text("Type", 40))
        .field(Field::text("ContentType", 120))
        .field(integer("BodyLength").computed())
        .field(blob("Body", "BodyLength"))
        .field(Field::text("Description", 255))
        .field(Field::text("Keywords", 255))
        .stamped()
}

fn content_version() -> Object {
    object("ContentVersion", "068")
        .field(Field::text("Title", 255))
        .field(Field::text("PathOnClient", 500).required().fixed())
        .field(Field::text("ReasonForChange", 1000))
        .field(Field::long_text("Description", 1000))
        .field(integer("ContentSize").computed())
        .field(blob("VersionData", "ContentSize").required().fixed())
        .audited()
}

fn event_log_file() -> Object {
    object("EventLogFile", "0AT")
        .field(Field::text("EventType", 40))
        .field(Field::datetime("LogDate"))
        .field(Field::picklist("Interval", ["Daily", "Hourly"]))
        .field(integer("Sequence"))
        .field(Field::text("LogFileContentType", 40))
        .field(integer("LogFileLength").computed())
        .field(blob("LogFile", "LogFileLength"))
        .field(Field::text("LogFileFieldNames", 4000))
        .field(Field::text("LogFileFieldTypes", 4000))
        .stamped()
        .read_only()
}
