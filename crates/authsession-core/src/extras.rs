//! What a token answer holds beside what RFC 6749 §5.1 names, kept as texts.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::secret::{Secret, for_sealing};

/// More members than any honest answer has.
const MOST: usize = 32;
/// What every mark of ours begins with that is kept beside an answer; a program's own too. No answer has any.
pub(crate) const OURS: &str = "authsession.";
const LONGEST_NAME: usize = 256;
const LARGEST: usize = 16 * 1024;

/// Further members of a token answer: texts, and numbers and truth values as they are written in JSON. Kept like secrets,
/// for nobody knows what a vendor puts there. At most 32, of at most 16 KiB; what goes beyond is left out.
///
/// ```
/// use authsession_core::extras::Extras;
///
/// let extras = Extras::from_iter([("instance_url", "https://org.example")]);
/// assert_eq!(extras.get("instance_url"), Some("https://org.example"));
/// assert_eq!(format!("{extras:?}"), "Extras { len: 1, .. }");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extras(Vec<(Box<str>, Secret)>);

impl Extras {
    /// The members of an answer that have none of these names, nor one of ours.
    pub(crate) fn beside(names: &[&str], answer: &Map<String, Value>) -> Self {
        let mut extras = Self::default();
        for (name, value) in answer {
            let text = match value {
                _ if names.contains(&name.as_str()) || name.starts_with(OURS) => continue,
                Value::String(text) => Secret::from(text.as_str()),
                Value::Number(number) => Secret::from(number.to_string()),
                Value::Bool(truth) => Secret::from(if *truth { "true" } else { "false" }),
                Value::Null | Value::Array(_) | Value::Object(_) => continue,
            };
            extras.insert(name.as_str(), text);
        }
        extras
    }

    /// The text of the member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.position(name).ok()?;
        self.0.get(index).map(|(_, text)| text.expose())
    }

    /// Keeps a member, in place of one of that name; whether there was room for it.
    pub fn insert(&mut self, name: impl Into<Box<str>>, text: impl Into<Secret>) -> bool {
        let (name, text) = (name.into(), text.into());
        if name.len() > LONGEST_NAME || text.expose().len() > LARGEST {
            return false;
        }
        match self.position(&name) {
            Ok(index) => {
                if let Some(member) = self.0.get_mut(index) {
                    member.1 = text;
                }
                true
            }
            Err(index) if self.0.len() < MOST => {
                self.0.insert(index, (name, text));
                true
            }
            Err(_) => false,
        }
    }

    /// Name and text of each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, text.expose()))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| (**held).cmp(name))
    }
}

/// Shows how many there are. The names too were sent by somebody else.
impl fmt::Debug for Extras {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Extras").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

impl<N: Into<Box<str>>, T: Into<Secret>> FromIterator<(N, T)> for Extras {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(members: I) -> Self {
        let mut extras = Self::default();
        for (name, text) in members {
            extras.insert(name, text);
        }
        extras
    }
}

/// A map, for what is sealed before it is written.
impl Serialize for Extras {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, text) in &self.0 {
            map.serialize_entry(name, &Sealed(text))?;
        }
        map.end()
    }
}

struct Sealed<'secret>(&'secret Secret);

impl Serialize for Sealed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        for_sealing::serialize(self.0, serializer)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Unsealed(#[serde(with = "for_sealing")] Secret);

impl<'de> Deserialize<'de> for Extras {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Extras;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Extras, A::Error> {
                let mut extras = Extras::default();
                while let Some((name, Unsealed(text))) = entries.next_entry::<Box<str>, Unsealed>()? {
                    extras.insert(name, text);
                }
                Ok(extras)
            }
        }

        deserializer.deserialize_map(Members)
    }
}
