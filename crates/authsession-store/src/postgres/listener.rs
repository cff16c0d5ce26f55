//! Hears what other replicas save and end, on a connection of its own.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use authsession_core::clock;
use authsession_core::random;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Error, Executor, PgPool};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::changes::Changes;
use crate::keyed_hash::KeyedHash;
use crate::sql::table::Table;
use crate::sql_settings::LIMIT;

/// A connection on which nothing came for so long is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(20);
/// Between attempts to connect: doubled from the one to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Listens from when somebody first asks for the changes, until it is dropped.
#[derive(Default)]
pub(super) struct Listener(OnceLock<Listening>);

struct Listening {
    changes: Arc<Changes>,
    task: JoinHandle<()>,
}

impl Listener {
    /// What is heard; `None` outside of a runtime.
    pub(super) fn changes(&self, pool: &PgPool, table: &Table) -> Option<&Changes> {
        if self.0.get().is_none() {
            Handle::try_current().ok()?;
        }
        let listening = self.0.get_or_init(|| {
            let changes = Arc::new(Changes::new());
            let task = listen(pool.connect_options(), table.clone(), Arc::clone(&changes));
            Listening { changes, task: tokio::spawn(task) }
        });
        Some(&listening.changes)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listener").field("started", &self.0.get().is_some()).finish()
    }
}

async fn listen(options: Arc<PgConnectOptions>, channel: Table, changes: Arc<Changes>) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(Ok(mut listener)) = clock::within(LIMIT, connect(&options, &channel)).await {
            pause = FIRST_PAUSE;
            // Whatever was told while nobody listened was missed.
            changes.tell_anything();
            hear(&mut listener, &changes).await;
        }
        // Half of it to all of it, so that replicas which lost the server together do not come back together.
        clock::wait(pause.mul_f64(0.5 + random::fraction() / 2.0)).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// In a pool of its own: none of those that serve requests is taken away.
async fn connect(options: &PgConnectOptions, channel: &Table) -> Result<PgListener, Error> {
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let mut listener =
        PgListener::connect_with(&pool.acquire_timeout(LIMIT).connect_lazy_with(options.clone())).await?;
    listener.eager_reconnect(false);
    listener.listen(channel.name()).await?;
    Ok(listener)
}

/// Until the connection is gone.
async fn hear(listener: &mut PgListener, changes: &Changes) {
    loop {
        match clock::within(SILENCE, listener.try_recv()).await {
            Some(Ok(Some(heard))) => match name(heard.payload()) {
                Some(name) => changes.tell(name),
                None => changes.tell_anything(),
            },
            Some(Ok(None) | Err(_)) => return,
            None => match clock::within(LIMIT, (&mut *listener).execute("SELECT 1")).await {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// A session's name, from the hexadecimal of it.
fn name(text: &str) -> Option<KeyedHash> {
    let mut name = [0; 32];
    if text.len() != 2 * name.len() || !text.is_ascii() {
        return None;
    }
    for (index, byte) in name.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(KeyedHash(name))
}
