//! A token store in a file: for command lines, and for several processes on one machine.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock;
use crate::error::Error;
use crate::token_set::TokenSet;
use crate::token_store::written::{self, Unreadable};
use crate::token_store::{StoredTokens, TokenLock, TokenStore, next};

/// How often a lock that another process holds is tried again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A refresh takes seconds; who holds the lock longer hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A save takes milliseconds.
const LONGEST_SAVE: Duration = Duration::from_secs(10);
/// No login is larger.
const LARGEST: u64 = 8 * 1024 * 1024;
/// As many as the operating system follows.
const MOST_LINKS: u32 = 40;

/// Keeps one login's tokens in a file that only its owner can read.
///
/// A save replaces the file as a whole, after it reached the disk: a crash leaves the old one or the new one. Processes take
/// turns by a lock on a second file, `<name>.lock`, which the operating system releases when one dies; savers by a third,
/// `<name>.save`. On a network drive all of it is as good as the drive's. A symbolic link stays one: the file it leads to is
/// replaced.
///
/// What cannot be read is an error, and is not overwritten: move it away to start over.
///
/// ```
/// use authsession_core::token_store::file::FileTokenStore;
///
/// let store = FileTokenStore::at("/home/me/.config/my-program/login.json");
/// ```
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: Arc<Path>,
}

impl FileTokenStore {
    /// The store in that file. Its folder has to exist; the file need not.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into().into() }
    }

    /// Reading and writing wait for the disk, so they leave the runtime's threads.
    async fn on_disk<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let path = Arc::clone(&self.path);
        let done = tokio::task::spawn_blocking(move || work(&led_to(&path)?)).await;
        done.unwrap_or_else(|aborted| Err(io::Error::other(aborted)))
            .map_err(|cause| self.failed(doing, cause))
    }

    fn failed(&self, doing: &'static str, cause: io::Error) -> Error {
        let path = Arc::clone(&self.path);
        Error::TokenStore { doing, cause: Some(Arc::new(FileError { path, cause })) }
    }
}

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
struct FileError {
    path: Arc<Path>,
    #[source]
    cause: io::Error,
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.on_disk("read its file", read).await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let tokens = tokens.clone();
        self.on_disk("write its file", move |path| {
            let _turn = take_turn(path)?;
            if read(path)?.map(|kept| kept.revision) != seen {
                return Ok(None);
            }
            let revision = next(seen);
            replace(path, &written::write(&tokens, revision)?)?;
            Ok(Some(revision))
        })
        .await
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        self.on_disk("remove its file", move |path| {
            let _turn = take_turn(path)?;
            let is_seen = read(path)?.is_some_and(|kept| kept.revision == seen);
            if is_seen {
                std::fs::remove_file(path)?;
            }
            Ok(is_seen)
        })
        .await
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        let turns = LONGEST_WAIT.as_millis() / LOOK_AGAIN.as_millis();
        for _ in 0..turns {
            if let Some(lock) = self.on_disk("take its lock", |path| try_lock(&beside(path, ".lock"))).await?
            {
                return Ok(TokenLock::new(lock));
            }
            clock::wait(LOOK_AGAIN).await;
        }
        Err(self.failed("take its lock", held_too_long()))
    }
}

/// The lock, if nobody else has it. A file that was removed meanwhile locks nobody out.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) if is_still_there(&file, path) => Ok(Some(file)),
        Ok(()) | Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(cause)) => Err(cause),
    }
}

#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let same = |one: &std::fs::Metadata, other: &std::fs::Metadata| {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    };
    matches!((file.metadata(), std::fs::metadata(path)), (Ok(held), Ok(there)) if same(&held, &there))
}

#[cfg(not(unix))]
fn is_still_there(_: &File, _: &Path) -> bool {
    true
}

/// For the moment of a save: two who forgot to lock must not both find the revision they saw.
fn take_turn(path: &Path) -> io::Result<File> {
    for _ in 0..LONGEST_SAVE.as_millis() / LOOK_AGAIN.as_millis() {
        if let Some(turn) = try_lock(&beside(path, ".save"))? {
            return Ok(turn);
        }
        // On a thread that is there for waiting.
        std::thread::sleep(LOOK_AGAIN);
    }
    Err(held_too_long())
}

fn held_too_long() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "another process has been holding it for too long")
}

/// The file that path stands for: where the last of its symbolic links leads, whether there is one yet or not.
fn led_to(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn read(path: &Path) -> io::Result<Option<StoredTokens>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let unreadable = |why| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if is_too_large(&bytes) {
        return Err(unreadable(Unreadable::TooLarge));
    }
    written::read(&bytes).map(Some).map_err(unreadable)
}

fn is_too_large(bytes: &[u8]) -> bool {
    bytes.len() as u64 > LARGEST
}

/// Writes beside it, sees it on the disk, and puts it in its place. Only during a saver's turn: there is one draft at a time.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_too_large(bytes) {
        return Err(io::Error::other("there is no room for so large a login"));
    }
    let draft = beside(path, ".draft");
    // Left by a saver that died.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let placed = write_new(&draft, bytes).and_then(|()| std::fs::rename(&draft, path));
    if let Err(error) = placed {
        // The draft is of no use to anybody, and holds secrets.
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    // Until the folder is on the disk too, a power cut may bring the old file back.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn open_lock(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)
}

/// For its owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
