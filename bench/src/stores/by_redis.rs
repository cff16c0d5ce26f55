//! The floor in Redis: the same commands by the driver alone, the scripts as short as they can be.

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};

use authsession_core::clock::Clock;
use redis::aio::MultiplexedConnection;
use redis::{Client, Script};

use crate::stores::blobs::{Blob, blobs};
use crate::stores::keeper::{Failure, Keeper, Step};
use crate::stores::records::IDLE;

const UPDATE: &str = r"
local had = redis.call('HMGET', KEYS[1], 'v', 'i', 'x', 'e')
local now = tonumber(ARGV[4])
if had[4] or had[1] ~= ARGV[1] or tonumber(had[2]) <= now or tonumber(had[3]) <= now then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3], 'x', had[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', 'bench-by-driver', ARGV[6])
return 1
";
const TOUCH: &str = r"
local had = redis.call('HMGET', KEYS[1], 'i', 'x', 'e')
local now = tonumber(ARGV[2])
if had[3] or tonumber(had[1]) <= now or tonumber(had[2]) <= now then return 0 end
if tonumber(ARGV[1]) > tonumber(had[1]) then
    redis.call('HSET', KEYS[1], 'i', ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
";
/// How long a key stays, in milliseconds.
const STAYS: i64 = 604_800_000;

pub(crate) struct ByRedis {
    wire: MultiplexedConnection,
    update: Script,
    touch: Script,
    sessions: Vec<(String, Blob, AtomicI64)>,
}

type Row = (i64, Vec<u8>, i64, i64, Option<String>);

impl ByRedis {
    /// Connects, and signs users in whose records take that many bytes.
    pub(crate) async fn on(url: &str, length: usize) -> Result<Self, Failure> {
        let mut wire = Client::open(url)?.get_multiplexed_async_connection().await?;
        let mut sessions = Vec::new();
        for blob in blobs(length)? {
            let name: String = blob.name.iter().map(|byte| format!("{byte:02x}")).collect();
            let key = format!("bench:by-driver:{name}");
            let mut create = redis::cmd("HSET");
            create.arg(&key).arg("v").arg(1).arg("d").arg(blob.sealed(1));
            create.arg("i").arg(blob.idle_deadline).arg("x").arg(blob.expires_at);
            create.arg("s").arg(&blob.subject).arg("p").arg(&blob.provider_session);
            create.exec_async(&mut wire).await?;
            sessions.push((key, blob, AtomicI64::new(1)));
        }
        Ok(Self { wire, update: Script::new(UPDATE), touch: Script::new(TOUCH), sessions })
    }
}

impl Keeper for ByRedis {
    async fn take(&self, step: Step, session: usize) -> Result<(), Failure> {
        let (key, blob, version) = &self.sessions[session];
        let mut wire = self.wire.clone();
        let now = Clock::system().now();
        let changed: i64 = match step {
            Step::Load => {
                let mut load = redis::cmd("HMGET");
                load.arg(key).arg(&["v", "d", "i", "x", "e"]);
                black_box(load.query_async::<Row>(&mut wire).await?);
                1
            }
            Step::Update => {
                let read = version.fetch_add(1, Ordering::Relaxed);
                let mut update = self.update.key(key);
                update.arg(read).arg(read + 1).arg(blob.sealed(read + 1)).arg(now.unix_millis()).arg(STAYS);
                update.arg(&blob.name).invoke_async(&mut wire).await?
            }
            Step::Touch => {
                let mut touch = self.touch.key(key);
                touch.arg((now + IDLE).unix_millis()).arg(now.unix_millis()).arg(STAYS);
                touch.invoke_async(&mut wire).await?
            }
        };
        if changed == 1 { Ok(()) } else { Err("nothing was changed".into()) }
    }
}
