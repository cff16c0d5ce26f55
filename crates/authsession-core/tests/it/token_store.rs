//! Where a login is kept: the contract, and what a file may and may not do.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::extras::Extras;
use authsession_core::random;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::file::FileTokenStore;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_core::token_store::{TokenStore, contract};

use crate::verdict::told;

/// A folder of the test's own, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("authsession-{}", random::text::<9>().unwrap()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tokens(access_token: &str) -> TokenSet {
    TokenSet::new(access_token, Timestamp::from_unix_seconds(1_893_456_000))
}

async fn save(path: impl Into<PathBuf>, seen: Option<u64>, access_token: &str) -> Option<u64> {
    FileTokenStore::at(path).compare_and_swap(seen, &tokens(access_token)).await.unwrap()
}

async fn kept(path: impl Into<PathBuf>) -> String {
    let kept = FileTokenStore::at(path).load().await.unwrap().unwrap();
    kept.tokens.access_token.expose().to_owned()
}

/// What the store says about a file with that in it; the file is left alone.
async fn unreadable(text: &[u8]) -> String {
    let folder = Folder::new();
    let path = folder.path("login.json");
    fs::write(&path, text).unwrap();
    let store = FileTokenStore::at(&path);
    let error = store.load().await.unwrap_err();
    assert!(matches!(error, Error::TokenStore { doing: "read its file", cause: Some(_) }), "{error:?}");
    for seen in [None, Some(0), Some(1)] {
        store.compare_and_swap(seen, &tokens("new")).await.unwrap_err();
    }
    assert!(fs::read(&path).unwrap() == text, "overwritten");
    told(&error)
}

#[tokio::test]
async fn memory_keeps_every_promise() {
    contract::keeps_every_promise(async || {
        let store = MemoryTokenStore::default();
        [store.clone(), store]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_keeps_every_promise() {
    let folder = Folder::new();
    contract::keeps_every_promise(async || {
        let path = folder.path(&random::text::<9>().unwrap());
        [FileTokenStore::at(&path), FileTokenStore::at(&path)]
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_and_a_link_to_it_are_one_store() {
    let folder = Folder::new();
    contract::keeps_every_promise(async || {
        let (name, link) = (random::text::<9>().unwrap(), folder.path(&random::text::<9>().unwrap()));
        std::os::unix::fs::symlink(&name, &link).unwrap();
        [FileTokenStore::at(link), FileTokenStore::at(folder.path(&name))]
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_a_link() {
    let folder = Folder::new();
    fs::create_dir(folder.path("real")).unwrap();
    let (link, second) = (folder.path("login.json"), folder.path("second.json"));
    std::os::unix::fs::symlink("real/kept.json", &link).unwrap();
    std::os::unix::fs::symlink(&link, &second).unwrap();
    let first = save(&second, None, "one").await;
    assert!(save(&link, first, "two").await.is_some());
    assert!(link.is_symlink() && second.is_symlink());
    assert_eq!(kept(folder.path("real/kept.json")).await, "two");
    assert_eq!(folder.names(), ["login.json", "real", "second.json"], "locks are beside the real file");
}

#[cfg(unix)]
#[tokio::test]
async fn links_in_a_circle_lead_to_an_error() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("a", folder.path("b")).unwrap();
    std::os::unix::fs::symlink("b", folder.path("a")).unwrap();
    let error = FileTokenStore::at(folder.path("a")).load().await.unwrap_err();
    assert!(told(&error).contains("too many symbolic links"), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.path("login.json");
    fs::write(folder.path("login.json.draft"), "left by one who died").unwrap();
    let first = save(&path, None, "one").await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    save(&path, first, "two").await;
    let _lock = FileTokenStore::at(&path).lock().await.unwrap();
    for name in folder.names() {
        let mode = fs::metadata(folder.path(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(folder.names(), ["login.json", "login.json.lock", "login.json.save"], "no draft is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_half_a_file() {
    let folder = Folder::new();
    let path = folder.path("login.json");
    let mut seen = save(&path, None, "0").await;
    let store = FileTokenStore::at(&path);
    let writer = tokio::spawn(async move {
        for number in 1..60 {
            let long = tokens(&number.to_string().repeat(number * 1000));
            seen = store.compare_and_swap(seen, &long).await.unwrap();
            assert!(seen.is_some());
        }
    });
    while !writer.is_finished() {
        assert!(FileTokenStore::at(&path).load().await.unwrap().is_some());
    }
    writer.await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_whose_file_was_removed_locks_who_comes_later() {
    let folder = Folder::new();
    let store = FileTokenStore::at(folder.path("login.json"));
    let first = store.lock().await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.lock().await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(60)).await;
    fs::remove_file(folder.path("login.json.lock")).unwrap();
    drop(first);
    let second = waiting.await.unwrap();
    let third = tokio::time::timeout(Duration::from_millis(100), store.lock()).await;
    assert!(third.is_err(), "two hold the lock");
    drop(second);
}

#[tokio::test]
async fn what_is_too_large_to_be_read_back_is_not_written() {
    let folder = Folder::new();
    let path = folder.path("login.json");
    let first = save(&path, None, "one").await;
    let huge = tokens(&"x".repeat(9 * 1024 * 1024));
    let error = FileTokenStore::at(&path).compare_and_swap(first, &huge).await.unwrap_err();
    assert!(matches!(error, Error::TokenStore { doing: "write its file", cause: Some(_) }), "{error:?}");
    assert_eq!(kept(&path).await, "one");
    assert_eq!(folder.names(), ["login.json", "login.json.save"], "no draft is left");
}

#[tokio::test]
async fn every_honest_login_can_be_read_back() {
    let folder = Folder::new();
    let path = folder.path("login.json");
    let mut tokens = tokens("one");
    let odd = "\u{1}".repeat(16 * 1024);
    tokens.extras = (0..32).map(|number| (number.to_string(), odd.as_str())).collect::<Extras>();
    let store = FileTokenStore::at(path);
    store.compare_and_swap(None, &tokens).await.unwrap();
    assert!(store.load().await.unwrap().is_some_and(|kept| kept.tokens == tokens));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_what_to_do_and_is_left_alone() {
    let broken = "not what a token store writes: move it away and sign in again";
    let login = r#"{"format":1,"revision":1,"access_token":"hunter2","token_type":"Bearer"}"#;
    for text in ["", "{", "[]", "null", r#"{"format":"one"}"#, login, "access_token=hunter2"] {
        let told = unreadable(text.as_bytes()).await;
        assert!(told.contains(broken) && told.contains("login.json"), "{text}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert!(unreadable(b"\xff\xfe\x00").await.contains(broken));
    for format in ["2", "99999999999"] {
        let later = login.replace("\"format\":1", &format!("\"format\":{format}"));
        assert!(unreadable(later.as_bytes()).await.contains("a later version wrote it"), "{format}");
    }
    assert!(unreadable(&vec![b' '; 9 * 1024 * 1024]).await.contains("larger than any login"));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_an_error_with_its_cause() {
    let folder = Folder::new();
    fs::write(folder.path("file"), "").unwrap();
    for path in [folder.path("no/such/folder/login.json"), folder.path("file/login.json")] {
        let store = FileTokenStore::at(&path);
        let saved = store.compare_and_swap(None, &tokens("hunter2")).await.unwrap_err();
        let locked = store.lock().await.unwrap_err();
        for error in [saved, locked] {
            let (told, place) = (told(&error), path.display().to_string());
            assert!(error.is_transient() && told.contains(&place) && told.contains("os error"), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_folder_keeps_what_it_has() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.path("login.json");
    save(&path, None, "one").await;
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o500)).unwrap();
    let outcome = FileTokenStore::at(&path).compare_and_swap(Some(1), &tokens("two")).await;
    let is_root = fs::write(folder.path("probe"), "").is_ok();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    if is_root {
        return; // whom no folder is closed to
    }
    assert!(told(&outcome.unwrap_err()).contains("ermission denied"));
    assert_eq!((kept(&path).await.as_str(), folder.names().len()), ("one", 2), "no draft is left");
}

#[tokio::test]
async fn a_plain_name_is_a_file_in_the_working_directory() {
    let name = format!("authsession-{}.json", random::text::<9>().unwrap());
    save(&name, None, "one").await;
    let kept = kept(&name).await;
    for path in [name.clone(), format!("{name}.save")] {
        fs::remove_file(Path::new(&path)).unwrap();
    }
    assert_eq!(kept, "one");
}

#[tokio::test]
async fn what_is_kept_does_not_show_its_secrets() {
    let store = MemoryTokenStore::default();
    let mut tokens = tokens("hunter2");
    tokens.refresh_token = Some("hunter2".into());
    tokens.extras = Extras::from_iter([("instance_url", "hunter2")]);
    store.compare_and_swap(None, &tokens).await.unwrap();
    let shown = format!("{store:?} {:?} {:?}", store.load().await, store.lock().await);
    assert!(!shown.contains("hunter2"), "{shown}");
}
