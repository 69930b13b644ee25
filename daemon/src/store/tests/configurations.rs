//! Saving and deleting configurations, and what that does to offers.

use super::*;

async fn save(bench: &Bench, id: Uuid, doc_type: &str, replace: bool) -> ConfigurationSave {
    let document = json!({ "id": id, "type": doc_type });
    bench.store.configuration_save(&plain(id, doc_type, &document, replace)).await.unwrap()
}

async fn types(bench: &Bench) -> Vec<String> {
    let all: Vec<Value> = bench.store.configuration_list().await.unwrap();
    let mut types: Vec<_> = all.iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    types
}

#[tokio::test]
async fn a_doc_type_has_one_configuration() {
    let bench = on_memory();
    let (a, b) = (uuid(), uuid());
    assert_eq!(save(&bench, a, "mdl", false).await, ConfigurationSave::Saved);
    assert_eq!(save(&bench, b, "mdl", false).await, ConfigurationSave::TypeTaken);
    assert_eq!(save(&bench, b, "pid", false).await, ConfigurationSave::Saved);
    assert_eq!(save(&bench, b, "mdl", true).await, ConfigurationSave::TypeTaken);
    assert_eq!(types(&bench).await, ["mdl", "pid"]);
    // The same docType again, then another one: the old one is free at once.
    assert_eq!(save(&bench, a, "mdl", true).await, ConfigurationSave::Saved);
    assert_eq!(save(&bench, b, "mdl", true).await, ConfigurationSave::TypeTaken);
    assert_eq!(save(&bench, a, "photo", true).await, ConfigurationSave::Saved);
    assert_eq!(save(&bench, b, "mdl", true).await, ConfigurationSave::Saved);
    assert_eq!(types(&bench).await, ["mdl", "photo"]);
    assert!(bench.store.configuration_delete(a).await.unwrap());
    assert!(!bench.store.configuration_delete(a).await.unwrap());
    assert_eq!(save(&bench, a, "photo", true).await, ConfigurationSave::Unknown);
    assert_eq!(save(&bench, uuid(), "photo", false).await, ConfigurationSave::Saved);
    assert_eq!(types(&bench).await, ["mdl", "photo"]);
}

#[tokio::test]
async fn deleting_a_configuration_ends_the_offers_that_name_it_and_no_other() {
    let bench = on_memory();
    let (kept, gone) = (bench.configuration().await, bench.configuration().await);
    let both = bench.draft(&[kept, gone], None);
    let other = bench.draft(&[kept], None);
    let redeemed = bench.draft(&[gone], None);
    for new in [&both, &other, &redeemed] {
        bench.store.offer_create(new).await.unwrap();
    }
    assert!(matches!(bench.redeem(&redeemed.secrets.code, None).await, Redeem::Redeemed(_)));
    assert!(bench.store.configuration_delete(gone).await.unwrap());
    assert_eq!(bench.state(both.offer.id).await, OfferState::Deleted);
    assert!(matches!(bench.redeem(&both.secrets.code, None).await, Redeem::Deleted));
    assert!(bench.store.offer_by_reference(&both.secrets.reference).await.unwrap().is_none());
    assert_eq!(bench.issue(redeemed.offer.id, gone, nonce()).await.0, Issue::ConfigurationGone);
    assert!(matches!(bench.redeem(&other.secrets.code, None).await, Redeem::Redeemed(_)));
    // Saved again under the same docType it is another one: nothing comes back.
    assert_eq!(save(&bench, uuid(), &format!("type.{gone}"), false).await, ConfigurationSave::Saved);
    assert!(matches!(bench.redeem(&both.secrets.code, None).await, Redeem::Deleted));
}

#[tokio::test]
async fn replacing_a_configuration_leaves_its_offers_open() {
    let bench = on_memory();
    let (offer, code, configuration) = bench.offer(None).await;
    assert_eq!(save(&bench, configuration, "another", true).await, ConfigurationSave::Saved);
    assert_eq!(bench.state(offer).await, OfferState::Open);
    assert!(matches!(bench.redeem(&code, None).await, Redeem::Redeemed(_)));
    assert!(matches!(bench.issue(offer, configuration, nonce()).await.0, Issue::Recorded { .. }));
}
