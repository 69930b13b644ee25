use serde_json::{Value, json};

/// A configuration of a docType that no standard knows: any elements of any type.
pub fn membership(doc_type: &str) -> Value {
    json!({
        "type": doc_type,
        "expiresIn": { "days": 30 },
        "claimMappings": { "org.example.membership": {
            "name": { "mapFrom": "claims.name", "type": "string", "required": true },
            "level": { "mapFrom": "claims.level", "type": "string", "defaultValue": "basic" },
            "club": { "defaultValue": "Rowing Club Lindenau" },
        } },
    })
}

/// A configuration of an SD-JWT VC with values, an object, an array, and claims that are always in the clear.
pub fn diploma(vct: &str) -> Value {
    json!({
        "vct": vct,
        "expiresIn": { "days": 30 },
        "claimMappings": {
            "name": { "mapFrom": "claims.name", "type": "string", "required": true },
            "birthdate": { "mapFrom": "claims.born", "type": "date" },
            "address": { "claims": {
                "locality": { "mapFrom": "claims.city", "type": "string" },
                "country": { "mapFrom": "claims.country", "type": "string" },
            } },
            "degrees": { "mapFrom": "claims.degrees", "type": "array", "items": { "claims": {
                "title": { "mapFrom": "item.title", "type": "string", "required": true },
                "year": { "mapFrom": "item.year", "type": "number", "sd": "never" },
            } } },
            "university": { "defaultValue": "University of Lindenau", "sd": "never" },
        },
    })
}

/// A configuration of an mDL with exactly the mandatory elements.
pub fn mdl(doc_type: &str) -> Value {
    json!({
        "type": doc_type,
        "expiresIn": { "days": 14 },
        "claimMappings": { "org.iso.18013.5.1": {
            "family_name": mapped("family_name", "string"),
            "given_name": mapped("given_name", "string"),
            "birth_date": mapped("birth_date", "date"),
            "issue_date": mapped("issue_date", "date"),
            "expiry_date": mapped("expiry_date", "date"),
            "issuing_country": mapped("issuing_country", "string"),
            "issuing_authority": mapped("issuing_authority", "string"),
            "document_number": mapped("document_number", "string"),
            "portrait": mapped("portrait", "binary"),
            "driving_privileges": mapped("driving_privileges", "array"),
            "un_distinguishing_sign": mapped("un_distinguishing_sign", "string"),
        } },
    })
}

/// A required element mapped from the claim of the same name.
pub fn mapped(name: &str, kind: &str) -> Value {
    json!({ "mapFrom": format!("claims.{name}"), "type": kind, "required": true })
}

/// `body` with the value at a JSON pointer changed; `null` removes it.
#[track_caller]
pub fn changed(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}")).as_object_mut().unwrap();
    let value = value.into();
    if value.is_null() {
        parent.remove(&name);
    } else {
        parent.insert(name, value);
    }
    body
}
