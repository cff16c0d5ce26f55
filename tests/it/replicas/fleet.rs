//! Four processes of an application, each on a port of its own, and a browser that has signed in at the first.

use std::process::Stdio;
use std::time::Duration;

use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::client::Client;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::http::Method;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) const PROCESSES: usize = 4;
/// How long access tokens live, by each replica's clock: long enough for a round not to see the next one begin.
const LIFETIME: Duration = Duration::from_secs(120);
/// The lease of a process that died has fallen free by then.
pub(crate) const LEASE_SECONDS: u64 = 16;
const KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
const PATIENCE: Duration = Duration::from_secs(60);

/// The processes, the provider, and somebody who is signed in.
pub(crate) struct Fleet {
    pub(crate) provider: Opposite,
    pub(crate) browser: Browser,
    replicas: Vec<Replica>,
}

struct Replica {
    url: String,
    process: Child,
}

/// Who hands out tokens.
pub(crate) enum Opposite {
    /// The testkit's provider, which can be told what to do.
    Testkit(Provider),
    /// npm oidc-provider, which `tests/real/run` starts, and our client there.
    #[cfg(feature = "real")]
    OidcProvider { issuer: String, client: String },
}

impl Opposite {
    async fn testkit(redirect_uri: &str) -> Self {
        let client = Client::confidential("replicas", "a secret").redirect_uri(redirect_uri);
        Self::Testkit(
            Provider::builder().client(client).access_token_lifetime(LIFETIME).start().await.unwrap(),
        )
    }

    fn issuer(&self) -> &str {
        match self {
            Self::Testkit(provider) => provider.issuer(),
            #[cfg(feature = "real")]
            Self::OidcProvider { issuer, .. } => issuer,
        }
    }

    fn client(&self) -> (String, String) {
        match self {
            Self::Testkit(provider) => (provider.client_id().to_owned(), provider.client_secret().to_owned()),
            #[cfg(feature = "real")]
            Self::OidcProvider { client, .. } => {
                (client.clone(), crate::stores::server("AUTHSESSION_TEST_CLIENT_SECRET"))
            }
        }
    }

    /// The one whose answers a test chooses.
    pub(crate) fn script(&self) -> authsession_testkit::script::Script {
        match self {
            Self::Testkit(provider) => provider.script(),
            #[cfg(feature = "real")]
            Self::OidcProvider { .. } => unreachable!("it cannot be told what to answer"),
        }
    }

    /// How often it was asked for a refresh.
    pub(crate) async fn refreshes(&self) -> u64 {
        match self {
            Self::Testkit(provider) => provider.journal().grants("refresh_token") as u64,
            #[cfg(feature = "real")]
            Self::OidcProvider { issuer, client } => {
                let counted = Browser::new().unwrap().fetch(format!("{issuer}/_ctl/grants")).await.unwrap();
                counted.json().unwrap()[client]["refresh_token"].as_u64().unwrap_or_default()
            }
        }
    }

    /// Whether it takes that access token.
    pub(crate) async fn takes(&self, token: &str) -> bool {
        match self {
            Self::Testkit(provider) => provider.live_access_token(token),
            #[cfg(feature = "real")]
            Self::OidcProvider { issuer, .. } => {
                let authorization = format!("Bearer {token}");
                let headers = [("authorization", authorization.as_str())];
                let asked = Browser::new().unwrap();
                asked.fetch_with(Method::GET, format!("{issuer}/me"), &headers, "").await.unwrap().status
                    == 200
            }
        }
    }
}

impl Fleet {
    /// At the testkit's provider, signed in.
    pub(crate) async fn on(store: &str, with_near_copies: bool) -> Self {
        Self::at(store, with_near_copies, async |redirect_uri: &str| Opposite::testkit(redirect_uri).await)
            .await
    }

    /// At npm oidc-provider as that client, signed in.
    #[cfg(feature = "real")]
    pub(crate) async fn at_oidc_provider(store: &str, client: &str) -> Self {
        let meet = async |redirect_uri: &str| {
            let issuer = crate::stores::server("AUTHSESSION_TEST_ISSUER");
            let base = redirect_uri.trim_end_matches("/auth/callback");
            crate::real_stage::control(&issuer, &format!("relying-party?base={base}")).await;
            Opposite::OidcProvider { issuer, client: client.to_owned() }
        };
        let fleet = Self::at(store, false, meet).await;
        let page =
            fleet.browser.submit_form(&[("login", "alice"), ("password", "wonderland")]).await.unwrap();
        let page = if page.text().contains("Consent") {
            fleet.browser.submit_form(&[]).await.unwrap()
        } else {
            page
        };
        assert_eq!(page.text(), "alice");
        fleet
    }

    async fn at(store: &str, with_near_copies: bool, meet: impl AsyncFnOnce(&str) -> Opposite) -> Self {
        let mut slots = Vec::new();
        for _ in 0..PROCESSES {
            slots.push(Server::reserve().await.unwrap());
        }
        let urls: Vec<_> = slots.iter().map(|slot| slot.url().to_owned()).collect();
        let redirect_uri = format!("{}/auth/callback", urls[0]);
        let provider = meet(&redirect_uri).await;
        let (client, secret) = provider.client();
        drop(slots);
        let mut replicas = Vec::new();
        for url in urls {
            let mut command = Command::new(env!("CARGO_BIN_EXE_replica"));
            command
                .env("REPLICA_ADDRESS", url.trim_start_matches("http://"))
                .env("REPLICA_STORE", store)
                .env("REPLICA_KEY", KEY)
                .env("REPLICA_CLIENT", &client)
                .env("REPLICA_SECRET", &secret)
                .env("REPLICA_REDIRECT_URI", &redirect_uri)
                .env("REPLICA_ISSUER", provider.issuer())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .kill_on_drop(true);
            // The authority that a store by TLS is vouched for.
            if let Some(authority) =
                store.starts_with("rediss:").then(|| std::env::var("AUTHSESSION_TEST_REDIS_TLS_CA"))
            {
                command.env("SSL_CERT_FILE", authority.unwrap());
            }
            if with_near_copies {
                command.env("REPLICA_NEAR", "1");
            }
            replicas.push(Replica { url, process: command.spawn().unwrap() });
        }
        for replica in &mut replicas {
            let out = BufReader::new(replica.process.stdout.take().unwrap());
            let ready = timeout(PATIENCE, out.lines().next_line()).await.expect("it starts").unwrap();
            assert_eq!(ready.as_deref(), Some("READY"));
        }
        let fleet = Self { provider, browser: Browser::new().unwrap(), replicas };
        let page = fleet.browser.navigate(fleet.url(0, "/who")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        fleet
    }

    pub(crate) fn url(&self, replica: usize, path: &str) -> String {
        format!("{}{path}", self.replicas[replica].url)
    }

    /// Moves the clocks of these replicas on.
    pub(crate) async fn advance(&self, replicas: impl IntoIterator<Item = usize>, seconds: u64) {
        for replica in replicas {
            self.tell(replica, &format!("/_test/advance/{seconds}")).await;
        }
    }

    /// The access token is over, to all of them.
    pub(crate) async fn expire(&self) {
        self.advance(0..PROCESSES, LIFETIME.as_secs() + 1).await;
    }

    /// Has the next refresh of that replica stop at that step, for good unless it is told to go on.
    pub(crate) async fn stop_at(&self, replica: usize, step: &str) {
        self.tell(replica, &format!("/_test/stop-at/{step}")).await;
    }

    pub(crate) async fn go_on(&self, replica: usize) {
        self.tell(replica, "/_test/go-on").await;
    }

    /// Waits until it has.
    pub(crate) async fn has_stopped(&self, replica: usize) -> bool {
        let url = self.url(replica, "/_test/stopped");
        for _ in 0..1000 {
            if Browser::new().unwrap().fetch(&url).await.unwrap().text() == "true" {
                return true;
            }
            sleep(Duration::from_millis(10)).await;
        }
        false
    }

    async fn tell(&self, replica: usize, what: &str) {
        let url = self.url(replica, what);
        let page = Browser::new().unwrap().fetch_with(Method::POST, url, &[], "").await.unwrap();
        assert_eq!(page.status, 200, "{what}");
    }

    /// `SIGSTOP`: nothing of it runs, until it wakes.
    pub(crate) async fn stands_still(&self, replica: usize) {
        self.signal(replica, "-STOP").await;
    }

    /// `SIGCONT`.
    pub(crate) async fn wakes(&self, replica: usize) {
        self.signal(replica, "-CONT").await;
    }

    async fn signal(&self, replica: usize, signal: &str) {
        let process = self.replicas[replica].process.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().await.unwrap().success());
    }

    /// `SIGKILL`: nothing of it runs any more.
    pub(crate) async fn kill(&mut self, replica: usize) {
        self.replicas[replica].process.kill().await.unwrap();
    }

    /// Asks that replica for the token, in the background.
    pub(crate) fn ask(&self, asked: &mut JoinSet<Page>, replica: usize) {
        let (browser, url) = (self.browser.tab(), self.url(replica, "/token"));
        asked.spawn(async move { browser.fetch(url).await.unwrap() });
    }

    /// What that replica hands out.
    pub(crate) async fn token(&self, replica: usize) -> String {
        let page = self.browser.fetch(self.url(replica, "/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        page.text().into_owned()
    }

    /// Waits until that replica hands out a token.
    #[cfg(feature = "real")]
    pub(crate) async fn token_within(&self, replica: usize, at_most: Duration) {
        let served = async {
            loop {
                let page = self.browser.fetch(self.url(replica, "/token")).await.unwrap();
                if page.status == 200 {
                    return;
                }
                assert_eq!(page.status, 503, "{}", page.text());
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(at_most, served).await.expect("it serves again");
    }
}
