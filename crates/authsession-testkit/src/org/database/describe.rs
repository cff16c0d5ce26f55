//! What an object says of itself.

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::object::OrgObject;
use serde_json::Value;
use serde_json::json;

impl Store {
    /// An object with its fields and child relationships.
    pub(crate) fn describe(&self, object: &str, base: &str) -> Result<Value, ApiError> {
        let object = self.object(object)?;
        let mut value = self.summary(object, base);
        value["fields"] = object.fields.iter().map(|field| described(object, field)).collect();
        value["childRelationships"] = self.child_relationships(object);
        value["recordTypeInfos"] = json!([{
            "active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
            "master": true, "name": "Master", "recordTypeId": "012000000000000AAA", "urls": {},
        }]);
        Ok(value)
    }

    /// All objects, each without its fields.
    pub(crate) fn describe_all(&self, base: &str) -> Value {
        self.schema.iter().map(|object| self.summary(object, base)).collect()
    }

    /// An object without its fields.
    pub(crate) fn summary(&self, object: &OrgObject, base: &str) -> Value {
        let label = object.name.trim_end_matches("__c").replace('_', " ");
        let base = format!("{base}/sobjects/{}", object.name);
        json!({
            "name": object.name,
            "label": label,
            "labelPlural": format!("{label}s"),
            "keyPrefix": object.prefix,
            "custom": object.is_custom(),
            "customSetting": false,
            "activateable": false,
            "createable": object.writable,
            "updateable": object.writable,
            "deletable": object.writable,
            "undeletable": object.writable,
            "mergeable": false,
            "queryable": true,
            "retrieveable": true,
            "replicateable": true,
            "searchable": object.fields.iter().any(|field| field.kind.is_text()),
            "layoutable": object.writable,
            "triggerable": object.writable,
            "feedEnabled": false,
            "hasSubtypes": false,
            "isSubtype": false,
            "mruEnabled": false,
            "deprecatedAndHidden": false,
            "urls": {
                "sobject": base,
                "describe": format!("{base}/describe"),
                "rowTemplate": format!("{base}/{{ID}}"),
            },
        })
    }

    fn child_relationships(&self, parent: &OrgObject) -> Value {
        let mut all = Vec::new();
        for object in &self.schema {
            for field in &object.fields {
                let Kind::Reference { to, children, .. } = &field.kind else { continue };
                if *to == parent.name {
                    all.push(json!({
                        "childSObject": object.name,
                        "field": field.name,
                        "relationshipName": children,
                        "cascadeDelete": false,
                        "restrictedDelete": false,
                        "deprecatedAndHidden": false,
                        "junctionIdListNames": [],
                        "junctionReferenceTo": [],
                    }));
                }
            }
        }
        Value::Array(all)
    }
}

fn described(object: &OrgObject, field: &OrgField) -> Value {
    let kind = &field.kind;
    let (to, relationship) = match kind {
        Kind::Reference { to, relationship, .. } => (vec![to.as_str()], Some(relationship.as_str())),
        _ => (Vec::new(), None),
    };
    let values: Value = match kind {
        Kind::Picklist { values, .. } => values
            .iter()
            .map(|value| {
                json!({ "active": true, "defaultValue": false, "label": value, "value": value, "validFor": null })
            })
            .collect(),
        _ => json!([]),
    };
    let length = kind.length();
    let soap = match kind {
        Kind::Id | Kind::Reference { .. } => "tns:ID",
        Kind::Currency | Kind::Number => "xsd:double",
        Kind::DateTime => "xsd:dateTime",
        Kind::Integer => "xsd:int",
        Kind::Boolean => "xsd:boolean",
        Kind::Date => "xsd:date",
        Kind::Blob { .. } => "xsd:base64Binary",
        _ => "xsd:string",
    };
    let mut shown = rights(object, field);
    let own = json!({
        "name": field.name,
        "label": field.name.trim_end_matches("__c").replace('_', " "),
        "type": kind.name(),
        "soapType": soap,
        "length": length,
        "byteLength": length * 3,
        "digits": if *kind == Kind::Integer { 8 } else { 0 },
        "precision": if kind.is_number() { 18 } else { 0 },
        "scale": if kind.is_number() && *kind != Kind::Integer { 2 } else { 0 },
        "nameField": field.name == object.name_field(),
        "namePointing": false,
        "autoNumber": field.name == "CaseNumber",
        "calculated": false,
        "calculatedFormula": null,
        "cascadeDelete": false,
        "compoundFieldName": null,
        "controllerName": null,
        "defaultValue": if *kind == Kind::Boolean { json!(false) } else { Value::Null },
        "picklistValues": values,
        "polymorphicForeignKey": false,
        "referenceTo": to,
        "relationshipName": relationship,
        "restrictedPicklist": matches!(kind, Kind::Picklist { restricted: true, .. }),
        "writeRequiresMasterRead": false,
    });
    if let (Value::Object(shown), Value::Object(own)) = (&mut shown, own) {
        shown.extend(own);
    }
    shown
}

/// What may be done with a field, and what it is not.
fn rights(object: &OrgObject, field: &OrgField) -> Value {
    let kind = &field.kind;
    let filterable = !matches!(kind, Kind::LongText(_) | Kind::Blob { .. });
    json!({
        "custom": field.is_custom(),
        "createable": object.writable && field.createable,
        "updateable": object.writable && field.updateable,
        "nillable": !field.required && !matches!(kind, Kind::Boolean | Kind::Id) && field.createable,
        "defaultedOnCreate": !field.createable || matches!(kind, Kind::Boolean) || field.name == "OwnerId",
        "unique": field.unique,
        "externalId": field.external_id,
        "idLookup": field.external_id || *kind == Kind::Id,
        "caseSensitive": false,
        "filterable": filterable,
        "sortable": filterable,
        "groupable": filterable && !kind.is_number() && *kind != Kind::DateTime,
        "aggregatable": filterable && *kind != Kind::Boolean,
        "dependentPicklist": false,
        "deprecatedAndHidden": false,
        "encrypted": false,
        "extraTypeInfo": null,
        "htmlFormatted": false,
        "inlineHelpText": null,
        "permissionable": field.createable && !field.required,
    })
}
