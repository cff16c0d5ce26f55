//! What a query finds, in the order it was asked for.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// What the REST API adds to each record.
const THEIRS: &str = "attributes";

/// Named values, in their order.
#[derive(Debug)]
pub(crate) struct Record<V>(pub(crate) Vec<(String, V)>);

/// A value the REST API gives: that of a field, of a parent, or of children.
#[derive(Debug)]
pub(crate) enum Cell {
    Value(Value),
    Record(Record<Self>),
    List(Vec<Self>),
}

impl Record<Cell> {
    /// Its fields as texts, those of what is a parent as `Owner.Name`; what else has parts is JSON.
    pub(crate) fn flat(&self, is_parent: &impl Fn(&str) -> bool) -> Record<Option<String>> {
        let mut fields = Vec::new();
        self.flatten("", is_parent, &mut fields);
        Record(fields)
    }

    fn flatten(
        &self,
        prefix: &str,
        is_parent: &impl Fn(&str) -> bool,
        fields: &mut Vec<(String, Option<String>)>,
    ) {
        for (name, cell) in &self.0 {
            let name = format!("{prefix}{name}");
            match cell {
                Cell::Record(parent) if is_parent(&name) => {
                    parent.flatten(&format!("{name}."), is_parent, fields);
                }
                Cell::Value(Value::Null) => fields.push((name, None)),
                Cell::Value(Value::String(text)) => fields.push((name, Some(text.clone()))),
                other => fields.push((name, serde_json::to_string(other).ok())),
            }
        }
    }
}

impl<V: Serialize> Serialize for Record<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Record(record) => record.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

struct InOrder<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
    type Value = Record<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Record<V>, A::Error> {
        let mut record = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value()?;
            if name != THEIRS {
                record.push((name, value));
            }
        }
        Ok(Record(record))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Record<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct AnyCell;

impl<'de> Visitor<'de> for AnyCell {
    type Value = Cell;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Value(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Value(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Value(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Value(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Value(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::Value(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cell, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Cell::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Cell, A::Error> {
        InOrder(PhantomData).visit_map(members).map(Cell::Record)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyCell)
    }
}
