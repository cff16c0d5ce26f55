//! A client and the simulated org whose jobs it runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use authsession_salesforce::{BulkIngestSpec, BulkOperation, BulkQuerySpec, Cirrus, RetryPolicy};
use authsession_testkit::org::Org;
use futures_util::{Stream, StreamExt};

use crate::stage::Stage;

pub(crate) const TICK: Duration = Duration::from_millis(1);

pub(crate) struct Bulk {
    pub(crate) stage: Stage,
    pub(crate) salesforce: Cirrus,
}

impl Bulk {
    /// With the default policy, but for its pauses.
    pub(crate) async fn set() -> Self {
        Self::with_policy(RetryPolicy { base_delay: TICK, ..RetryPolicy::default() }).await
    }

    pub(crate) async fn with_policy(policy: RetryPolicy) -> Self {
        Self::of(Stage::set().await, policy)
    }

    pub(crate) fn of(stage: Stage, policy: RetryPolicy) -> Self {
        let salesforce = stage.client_builder().retry_policy(policy).build().unwrap();
        Self { stage, salesforce }
    }

    pub(crate) fn org(&self) -> &Org {
        &self.stage.org
    }

    /// How many tokens have been asked for.
    pub(crate) fn grants(&self) -> usize {
        self.org().journal().grants("client_credentials")
    }

    pub(crate) fn count_at(&self, pattern: &str) -> usize {
        self.org().journal().count_at(pattern)
    }

    /// A query job that is over, with so many made-up rows of so many bytes.
    pub(crate) async fn made_up(&self, rows: usize, bytes: usize) -> String {
        self.org().make_up_next_bulk_result(rows, bytes);
        let query = BulkQuerySpec::new("SELECT Id, Name FROM Account", BulkOperation::Query);
        let job = self.salesforce.bulk().query().create(&query).await.unwrap();
        let wait = self.salesforce.bulk().query().wait(&job.id).poll_every(TICK, TICK);
        wait.await.unwrap().completed().unwrap().id
    }
}

/// A file that goes with the test, however that ends.
pub(crate) struct CsvFile(pub(crate) PathBuf);

impl CsvFile {
    pub(crate) fn of(csv: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("authsession-bulk-{process}-{count}.csv"));
        std::fs::write(&path, csv).unwrap();
        Self(path)
    }
}

impl Drop for CsvFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) fn insert() -> BulkIngestSpec {
    BulkIngestSpec::new("Account", BulkOperation::Insert)
}

/// All of it as a text.
pub(crate) async fn read<E: std::fmt::Debug>(
    mut stream: impl Stream<Item = Result<authsession_salesforce::Bytes, E>> + Unpin,
) -> String {
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        all.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(all).unwrap()
}
