//! The org that is asked, on threads of its own: so what it takes can be told from what its clients take.

use authsession_testkit::org::Org;
use authsession_testkit::org::field::OrgField;
use authsession_testkit::org::object::OrgObject;
use tokio::runtime::{Builder, Runtime};

use crate::salesforce::Failure;
use crate::salesforce::by_hand::OBJECT;
use crate::salesforce::processor;
use crate::salesforce::streams::RECORDS;

/// A running org, full of records.
pub(crate) struct Stage {
    org: Org,
    /// Dropped after the org.
    _threads: Runtime,
}

impl Stage {
    pub(crate) fn set() -> Result<Self, Failure> {
        let threads =
            Builder::new_multi_thread().worker_threads(2).thread_name(processor::ORG).enable_all().build()?;
        let builder = Org::builder().login_budget(usize::MAX).request_limit(u64::from(u32::MAX));
        let org = threads.block_on(builder.start())?;
        let object = OrgObject::new(OBJECT, "a0X")
            .field(OrgField::text("City__c", 40).required())
            .field(OrgField::text("Street__c", 80).required())
            .field(OrgField::date("Due__c").required())
            .field(OrgField::currency("Amount__c"));
        org.define(object)?;
        org.fill(OBJECT, RECORDS)?;
        Ok(Self { org, _threads: threads })
    }

    pub(crate) const fn org(&self) -> &Org {
        &self.org
    }
}
