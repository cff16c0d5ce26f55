//! The authorization endpoint (OpenID Connect Core §3.1.2): who is signed in, who must sign in, and the code.

use crate::client::Client;
use crate::endpoints::form_post;
use crate::endpoints::login_page;
use crate::ledger::Code;
use crate::ledger::Grant;
use crate::ledger::Session;
use crate::random::unguessable;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use std::io;
use std::time::Duration;
use url::Url;

const CODE_LIFETIME: Duration = Duration::from_secs(60);

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let request = match Authorization::parse(realm, inquiry) {
        Ok(request) => request,
        Err(why) => return Reply::html(400, login_page::notice("This sign-in cannot begin", why)),
    };
    if let Err(error) = request.check() {
        return request.sent_back_with(error);
    }
    if let Some(error) = realm.orders().deny_next.take() {
        return request.sent_back_with(&error);
    }
    if inquiry.parameter(login_page::CANCEL).is_some() {
        return request.sent_back_with("access_denied");
    }
    request.decide().unwrap_or_else(|_| request.sent_back_with("server_error"))
}

/// A request whose client and redirect URI are right, so that errors can go there.
struct Authorization<'a> {
    realm: &'a Realm,
    inquiry: &'a Inquiry,
    client: &'a Client,
    redirect_uri: Url,
}

impl<'a> Authorization<'a> {
    fn parse(realm: &'a Realm, inquiry: &'a Inquiry) -> Result<Self, &'static str> {
        let client = inquiry.parameter("client_id").and_then(|id| realm.client(id));
        let client = client.ok_or("The application is not known here.")?;
        let stated = inquiry.parameter("redirect_uri").ok_or("No redirect URI was sent.")?;
        if !client.accepts_redirect(stated) {
            return Err("The redirect URI is not registered for this application.");
        }
        let redirect_uri = Url::parse(stated).map_err(|_| "The redirect URI is not a URL.")?;
        Ok(Self { realm, inquiry, client, redirect_uri })
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.inquiry.parameter(name)
    }

    fn prompts(&self, wanted: &str) -> bool {
        self.parameter("prompt").is_some_and(|prompt| prompt.split(' ').any(|one| one == wanted))
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.parameter("response_type") != Some("code") {
            return Err("unsupported_response_type");
        }
        if self.parameter("request").is_some() {
            return Err("request_not_supported");
        }
        let method = self.parameter("code_challenge_method");
        match self.parameter("code_challenge") {
            Some(_) if method != Some("S256") => return Err("invalid_request"),
            None if self.client.secret().is_empty() => return Err("invalid_request"),
            _ => {}
        }
        let mode = self.parameter("response_mode").unwrap_or("query");
        let unreadable_age = self.parameter("max_age").is_some_and(|age| age.parse::<u64>().is_err());
        let contradicts_itself = self.prompts("none") && self.prompts("login");
        if !matches!(mode, "query" | "form_post") || unreadable_age || contradicts_itself {
            return Err("invalid_request");
        }
        Ok(())
    }

    fn decide(&self) -> io::Result<Reply> {
        let session = self.session();
        if let Some(subject) = self.inquiry.form(login_page::USER) {
            return self.sign_in(subject);
        }
        if self.prompts("none") {
            return match session {
                Some(session) => self.grant(session),
                None => Ok(self.sent_back_with("login_required")),
            };
        }
        let reusable = session.filter(|_| !self.prompts("login"));
        if self.realm.settings.interactive {
            return match reusable {
                Some(session) => self.grant(session),
                None => Ok(login_page::login(self.realm, self.client, self.inquiry)),
            };
        }
        let current = self.realm.orders().current_user.clone();
        match reusable.filter(|session| session.subject == current) {
            Some(session) => self.grant(session),
            None => self.sign_in(&current),
        }
    }

    /// The session of this browser, unless `max_age` finds it too old.
    fn session(&self) -> Option<Session> {
        let cookie = self.inquiry.cookie(&self.realm.settings.session_cookie)?;
        let session = self.realm.ledger().sessions.get(cookie).cloned()?;
        let age = self.realm.clock.unix_seconds().saturating_sub(session.auth_time);
        let limit = self.parameter("max_age").and_then(|limit| limit.parse().ok());
        // With 0 the user must sign in now, even in the second of the last sign-in.
        limit.is_none_or(|limit: u64| limit != 0 && age <= limit).then_some(session)
    }

    fn sign_in(&self, subject: &str) -> io::Result<Reply> {
        let key = unguessable()?;
        let session = Session {
            subject: subject.to_owned(),
            sid: unguessable()?,
            auth_time: self.realm.clock.unix_seconds(),
        };
        {
            let mut ledger = self.realm.ledger();
            if let Some(old) = self.inquiry.cookie(&self.realm.settings.session_cookie) {
                ledger.sessions.remove(old);
            }
            ledger.sessions.insert(key.clone(), session.clone());
        }
        let cookie = format!("{}={key}; Path=/; HttpOnly; SameSite=Lax", self.realm.settings.session_cookie);
        Ok(self.grant(session)?.header("set-cookie", cookie))
    }

    fn grant(&self, session: Session) -> io::Result<Reply> {
        let code = unguessable()?;
        let mut ledger = self.realm.ledger();
        let scope = self.parameter("scope").unwrap_or_default();
        let consents = self.prompts("consent")
            || !ledger.consents.contains(&(session.subject.clone(), self.client.id().to_owned()));
        let asks = self.parameter("access_type") == Some("offline");
        if asks && consents {
            ledger.consents.insert((session.subject.clone(), self.client.id().to_owned()));
        }
        let offline = !self.realm.settings.habits.refresh_token_with_consent || (asks && consents);
        let grant = ledger.open_grant(Grant {
            offline,
            nonce: self.parameter("nonce").map(str::to_owned),
            state: self.parameter("state").map(str::to_owned),
            ..Grant::of(self.client.id(), Some(session), scope)
        });
        let issued = Code {
            grant,
            redirect_uri: self.parameter("redirect_uri").unwrap_or_default().to_owned(),
            challenge: self.parameter("code_challenge").map(str::to_owned),
            expires: self.realm.clock.now() + CODE_LIFETIME,
            used: false,
        };
        ledger.codes.insert(code.clone(), issued);
        drop(ledger);
        Ok(self.sent_back(vec![("code".to_owned(), code)]))
    }

    fn sent_back_with(&self, error: &str) -> Reply {
        self.sent_back(vec![("error".to_owned(), error.to_owned())])
    }

    fn sent_back(&self, mut parameters: Vec<(String, String)>) -> Reply {
        if let Some(state) = self.parameter("state") {
            parameters.push(("state".to_owned(), state.to_owned()));
        }
        if !self.realm.settings.plain_oauth2 {
            parameters.push(("iss".to_owned(), self.realm.settings.issuer.clone()));
        }
        self.realm.settings.habits.sent_back(&mut parameters);
        if self.parameter("response_mode") == Some("form_post") {
            return Reply::html(200, form_post::page(self.redirect_uri.as_str(), &parameters));
        }
        let mut target = self.redirect_uri.clone();
        target.query_pairs_mut().extend_pairs(&parameters);
        Reply::redirect(target.as_str())
    }
}
