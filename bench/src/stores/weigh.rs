//! How many bytes a session takes in memory: each keeper's in a process of its own, where no memory lies idle from before.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::hint::black_box;
use std::process::Command;

use authsession_store::memory::MemoryStore;
use authsession_store::store::SessionStore;
use tokio::runtime::Runtime;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::{MemoryStore as TheirMemory, SessionStore as _};

use crate::effort::Effort;
use crate::stores::keeper::Failure;
use crate::stores::ours::{first_deadline, new_key};
use crate::stores::records::Records;
use crate::stores::size::{Size, each};
use crate::stores::theirs;

/// The program's first argument in such a process; then whose, and of how many.
pub(crate) const ARGUMENT: &str = "--weigh";

const KEEPERS: [(&str, &str); 4] = [
    ("floor", "memory, floor: the tokens in one piece, boxed in a map"),
    ("ours", "memory, authsession"),
    ("compact", "memory, authsession, compact"),
    ("theirs", "memory, tower-sessions"),
];

/// Each in a process.
pub(crate) fn measure(effort: Effort) -> Result<Vec<Size>, Failure> {
    let sessions = effort.sessions_in_memory();
    let weigh = |(whose, name)| {
        let arguments = [ARGUMENT, whose, &sessions.to_string()];
        let output = Command::new(env::current_exe()?).args(arguments).output()?;
        let taken = String::from_utf8(output.stdout)?.trim().parse()?;
        Ok(Size { name, sessions, bytes: each(taken, sessions) })
    };
    KEEPERS.into_iter().map(weigh).collect()
}

/// In such a process: prints what that many sessions take.
pub(crate) fn print(whose: &str, sessions: &str, one: &Runtime) -> Result<(), Failure> {
    let (sessions, before, mut records): (usize, _, _) = (sessions.parse()?, resident()?, Records::new());
    let taken = match whose {
        "floor" => {
            let mut map = HashMap::<[u8; 32], Box<str>>::new();
            for _ in 0..sessions {
                let tokens = records.next().tokens;
                let others = [&tokens.refresh_token, &tokens.id_token].into_iter().flatten();
                let all: String = others.chain([&tokens.access_token]).map(|token| token.expose()).collect();
                map.insert(*new_key()?.as_bytes(), all.into());
            }
            black_box(&map);
            resident()?
        }
        "ours" => one.block_on(filled(MemoryStore::new(), records, sessions))?,
        "compact" => one.block_on(filled(MemoryStore::new().compact(), records, sessions))?,
        _ => one.block_on(async {
            let (store, expiry_date) = (TheirMemory::default(), OffsetDateTime::now_utc() + Duration::HOUR);
            for _ in 0..sessions {
                let data = theirs::data(&mut records)?;
                store.create(&mut Record { id: Id::default(), data, expiry_date }).await?;
            }
            resident()
        })?,
    };
    println!("{}", taken.saturating_sub(before));
    Ok(())
}

/// What is in memory when that store holds that many.
async fn filled(store: impl SessionStore, mut records: Records, sessions: usize) -> Result<usize, Failure> {
    for _ in 0..sessions {
        let record = records.next();
        let deadline = first_deadline(&record);
        store.create(&new_key()?, record, deadline).await?;
    }
    resident()
}

/// What of this process is in memory.
fn resident() -> Result<usize, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}
