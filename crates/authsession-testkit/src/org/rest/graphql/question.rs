//! The arguments of a connection, `where` and `orderBy`, as a query.

use crate::org::object::OrgObject;
use crate::org::rest::graphql::Fault;
use crate::org::rest::graphql::document::Node;
use crate::org::soql::Order;
use crate::org::soql::Query;
use crate::org::soql::Selected;
use crate::org::soql::condition::Condition;
use crate::org::soql::condition::Literal;
use crate::org::soql::condition::Operand;
use crate::org::sosl::by_id;
use serde_json::Value;

/// What a connection asks for: all fields of the records that fit.
pub(crate) fn query(node: &Node, object: &OrgObject, parent: Option<(&str, &str)>) -> Result<Query, Fault> {
    let mut query = by_id(&object.name);
    query.selected =
        object.fields.iter().map(|field| Selected::Field { path: field.name.clone(), alias: None }).collect();
    let mut all = Vec::new();
    if let Some((key, id)) = parent {
        let (operand, value) = (Operand::Path(key.to_owned()), Literal::Text(id.to_owned()));
        all.push(Condition::Compared { operand, sign: "=", value });
    }
    match node.argument("where") {
        Value::Null => {}
        wanted => all.push(condition(&wanted, object, "")?),
    }
    query.condition = (!all.is_empty()).then_some(Condition::All(all));
    if let Value::Object(order) = node.argument("orderBy") {
        for (name, how) in order {
            query.order.push(Order {
                operand: Operand::Path(name),
                descends: how["order"] == "DESC",
                nulls_last: how["nulls"] == "LAST",
            });
        }
    }
    Ok(query)
}

/// `{ Name: { like: "A%" }, and: [ … ] }`: all that is named.
fn condition(wanted: &Value, object: &OrgObject, path: &str) -> Result<Condition, Fault> {
    let Value::Object(members) = wanted else { return Err(wrong("where")) };
    let mut all = Vec::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("and", Value::Array(parts)) => all.push(Condition::All(several(parts, object, path)?)),
            ("or", Value::Array(parts)) => all.push(Condition::Any(several(parts, object, path)?)),
            ("not", part) => all.push(Condition::Not(Box::new(condition(part, object, path)?))),
            (name, Value::Object(operators)) => {
                for (operator, value) in operators {
                    all.push(compared(&format!("{path}{name}"), operator, value, object, path)?);
                }
            }
            _ => return Err(wrong(name)),
        }
    }
    if all.is_empty() { Err(wrong("where")) } else { Ok(Condition::All(all)) }
}

fn several(parts: &[Value], object: &OrgObject, path: &str) -> Result<Vec<Condition>, Fault> {
    parts.iter().map(|part| condition(part, object, path)).collect()
}

fn compared(
    name: &str,
    operator: &str,
    value: &Value,
    object: &OrgObject,
    path: &str,
) -> Result<Condition, Fault> {
    let operand = Operand::Path(name.to_owned());
    let sign = match operator {
        "eq" => "=",
        "ne" => "!=",
        "lt" => "<",
        "lte" => "<=",
        "gt" => ">",
        "gte" => ">=",
        "like" => return Ok(Condition::Like { operand, raw: literal(value) }),
        "in" | "nin" => {
            let Value::Array(values) = value else { return Err(wrong(operator)) };
            let values = values.iter().map(literal).collect();
            return Ok(Condition::Among { operand, values, negated: operator == "nin" });
        }
        // A parent's field: `Account: { Name: { eq: "Acme" } }`.
        field if path.is_empty() && object.parent(name).is_some() => {
            let inner = serde_json::json!({ field: value });
            return condition(&inner, object, &format!("{name}."));
        }
        _ => return Err(wrong(operator)),
    };
    // Days and instants come as `{ value: "2030-01-01" }` or `{ literal: TODAY }`.
    let value = match (&value["value"], &value["literal"]) {
        (Value::String(at), _) => Literal::Value(at.clone()),
        (_, Value::String(range)) => Literal::Range(range.clone()),
        _ => literal(value),
    };
    Ok(Condition::Compared { operand, sign, value })
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Boolean(*value),
        Value::String(text) => Literal::Text(text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => Literal::Value(other.to_string()),
    }
}

fn wrong(what: &str) -> Fault {
    let message = format!("Validation error of type WrongType: argument '{what}' is not valid");
    Fault("ValidationError", message)
}
