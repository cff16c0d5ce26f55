//! What serde says of a record, as named columns.

use std::fmt;

use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeStruct, Serializer};

use crate::csv::value_serializer::ValueSerializer;

/// One column of one record.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// A record that is none. Its column, if it is one of them that cannot be written.
#[derive(Debug)]
pub(crate) struct Unwritable {
    pub(crate) column: Option<usize>,
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
        Self { column: None }
    }
}

const NOT_A_RECORD: Unwritable = Unwritable { column: None };

type Nothing = Impossible<Vec<Field>, Unwritable>;

/// Takes structs and maps.
pub(crate) struct RowSerializer;

#[derive(Default)]
pub(crate) struct Row {
    fields: Vec<Field>,
    key: Option<String>,
}

impl Row {
    fn add<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Unwritable> {
        let at = self.fields.len();
        let value = value.serialize(ValueSerializer).map_err(|_| Unwritable { column: Some(at) })?;
        self.fields.push(Field { name, value });
        Ok(())
    }
}

impl SerializeStruct for Row {
    type Ok = Vec<Field>;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.add(name.to_owned(), value)
    }

    fn end(self) -> Result<Vec<Field>, Unwritable> {
        Ok(self.fields)
    }
}

impl SerializeMap for Row {
    type Ok = Vec<Field>;
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.key = key.serialize(ValueSerializer)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let name = self.key.take().ok_or(NOT_A_RECORD)?;
        self.add(name, value)
    }

    fn end(self) -> Result<Vec<Field>, Unwritable> {
        Ok(self.fields)
    }
}

macro_rules! no_record {
    ($($method:ident: $kind:ty),* $(,)?) => {$(
        fn $method(self, _: $kind) -> Result<Vec<Field>, Unwritable> {
            Err(NOT_A_RECORD)
        }
    )*};
}

impl Serializer for RowSerializer {
    type Ok = Vec<Field>;
    type Error = Unwritable;
    type SerializeSeq = Nothing;
    type SerializeTuple = Nothing;
    type SerializeTupleStruct = Nothing;
    type SerializeTupleVariant = Nothing;
    type SerializeMap = Row;
    type SerializeStruct = Row;
    type SerializeStructVariant = Nothing;

    no_record! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<Vec<Field>, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_unit(self) -> Result<Vec<Field>, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Vec<Field>, Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<Vec<Field>, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Vec<Field>, Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Vec<Field>, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Nothing, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_tuple(self, _: usize) -> Result<Nothing, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Nothing, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Nothing, Unwritable> {
        Err(NOT_A_RECORD)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Row, Unwritable> {
        Ok(Row::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Row, Unwritable> {
        Ok(Row::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Nothing, Unwritable> {
        Err(NOT_A_RECORD)
    }
}
