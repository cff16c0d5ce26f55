//! The jobs of Bulk API 2.0: what each is of, and how far it has come.

pub(crate) mod create;
pub(crate) mod dialect;
pub(crate) mod ingest;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod pages;
pub(crate) mod query;
pub(crate) mod results;
pub(crate) mod rows;

use crate::org::api_error::ApiError;
use crate::org::calendar::written;
use crate::org::identifier::identifier;
use crate::org::identifier::same;
use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::load::Load;
use crate::org::jobs::query::Selection;
use crate::org::tenant::Tenant;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::VecDeque;
use std::time::SystemTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Aborted,
    Failed,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::UploadComplete => "UploadComplete",
            Self::InProgress => "InProgress",
            Self::JobComplete => "JobComplete",
            Self::Aborted => "Aborted",
            Self::Failed => "Failed",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::JobComplete | Self::Aborted | Self::Failed)
    }
}

/// What a job does.
pub(crate) enum Work {
    Ingest(Load),
    Query(Selection),
}

pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) operation: String,
    pub(crate) object: String,
    pub(crate) dialect: Dialect,
    pub(crate) version: u32,
    pub(crate) owner: String,
    pub(crate) created: SystemTime,
    pub(crate) modified: SystemTime,
    /// How often it was asked about in this state.
    pub(crate) polls: usize,
    pub(crate) error: Option<String>,
    /// How it is going to fail.
    pub(crate) doom: Option<String>,
    pub(crate) work: Work,
}

/// What the test may set.
pub(crate) struct Pace {
    /// How many polls find a job in each state on the way.
    pub(crate) polls: usize,
    pub(crate) result_rows: usize,
    pub(crate) listed: usize,
}

pub(crate) struct Jobs {
    all: Vec<Job>,
    created: u64,
    pub(crate) pace: Pace,
    /// How the next jobs fail.
    pub(crate) failures: VecDeque<String>,
    /// Results made up for the next query jobs: how many rows, of how many bytes each.
    pub(crate) made_up: VecDeque<(usize, usize)>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            created: 0,
            pace: Pace { polls: 1, result_rows: 50_000, listed: 1000 },
            failures: VecDeque::new(),
            made_up: VecDeque::new(),
        }
    }
}

impl Jobs {
    /// An id for a job about to be [added](Self::add).
    pub(crate) fn next_id(&mut self) -> String {
        self.created += 1;
        identifier("750", self.created)
    }

    pub(crate) fn add(&mut self, mut job: Job) -> &mut Job {
        job.doom = self.failures.pop_front();
        self.all.push(job);
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    pub(crate) fn all(&self) -> &[Job] {
        &self.all
    }

    /// The job of this id, if it is one of these: ingest jobs, or query jobs.
    pub(crate) fn find(&mut self, id: &str, ingest: bool) -> Result<&mut Job, ApiError> {
        let is = |job: &&mut Job| same(&job.id, id) && matches!(job.work, Work::Ingest(_)) == ingest;
        self.all.iter_mut().find(is).ok_or_else(ApiError::not_found)
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.all.retain(|job| !same(&job.id, id));
    }
}

impl Job {
    pub(crate) fn enter(&mut self, state: State, now: SystemTime) {
        self.state = state;
        self.modified = now;
        self.polls = 0;
    }

    /// Somebody asks how far it is: it moves on when it was asked often enough.
    pub(crate) fn poll(&mut self, tenant: &Tenant, polls: usize) {
        loop {
            if self.polls < polls {
                self.polls += 1;
                return;
            }
            match self.state {
                State::UploadComplete => self.begin(tenant),
                State::InProgress => self.finish(tenant),
                _ => return,
            }
        }
    }

    fn begin(&mut self, tenant: &Tenant) {
        self.enter(State::InProgress, tenant.clock.now());
        let begun = match &mut self.work {
            Work::Ingest(load) => load.begin(tenant, &self.operation, &self.object, self.dialect),
            Work::Query(_) => Ok(()),
        };
        if let Err(error) = begun {
            self.fail(error, tenant.clock.now());
        }
    }

    fn finish(&mut self, tenant: &Tenant) {
        if let Some(doom) = self.doom.take() {
            return self.fail(doom, tenant.clock.now());
        }
        let finished = match &mut self.work {
            Work::Ingest(load) => {
                load.advance(tenant, &self.operation, &self.object, self.dialect, usize::MAX);
                Ok(())
            }
            Work::Query(selection) => selection.run(tenant),
        };
        match finished {
            Ok(()) => self.enter(State::JobComplete, tenant.clock.now()),
            Err(error) => self.fail(error, tenant.clock.now()),
        }
    }

    fn fail(&mut self, error: String, now: SystemTime) {
        self.error = Some(error);
        self.enter(State::Failed, now);
    }

    /// What every answer about a job has.
    pub(crate) fn outline(&self) -> Map<String, Value> {
        let outline = json!({
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.owner,
            "createdDate": written(self.created),
            "systemModstamp": written(self.modified),
            "state": self.state.name(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": f64::from(self.version),
        });
        let mut outline = outline.as_object().cloned().unwrap_or_default();
        if let Work::Ingest(load) = &self.work {
            if let Some(field) = &load.external_id {
                outline.insert("externalIdFieldName".to_owned(), field.clone().into());
            }
            if let Some(rule) = &load.assignment_rule {
                outline.insert("assignmentRuleId".to_owned(), rule.clone().into());
            }
        }
        outline
    }

    /// The outline and how its CSV is written.
    pub(crate) fn described(&self) -> Map<String, Value> {
        let mut described = self.outline();
        described.insert("lineEnding".to_owned(), self.dialect.line_ending().into());
        described.insert("columnDelimiter".to_owned(), self.dialect.delimiter_name().into());
        described
    }

    pub(crate) fn job_type(&self) -> &'static str {
        match self.work {
            Work::Ingest(_) => "V2Ingest",
            Work::Query(_) => "V2Query",
        }
    }
}

/// What a job cannot do in the state it is in.
pub(crate) fn not_now(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "INVALIDJOBSTATE", message.into())
}
