//! Why the command stops, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use authsession_axum::core::error::Error as ProtocolError;
use authsession_axum::errors::Error as SignInError;
use authsession_axum::store::seal::SealError;
use authsession_axum::store::store::StoreError;
use authsession_salesforce::auth::Recovery;
use authsession_salesforce::{BulkFault, CirrusError, CsvFault};

use crate::job_id::is_job_id;

/// An error of the command. Its text says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Somebody else listens there: stop them, or listen elsewhere.
    #[error(
        "{0} is in use: stop what listens there, or choose another with --listen {host}:0 (any free port)",
        host = .0.ip()
    )]
    PortTaken(SocketAddr),

    /// The address is not one of this machine, or needs rights: choose another.
    #[error("cannot listen on {address}: choose another address with --listen")]
    CannotListen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },

    /// The test provider did not start.
    #[error("the test provider did not start")]
    NoTestProvider(#[source] io::Error),

    /// A setting is missing or wrong: the text says which.
    #[error("{0}")]
    Arguments(&'static str),

    /// The library refuses the settings, or found no provider at the issuer.
    #[error("the sign-in could not be set up")]
    SetUp(#[from] SignInError),

    /// The session store cannot be opened.
    #[error("the session store cannot be used")]
    Store(#[from] StoreError),

    /// The key is too weak for what it is to seal.
    #[error("--cookie-key: {0}")]
    WeakKey(#[from] SealError),

    /// The operating system gives no randomness.
    #[error("no cookie key could be made")]
    NoKey(#[from] ProtocolError),

    /// The server stopped.
    #[error("the server stopped")]
    Stopped(#[source] io::Error),

    /// The environment has no such variable. Its name is not repeated: somebody may have put the secret in its place.
    #[error("{0} wants the name of an environment variable: there is none of that name, or it is empty")]
    NoVariable(&'static str),

    /// A file of the user's cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },

    /// A file of rows that Salesforce would misread.
    #[error("{} is not UTF-8, the only encoding Salesforce takes: convert it", .0.display())]
    NotUtf8(PathBuf),

    /// A file of rows that no job takes. The text says which, and never what is in it.
    #[error("{} cannot be loaded: {fault}", .path.display())]
    Rows {
        /// Which.
        path: PathBuf,
        /// What is wrong with it, and where.
        fault: CsvFault,
    },

    /// A file that should hold a secret is empty.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),

    /// The library refuses the settings, or the provider does.
    #[error(transparent)]
    Refused(ProtocolError),

    /// Nobody signed in.
    #[error(
        "there is no login in {store}: sign in with `authsession login --store {store}`, or start with a refresh token by \
         --refresh-token-env",
        store = .0.display()
    )]
    NoLogin(PathBuf),

    /// The file keeps a login of another provider or client.
    #[error(
        "{} keeps a login of another provider or client: leave --issuer, --token-endpoint and --client-id out, or take another \
         file",
        .0.display()
    )]
    AnotherLogin(PathBuf),

    /// The provider ended the login.
    #[error("the login in {store} is over: sign in again with `authsession login --store {store}`", store = .store.display())]
    LoginOver {
        /// The file it is kept in.
        store: PathBuf,
        /// What the provider said.
        #[source]
        cause: ProtocolError,
    },

    /// The user or the provider said no.
    #[error("nobody was signed in: try again")]
    NotSignedIn(#[source] ProtocolError),

    /// The provider is away.
    #[error(transparent)]
    NotNow(ProtocolError),

    /// The file of a login cannot be used.
    #[error("{} cannot be used", .store.display())]
    LoginFile {
        /// Which.
        store: PathBuf,
        /// Why.
        #[source]
        cause: ProtocolError,
    },

    /// Salesforce said no, or cannot be reached.
    #[error("{}", said(.0))]
    Salesforce(CirrusError),

    /// What an answer says of a job is not to be trusted.
    #[error(
        "the answer names a job by what is no id: see that --instance-url is the org's, and what stands between"
    )]
    NoJobId,

    /// The result of a query is not all of it, or more.
    #[error("the job found {found} rows, and its result had {came}: run the query again")]
    OtherRows {
        /// As many as the job said.
        found: u64,
        /// As many as were printed.
        came: u64,
    },

    /// A table whose columns are not known by its first rows.
    #[error("a row has a column that those before it had not: print it with --json or --ndjson")]
    AnotherColumn,

    /// Rows are with Salesforce, and what becomes of them is not known.
    #[error("rows are with Salesforce by now; do not load them again, go on with{}", resuming(.jobs))]
    Begun {
        /// The jobs they are in.
        jobs: Vec<String>,
        /// Why it is not known.
        #[source]
        cause: Box<Self>,
    },

    /// Rows were not loaded.
    #[error("{failed} rows were refused, and {unprocessed} not looked at: {}", .kept)]
    NotLoaded {
        /// How many Salesforce refused.
        failed: u64,
        /// How many it had not come to when the job failed or was aborted.
        unprocessed: u64,
        /// Where they are.
        kept: String,
    },

    /// Somebody did not want to wait.
    #[error("{0}")]
    Interrupted(&'static str),

    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },

    /// Nobody reads what we print.
    #[error("the output could not be printed")]
    Output(#[source] io::Error),
}

impl Error {
    pub(crate) fn listening(address: SocketAddr, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::AddrInUse {
            Self::PortTaken(address)
        } else {
            Self::CannotListen { address, cause }
        }
    }

    /// Why there is no token of that login.
    pub(crate) fn no_token(store: &Path, cause: ProtocolError) -> Self {
        let store = store.to_owned();
        match cause {
            ProtocolError::GrantRefused { code, .. } if code.ends_the_grant() => {
                Self::LoginOver { store, cause }
            }
            ProtocolError::TokenStore { .. } => Self::LoginFile { store, cause },
            ProtocolError::Unavailable { .. } => Self::NotNow(cause),
            cause => Self::Refused(cause),
        }
    }

    /// Why a load has no outcome.
    pub(crate) fn no_outcome(cause: CirrusError) -> Self {
        let jobs = match &cause {
            CirrusError::Bulk(
                BulkFault::Interrupted { job_ids, .. } | BulkFault::Unfinished { job_ids, .. },
            ) => job_ids.clone(),
            _ => return Self::Salesforce(cause),
        };
        Self::Begun { jobs, cause: Box::new(Self::Salesforce(cause)) }
    }

    /// Why nobody signed in.
    pub(crate) fn no_login(store: &Path, cause: ProtocolError) -> Self {
        match cause {
            ProtocolError::GrantRefused { .. } | ProtocolError::AuthorizationRefused(_) => {
                Self::NotSignedIn(cause)
            }
            cause => Self::no_token(store, cause),
        }
    }

    /// Whether whoever read the output has read enough, as `head` does.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        let (Self::Output(cause) | Self::Unwritable { cause, .. }) = self else { return false };
        cause.kind() == io::ErrorKind::BrokenPipe
    }

    /// What the exit status tells a script: sign in (3), come back (4), resume (5), mend the command line or what it names (2), or
    /// see to it (1). Where nobody reads any more, it is as if SIGPIPE had ended us, as it does others.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            _ if self.is_closed_pipe() => 141,
            Self::Arguments(_)
            | Self::NoVariable(_)
            | Self::Unreadable { .. }
            | Self::NotUtf8(_)
            | Self::Rows { .. }
            | Self::Empty(_) => 2,
            Self::NoLogin(_) | Self::LoginOver { .. } | Self::NotSignedIn(_) => 3,
            Self::NotNow(_) => 4,
            Self::Begun { .. } => 5,
            Self::Interrupted(_) => 130,
            Self::Salesforce(cause) => match cause.recovery() {
                Recovery::Reauthorize => 3,
                recovery if recovery.is_transient() => 4,
                _ => 1,
            },
            _ => 1,
        })
    }
}

/// How to go on with these.
pub(crate) fn resuming(jobs: &[String]) -> String {
    let known: String =
        jobs.iter().filter(|job| is_job_id(job)).map(|job| format!(" --resume {job}")).collect();
    if known.is_empty() { " --resume JOB".to_owned() } else { known }
}

/// The error, and what Salesforce says is wrong with the call, to who made it. It is somebody else's text: nothing of it moves the cursor.
fn said(error: &CirrusError) -> String {
    const LONGEST: usize = 300;
    let mut told = error.to_string();
    if let CirrusError::Bulk(BulkFault::Interrupted { cause, .. } | BulkFault::Unfinished { cause, .. }) =
        error
    {
        return format!("{told}\n  because: {}", said(cause));
    }
    let CirrusError::Api { errors, .. } = error else { return told };
    for error in errors.iter().take(3) {
        told.push_str("\n  Salesforce says: ");
        let message = error.message.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
        told.extend(message.take(LONGEST));
    }
    told
}
