//! `authsession demo`: a provider and a sample application, until Ctrl-C.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::core::random;
use authsession_axum::core::secret::Secret;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use tokio::net::TcpListener;

use crate::app;
use crate::arguments::DemoArguments;
use crate::errors::Error;
use crate::parties::Parties;
use crate::site::Site;

/// Runs the demo until Ctrl-C.
pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Error> {
    let asked = arguments.listen;
    let listener = TcpListener::bind(asked).await.map_err(|cause| Error::listening(asked, cause))?;
    let address = listener.local_addr().map_err(|cause| Error::listening(asked, cause))?;
    let origin = format!("http://{}", reachable(address));
    let cookie_key = match arguments.cookie_key.clone().filter(|key| !key.is_empty()) {
        Some(key) => key,
        None => Secret::from(random::text::<32>()?),
    };
    let parties = Parties::meet(arguments, &origin).await?;
    let configuration = parties.settings().await?.with_private_cookie_key(cookie_key.expose()).build()?;
    let auth = AuthLayer::new(
        Arc::new(configuration),
        Arc::new(MemoryStore::new()),
        Arc::new(OidcLogoutHandler::default()),
    );
    let serve = async {
        announce(&origin, &parties)?;
        axum::serve(listener, app::router(Site::of(parties)).layer(auth)).await
    };
    tokio::select! {
        // First, so that Ctrl-C is heard before anybody is told that this runs.
        biased;
        _ = tokio::signal::ctrl_c() => Ok(()),
        served = serve => served.map_err(Error::Stopped),
    }
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

fn announce(origin: &str, parties: &Parties) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n  Open      {origin}/")?;
    if parties.are_a_test() {
        writeln!(out, "  Provider  {} (a test provider: no passwords, choose Alice or Bob)", parties.issuer)?;
    } else {
        writeln!(out, "  Provider  {}", parties.issuer)?;
        writeln!(out, "  Redirect  {} (register it at the provider)", parties.redirect_uri)?;
        writeln!(out, "  Logout    {origin}/ (register it too, as where to go after a logout)")?;
    }
    writeln!(out, "\n  Ctrl-C ends it.\n")?;
    out.flush()
}
