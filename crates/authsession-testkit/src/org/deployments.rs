//! Deployments of metadata: what each is of, and how far it has come.

pub(crate) mod component;
pub(crate) mod request;

use crate::org::api_error::ApiError;
use crate::org::calendar::written;
use crate::org::deployments::component::Component;
use crate::org::identifier::identifier;
use crate::org::identifier::same;
use serde_json::Value;
use serde_json::json;
use std::collections::VecDeque;
use std::time::SystemTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    InProgress,
    Succeeded,
    Failed,
    Canceling,
    Canceled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceling => "Canceling",
            Self::Canceled => "Canceled",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

/// Who, as an answer names them.
#[derive(Clone)]
pub(crate) struct Author {
    pub(crate) id: String,
    pub(crate) name: String,
}

pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) options: Value,
    pub(crate) components: Vec<Component>,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
    /// The validation it deploys.
    pub(crate) validated: Option<String>,
    author: Author,
    canceled_by: Option<Author>,
    created: SystemTime,
    modified: SystemTime,
}

#[derive(Default)]
pub(crate) struct Deployments {
    all: Vec<Deployment>,
    /// What is wrong with the next ones.
    pub(crate) problems: VecDeque<String>,
}

impl Deployments {
    pub(crate) fn add(
        &mut self,
        options: Value,
        components: Vec<Component>,
        author: Author,
        now: SystemTime,
    ) -> &mut Deployment {
        let last = self.all.len();
        self.all.push(Deployment {
            id: identifier("0Af", last as u64 + 1),
            status: Status::Pending,
            options,
            components,
            problem: self.problems.pop_front(),
            validated: None,
            author,
            canceled_by: None,
            created: now,
            modified: now,
        });
        &mut self.all[last]
    }

    pub(crate) fn find(&mut self, id: &str) -> Result<&mut Deployment, ApiError> {
        let found = self.all.iter_mut().find(|one| same(&one.id, id));
        found.ok_or_else(ApiError::not_found)
    }
}

impl Deployment {
    pub(crate) fn is_check_only(&self) -> bool {
        self.options["checkOnly"] == true
    }

    /// Somebody asks how far it is: it moves on after that.
    pub(crate) fn poll(&mut self, now: SystemTime) {
        let problem = self.problem.is_some() || self.components.is_empty();
        self.status = match self.status {
            Status::Pending => Status::InProgress,
            Status::InProgress if problem => Status::Failed,
            Status::InProgress => Status::Succeeded,
            Status::Canceling => Status::Canceled,
            over => return self.status = over,
        };
        self.modified = now;
    }

    /// At once while it waits, else at the next poll.
    pub(crate) fn cancel(&mut self, author: Author, now: SystemTime) {
        let waits = self.status == Status::Pending;
        self.status = if waits { Status::Canceled } else { Status::Canceling };
        self.canceled_by = Some(author);
        self.modified = now;
    }

    pub(crate) fn told(&self, url: &str, details: bool) -> Value {
        let mut result = self.result();
        if details {
            result["details"] = self.details();
        }
        json!({
            "id": self.id,
            "url": url,
            "validatedDeployRequestId": self.validated,
            "deployOptions": self.options,
            "deployResult": result,
        })
    }

    fn result(&self) -> Value {
        let failed = self.status == Status::Failed;
        let total = self.components.len();
        let done = if self.status == Status::Succeeded { total } else { 0 };
        let began = self.status != Status::Pending;
        let over = self.status.is_over();
        let when = |is: bool, at: SystemTime| if is { written(at).into() } else { Value::Null };
        let by =
            |author: Option<&Author>| author.map(|author| (author.id.clone(), author.name.clone())).unzip();
        let (canceled_by, canceled_by_name): (Option<String>, Option<String>) = by(self.canceled_by.as_ref());
        json!({
            "id": self.id,
            "done": over,
            "success": self.status == Status::Succeeded,
            "status": self.status.name(),
            "checkOnly": self.is_check_only(),
            "ignoreWarnings": self.options["ignoreWarnings"],
            "rollbackOnError": self.options["rollbackOnError"],
            "runTestsEnabled": self.options["testLevel"] != "NoTestRun",
            "numberComponentsDeployed": done,
            "numberComponentsTotal": total,
            "numberComponentErrors": usize::from(failed),
            "numberTestsCompleted": 0,
            "numberTestsTotal": 0,
            "numberTestErrors": 0,
            "stateDetail": null,
            "errorStatusCode": null,
            "errorMessage": null,
            "createdBy": self.author.id,
            "createdByName": self.author.name,
            "createdDate": written(self.created),
            "startDate": when(began, self.created),
            "lastModifiedDate": written(self.modified),
            "completedDate": when(over, self.modified),
            "canceledBy": canceled_by,
            "canceledByName": canceled_by_name,
        })
    }

    fn details(&self) -> Value {
        let at = written(self.modified);
        let (mut failures, mut successes) = (Vec::new(), Vec::new());
        if self.status == Status::Failed {
            let missing = Component::manifest();
            let broken = self.components.first().unwrap_or(&missing);
            failures.push(broken.told(&at, Some(self.problem.as_deref().unwrap_or("No package.xml found"))));
        } else if self.status == Status::Succeeded {
            successes.extend(self.components.iter().map(|one| one.told(&at, None)));
        }
        json!({
            "componentFailures": failures,
            "componentSuccesses": successes,
            "retrieveResult": null,
            "runTestResult": {
                "numRun": 0,
                "numTestsRun": 0,
                "numFailures": 0,
                "totalTime": 0.0,
                "apexLogId": null,
                "successes": [],
                "failures": [],
                "codeCoverage": [],
                "codeCoverageWarnings": [],
                "flowCoverage": [],
                "flowCoverageWarnings": [],
            },
        })
    }
}
