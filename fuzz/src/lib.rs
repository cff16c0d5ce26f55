//! What the targets share: the other side, an application with one user signed in, and a key of the provider's.

pub mod application;
pub mod opposite;
pub mod signer;
pub mod stage;

/// Stands in seeds for whatever must not come back: no error and no page may repeat it.
pub const MARKER: &str = "S3CRET";

/// The only client there is.
pub const CLIENT: &str = "client";

/// The input with names such as `@STATE` replaced by what they stand for.
pub fn fill(input: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(input.to_owned(), |text, (name, value)| text.replace(name, value))
}
