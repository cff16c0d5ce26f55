//! What serde says of a single value, as the text of a column.

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use crate::csv::unwritable::{Unwritable, refuses_lists_and_variants};

/// Takes texts, numbers and truth values. `None` is no text.
pub(crate) struct ValueSerializer;

type Text = Result<Option<String>, Unwritable>;
type Nothing = Impossible<Option<String>, Unwritable>;

macro_rules! as_written {
    ($($method:ident: $kind:ty),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Text {
            Ok(Some(value.to_string()))
        }
    )*};
}

impl Serializer for ValueSerializer {
    type Ok = Option<String>;
    type Error = Unwritable;
    type SerializeMap = Nothing;
    type SerializeStruct = Nothing;

    refuses_lists_and_variants! {}

    as_written! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_char: char, serialize_str: &str,
    }

    fn serialize_f32(self, value: f32) -> Text {
        if value.is_finite() { Ok(Some(value.to_string())) } else { Err(Unwritable::ALL_OF_IT) }
    }

    fn serialize_f64(self, value: f64) -> Text {
        if value.is_finite() { Ok(Some(value.to_string())) } else { Err(Unwritable::ALL_OF_IT) }
    }

    fn serialize_bytes(self, _: &[u8]) -> Text {
        Err(Unwritable::ALL_OF_IT)
    }

    fn serialize_none(self) -> Text {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Text {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Text {
        Ok(None)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Text {
        Ok(None)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Text {
        Ok(Some(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Text {
        value.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Nothing, Unwritable> {
        Err(Unwritable::ALL_OF_IT)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Nothing, Unwritable> {
        Err(Unwritable::ALL_OF_IT)
    }
}
