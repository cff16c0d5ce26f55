//! Why a login of the Salesforce CLI cannot be taken over.

use std::fmt;

/// What keeps a login of the Salesforce CLI from being taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CliLoginFault {
    /// The file cannot be read.
    NotReadable,
    /// Neither JSON of the CLI's nor a `force://` URL.
    NotALogin,
    /// It has no token.
    NoToken,
    /// The CLI left the tokens out.
    Redacted,
    /// The tokens are encrypted, and there is no key.
    KeyMissing,
    /// The key is not one of the CLI's.
    KeyUnreadable,
    /// The tokens were encrypted with another key, or changed.
    NotDecryptable,
}

impl fmt::Display for CliLoginFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotReadable => "the file cannot be read: check its path and permissions",
            Self::NotALogin => {
                "it is neither a force:// URL nor JSON of the CLI's: pass what `sf org auth show-sfdx-auth-url` or `sf org display --verbose --json` prints"
            }
            Self::NoToken => "there is no token in it: log in anew with `sf org login web`",
            Self::Redacted => {
                "the CLI left the tokens out: pass what `sf org auth show-sfdx-auth-url` prints"
            }
            Self::KeyMissing => {
                "its tokens are encrypted and there is no key.json next to it: pass the key from the keychain, or set SF_USE_GENERIC_UNIX_KEYCHAIN=true and log in anew"
            }
            Self::KeyUnreadable => {
                "the key is not the CLI's (key.json: service sfdx, account local, a key of 32 or 64 characters)"
            }
            Self::NotDecryptable => {
                "its tokens do not open with this key: pass the key of the machine and user who logged in, or log in anew"
            }
        })
    }
}
