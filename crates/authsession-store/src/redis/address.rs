//! Which Redis a URL means: one node, a cluster, or whatever Sentinels name as the master.

use std::borrow::Cow;

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsMode};
use url::form_urlencoded;

use crate::store::StoreError;

const SENTINEL_PORT: u16 = 26_379;
const REDIS_PORT: u16 = 6_379;

/// Where to connect to.
pub(super) struct Address {
    pub(super) nodes: Nodes,
    /// The same for people, without user and password.
    pub(super) text: String,
    /// Whether by TLS; of a client of the caller's, whether it may be.
    pub(super) tls: bool,
}

pub(super) enum Nodes {
    One(Box<Client>),
    /// Some of a cluster's.
    Cluster(Vec<Client>),
    Sentinel(Box<SentinelClient>),
}

#[derive(Default)]
struct Parameters<'url> {
    master: Option<Cow<'url, str>>,
    sentinel_username: Option<Cow<'url, str>>,
    sentinel_password: Option<Cow<'url, str>>,
}

impl Address {
    /// Reads a URL, in the forms that [`RedisBackend::connect`](crate::redis::RedisBackend::connect) documents.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = misconfigured;
        let (scheme, rest) = url.split_once("://").ok_or(wrong("it begins with redis:// or rediss://"))?;
        if rest.contains('#') {
            return Err(wrong("nothing can follow a #"));
        }
        let (scheme, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        if !["redis", "rediss", "valkey", "valkeys"].contains(&scheme) {
            return Err(wrong("it begins with redis:// or rediss://"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority
            .rsplit_once('@')
            .map_or(("", authority), |(_, hosts)| (&authority[..authority.len() - hosts.len()], hosts));
        let parameters = Parameters::parse(query)?;
        let port = if parameters.master.is_some() { SENTINEL_PORT } else { REDIS_PORT };
        let nodes = hosts
            .split(',')
            .map(|host| node(&format!("{scheme}://{user}{}/{database}", with_port(host, port))))
            .collect::<Result<Vec<_>, _>>()?;
        match (kind, parameters.master.as_deref(), &*nodes) {
            ("" | "sentinel", Some(master), [first, ..]) => sentinel(&nodes, first, master, &parameters),
            ("sentinel", None, _) => Err(wrong("the name of the master is missing: ?master=NAME")),
            ("", None, [node]) => Ok(Self::of_client(open(node)?)),
            ("" | "cluster", None, _) => Self::of_cluster(nodes.iter().map(open).collect::<Result<_, _>>()?),
            ("cluster", Some(_), _) => Err(wrong("a cluster has no master for Sentinels to name")),
            _ => Err(wrong("after redis+ comes cluster or sentinel")),
        }
    }

    pub(super) fn of_client(client: Client) -> Self {
        let text = client.get_connection_info().addr().to_string();
        let tls = is_tls(client.get_connection_info());
        Self { nodes: Nodes::One(Box::new(client)), text, tls }
    }

    pub(super) fn of_cluster(nodes: Vec<Client>) -> Result<Self, StoreError> {
        if nodes.is_empty() {
            return Err(misconfigured("a cluster has one node at least"));
        }
        let addresses: Vec<_> =
            nodes.iter().map(|node| node.get_connection_info().addr().to_string()).collect();
        let text = format!("cluster at {}", addresses.join(", "));
        let tls = nodes.iter().any(|node| is_tls(node.get_connection_info()));
        Ok(Self { nodes: Nodes::Cluster(nodes), text, tls })
    }

    pub(super) fn of_sentinel(client: SentinelClient, text: String, tls: bool) -> Self {
        Self { nodes: Nodes::Sentinel(Box::new(client)), text, tls }
    }
}

impl<'url> Parameters<'url> {
    fn parse(query: &'url str) -> Result<Self, StoreError> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "master" if !value.is_empty() => parameters.master = Some(value),
                "sentinel_username" => parameters.sentinel_username = Some(value),
                "sentinel_password" => parameters.sentinel_password = Some(value),
                _ => {
                    return Err(misconfigured(
                        "its parameters are master, sentinel_username and sentinel_password",
                    ));
                }
            }
        }
        if parameters.master.is_none()
            && (parameters.sentinel_username.is_some() || parameters.sentinel_password.is_some())
        {
            return Err(misconfigured("the name of the master is missing: ?master=NAME"));
        }
        Ok(parameters)
    }
}

/// The host with that port, if it has none.
fn with_port(host: &str, port: u16) -> Cow<'_, str> {
    let after_address = host.rsplit_once(']').map_or(host, |(_, after)| after);
    if host.is_empty() || after_address.contains(':') { host.into() } else { format!("{host}:{port}").into() }
}

fn node(url: &str) -> Result<ConnectionInfo, StoreError> {
    url.into_connection_info().map_err(|_| {
        misconfigured("it reads redis://user:password@host:port/database, all but the host optional")
    })
}

fn is_tls(node: &ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}

fn open(node: &ConnectionInfo) -> Result<Client, StoreError> {
    Client::open(node.clone()).map_err(|_| misconfigured("a node's address cannot be used"))
}

fn sentinel(
    sentinels: &[ConnectionInfo],
    first: &ConnectionInfo,
    master: &str,
    parameters: &Parameters<'_>,
) -> Result<Address, StoreError> {
    let wrong = |_| misconfigured("Sentinels are reached by host and port");
    let addresses: Vec<_> = sentinels.iter().map(|sentinel| sentinel.addr().clone()).collect();
    let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let mut builder =
        SentinelClientBuilder::new(addresses, master, SentinelServerType::Master).map_err(wrong)?;
    let redis = first.redis_settings();
    builder = builder.set_client_to_redis_db(redis.db());
    if let Some(username) = redis.username() {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = redis.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    let tls = is_tls(first);
    if tls {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(username) = &parameters.sentinel_username {
        builder = builder.set_client_to_sentinel_username(username);
    }
    if let Some(password) = &parameters.sentinel_password {
        builder = builder.set_client_to_sentinel_password(password);
    }
    let text = format!("master {master:?} named by Sentinel at {}", texts.join(", "));
    Ok(Address::of_sentinel(builder.build().map_err(wrong)?, text, tls))
}

/// Says nothing of the URL, which may hold a password.
fn misconfigured(hint: &'static str) -> StoreError {
    StoreError::Misconfigured(hint.into())
}
