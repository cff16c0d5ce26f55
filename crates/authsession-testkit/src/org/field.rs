//! A field of an object: what it holds, and what may be done with it.

/// A field of an object, for [`Org::define`](crate::org::Org::define).
#[derive(Clone, Debug)]
pub struct OrgField {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) unique: bool,
    pub(crate) external_id: bool,
    pub(crate) createable: bool,
    pub(crate) updateable: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Id,
    Text(usize),
    LongText(usize),
    Email,
    Phone,
    Url,
    Picklist { values: Vec<String>, restricted: bool },
    Integer,
    Number,
    Currency,
    Boolean,
    Date,
    DateTime,
    Reference { to: String, relationship: String, children: Option<String> },
    Blob { length: Option<&'static str> },
}

/// The kinds there are.
impl OrgField {
    /// Text of at most so many characters.
    #[must_use]
    pub fn text(name: &str, length: usize) -> Self {
        Self::new(name, Kind::Text(length))
    }

    /// Text of lines, of at most so many characters.
    #[must_use]
    pub fn long_text(name: &str, length: usize) -> Self {
        Self::new(name, Kind::LongText(length))
    }

    /// A number with a fraction.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, Kind::Number)
    }

    /// An amount of money.
    #[must_use]
    pub fn currency(name: &str) -> Self {
        Self::new(name, Kind::Currency)
    }

    /// `true` or `false`; `false` when not given.
    #[must_use]
    pub fn boolean(name: &str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A day.
    #[must_use]
    pub fn date(name: &str) -> Self {
        Self::new(name, Kind::Date)
    }

    /// An instant, to the second.
    #[must_use]
    pub fn datetime(name: &str) -> Self {
        Self::new(name, Kind::DateTime)
    }

    /// One of these, or any other text.
    #[must_use]
    pub fn picklist<const N: usize>(name: &str, values: [&str; N]) -> Self {
        Self::new(name, Kind::Picklist { values: values.map(str::to_owned).to_vec(), restricted: false })
    }

    /// A record's id; queries name its fields by `relationship`, and the record's subqueries name these by `children`.
    #[must_use]
    pub fn lookup(name: &str, to: &str, relationship: &str, children: &str) -> Self {
        let children = (!children.is_empty()).then(|| children.to_owned());
        let kind = Kind::Reference { to: to.to_owned(), relationship: relationship.to_owned(), children };
        Self::new(name, kind)
    }

    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            required: false,
            unique: false,
            external_id: false,
            createable: true,
            updateable: true,
        }
    }
}

/// What may be done with it.
impl OrgField {
    /// Nothing is created without it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// No two records have the same value.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Records can be named by it.
    #[must_use]
    pub fn external_id(mut self) -> Self {
        self.external_id = true;
        self
    }

    /// Only values of the list are taken.
    #[must_use]
    pub fn restricted(mut self) -> Self {
        if let Kind::Picklist { restricted, .. } = &mut self.kind {
            *restricted = true;
        }
        self
    }

    /// Written once, when the record is created.
    #[must_use]
    pub(crate) fn fixed(mut self) -> Self {
        self.updateable = false;
        self
    }

    /// Written by the org alone.
    #[must_use]
    pub(crate) fn computed(mut self) -> Self {
        self.createable = false;
        self.fixed()
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }
}

impl Kind {
    /// Whether it is text that is compared without regard to case.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::LongText(_) | Self::Email | Self::Phone | Self::Url | Self::Picklist { .. }
        )
    }

    pub(crate) fn is_id(&self) -> bool {
        matches!(self, Self::Id | Self::Reference { .. })
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Currency)
    }

    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Id | Self::Reference { .. } => 18,
            Self::Text(length) | Self::LongText(length) => *length,
            Self::Email => 80,
            Self::Phone => 40,
            Self::Url | Self::Picklist { .. } => 255,
            _ => 0,
        }
    }

    /// Its name in a description.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text(_) => "string",
            Self::LongText(_) => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Picklist { .. } => "picklist",
            Self::Integer => "int",
            Self::Number => "double",
            Self::Currency => "currency",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Reference { .. } => "reference",
            Self::Blob { .. } => "base64",
        }
    }
}
