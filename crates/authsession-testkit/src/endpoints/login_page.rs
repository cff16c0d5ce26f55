//! The pages people see: whom to sign in as, and short notices.

use crate::client::Client;
use crate::realm::Realm;
use crate::user::User;
use crate::wire::Inquiry;
use crate::wire::Reply;
use url::form_urlencoded;

/// The form field that names the chosen user.
pub(crate) const USER: &str = "testkit_user";
/// The parameter of the way back without signing in.
pub(crate) const CANCEL: &str = "testkit_cancel";

const FRAME: &str = include_str!("login_page.html");

/// The login page; its form carries the authorization request along.
pub(crate) fn login(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Reply {
    let mut hidden = String::new();
    let mut cancel = form_urlencoded::Serializer::new(String::new());
    for (name, value) in inquiry.parameters() {
        hidden.push_str(&format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escaped(name),
            escaped(value)
        ));
        cancel.append_pair(name, value);
    }
    cancel.append_pair(CANCEL, "1");
    let path = escaped(&inquiry.exchange.path);
    let name = escaped(client.display_name());
    let people: String = realm.settings.users.iter().map(person).collect();
    let content = format!(
        "<p class=\"lead\">Sign in to</p><h1>{name}</h1>\
         <form method=\"post\" action=\"{path}\">{hidden}{people}</form>\
         <p class=\"cancel\"><a href=\"{path}?{}\">Cancel</a></p>",
        escaped(&cancel.finish())
    );
    Reply::html(200, framed(&format!("Sign in to {name}"), &content))
}

pub(crate) fn person(user: &User) -> String {
    let first = user.name().split(' ').next().unwrap_or_default();
    let initial: String = first.chars().take(1).collect();
    format!(
        "<button type=\"submit\" name=\"{USER}\" value=\"{subject}\">\
         <span class=\"face\" aria-hidden=\"true\">{initial}</span>\
         <span class=\"who\"><strong>Continue as {first}</strong><small>{email}</small></span></button>",
        subject = escaped(user.subject()),
        initial = escaped(&initial),
        first = escaped(first),
        email = escaped(user.email_address()),
    )
}

/// A page with a title and one sentence.
pub(crate) fn notice(title: &str, sentence: &str) -> String {
    let (title, sentence) = (escaped(title), escaped(sentence));
    framed(&title, &format!("<h1>{title}</h1><p class=\"lead\">{sentence}</p>"))
}

/// The page around `content`; both are HTML already.
pub(crate) fn framed(title: &str, content: &str) -> String {
    FRAME.replace("{{title}}", title).replace("{{content}}", content)
}

pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
