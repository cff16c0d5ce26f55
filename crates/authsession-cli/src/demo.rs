//! `authsession demo`: a provider and a sample application, until Ctrl-C.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::core::random;
use authsession_axum::core::secret::Secret;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use tokio::net::TcpListener;

use crate::app;
use crate::arguments::DemoArguments;
use crate::errors::Error;
use crate::parties::Parties;
use crate::site::Site;
use crate::store::{MEMORY, Store};

/// How long refreshes under way are waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Runs the demo until Ctrl-C.
pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Error> {
    let asked = arguments.listen;
    let listener = TcpListener::bind(asked).await.map_err(|cause| Error::listening(asked, cause))?;
    let address = listener.local_addr().map_err(|cause| Error::listening(asked, cause))?;
    let origin = format!("http://{}", reachable(address));
    let given = arguments.cookie_key.clone().filter(|key| !key.is_empty());
    let lasts = given.is_some();
    let key = match given {
        Some(key) => key,
        None => Secret::from(random::text::<32>()?),
    };
    let store = Store::open(&arguments.store, &key).await?;
    let parties = Parties::meet(arguments, &origin).await?;
    let configuration = parties.settings().await?.with_private_cookie_key(key.expose()).build()?;
    let auth = AuthLayer::new(
        Arc::new(configuration),
        Arc::clone(&store.sessions),
        Arc::new(OidcLogoutHandler::default()),
    );
    let serve = async {
        announce(&origin, &parties, &store, lasts)?;
        axum::serve(listener, app::router(Site::of(parties)).layer(auth.clone())).await
    };
    let outcome = tokio::select! {
        // First, so that Ctrl-C is heard before anybody is told that this runs.
        biased;
        _ = tokio::signal::ctrl_c() => Ok(()),
        served = serve => served.map_err(Error::Stopped),
    };
    auth.finish(LAST_WAIT).await;
    outcome
}

/// An address a browser on this machine can open: "everywhere" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn announce(origin: &str, parties: &Parties, store: &Store, lasts: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n  Open      {origin}/")?;
    if parties.are_a_test() {
        writeln!(out, "  Provider  {} (a test provider: no passwords, choose Alice or Bob)", parties.issuer)?;
    } else {
        writeln!(out, "  Provider  {}", parties.issuer)?;
        writeln!(out, "  Redirect  {} (register it at the provider)", parties.redirect_uri)?;
        writeln!(out, "  Logout    {origin}/ (register it too, as where to go after a logout)")?;
    }
    match (store.kind, lasts) {
        (MEMORY, _) => {}
        (kind, true) => writeln!(out, "  Store     {kind}")?,
        (kind, false) => {
            writeln!(out, "  Store     {kind} (with --cookie-key, sessions outlive this process)")?;
        }
    }
    writeln!(out, "\n  Ctrl-C ends it.\n")?;
    out.flush()
}
