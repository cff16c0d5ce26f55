//! `authsession salesforce` where the environment names a proxy.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::process::{PATIENCE, ended};
use crate::salesforce::Desk;

/// A proxy that shows who came.
struct Proxy(TcpListener);

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    /// By every name there is for one, and with no exception.
    fn named_to(&self, command: &mut Command) {
        let url = format!("http://{}", self.0.local_addr().unwrap());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, &url).env(name.to_lowercase(), &url);
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    }

    /// Who has connected is in the queue, whether or not it is there any more.
    fn was_asked(&self) -> bool {
        match self.0.accept() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        }
    }
}

#[tokio::test]
async fn nothing_for_this_machine_goes_to_a_proxy_of_the_environments() {
    let desk = Desk::set().await;
    let proxy = Proxy::start();
    let file = desk.file.beside("accounts.csv", "Name\nOne\n");
    for arguments in [&["query", "SELECT Name FROM Account"][..], &["bulk", "insert", "Account", &file]] {
        let mut command = desk.command(arguments);
        proxy.named_to(&mut command);
        let ended = ended(command.spawn().unwrap()).await;
        assert_eq!(ended.status, Some(0), "{}", ended.log);
        assert!(!proxy.was_asked(), "{arguments:?}");
    }
}

#[tokio::test]
async fn what_is_for_elsewhere_goes_to_the_proxy_the_environment_names() {
    let desk = Desk::set().await;
    let proxy = Proxy::start();
    let elsewhere = ["--instance-url", "https://acme.my.salesforce.com"];
    let mut command = desk.command(&[&["query", "SELECT Name FROM Account"], &elsewhere[..]].concat());
    proxy.named_to(&mut command);
    let child = command.spawn().unwrap();
    let asked = async {
        while !proxy.was_asked() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the proxy is asked");
    drop(child);
}
