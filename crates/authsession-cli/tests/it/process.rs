//! The real binary as a child process.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// No test waits longer for the process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A demo that runs on a port of its own; it is killed when this is dropped.
pub(crate) struct Demo {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) url: String,
}

/// What a process that ended said.
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// Its exit status; none where a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) log: String,
}

/// The command without any setting from outside.
pub(crate) fn authsession(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authsession"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("AUTHSESSION_") || name == "RUST_LOG")
    {
        command.env_remove(name);
    }
    command
}

/// Runs the command to its end.
pub(crate) async fn run(arguments: &[&str]) -> Ended {
    ended(authsession(arguments).spawn().unwrap()).await
}

/// Waits for the end of that process.
pub(crate) async fn ended(child: Child) -> Ended {
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
    Ended {
        succeeded: output.status.success(),
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        log: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Tells a process its standard input.
pub(crate) async fn tell(child: &mut Child, text: &str) {
    child.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
}

/// Sends a process a signal such as `INT`.
#[cfg(unix)]
pub(crate) async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap().success());
}

impl Demo {
    /// Starts the demo, which logs everything, and waits until it says where to open it.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let all = [&["demo", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = authsession(&all).env("RUST_LOG", "trace").spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let url = timeout(PATIENCE, async {
            loop {
                let mut line = String::new();
                assert_ne!(out.read_line(&mut line).await.unwrap(), 0, "it ended before it was ready");
                if let Some(url) = line.trim().strip_prefix("Open") {
                    return url.trim().to_owned();
                }
            }
        });
        let url = url.await.expect("it says where to open it");
        Self { child, out, url }
    }

    /// Ends it, and hands over all it wrote after it was ready.
    pub(crate) async fn end(mut self) -> Ended {
        self.child.start_kill().unwrap();
        self.ended().await
    }

    /// Does what Ctrl-C does, and waits.
    #[cfg(unix)]
    pub(crate) async fn interrupt(self) -> Ended {
        signal(&self.child, "INT").await;
        timeout(PATIENCE, self.ended()).await.expect("it ends")
    }

    async fn ended(mut self) -> Ended {
        let (mut out, mut log) = (String::new(), String::new());
        self.out.read_to_string(&mut out).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        let status = self.child.wait().await.unwrap();
        Ended { succeeded: status.success(), status: status.code(), out, log }
    }
}
