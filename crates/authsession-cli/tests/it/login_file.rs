//! A login kept in a file, in a folder of its own that ends with the test.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use authsession_core::random;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::file::FileTokenStore;
use tokio::process::{Child, Command};

use crate::process::{Ended, authsession, ended, tell};

pub(crate) struct LoginFile {
    folder: PathBuf,
    pub(crate) path: String,
    settings: Vec<String>,
    variables: Vec<(String, String)>,
}

impl LoginFile {
    /// No file yet.
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("authsession-{}", random::text::<9>().unwrap()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("acme.json").into_os_string().into_string().unwrap();
        Self { folder, path, settings: Vec::new(), variables: Vec::new() }
    }

    /// What each `authsession token` is told beside the file.
    pub(crate) fn with(mut self, settings: &[&str]) -> Self {
        self.settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        self
    }

    /// What is in the environment of each.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another file in that folder.
    pub(crate) fn beside(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    /// What is kept by now.
    pub(crate) async fn kept(&self) -> TokenSet {
        FileTokenStore::at(&self.path).load().await.unwrap().unwrap().tokens
    }

    /// Puts that there in place of what is kept.
    pub(crate) async fn put(&self, tokens: &TokenSet) {
        let store = FileTokenStore::at(&self.path);
        let revision = store.load().await.unwrap().map(|kept| kept.revision);
        store.compare_and_swap(revision, tokens).await.unwrap().unwrap();
    }

    pub(crate) fn refresh_token_is(tokens: &TokenSet) -> &str {
        tokens.refresh_token.as_ref().unwrap().expose()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = authsession(&["token", "--store", &self.path]);
        command.args(&self.settings).args(more);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Asks for a token.
    pub(crate) fn start(&self) -> Child {
        self.command(&[]).spawn().unwrap()
    }

    /// Asks for a token, once it is told on its standard input which one is refused.
    pub(crate) fn start_refusing(&self) -> Child {
        self.command(&["--refused"]).stdin(Stdio::piped()).spawn().unwrap()
    }

    /// Asks for a token.
    pub(crate) async fn token(&self) -> Ended {
        ended(self.start()).await
    }

    /// Asks for another token than this.
    pub(crate) async fn instead_of(&self, refused: &str) -> Ended {
        let mut child = self.start_refusing();
        tell(&mut child, refused).await;
        ended(child).await
    }
}

impl Drop for LoginFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Ended {
    /// The token it printed, and nothing else.
    pub(crate) fn token(&self) -> &str {
        assert!(self.succeeded, "{}", self.log);
        let token = self.out.strip_suffix('\n').unwrap();
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "{token:?}");
        token
    }
}
