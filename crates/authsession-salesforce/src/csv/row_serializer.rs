//! What serde says of a record, as named columns.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};

use crate::csv::unwritable::{Unwritable, refuses_lists_and_variants};
use crate::csv::value_serializer::ValueSerializer;

/// One column of one record.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

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
        let name = self.key.take().ok_or(Unwritable::ALL_OF_IT)?;
        self.add(name, value)
    }

    fn end(self) -> Result<Vec<Field>, Unwritable> {
        Ok(self.fields)
    }
}

macro_rules! no_record {
    ($($method:ident: $kind:ty),* $(,)?) => {$(
        fn $method(self, _: $kind) -> Result<Vec<Field>, Unwritable> {
            Err(Unwritable::ALL_OF_IT)
        }
    )*};
}

impl Serializer for RowSerializer {
    type Ok = Vec<Field>;
    type Error = Unwritable;
    type SerializeMap = Row;
    type SerializeStruct = Row;

    refuses_lists_and_variants! {}

    no_record! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<Vec<Field>, Unwritable> {
        Err(Unwritable::ALL_OF_IT)
    }

    fn serialize_unit(self) -> Result<Vec<Field>, Unwritable> {
        Err(Unwritable::ALL_OF_IT)
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
        Err(Unwritable::ALL_OF_IT)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Vec<Field>, Unwritable> {
        value.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Row, Unwritable> {
        Ok(Row::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Row, Unwritable> {
        Ok(Row::default())
    }
}
