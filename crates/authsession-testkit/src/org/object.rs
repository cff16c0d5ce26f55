//! An object of the org: a kind of record, with its fields.

use crate::org::field::Kind;
use crate::org::field::OrgField;

/// A kind of record, for [`Org::define`](crate::org::Org::define). It has `Id`, `Name`, an owner and the fields that say when
/// it was written and by whom.
///
/// ```
/// use authsession_testkit::org::Org;
/// use authsession_testkit::org::field::OrgField;
/// use authsession_testkit::org::object::OrgObject;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let org = Org::builder().start().await?;
/// org.define(OrgObject::new("Invoice__c", "a1I").field(OrgField::currency("Amount__c").required()))?;
/// org.fill("Invoice__c", 3)?;
/// assert_eq!(org.count("Invoice__c")?, 3);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct OrgObject {
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) fields: Vec<OrgField>,
    /// Whether clients may create, change and delete its records.
    pub(crate) writable: bool,
}

impl OrgObject {
    /// An object of this name; ids of its records begin with these three characters.
    #[must_use]
    pub fn new(name: &str, prefix: &str) -> Self {
        Self::bare(name, prefix).field(OrgField::text("Name", 80)).audited()
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: OrgField) -> Self {
        self.fields.push(field);
        self
    }

    pub(crate) fn bare(name: &str, prefix: &str) -> Self {
        let id = OrgField::new("Id", Kind::Id).computed();
        let deleted = OrgField::boolean("IsDeleted").computed();
        Self { name: name.to_owned(), prefix: prefix.to_owned(), fields: vec![id, deleted], writable: true }
    }

    /// With an owner.
    pub(crate) fn audited(self) -> Self {
        self.field(OrgField::lookup("OwnerId", "User", "Owner", "")).stamped()
    }

    pub(crate) fn stamped(self) -> Self {
        self.field(OrgField::datetime("CreatedDate").computed())
            .field(OrgField::lookup("CreatedById", "User", "CreatedBy", "").computed())
            .field(OrgField::datetime("LastModifiedDate").computed())
            .field(OrgField::lookup("LastModifiedById", "User", "LastModifiedBy", "").computed())
            .field(OrgField::datetime("SystemModstamp").computed())
    }

    pub(crate) fn read_only(mut self) -> Self {
        self.writable = false;
        self
    }

    /// The field of that name, however its letters are written.
    pub(crate) fn find(&self, name: &str) -> Option<&OrgField> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The field by which a relationship to a parent goes.
    pub(crate) fn parent(&self, name: &str) -> Option<&OrgField> {
        self.fields.iter().find(|field| match &field.kind {
            Kind::Reference { relationship, .. } => relationship.eq_ignore_ascii_case(name),
            _ => false,
        })
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }

    /// The field that names a record to people.
    pub(crate) fn name_field(&self) -> &'static str {
        match self.name.as_str() {
            "Case" => "CaseNumber",
            "Task" => "Subject",
            "ContentVersion" => "Title",
            "EventLogFile" => "EventType",
            _ => "Name",
        }
    }
}
