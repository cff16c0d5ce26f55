//! What is kept of a token answer beside the tokens: the members the application named, and none unless it did.

use authsession_core::error::Error as ProtocolError;
use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;

/// The members kept, and who has a say in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) admit: Option<Admit>,
}

/// Holds what an answer says against what is held, `None` at the login, given the issuer. What is not to be taken over it
/// takes out; an error is that of [`Kept::take`].
pub(crate) type Admit = fn(&str, Option<&Extras>, &mut Extras) -> Result<(), ProtocolError>;

impl Kept {
    pub(crate) fn keep(&mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) {
        self.names.extend(names.into_iter().map(Into::into));
    }

    /// Leaves of the answer's members those to be kept; of what a refresh does not name, what is held stays.
    ///
    /// # Errors
    /// The tokens are not to be used: at a login it failed, at a refresh they are for someone else.
    pub(crate) fn take(
        &self,
        issuer: &str,
        held: Option<&Extras>,
        tokens: &mut TokenSet,
    ) -> Result<(), ProtocolError> {
        let mut told = std::mem::take(&mut tokens.extras);
        if let Some(admit) = self.admit {
            admit(issuer, held, &mut told)?;
        }
        let text = |name| told.get(name).or_else(|| held?.get(name));
        tokens.extras = self.names.iter().filter_map(|name| Some((&**name, text(name)?))).collect();
        Ok(())
    }
}
