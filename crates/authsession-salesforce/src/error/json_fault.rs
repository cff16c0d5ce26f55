//! Where JSON went wrong; never what was there.

use std::fmt;

use serde_json::error::Category;

/// What is wrong with JSON, and where. Its lines and columns count from 1; both are 0 where nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonFault {
    kind: Kind,
    line: usize,
    column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Truncated,
    Syntax,
    Shape,
}

impl JsonFault {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            Category::Eof => Kind::Truncated,
            Category::Data => Kind::Shape,
            Category::Syntax | Category::Io => Kind::Syntax,
        };
        Self { kind, line: error.line(), column: error.column() }
    }

    /// Whether it ends too early.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.kind == Kind::Truncated
    }

    /// Whether it is JSON, but not of the type that was asked for.
    #[must_use]
    pub fn is_of_another_shape(&self) -> bool {
        self.kind == Kind::Shape
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Truncated => "it ends too early",
            Kind::Syntax => "it is not JSON",
            Kind::Shape => "it has not the members, or not the types, that were asked for",
        };
        write!(formatter, "{what} (line {}, column {})", self.line, self.column)
    }
}
