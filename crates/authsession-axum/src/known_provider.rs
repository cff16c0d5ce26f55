//! A provider chosen by name: a row of the table, with what differs from one application to the next filled in.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::assertion::Assertion;
use authsession_core::client_auth::ClientAuth;
use authsession_core::jws::Algorithm;
use authsession_core::signer::Signer;
use authsession_core::tenant::TenantIssuers;

use crate::errors::Error;
use crate::provider_table::{
    APPLE, AUTH0, Address, ENTRA, ENTRA_PERSONAL_ACCOUNTS, ENTRA_TENANTS, GITHUB, GITLAB, GOOGLE, KEYCLOAK,
    OKTA, Part, Row, SALESFORCE,
};

/// Apple takes half a year; nothing of ours needs longer than the request.
const SIGNED_SECRET_LASTS: Duration = Duration::from_secs(300);

/// A provider known by name, for
/// [`with_provider`](crate::auth_builder::OAuthConfigurationBuilder::with_provider). What is known of each stands in the
/// [table](crate::provider_table::TABLE).
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use authsession_axum::auth_builder::OAuthConfigurationBuilder;
/// use authsession_axum::known_provider::KnownProvider;
///
/// let configuration = OAuthConfigurationBuilder::default()
///     .with_provider(KnownProvider::google()).await?
///     .with_client_id("my-app")
///     .with_client_secret("…")
///     .with_redirect_uri("https://app.example.com/auth/callback")
///     .with_private_cookie_key(&std::env::var("COOKIE_KEY")?)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KnownProvider {
    pub(crate) row: &'static Row,
    base: String,
    /// What its path has a placeholder for: the tenant, the realm.
    part: String,
    tenants: Tenants,
    signed_secret: Option<SignedSecret>,
}

#[derive(Clone, Debug)]
enum Tenants {
    Listed(Vec<String>),
    Any,
}

#[derive(Clone, Debug)]
struct SignedSecret {
    team_id: String,
    signer: Arc<dyn Signer>,
}

/// Where it turns out to be.
pub(crate) enum Place {
    Issuer { issuer: String, end_session: Option<String> },
    Tenants { at: String, issuers: TenantIssuers },
    ByHand { base: String },
}

impl KnownProvider {
    fn of(row: &'static Row) -> Self {
        let (Address::Discovered { base, .. } | Address::Tenants { base, .. } | Address::ByHand { base, .. }) =
            row.address;
        Self {
            row,
            base: base.to_owned(),
            part: String::new(),
            tenants: Tenants::Listed(Vec::new()),
            signed_secret: None,
        }
    }

    /// Google accounts.
    pub fn google() -> Self {
        Self::of(&GOOGLE)
    }

    /// The users of one tenant of Microsoft Entra ID, named by its id.
    pub fn entra(tenant: &str) -> Self {
        Self { part: tenant.to_ascii_lowercase(), ..Self::of(&ENTRA) }
    }

    /// Personal Microsoft accounts: anybody can make one.
    pub fn entra_personal_accounts() -> Self {
        Self::entra(ENTRA_PERSONAL_ACCOUNTS)
    }

    /// The users of these tenants of Microsoft Entra ID, named by their ids, and of no other.
    pub fn entra_tenants(tenants: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let tenants = tenants.into_iter().map(|tenant| tenant.as_ref().to_ascii_lowercase()).collect();
        Self { tenants: Tenants::Listed(tenants), ..Self::of(&ENTRA_TENANTS) }
    }

    /// Everybody with a Microsoft account, personal or of whatever organization: anybody can make themselves a tenant and every
    /// user in it. What a user may do has to be decided by the session's issuer and subject, never by a name or an email.
    pub fn danger_entra_any_tenant() -> Self {
        Self { tenants: Tenants::Any, ..Self::of(&ENTRA_TENANTS) }
    }

    /// An organization at Okta (`https://dev-1.okta.com`), or an authorization server of its own
    /// (`https://dev-1.okta.com/oauth2/default`).
    pub fn okta(issuer: &str) -> Self {
        Self::of(&OKTA).at(issuer)
    }

    /// A tenant of Auth0, by its domain: `acme.eu.auth0.com`.
    pub fn auth0(domain: &str) -> Self {
        Self::of(&AUTH0).at(domain)
    }

    /// A realm of a Keycloak server.
    pub fn keycloak(base: &str, realm: &str) -> Self {
        Self { part: realm.to_owned(), ..Self::of(&KEYCLOAK) }.at(base)
    }

    /// GitHub accounts.
    pub fn github() -> Self {
        Self::of(&GITHUB)
    }

    /// Accounts of gitlab.com.
    pub fn gitlab() -> Self {
        Self::of(&GITLAB)
    }

    /// Apple accounts. The client id is that of the Services ID; the key, of the team named, is an ES256 key that says which it
    /// is, such as [`SigningKey::from_pem`](authsession_core::signer::SigningKey::from_pem)`(…)?.with_key_id("…")`. It signs a
    /// client secret for each request, so there is none to renew twice a year.
    pub fn apple(team_id: &str, key: impl Signer + 'static) -> Self {
        let signed_secret = SignedSecret { team_id: team_id.to_owned(), signer: Arc::new(key) };
        Self { signed_secret: Some(signed_secret), ..Self::of(&APPLE) }
    }

    /// Salesforce users, by the general login.
    pub fn salesforce() -> Self {
        Self::of(&SALESFORCE)
    }

    /// The same product at another base URL: an instance of one's own, a sandbox, a national cloud, an emulator in tests.
    pub fn at(mut self, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        self.base = if base.contains("://") { base.to_owned() } else { format!("https://{base}") };
        self
    }

    /// Checks what the application filled in.
    pub(crate) fn place(&self) -> Result<Place, Error> {
        let base = &self.base;
        match self.row.address {
            Address::Discovered { path, part, end_session, .. } => {
                let path = match part {
                    None => path.to_owned(),
                    Some(Part::TenantId) if !is_guid(&self.part) => return Err(not_a_tenant()),
                    Some(Part::Realm) if self.part.is_empty() || self.part.contains(['/', '?', '#']) => {
                        return Err(Error::misconfigured("name the realm as it stands in its URL"));
                    }
                    Some(_) => filled_in(path, &self.part),
                };
                let end_session = end_session.map(|path| format!("{base}{path}"));
                Ok(Place::Issuer { issuer: format!("{base}{path}"), end_session })
            }
            Address::Tenants { any, organizations, personal_accounts, template, claim, .. } => {
                let template = format!("{base}{template}");
                let (at, issuers) = match &self.tenants {
                    Tenants::Any => (any, TenantIssuers::danger_any_tenant(template)?),
                    Tenants::Listed(tenants) if !tenants.iter().all(|tenant| is_guid(tenant)) => {
                        return Err(not_a_tenant());
                    }
                    Tenants::Listed(tenants) => {
                        let at = if tenants.iter().any(|tenant| tenant == personal_accounts) {
                            any
                        } else {
                            organizations
                        };
                        (at, TenantIssuers::listed(template, tenants)?)
                    }
                };
                let issuers = issuers.with_tenant_claim(claim);
                Ok(Place::Tenants { at: format!("{base}{at}"), issuers })
            }
            Address::ByHand { .. } => {
                if let Some(SignedSecret { signer, .. }) = &self.signed_secret
                    && (signer.algorithm() != Algorithm::Es256 || signer.key_id().is_none())
                {
                    return Err(Error::misconfigured(
                        "the key that signs the client secret must be an ES256 key that says which it is (with_key_id)",
                    ));
                }
                Ok(Place::ByHand { base: base.clone() })
            }
        }
    }

    /// How the client signs its secret, if it does.
    pub(crate) fn signed_secret(&self, client_id: &str) -> Option<ClientAuth> {
        let SignedSecret { team_id, signer } = self.signed_secret.as_ref()?;
        let says = Assertion::new(team_id, client_id, &self.base).lifetime(SIGNED_SECRET_LASTS).without_jti();
        Some(ClientAuth::SignedSecret { says, signer: Arc::clone(signer) })
    }
}

/// The path with that in place of its braces.
fn filled_in(path: &str, part: &str) -> String {
    let (before, rest) = path.split_once('{').unwrap_or((path, ""));
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    format!("{before}{part}{after}")
}

fn not_a_tenant() -> Error {
    Error::misconfigured(
        "name each tenant by its id, a GUID: ID tokens name neither its domains nor common, organizations or consumers",
    )
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
