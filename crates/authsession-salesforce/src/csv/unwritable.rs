//! What cannot be written as a row or a column, and the shapes of serde's that never can.

use std::fmt;

use serde::ser::Error;

/// A record or a value that is none. Of a record, its column, if it is one of them that cannot be written.
#[derive(Debug)]
pub(crate) struct Unwritable {
    pub(crate) column: Option<usize>,
}

impl Unwritable {
    /// What it is as a whole cannot be written.
    pub(crate) const ALL_OF_IT: Self = Self { column: None };
}

impl fmt::Display for Unwritable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a struct or map of single values")
    }
}

impl std::error::Error for Unwritable {}

impl Error for Unwritable {
    // What it says may be of the record, and is not kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::ALL_OF_IT
    }
}

/// Lists, tuples, and variants that hold something: in a serializer, whatever it writes.
macro_rules! refuses_lists_and_variants {
    () => {
        type SerializeSeq = serde::ser::Impossible<Self::Ok, Unwritable>;
        type SerializeTuple = serde::ser::Impossible<Self::Ok, Unwritable>;
        type SerializeTupleStruct = serde::ser::Impossible<Self::Ok, Unwritable>;
        type SerializeTupleVariant = serde::ser::Impossible<Self::Ok, Unwritable>;
        type SerializeStructVariant = serde::ser::Impossible<Self::Ok, Unwritable>;

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<Self::Ok, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }

        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }

        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }
    };
}

pub(crate) use refuses_lists_and_variants;
