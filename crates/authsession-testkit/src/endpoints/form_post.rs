//! The page that posts an authorization response back (OAuth 2.0 Form Post Response Mode).

use crate::endpoints::login_page::escaped;
use crate::endpoints::login_page::framed;

/// A form to `target` with these parameters; a browser without scripts shows its one button.
pub(crate) fn page(target: &str, parameters: &[(String, String)]) -> String {
    let mut form = format!("<h1>Almost there</h1><form method=\"post\" action=\"{}\">", escaped(target));
    for (name, value) in parameters {
        form.push_str(&format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escaped(name),
            escaped(value)
        ));
    }
    form.push_str("<button class=\"plain\" type=\"submit\">Continue</button></form>");
    framed("Continue", &form)
}
