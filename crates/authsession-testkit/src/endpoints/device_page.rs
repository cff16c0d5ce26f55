//! Where a user types the code a device shows, and decides (RFC 8628 §3.3).

use crate::endpoints::login_page;
use crate::endpoints::login_page::escaped;
use crate::endpoints::login_page::framed;
use crate::ledger::Session;
use crate::ledger::Verdict;
use crate::random::unguessable;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

const USER_CODE: &str = "user_code";

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let Some(code) = inquiry.parameter(USER_CODE) else { return Reply::html(200, question(inquiry)) };
    let now = realm.clock.now();
    let client = realm.ledger().pending_device(code, now).map(|device| device.client_id.clone());
    let Some(client) = client else {
        let why = "The device may have waited too long. Let it show a new code.";
        return Reply::html(404, login_page::notice("No device shows this code", why));
    };
    let verdict = match (inquiry.form(login_page::CANCEL), inquiry.form(login_page::USER)) {
        (Some(_), _) => Verdict::Denied,
        (None, Some(subject)) => {
            let Ok(sid) = unguessable() else { return Reply::empty(500) };
            let auth_time = realm.clock.unix_seconds();
            Verdict::Approved(Session { subject: subject.to_owned(), sid, auth_time })
        }
        (None, None) => return Reply::html(200, choice(realm, inquiry, &client, code)),
    };
    let told =
        if matches!(verdict, Verdict::Denied) { "The device gets nothing" } else { "The device may go on" };
    realm.ledger().decide(code, verdict, now);
    Reply::html(200, login_page::notice(told, "You can close this page."))
}

fn question(inquiry: &Inquiry) -> String {
    let form = format!(
        "<h1>Connect a device</h1><form action=\"{}\">\
         <input name=\"{USER_CODE}\" aria-label=\"The code on the device\" placeholder=\"XXXX-XXXX\" \
         autocomplete=\"off\" required autofocus><button class=\"plain\">Continue</button></form>",
        escaped(&inquiry.exchange.path)
    );
    framed("Connect a device", &form)
}

fn choice(realm: &Realm, inquiry: &Inquiry, client: &str, code: &str) -> String {
    let name = escaped(realm.client(client).map_or(client, |client| client.display_name()));
    let people: String = realm.settings.users.iter().map(login_page::person).collect();
    let form = format!(
        "<p class=\"lead\">Connect a device to</p><h1>{name}</h1><p class=\"lead\">It shows {code}.</p>\
         <form method=\"post\" action=\"{path}\"><input type=\"hidden\" name=\"{USER_CODE}\" value=\"{code}\">\
         {people}<button class=\"plain\" name=\"{cancel}\" value=\"1\">Deny</button></form>",
        code = escaped(code),
        path = escaped(&inquiry.exchange.path),
        cancel = login_page::CANCEL,
    );
    framed(&format!("Connect a device to {name}"), &form)
}
