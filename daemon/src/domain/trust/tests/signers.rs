//! Document signers of managed IACAs: made, renewed, kept.

use super::*;

// CRT-DS-01, CRT-DS-02, CRT-DS-03, CRT-DS-04, CRT-DS-11, CRT-CRL-01
#[tokio::test]
async fn activation_makes_a_document_signer_that_others_verify() {
    let house = House::new().await;
    let iaca = house.active().await;
    assert!(iaca.active);
    let signers = house.trust.signers(Leaf::Document).unwrap();
    assert_eq!(signers.len(), 1);
    let (verified, told) = accepted(&house, &signers[0]);
    assert!(verified, "{told}");
    let signer = house.trust.signer(house.now()).unwrap();
    assert_eq!((signer.id, signer.iaca_id), (signers[0].id, iaca.id));
    // CRT-DS-08: what an mDL's issuing_country is compared with
    assert_eq!((signer.place().country, signer.place().state_or_province), ("UT", None));
    let signature = signer.key.sign(b"message").await.unwrap();
    let public = Facts::read(&signer.certificate).unwrap().key.unwrap();
    assert!(verify(&public, b"message", &signature));
    assert_eq!(signer.not_after, days_after(signer.not_before, 457));
    let end = iaca.certificate.certificate_data.not_after;
    let left = end.as_second() - signer.not_before.as_second();
    let expiries = house.trust.expiries(signer.not_before);
    assert_eq!(expiries[..2], [("iaca", left), ("document_signer", 457 * 86_400)]);
    assert_eq!(expiries[2], ("status_list_signer", 1_187 * 86_400));
    // A restart finds the same, and activating again makes no second one.
    assert_eq!(house.again().await.signer(house.now()).unwrap().id, signer.id);
    house.activate(iaca.id).await;
    assert_eq!(house.trust.signers(Leaf::Document).unwrap(), signers);
}

#[tokio::test]
async fn activations_and_maintenance_at_once_make_one_signer() {
    let house = House::new().await;
    let iaca = house.create(json!({})).await;
    let body = object(json!({"active": true}));
    let others = [house.again().await, house.again().await];
    let activations =
        join_all((0..6).map(|n| [&house.trust, &others[0], &others[1]][n % 3].iaca_update(iaca.id, &body)));
    let maintenance = join_all((0..6).map(|n| [&house.trust, &others[0], &others[1]][n % 3].maintain()));
    let (activated, maintained) = futures_util::future::join(activations, maintenance).await;
    assert!(activated.into_iter().all(|change| matches!(change.unwrap(), Change::Done(_))));
    assert!(maintained.into_iter().all(|result| result.is_ok()));
    assert_eq!(house.document().await.iacas[0].signers.len(), 1);
    house.trust.maintain().await.unwrap();
    assert_eq!(house.trust.signers(Leaf::Document).unwrap().len(), 1);
}

#[tokio::test]
async fn deactivation_stops_signing_and_keeps_the_crl_and_the_signer() {
    let house = House::new().await;
    let iaca = house.active().await;
    let before = house.trust.signer(house.now()).unwrap();
    let inactive = done(house.trust.iaca_update(iaca.id, &object(json!({"active": false}))).await);
    assert!(!inactive.active);
    assert!(house.trust.signer(house.now()).is_none());
    assert_eq!(
        house.trust.expiries(house.now()),
        [("iaca", 0), ("document_signer", 0), ("status_list_signer", 0), ("sd_jwt_signer", 0)]
    );
    let crl = house.trust.crl(iaca.id).unwrap();
    house.clock.advance(DAY * 2);
    house.trust.maintain().await.unwrap();
    assert!(house.trust.crl(iaca.id).unwrap().next_update > crl.next_update);
    house.activate(iaca.id).await;
    assert_eq!(house.trust.signer(house.now()).unwrap().id, before.id);
}

// CRT-DS-02, CRT-DS-09, CRT-DS-10, CRT-DS-12
#[tokio::test]
async fn signers_follow_one_another_without_a_gap() {
    let house = House::new().await;
    let iaca = house.active().await;
    let (mut used, mut keys) = (Vec::new(), 0);
    for _ in 0..(3 * 365 * 2) {
        house.trust.maintain().await.unwrap();
        let now = house.now();
        let signer = house.trust.signer(now).expect("always one to sign with");
        assert!(signer.not_before <= now && now < signer.not_after);
        assert!(days_after(now, 426) < signer.not_after, "an mDL can have its full length");
        if used.last() != Some(&signer.id) {
            used.push(signer.id);
        }
        let document = house.document().await;
        keys = document.iacas[0].signers.iter().filter(|signer| signer.key.is_some()).count();
        assert!(keys <= 3 && document.iacas[0].signers.len() <= 18);
        house.clock.advance(Duration::from_hours(12));
    }
    assert_eq!(used.len(), 37, "one for each 30 days");
    assert!(keys >= 1);
    let listed = house.trust.signers(Leaf::Document).unwrap();
    assert!(listed.iter().all(|signer| signer.certificate.as_ref().unwrap().certificate_data.not_after > house.now()));
    for signer in
        listed.iter().filter(|signer| signer.certificate.as_ref().unwrap().certificate_data.not_before <= house.now())
    {
        let (verified, told) = accepted(&house, signer);
        assert!(verified, "{told}");
    }
    assert!(house.trust.iaca(iaca.id).unwrap().unwrap().active);
}

// CRT-SL-01, SEC-ROLL-01
#[tokio::test]
async fn status_list_signers_follow_one_another_also_when_their_iaca_is_not_active_any_more() {
    let house = House::new().await;
    let iaca = house.active().await;
    let mut used = Vec::new();
    for day in 0..(5 * 365) {
        house.trust.maintain().await.unwrap();
        let signer = house.trust.status_signer(iaca.id, house.now()).expect("always one to sign with");
        assert!(days_after(house.now(), 800) < signer.not_after);
        if used.last() != Some(&signer.id) {
            used.push(signer.id);
        }
        if day == 400 {
            let body = object(json!({ "active": false }));
            assert!(matches!(house.trust.iaca_update(iaca.id, &body).await.unwrap(), Change::Done(_)));
        }
        house.clock.advance(DAY);
    }
    assert_eq!(used.len(), 5, "one a year");
    assert!(house.trust.signer(house.now()).is_none());
    assert!(house.trust.status_signer(Uuid::nil(), house.now()).is_none());
}

// CRT-DS-10, SEC-ROLL-01
#[tokio::test]
async fn a_successor_is_made_ahead_and_used_from_its_start_on() {
    let house = House::new().await;
    house.active().await;
    let first = house.trust.signer(house.now()).unwrap();
    let start = days_after(first.not_before, 30);
    house.clock.advance(DAY * 23 + HOUR);
    house.trust.maintain().await.unwrap();
    assert_eq!(house.trust.signers(Leaf::Document).unwrap().len(), 2);
    assert_eq!(house.trust.signer(house.now()).unwrap().id, first.id);
    let second = house.trust.signer(start).unwrap();
    assert_eq!(second.not_before, start);
    assert_ne!(second.id, first.id);
    assert_eq!(house.trust.signer(start - Duration::from_secs(1)).unwrap().id, first.id);
    // Nothing more is due until the next one is.
    let before = house.document().await;
    house.trust.maintain().await.unwrap();
    assert_eq!(house.document().await, before);
    // The first keeps its key while the second is new, then loses it and stays listed.
    house.clock.advance(DAY * 13);
    house.trust.maintain().await.unwrap();
    assert!(house.document().await.iacas[0].signers[0].key.is_some());
    house.clock.advance(DAY);
    house.trust.maintain().await.unwrap();
    assert!(house.document().await.iacas[0].signers[0].key.is_none());
    let listed = house.trust.find_signer(Leaf::Document, first.id).unwrap().unwrap();
    assert!(!listed.active && listed.certificate.is_some());
}

// CRT-DS-09
#[tokio::test]
async fn an_expired_signer_is_never_used() {
    let house = House::new().await;
    house.active().await;
    let signer = house.trust.signer(house.now()).unwrap();
    house.clock.advance(DAY * 456);
    assert!(house.trust.signer(house.now()).is_some());
    house.clock.advance(DAY);
    assert!(house.trust.signer(house.now()).is_none());
    assert!(house.again().await.signer(house.now()).is_none());
    house.trust.maintain().await.unwrap();
    let next = house.trust.signer(house.now()).unwrap();
    assert_ne!(next.id, signer.id);
    assert_eq!(house.trust.find_signer(Leaf::Document, signer.id).unwrap(), None, "expired ones are not listed");
}

// CRT-DS-02, CRT-DS-09
#[tokio::test]
async fn nothing_outlives_the_iaca() {
    let house = House::at(date("2026-01-01T00:00:00Z")).await;
    let iaca = house.create(json!({"notAfter": "2026-03-01"})).await;
    house.activate(iaca.id).await;
    for _ in 0..59 {
        house.trust.maintain().await.unwrap();
        let signer = house.trust.signer(house.now()).unwrap();
        assert!(signer.not_after <= date("2026-03-01T00:00:00Z"));
        house.clock.advance(DAY);
    }
    house.trust.maintain().await.unwrap();
    assert!(house.trust.signer(house.now()).is_none());
    assert_eq!(house.trust.signers(Leaf::Document).unwrap(), []);
    assert_eq!(house.trust.anchors(house.now()).unwrap().len(), 0);
    let told = mistakes(house.trust.iaca_update(iaca.id, &object(json!({"active": true}))).await);
    assert_eq!(told, ["active: the IACA has expired"]);
    done(house.trust.iaca_update(iaca.id, &object(json!({"active": false}))).await);
}

#[tokio::test]
async fn an_iaca_of_the_future_signs_from_its_start_on_and_is_preferred_then() {
    let house = House::at(date("2026-01-01T00:00:00Z")).await;
    let old = house.active().await;
    let new = house.create(json!({"notBefore": "2026-01-10"})).await;
    house.activate(new.id).await;
    for day in 0..20 {
        let signer = house.trust.signer(house.now()).unwrap();
        assert_eq!(signer.iaca_id, if day < 9 { old.id } else { new.id }, "day {day}");
        house.clock.advance(DAY);
        house.trust.maintain().await.unwrap();
    }
    done(house.trust.iaca_update(new.id, &object(json!({"active": false}))).await);
    assert_eq!(house.trust.signer(house.now()).unwrap().iaca_id, old.id);
}

#[tokio::test]
async fn a_clock_that_was_wrong_leaves_no_gap_once_it_is_right() {
    let house = House::at(date("2036-01-01T00:00:00Z")).await;
    let ahead = house.active().await;
    // The clock is set right: ten years earlier. The IACA is not valid yet, so another is needed; its CRLs are from the future.
    let right = Arc::new(ManualClock::new(date("2026-01-01T00:00:00Z")));
    let trust = load(&house.store, &house.site, &right).await;
    assert!(trust.signer(right.now()).is_none());
    trust.maintain().await.unwrap();
    assert!(trust.signer(right.now()).is_none());
    done(trust.iaca_delete(ahead.id).await);
    trust.ensure_active().await.unwrap();
    assert!(trust.signer(right.now()).is_some());

    // A week ahead, under an IACA that was valid before: a signer of its own, and again from its CRL's next renewal on.
    let early = Arc::new(ManualClock::new(right.now() + DAY * 457));
    let trust = load(&house.store, &house.site, &early).await;
    trust.maintain().await.unwrap();
    assert!(trust.signer(early.now()).is_some());
    let behind = Arc::new(ManualClock::new(early.now() - DAY * 8));
    let trust = load(&house.store, &house.site, &behind).await;
    assert!(trust.signer(behind.now()).is_none());
    trust.maintain().await.unwrap();
    let signer = trust.signer(behind.now()).unwrap();
    let crl = trust.crl(signer.iaca_id).unwrap();
    assert!(crl.next_update <= days_after(behind.now(), 7));
}

// CRT-DS-11
#[tokio::test]
async fn keys_are_sealed_in_their_place_and_a_wrong_one_is_left_out() {
    let house = House::new().await;
    house.active().await;
    house.active().await;
    let document = house.document().await;
    let stored = serde_json::to_string(&document).unwrap();
    for (iaca, signer) in document.signers(Leaf::Document) {
        for (id, sealed) in [(iaca.id, &iaca.managed.as_ref().unwrap().key), (signer.id, signer.key.as_ref().unwrap())]
        {
            let plain = house.store.open_key(&model::key_place(id), &sealed.0).unwrap();
            let secret = String::from(model::Blob(plain.expose()[30..60].to_vec()));
            assert!(!stored.contains(&secret));
            assert!(house.store.open_key(&model::key_place(Uuid::nil()), &sealed.0).is_err());
        }
    }
    // The key of the one with the certificate of the other.
    house
        .tamper(|document| {
            let certificate = document.iacas[0].signers[0].certificate.clone();
            document.iacas[1].signers[0].certificate = certificate;
        })
        .await;
    let again = house.again().await;
    let left = again.signer(house.now()).unwrap();
    assert_eq!(left.iaca_id, document.iacas[0].id);
    house.tamper(|document| document.iacas[0].signers[0].key = document.iacas[1].signers[0].key.clone()).await;
    assert!(house.again().await.signer(house.now()).is_none());
}

#[tokio::test]
async fn an_iaca_that_cannot_be_renewed_does_not_hold_up_the_others() {
    let house = House::new().await;
    let (broken, sound) = (house.active().await, house.active().await);
    house
        .tamper(|document| {
            let key = document.iacas[1].managed.as_ref().unwrap().key.clone();
            document.iacas[0].managed.as_mut().unwrap().key = key;
        })
        .await;
    house.clock.advance(DAY * 40);
    assert!(house.trust.maintain().await.is_err());
    let document = house.document().await;
    assert_eq!(document.iacas.iter().map(|iaca| iaca.signers.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(house.trust.signer(house.now()).unwrap().iaca_id, sound.id);
    assert_eq!(document.iacas[0].id, broken.id);
}
