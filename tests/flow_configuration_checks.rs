//! What a configuration may not say; each mistake is named by member.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use issuerd_tests::Daemon;
use issuerd_tests::configurations::{changed, mdl, membership};
use issuerd_tests::management::{CONFIGURATIONS, Management};
use serde_json::{Value, json};

const NAME: &str = "/claimMappings/org.example.membership/name";

#[track_caller]
fn refused(management: &Management, body: &Value, param: &str) {
    let details = management.refused_configuration(body);
    assert!(details.iter().any(|(given, _)| given == param), "{param} is not among {details:?}");
}

fn base() -> Value {
    membership("org.example.club")
}

#[test]
fn the_type_is_checked() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for kind in [
        json!(null),
        json!(""),
        json!(7),
        json!("x".repeat(1025)),
        json!("VerifiableCredential"),
        json!("a b"),
        json!("a\"b"),
    ] {
        refused(&management, &changed(base(), "/type", kind), "type");
    }
    management.create_configuration(&changed(base(), "/type", "x".repeat(1024)));
}

#[test]
fn the_validity_is_checked() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (value, param) in [
        (json!(null), "expiresIn"),
        (json!({}), "expiresIn"),
        (json!({ "days": 0 }), "expiresIn"),
        (json!(30), "expiresIn"),
        (json!("P30D"), "expiresIn"),
        (json!({ "days": -1 }), "expiresIn.days"),
        (json!({ "days": 1.5 }), "expiresIn.days"),
        (json!({ "days": "30" }), "expiresIn.days"),
        (json!({ "fortnights": 1 }), "expiresIn.fortnights"),
        (json!({ "days": 3_621 }), "expiresIn"),
        (json!({ "days": 3_620, "seconds": 1 }), "expiresIn"),
        (json!({ "years": 1_000_000_000, "months": 1_000_000_000 }), "expiresIn"),
    ] {
        refused(&management, &changed(base(), "/expiresIn", value), param);
    }
    let all = json!({ "years": 1, "months": 1, "weeks": 1, "days": 1, "hours": 1, "minutes": 1, "seconds": 1 });
    management.create_configuration(&changed(base(), "/expiresIn", all));
    let longest = changed(membership("org.example.longest"), "/expiresIn", json!({ "days": 3_620 }));
    management.create_configuration(&longest);
}

#[test]
fn an_mdl_is_valid_for_427_days_at_most_whatever_its_part_number() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let longer = json!({ "days": 427, "seconds": 1 });
    for doc_type in ["org.iso.18013.5.1.mDL", "org.iso.18013.5.2.mDL", "org.iso.18013.5.17.mDL"] {
        refused(&management, &changed(mdl(doc_type), "/expiresIn", longer.clone()), "expiresIn");
    }
    management.create_configuration(&changed(
        membership("org.iso.18013.5.17.mDL"),
        "/expiresIn",
        json!({ "days": 427 }),
    ));
    // No mDL by name, so the longer cap.
    management.create_configuration(&changed(membership("org.iso.18013.5.x.mDL"), "/expiresIn", longer));
}

#[test]
fn mappings_are_checked() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let namespace = "claimMappings.org.example.membership";
    let name = format!("{namespace}.name");
    for (pointer, value, param) in [
        ("/claimMappings", json!(null), "claimMappings".to_owned()),
        ("/claimMappings", json!({}), "claimMappings".into()),
        ("/claimMappings", json!([]), "claimMappings".into()),
        ("/claimMappings/org.example.membership", json!({}), namespace.into()),
        ("/claimMappings/org.example.membership", json!("name"), namespace.into()),
        (NAME, json!("claims.name"), name.clone()),
        (NAME, json!({}), name.clone()),
        (NAME, json!({ "required": true }), name.clone()),
        (NAME, json!({ "mapFrom": "claims.name" }), format!("{name}.type")),
        (NAME, json!({ "mapFrom": "claims.name", "type": "text" }), format!("{name}.type")),
        (NAME, json!({ "mapFrom": "claims.name", "type": 7 }), format!("{name}.type")),
        (NAME, json!({ "mapFrom": 7, "type": "string" }), format!("{name}.mapFrom")),
        (NAME, json!({ "mapFrom": "", "type": "string" }), format!("{name}.mapFrom")),
        (NAME, json!({ "mapFrom": "claims.name", "type": "string", "required": "yes" }), format!("{name}.required")),
        (NAME, json!({ "mapFrom": "claims.name", "type": "string", "requierd": true }), format!("{name}.requierd")),
        (NAME, json!({ "mapFrom": "name", "type": "string" }), name.clone()),
        (NAME, json!({ "mapFrom": "claims.", "type": "string" }), name.clone()),
        (NAME, json!({ "mapFrom": "claims..name", "type": "string" }), name.clone()),
        (NAME, json!({ "mapFrom": "authenticationProvider.secret", "type": "string" }), name.clone()),
        (NAME, json!({ "mapFrom": "claims.name", "type": "number", "defaultValue": "seven" }), name.clone()),
        (NAME, json!({ "mapFrom": "claims.name", "type": "dateTime", "defaultValue": "yesterday" }), name.clone()),
    ] {
        let body = changed(base(), pointer, value.clone());
        let details = management.refused_configuration(&body);
        assert!(details.iter().any(|(given, _)| given.starts_with(&param)), "{pointer} {value}: {details:?}");
    }
    let many: serde_json::Map<_, _> = (0..501).map(|n| (format!("e{n}"), json!({ "defaultValue": n }))).collect();
    refused(&management, &changed(base(), "/claimMappings", json!({ "org.example.many": many })), "claimMappings");
}

#[test]
fn every_kind_of_mapping_is_accepted() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let mut elements = serde_json::Map::new();
    for kind in ["string", "number", "boolean", "dateTime", "date", "binary", "array", "object"] {
        elements.insert(kind.into(), json!({ "mapFrom": format!("claims.all.{kind}"), "type": kind }));
    }
    elements.insert("subject".into(), json!({ "mapFrom": "authenticationProvider.subjectId", "type": "string" }));
    elements.insert("provider".into(), json!({ "mapFrom": "authenticationProvider.url", "type": "string" }));
    elements.insert("fixed".into(), json!({ "defaultValue": true, "type": "boolean", "required": true }));
    management.create_configuration(&changed(base(), "/claimMappings", json!({ "org.example.all": elements })));
}

#[test]
fn times_and_sources_are_checked() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (pointer, value, param) in [
        ("/validFrom", json!({}), "validFrom.mapFrom"),
        ("/validFrom", json!("claims.from"), "validFrom"),
        ("/validFrom", json!({ "mapFrom": "from" }), "validFrom.mapFrom"),
        ("/validUntil", json!({ "mapFrom": 7 }), "validUntil.mapFrom"),
        ("/validUntil", json!({ "mapFrom": "claims.until", "type": "dateTime" }), "validUntil.type"),
        ("/claimSourceId", json!("nonsense"), "claimSourceId"),
        ("/claimSourceId", json!("00000000-0000-4000-8000-000000000000"), "claimSourceId"),
        ("/includeStatus", json!("no"), "includeStatus"),
        ("/exipresIn", json!({}), "exipresIn"),
    ] {
        refused(&management, &changed(base(), pointer, value), param);
    }
}

// VCI-12.2.4-13
#[test]
fn vci_12_2_4_13_images_are_what_they_say_and_carry_no_scripts() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let data = |kind: &str, bytes: &[u8]| format!("data:image/{kind};base64,{}", STANDARD.encode(bytes));
    let svg =
        |inner: &str| data("svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inner}</svg>").as_bytes());
    let png = b"\x89PNG\r\n\x1a\n";
    for image in [
        json!("https://issuer.example/logo.png"),
        json!("nonsense"),
        json!(7),
        json!(data("jpeg", &[0xff, 0xd8, 0xff])),
        json!(data("png", b"GIF89a")),
        json!(data("svg+xml", png)),
        json!("data:image/png;base64,***"),
        json!("data:image/png,abc"),
        json!(svg("<script>alert(1)</script>")),
        json!(svg("<SCRIPT>alert(1)</SCRIPT>")),
        json!(svg("<a href=\"javascript:alert(1)\"/>")),
        json!(svg("<image href=\"https://tracker.example/x.png\"/>")),
        json!(svg("<rect onload=\"alert(1)\"/>")),
        json!(svg("<rect onmouseover = \"alert(1)\"/>")),
        json!(svg("<image xlink:href='//tracker.example/x.png'/>")),
        json!(svg("<style>@import url(https://tracker.example/x.css)</style>")),
        json!(svg("<foreignObject/>")),
        json!(data("svg+xml", b"<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>&a;</svg>")),
        json!(data("svg+xml", b"<html/>")),
        json!(data("png", &[png.as_slice(), &vec![0; 200_000]].concat())),
    ] {
        for name in ["watermarkImage", "issuerLogo", "issuerIcon"] {
            let body = changed(base(), "/branding", json!({ name: image }));
            let details = management.refused_configuration(&body);
            let shown: String = image.to_string().chars().take(200).collect();
            assert_eq!(details[0].0, format!("branding.{name}"), "{shown}");
        }
    }
    let good = json!({ "watermarkImage": data("png", png), "issuerIcon": svg("<rect width=\"1\" height=\"1\"/>") });
    management.create_configuration(&changed(base(), "/branding", good));
}

#[test]
fn branding_texts_are_checked() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (name, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(300))),
        ("name", json!("a\nb")),
        ("description", json!("x".repeat(1100))),
        ("backgroundColor", json!("green")),
        ("backgroundColor", json!("#12345")),
        ("backgroundColor", json!("#12345g")),
        ("colour", json!("#123456")),
    ] {
        refused(&management, &changed(base(), "/branding", json!({ name: value })), &format!("branding.{name}"));
    }
}

#[test]
fn refused_configurations_leave_nothing_behind() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let before = management.list(CONFIGURATIONS);
    let body = json!({ "type": "VerifiableCredential", "claimMappings": {}, "expiresIn": {}, "nonsense": 1 });
    let params: Vec<_> = management.refused_configuration(&body).into_iter().map(|(param, _)| param).collect();
    // All at once.
    for param in ["type", "claimMappings", "expiresIn", "nonsense"] {
        assert!(params.iter().any(|given| given == param), "{param} is not among {params:?}");
    }
    assert_eq!(management.list(CONFIGURATIONS), before);
    let id = management.create_configuration(&base());
    let kept = management.get(&format!("{CONFIGURATIONS}/{id}")).expect(200).json();
    management.put(&format!("{CONFIGURATIONS}/{id}"), &body).expect(400);
    assert_eq!(management.get(&format!("{CONFIGURATIONS}/{id}")).expect(200).json(), kept);
}
