//! Ten processes that share a program's own login in a store, at a provider whose refresh tokens rotate and that takes a second use
//! for theft: one refresh a round, and the login lives on.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::client_auth::ClientAuth;
use authsession_core::random;
use authsession_core::token_source::TokenSource;
use authsession_core::token_store::TokenStore as _;
use authsession_store::open;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_token_store::SealedTokenStore;
use authsession_testkit::client::Client;
use authsession_testkit::provider::Provider;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const PROCESSES: usize = 10;
const ROUNDS: usize = 50;
const KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
const LIFETIME: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(60);

struct Holder {
    process: Child,
    out: Lines<BufReader<ChildStdout>>,
}

impl Holder {
    fn start(store: &str, login: &str, issuer: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_holder"))
            .env("HOLDER_STORE", store)
            .env("HOLDER_KEY", KEY)
            .env("HOLDER_LOGIN", login)
            .env("HOLDER_ISSUER", issuer)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, out }
    }

    async fn ask(&mut self, seconds_later: u64) {
        let line = format!("{seconds_later}\n");
        self.process.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    async fn says(&mut self) -> String {
        timeout(PATIENCE, self.out.next_line()).await.expect("it answers").unwrap().expect("it lives")
    }
}

/// On the store of that URL.
async fn keep_one_login_alive(store: &str) {
    let provider =
        Provider::builder().client(Client::public("holders")).access_token_lifetime(LIFETIME).start().await;
    let provider = provider.unwrap();
    let login = random::text::<9>().unwrap();
    let ring = KeyRing::new(&KEY.into()).unwrap();
    let kept = Arc::new(SealedTokenStore::new(open::backend(store).await.unwrap(), ring, login.as_str()));
    TokenSource::builder()
        .issuer(provider.issuer())
        .client("holders", ClientAuth::None)
        .scope("openid offline_access")
        .token_store(kept.clone())
        .sign_in_by_device(|pending| assert!(provider.approve_device(&pending.user_code)))
        .await
        .unwrap();
    let mut holders: Vec<_> =
        (0..PROCESSES).map(|_| Holder::start(store, &login, provider.issuer())).collect();
    for holder in &mut holders {
        assert_eq!(holder.says().await, "READY");
    }
    let mut last = String::new();
    for round in 0..ROUNDS {
        let grants = provider.journal().grants("refresh_token");
        for holder in &mut holders {
            holder.ask(LIFETIME.as_secs() + 1).await;
        }
        let mut tokens = Vec::new();
        for holder in &mut holders {
            tokens.push(holder.says().await);
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "round {round}: all have the same token");
        assert!(
            tokens[0] != last && provider.live_access_token(&tokens[0]),
            "round {round}: it is new, and alive"
        );
        assert_eq!(provider.journal().grants("refresh_token"), grants + 1, "round {round}: one refresh");
        let stored = kept.load().await.unwrap().unwrap().tokens;
        let refresh_token = stored.refresh_token.unwrap();
        assert!(provider.refresh_family_alive(refresh_token.expose()), "round {round}: the login lives");
        last = tokens.remove(0);
    }
}

macro_rules! on_each_store {
    ($($store:ident = $url:expr,)*) => { $(
        mod $store {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn ten_processes_on_one_rotating_login_keep_it_alive_50_times() {
                crate::holders::keep_one_login_alive(&$url).await;
            }
        }
    )* };
}

on_each_store! {
    sqlite = crate::stores::sqlite_file(),
}

#[cfg(feature = "real")]
on_each_store! {
    postgres = crate::stores::server("AUTHSESSION_TEST_POSTGRES"),
    mysql = crate::stores::server("AUTHSESSION_TEST_MYSQL"),
    redis = crate::stores::server("AUTHSESSION_TEST_REDIS"),
    redis_cluster = crate::stores::server("AUTHSESSION_TEST_REDIS_CLUSTER"),
}
