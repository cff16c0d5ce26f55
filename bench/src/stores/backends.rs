//! The backends, on the servers there are: each opened by us, by its driver alone, and by `tower-sessions`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use authsession_store::backend::Backend;
use authsession_store::memory::MemoryStore;
use authsession_store::mysql::MysqlBackend;
use authsession_store::postgres::PostgresBackend;
use authsession_store::redis::RedisBackend;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::sqlite::SqliteBackend;
use authsession_store::store::SessionStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{MySql, Postgres, Sqlite};
use tower_sessions::MemoryStore as TheirMemory;

use crate::stores::by_driver::ByDriver;
use crate::stores::by_hand::ByHand;
use crate::stores::by_redis::ByRedis;
use crate::stores::keeper::{Asked, Failure, IN_PROCESS};
use crate::stores::ours::Ours;
use crate::stores::theirs::{self, TowerSessions};

/// More copies than there are sessions, and kept for longer than anything is measured.
const NEAR: u64 = 100_000;
const LONG: Duration = Duration::from_secs(3600);

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Postgres,
    Mysql,
    Redis,
}

/// One of them that is there.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// A server's URL.
    pub(crate) url: String,
    folder: PathBuf,
}

/// Who keeps sessions there.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) keeper: Arc<dyn Asked>,
    /// How many steps are timed at a time.
    pub(crate) group: usize,
    /// Whether it is of the kind that is only read.
    pub(crate) only_read: bool,
}

impl Contestant {
    fn new(name: &'static str, keeper: impl Asked + 'static) -> Self {
        Self { name, keeper: Arc::new(keeper), group: 1, only_read: false }
    }
}

impl Kind {
    const ALL: [Self; 5] = [Self::Memory, Self::Sqlite, Self::Postgres, Self::Mysql, Self::Redis];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MariaDB",
            Self::Redis => "Redis",
        }
    }

    /// The variable that says where its server is.
    const fn variable(self) -> Option<&'static str> {
        match self {
            Self::Memory | Self::Sqlite => None,
            Self::Postgres => Some("AUTHSESSION_TEST_POSTGRES"),
            Self::Mysql => Some("AUTHSESSION_TEST_MYSQL"),
            Self::Redis => Some("AUTHSESSION_TEST_REDIS"),
        }
    }
}

/// Those that are there, and the variables that are missing.
pub(crate) fn places(folder: &Folder) -> (Vec<Place>, Vec<&'static str>) {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let url = kind.variable().map_or(Some(String::new()), |variable| env::var(variable).ok());
        match (url, kind.variable()) {
            (Some(url), _) => there.push(Place { kind, url, folder: folder.0.clone() }),
            (None, variable) => missing.extend(variable),
        }
    }
    (there, missing)
}

impl Place {
    /// Our backend there, if it is none of this process.
    pub(crate) async fn backend(&self) -> Result<Option<Arc<dyn Backend>>, Failure> {
        Ok(Some(match self.kind {
            Kind::Memory => return Ok(None),
            Kind::Sqlite => {
                let url = format!("sqlite://{}", self.folder.join("authsession.db").display());
                Arc::new(SqliteBackend::connect(&url).await?)
            }
            Kind::Postgres => Arc::new(PostgresBackend::connect(&self.url).await?),
            Kind::Mysql => Arc::new(MysqlBackend::connect(&self.url).await?),
            Kind::Redis => Arc::new(RedisBackend::connect(&self.url).await?),
        }))
    }

    /// Our store there.
    pub(crate) async fn store(&self) -> Result<Arc<dyn SessionStore>, Failure> {
        Ok(match self.backend().await? {
            Some(backend) => Arc::new(SealedStore::new(backend, KeyRing::random()?)),
            None => Arc::new(MemoryStore::new()),
        })
    }

    /// The same in its other form, and what that is called: with copies near by, or compact if it is one of this process.
    pub(crate) async fn other_store(&self) -> Result<(&'static str, Arc<dyn SessionStore>), Failure> {
        Ok(match self.backend().await? {
            Some(backend) => {
                let store = SealedStore::new(backend, KeyRing::random()?);
                ("authsession, from a near copy", Arc::new(store.with_near_copies(NEAR, LONG)))
            }
            None => ("authsession, compact", Arc::new(MemoryStore::new().compact())),
        })
    }

    /// The least that could do the job, with records of that length.
    pub(crate) async fn floor(&self, length: usize) -> Result<Contestant, Failure> {
        let url = &self.url;
        Ok(match self.kind {
            Kind::Memory => {
                let floor = Contestant::new("floor: by hand", ByHand::new()?);
                Contestant { group: IN_PROCESS, ..floor }
            }
            Kind::Sqlite => {
                let options = SqliteConnectOptions::new().filename(self.folder.join("by-driver.db"));
                let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                Contestant::new("floor: sqlx", ByDriver::<Sqlite>::on(options, length).await?)
            }
            Kind::Postgres => {
                Contestant::new("floor: sqlx", ByDriver::<Postgres>::on(url.parse()?, length).await?)
            }
            Kind::Mysql => Contestant::new("floor: sqlx", ByDriver::<MySql>::on(url.parse()?, length).await?),
            Kind::Redis => Contestant::new("floor: redis", ByRedis::on(url, length).await?),
        })
    }

    /// All who keep sessions there, the floor first.
    pub(crate) async fn contestants(&self, length: usize) -> Result<Vec<Contestant>, Failure> {
        let mut all = vec![self.floor(length).await?];
        let ours = Contestant::new("authsession", Ours::on(self.store().await?).await?);
        let group = if self.kind == Kind::Memory { IN_PROCESS } else { 1 };
        all.push(Contestant { group, ..ours });
        let (name, other) = self.other_store().await?;
        let other = Contestant::new(name, Ours::on(other).await?);
        all.push(Contestant { group: IN_PROCESS, only_read: self.kind != Kind::Memory, ..other });
        all.push(self.theirs().await?);
        Ok(all)
    }

    async fn theirs(&self) -> Result<Contestant, Failure> {
        let (name, url) = ("tower-sessions", &self.url);
        Ok(match self.kind {
            Kind::Memory => {
                let theirs = Contestant::new(name, TowerSessions::on(TheirMemory::default()).await?);
                Contestant { group: IN_PROCESS, ..theirs }
            }
            Kind::Sqlite => {
                Contestant::new(name, TowerSessions::on(theirs::sqlite(&self.folder).await?).await?)
            }
            Kind::Postgres => Contestant::new(name, TowerSessions::on(theirs::postgres(url).await?).await?),
            Kind::Mysql => Contestant::new(name, TowerSessions::on(theirs::mysql(url).await?).await?),
            Kind::Redis => Contestant::new(name, TowerSessions::on(theirs::redis(url).await?).await?),
        })
    }
}

/// Where SQLite's files are, for as long as it is measured.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, Failure> {
        let path = env::temp_dir().join(format!("authsession-bench.{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_in_tmp = fs::remove_dir_all(&self.0);
    }
}
