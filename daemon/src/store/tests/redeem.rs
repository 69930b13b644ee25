//! Spending a code.

use super::*;
use crate::store::enrichment::Enrichment;
use crate::store::tables::{ENRICHMENT, REGISTER_KEY, REGISTER_KEY_INDEX};

// VCI-4.1.1-08, VCI-6.3-01
#[tokio::test]
async fn a_code_is_spent_once_and_its_token_is_found() {
    let bench = on_memory();
    let (offer, code, configuration) = bench.offer(None).await;
    let Redeem::Redeemed(redeemed) = bench.redeem(&code, None).await else { panic!("not redeemed") };
    assert_eq!((redeemed.id, redeemed.redeemed_at), (offer, Some(bench.clock.now())));
    assert!(matches!(bench.redeem(&code, None).await, Redeem::AlreadyUsed));
    assert!(matches!(bench.redeem("guess", None).await, Redeem::Unknown));
    assert_eq!(bench.state(offer).await, OfferState::Redeemed);
    let (token, found) = bench.store.token_find(&token_of(&code)).await.unwrap().unwrap();
    assert_eq!((token.offer, found.id), (offer, offer));
    assert_eq!((token.configurations, token.client_id.as_deref()), (vec![configuration], Some("wallet")));
    assert_eq!(token.identifiers, [("first".to_owned(), configuration)]);
    // SEC-CODE-05: one kind of handle is not another.
    assert!(bench.store.token_find(&code).await.unwrap().is_none());
    assert!(matches!(bench.redeem(&token_of(&code), None).await, Redeem::Unknown));
}

// VCI-6.3-02, VCI-6.3-03, SEC-TX-02
#[tokio::test]
async fn a_missing_or_unexpected_transaction_code_spends_and_counts_nothing() {
    let bench = on_memory();
    let (_, with, _) = bench.offer(Some("000123")).await;
    let (_, without, _) = bench.offer(None).await;
    for _ in 0..5 {
        assert!(matches!(bench.redeem(&with, None).await, Redeem::CodeMissing));
        assert!(matches!(bench.redeem(&without, Some("000123")).await, Redeem::CodeUnexpected));
    }
    assert!(matches!(bench.redeem(&with, Some("000123")).await, Redeem::Redeemed(_)));
    assert!(matches!(bench.redeem(&without, None).await, Redeem::Redeemed(_)));
}

// VCI-13.6.3-01, VCI-13.6.3-04, SEC-TX-01
#[tokio::test]
async fn the_third_wrong_transaction_code_ends_the_offer_for_good() {
    let bench = on_memory();
    let (offer, code, _) = bench.offer(Some("000123")).await;
    assert!(matches!(bench.redeem(&code, Some("123")).await, Redeem::WrongCode { left: 2 }));
    assert!(matches!(bench.redeem(&code, None).await, Redeem::CodeMissing));
    assert!(matches!(bench.redeem(&code, Some("")).await, Redeem::WrongCode { left: 1 }));
    assert_eq!(bench.state(offer).await, OfferState::Open);
    assert!(matches!(bench.redeem(&code, Some("000123 ")).await, Redeem::WrongCode { left: 0 }));
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::Locked));
    let (found, state) = bench.store.offer_find(offer).await.unwrap().unwrap();
    assert_eq!((state, found.ended_at), (OfferState::Locked, Some(bench.clock.now())));
    assert!(bench.store.offer_secrets(offer).await.unwrap().is_none());
}

#[tokio::test]
async fn a_right_transaction_code_after_two_wrong_ones_is_accepted_once() {
    let bench = on_memory();
    let (_, code, _) = bench.offer(Some("000123")).await;
    for _ in 0..2 {
        assert!(matches!(bench.redeem(&code, Some("9")).await, Redeem::WrongCode { .. }));
    }
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::Redeemed(_)));
    // VCI-13.6.3-02
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::AlreadyUsed));
    assert!(matches!(bench.redeem(&code, Some("9")).await, Redeem::AlreadyUsed));
}

// VCI-4.1.1-07, VCI-6.3-01
#[tokio::test]
async fn a_code_works_until_the_last_moment_and_no_longer() {
    let bench = on_memory();
    let (_, early, _) = bench.offer(None).await;
    let (late_offer, late, _) = bench.offer(None).await;
    bench.clock.advance(OFFER_LIFE.saturating_sub(Duration::from_millis(1)));
    assert!(matches!(bench.redeem(&early, None).await, Redeem::Redeemed(_)));
    bench.clock.advance(Duration::from_millis(1));
    assert!(matches!(bench.redeem(&late, None).await, Redeem::Expired));
    assert_eq!(bench.state(late_offer).await, OfferState::Expired);
    // The claims live as long as the token that may need them.
    let (token, offer) = bench.store.token_find(&token_of(&early)).await.unwrap().unwrap();
    bench.clock.advance(TOKEN_LIFE.saturating_sub(Duration::from_millis(2)));
    assert_eq!(bench.store.offer_secrets(offer.id).await.unwrap().unwrap().claims, claims());
    assert!(bench.store.token_find(&token_of(&early)).await.unwrap().is_some());
    bench.clock.advance(Duration::from_millis(1));
    assert!(bench.clock.now() >= token.expires_at);
    assert!(bench.store.token_find(&token_of(&early)).await.unwrap().is_none());
}

#[tokio::test]
async fn asking_for_what_was_not_offered_spends_nothing() {
    let bench = on_memory();
    let (_, code, _) = bench.offer(Some("000123")).await;
    let request =
        |value| Redemption { code: &code, tx_code: Some(TxCode { value, key: KEY }), token: [0; 32], enrichment: None };
    let refuse = |_: &Offer| None;
    assert!(matches!(bench.store.offer_redeem(&request("000123"), refuse).await.unwrap(), Redeem::NotOffered));
    // A wrong code is told first, so that the selection reveals nothing.
    assert!(matches!(bench.store.offer_redeem(&request("1"), refuse).await.unwrap(), Redeem::WrongCode { left: 2 }));
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::Redeemed(_)));
}

// SEC-TX-04
#[tokio::test]
async fn a_transaction_code_is_kept_as_a_keyed_hash_bound_to_its_offer() {
    let bench = on_memory();
    let kept = async |offer| bench.store.offer_find(offer).await.unwrap().unwrap().0.tx_code.unwrap();
    let ((first, ..), (second, ..)) = (bench.offer(Some("000123")).await, bench.offer(Some("000123")).await);
    assert_eq!(kept(first).await, hash_tx_code(KEY, first, "000123"));
    // One code for two offers does not show, and without the key a million hashes tell nothing.
    assert_ne!(kept(first).await, kept(second).await);
    assert_ne!(kept(first).await, hash_tx_code(b"another key", first, "000123"));
    assert_ne!(kept(first).await, sha256(b"000123"));
}

// Looking changes nothing and promises nothing.
#[tokio::test]
async fn a_code_is_redeemable_while_a_redemption_would_succeed() {
    let bench = on_memory();
    let (offer, code, configuration) = bench.offer(Some("000123")).await;
    let look = async |code: &str, value: Option<&str>| {
        let tx_code = value.map(|value| TxCode { value, key: KEY });
        bench.store.offer_redeemable(code, tx_code.as_ref()).await.unwrap().map(|found| found.id)
    };
    for _ in 0..5 {
        assert_eq!(look(&code, Some("000123")).await, Some(offer));
        assert_eq!(look(&code, Some("000124")).await, None);
    }
    assert_eq!((look(&code, None).await, look("unknown", Some("000123")).await), (None, None));
    let (other, plain, _) = bench.offer(None).await;
    assert_eq!((look(&plain, None).await, look(&plain, Some("1")).await), (Some(other), None));
    assert!(matches!(bench.redeem(&plain, None).await, Redeem::Redeemed(_)));
    assert_eq!(look(&plain, None).await, None);
    assert!(bench.store.configuration_delete(configuration).await.unwrap());
    assert_eq!(look(&code, Some("000123")).await, None);
    let (_, late, _) = bench.offer(None).await;
    bench.clock.advance(OFFER_LIFE);
    assert_eq!(look(&late, None).await, None);
}

// OPS-08: what hooks say and the keys of registers are personal, and unreadable without the master key.
#[tokio::test]
async fn what_plugins_leave_is_sealed() {
    let bench = on_memory();
    let (offer, code, configuration) = bench.offer(None).await;
    let enrichment = Enrichment { claims: claims(), identity: Some(json!({ "subject": "Mika" })) };
    let expires_at = bench.after(TOKEN_LIFE);
    let request = Redemption { code: &code, tx_code: None, token: [1; 32], enrichment: Some(&enrichment) };
    let grant = |offer: &Offer| {
        let configurations = offer.configurations.clone();
        Some(Token { configurations, identifiers: Vec::new(), ..token_record(offer, expires_at) })
    };
    assert!(matches!(bench.store.offer_redeem(&request, grant).await.unwrap(), Redeem::Redeemed(_)));
    let record = bench.record(offer, configuration);
    let issuance = Issuance {
        origin: Origin::PreAuthorized,
        offer,
        configuration,
        nonces: &[],
        records: std::slice::from_ref(&record),
        statuses: &[],
        requests_allowed: 2,
        register_key: Some("Mika Sommer"),
        enriched: true,
    };
    assert!(matches!(bench.store.issuance_record(&issuance).await.unwrap(), Issue::Recorded { .. }));
    for table in [ENRICHMENT, REGISTER_KEY, REGISTER_KEY_INDEX] {
        let entries = bench.store.scan_all(table).await.unwrap();
        assert_eq!(entries.len(), 1);
        for (key, entry) in entries {
            let stored = [key, entry.value].concat();
            for plain in ["Sommer", "Mika"] {
                assert!(!stored.windows(plain.len()).any(|window| window == plain.as_bytes()), "{plain}");
            }
        }
    }
    assert_eq!(bench.store.enrichment(offer).await.unwrap().unwrap(), enrichment);
    assert_eq!(bench.store.register_key(record.id).await.unwrap().as_deref(), Some("Mika Sommer"));
    assert_eq!(format!("{enrichment:?}"), "Enrichment(…)");
}
