use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use base64::Engine as _;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::{BASE, CONTRACT, CallError, PluginCalls, Site, ask, component, context, guest, is_good};
use crate::base::secret::sha256;
use crate::plugin::registry::Changes;

const GOOD: &str = include_str!("guests/good.wat");

async fn refusal(site: &Site) -> String {
    let Err(problems) = site.start().await else { panic!("it was loaded") };
    problems.join("\n")
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let site = Site::new().with("hr", b"\0asm and so on");
    assert!(refusal(&site).await.starts_with("plugin hr: it is no component that this daemon can run"));
}

#[tokio::test]
async fn a_component_of_another_world_is_refused_with_what_is_offered() {
    let wit = "package other:thing@1.0.0; world thing { export run: func(); }";
    let site = Site::new().with("hr", &component("(func (export \"run\"))", "", wit, "thing"));
    let refusal = refusal(&site).await;
    assert!(
        refusal.contains("it exports run and imports nothing; this daemon offers issuer:plugin@1.0.0"),
        "{refusal}"
    );
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_with_what_is_offered() {
    let (base, wit) = (BASE.replace("@1.0.0", "@2.0.0"), CONTRACT.replace("@1.0.0", "@2.0.0"));
    let site = Site::new().with("hr", &component(GOOD, &base, &wit, "claim-source"));
    let refusal = refusal(&site).await;
    assert!(refusal.contains("issuer:plugin/claims@2.0.0"), "{refusal}");
    assert!(refusal.contains("this daemon offers issuer:plugin@1.0.0"), "{refusal}");
}

#[tokio::test]
async fn an_import_that_is_not_offered_is_refused_with_its_name() {
    let wit = CONTRACT
        .replace("  import random;", "  import random;\n  import sql;")
        .replace("interface random {", "interface sql { query: func(text: string); }\ninterface random {");
    let guest = format!("(import \"issuer:plugin/sql@1.0.0\" \"query\" (func $query (param i32 i32)))\n{GOOD}");
    let site = Site::new().with("hr", &component(&guest, BASE, &wit, "claim-source"));
    let refusal = refusal(&site).await;
    assert!(refusal.contains("issuer:plugin/sql@1.0.0"), "{refusal}");
}

#[tokio::test]
async fn a_file_must_have_the_pinned_digest_and_signature() {
    let bytes = guest(GOOD);
    let mut site = Site::new().with("hr", &bytes);
    site.plugin("hr").sha256 = Some([1; 32]);
    assert!(refusal(&site).await.contains("which is not the one in `sha256`"));
    site.plugin("hr").sha256 = Some(sha256(&bytes));
    let key = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
    site.plugin("hr").public_key = Some(key.public_key().as_ref().try_into().unwrap());
    assert!(refusal(&site).await.contains("hr.wasm.sig: "));
    let place = site.folder.path().join("hr.wasm.sig");
    std::fs::write(&place, key.sign(b"something else")).unwrap();
    assert!(refusal(&site).await.contains("not a signature of the file"));
    std::fs::write(&place, key.sign(&bytes)).unwrap();
    assert!(is_good(&ask(&site.start().await.unwrap(), "hr", "a").await));
    let text = base64::engine::general_purpose::STANDARD.encode(key.sign(&bytes));
    std::fs::write(&place, format!("{text}\n")).unwrap();
    assert!(site.start().await.is_ok());
}

#[tokio::test]
async fn a_link_out_of_its_folder_and_a_missing_file_are_refused() {
    let mut site = Site::new().with("hr", &guest(GOOD));
    let inner = site.folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    for (number, target) in [site.file("hr"), "../hr.wasm".into()].iter().enumerate() {
        let link = inner.join(format!("{number}.wasm"));
        symlink(target, &link).unwrap();
        site.plugin("hr").file = link;
        assert!(refusal(&site).await.contains("a symbolic link that leads out of its folder"));
    }
    let nowhere = inner.join("nowhere.wasm");
    symlink("nothing.wasm", &nowhere).unwrap();
    for missing in [nowhere, site.file("nothing")] {
        assert!(site.file("hr").exists());
        site.plugin("hr").file = missing.clone();
        assert!(refusal(&site).await.contains(missing.to_str().unwrap()));
    }
}

// What Kubernetes makes of a volume: `..data` is a link to a folder of its time, and is exchanged.
#[tokio::test]
async fn a_link_within_its_folder_is_followed_and_its_exchange_is_a_change() {
    let mut site = Site::new().with("hr", &guest(GOOD));
    let volume = site.folder.path().join("volume");
    for (time, component) in [("..one", guest(GOOD)), ("..two", guest(include_str!("guests/trap.wat")))] {
        std::fs::create_dir_all(volume.join(time)).unwrap();
        std::fs::write(volume.join(time).join("hr.wasm"), component).unwrap();
    }
    symlink("..one", volume.join("..data")).unwrap();
    symlink("..data/hr.wasm", volume.join("hr.wasm")).unwrap();
    site.plugin("hr").file = volume.join("hr.wasm");
    let plugins = site.start().await.unwrap();
    assert!(is_good(&ask(&plugins, "hr", "a").await));
    symlink("..two", volume.join("..new")).unwrap();
    std::fs::rename(volume.join("..new"), volume.join("..data")).unwrap();
    assert_eq!(plugins.reload(&site.settings, None).await.unwrap().loaded, ["hr"]);
    assert_eq!(ask(&plugins, "hr", "x").await, Err(CallError::Failed));
}

/// A guest with a JSON Schema for its configuration.
fn with_schema(schema: &str) -> Vec<u8> {
    let length = schema.len();
    let data = schema.replace('"', "\\\"");
    // The schema's address and length are the fourth pair of `plugin-info`.
    let record =
        format!("(data (i32.const 2072) \"\\00\\14\\00\\00\\{:02x}\\{:02x}\\00\\00\")", length % 256, length / 256);
    guest(&format!("(data (i32.const 5120) \"{data}\")\n{record}\n{GOOD}"))
}

#[tokio::test]
async fn every_mistake_in_a_configuration_is_told_with_its_place() {
    let schema =
        r#"{"type":"object","properties":{"level":{"type":"integer"},"url":{"type":"string"}},"required":["url"]}"#;
    let mut site = Site::new().with("hr", &with_schema(schema));
    site.plugin("hr").config = json!({ "level": "two" }).as_object().unwrap().clone();
    let told = refusal(&site).await;
    assert!(told.contains("config/level: "), "{told}");
    assert!(told.contains("\"url\" is a required property"), "{told}");
    site.plugin("hr").config = json!({ "level": 2, "url": "https://register.example" }).as_object().unwrap().clone();
    assert!(site.start().await.is_ok());
}

#[tokio::test]
async fn a_bad_optional_plugin_is_skipped() {
    let mut site = Site::new().with("hr", &guest(GOOD)).with("bad", b"nothing");
    assert!(site.start().await.is_err());
    site.plugin("bad").optional = true;
    let plugins = site.start().await.unwrap();
    assert!(is_good(&ask(&plugins, "hr", "a").await));
    assert_eq!(ask(&plugins, "bad", "a").await, Err(CallError::Failed));
    let states: Vec<_> = plugins.list().iter().map(|plugin| (plugin.name.clone(), plugin.state)).collect();
    assert_eq!(states, [("bad".to_owned(), "skipped"), ("hr".to_owned(), "loaded")]);
}

#[tokio::test]
async fn a_failed_reload_keeps_every_old_version() {
    let mut site = Site::new().with("hr", &guest(GOOD)).with("other", &guest(GOOD));
    let plugins = site.start().await.unwrap();
    let before = plugins.list();
    site.put("hr", &guest(include_str!("guests/trap.wat")));
    site.put("other", b"nothing");
    let problems = plugins.reload(&site.settings, None).await.unwrap_err();
    assert!(problems[0].starts_with("plugin other: "), "{problems:?}");
    assert_eq!(plugins.list(), before);
    assert_eq!(plugins.reload(&site.settings, Some("hr")).await.unwrap().loaded, ["hr"]);
    assert_ne!(plugins.list()[0].sha256, before[0].sha256);
    assert_eq!(plugins.list()[1], before[1]);
    assert_eq!(plugins.reload(&site.settings, Some("none")).await, Err(vec!["there is no plugin none".to_owned()]));
}

#[tokio::test]
async fn a_reload_leaves_alone_what_has_not_changed() {
    let mut site = Site::new().with("hr", &guest(GOOD)).with("other", &guest(include_str!("guests/trap.wat")));
    let plugins = site.start().await.unwrap();
    let before = plugins.list();
    // Five failures in a row open the breaker.
    for _ in 0..5 {
        assert_eq!(ask(&plugins, "other", "x").await, Err(CallError::Failed));
    }
    let turned_away = Err(CallError::Unavailable { retry_after: None });
    assert_eq!(ask(&plugins, "other", "a").await, turned_away);
    site.told.loaded.lock().unwrap().clear();
    site.clock.advance(Duration::from_secs(1));
    // Where a plugin acts is not what it is made of.
    site.plugin("hr").credentials = vec!["org.example.pass".to_owned()];
    for only in [None, Some("hr"), Some("other")] {
        assert_eq!(plugins.reload(&site.settings, only).await, Ok(Changes::default()));
    }
    assert!(site.told.loaded.lock().unwrap().is_empty());
    assert_eq!(plugins.list()[0], before[0]);
    assert_eq!(ask(&plugins, "other", "a").await, turned_away, "its breaker is as it was");
    site.plugin("hr").limits.output /= 2;
    assert_eq!(plugins.reload(&site.settings, None).await.unwrap().loaded, ["hr"]);
    assert_ne!(plugins.list()[0].loaded_at, before[0].loaded_at);
    assert_eq!(ask(&plugins, "other", "a").await, turned_away, "the other is left alone");
}

#[tokio::test]
async fn plugins_come_and_go_with_the_settings() {
    let mut site = Site::new().with("hr", &guest(GOOD));
    let plugins = site.start().await.unwrap();
    let held = plugins.serving();
    let removed = site.settings.plugins.remove("hr").unwrap();
    let mut site = site.with("crm", &guest(GOOD));
    let changes = plugins.reload(&site.settings, None).await.unwrap();
    assert_eq!((changes.loaded, changes.unloaded), (vec!["crm".to_owned()], vec!["hr".to_owned()]));
    assert_eq!(plugins.list().len(), 1);
    assert_eq!(ask(&plugins, "hr", "a").await, Err(CallError::Failed));
    assert!(is_good(&ask(&plugins, "crm", "a").await));
    assert!(is_good(&held.fetch("hr", context("a")).await), "who held it calls it to the end");
    site.settings.plugins.insert("hr".to_owned(), removed);
    assert_eq!(plugins.reload(&site.settings, Some("hr")).await.unwrap().loaded, ["hr"]);
    assert!(is_good(&ask(&plugins, "hr", "a").await) && is_good(&ask(&plugins, "crm", "a").await));
}

#[tokio::test]
async fn compiled_code_is_kept_for_its_owner_and_used_only_when_authentic() {
    let mut site = Site::new().with("hr", &guest(GOOD));
    site.start().await.unwrap();
    let files = || std::fs::read_dir(site.cache()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files().len(), 2);
    assert_eq!(std::fs::metadata(site.cache()).unwrap().permissions().mode() & 0o777, 0o700);
    for file in files() {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let code = files().into_iter().find(|file| file.extension().is_some_and(|it| it == "cwasm")).unwrap();
    let good = std::fs::read(&code).unwrap();
    let number = |path: &std::path::Path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
    let first = number(&code);
    site.start().await.unwrap();
    assert_eq!(number(&code), first, "it was used as it is");
    // Another key, and changed code: both are made anew, and what was there is not run.
    std::fs::remove_file(&code).unwrap();
    std::fs::write(&code, [&good[..], b"more"].concat()).unwrap();
    assert!(is_good(&ask(&site.start().await.unwrap(), "hr", "a").await));
    assert_eq!(std::fs::read(&code).unwrap().len(), good.len());
    site.key = 8;
    let second = number(&code);
    assert!(is_good(&ask(&site.start().await.unwrap(), "hr", "a").await));
    assert_ne!(number(&code), second, "code of another key was made anew");
}

#[tokio::test]
async fn without_a_folder_of_its_own_the_daemon_keeps_no_code() {
    let site = Site::new().with("hr", &guest(GOOD));
    std::fs::create_dir(site.cache()).unwrap();
    std::fs::set_permissions(site.cache(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(is_good(&ask(&site.start().await.unwrap(), "hr", "a").await));
    assert_eq!(std::fs::read_dir(site.cache()).unwrap().count(), 0);
}
