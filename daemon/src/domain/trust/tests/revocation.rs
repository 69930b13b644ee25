//! Revocation and CRLs.

use super::*;

// CRT-CRL-01, CRT-CRL-03, CRT-CRL-04, SEC-ROLL-01
#[tokio::test]
async fn a_revoked_signer_stops_at_once_and_is_on_the_crl() {
    let house = House::new().await;
    let iaca = house.active().await;
    let signer = house.trust.signers(Leaf::Document).unwrap().remove(0);
    let before = house.trust.crl(iaca.id).unwrap();
    assert!(accepted(&house, &signer).0);
    house.clock.advance(HOUR);
    let at = done(house.trust.signer_revoke(Leaf::Document, signer.id, &Map::new()).await);
    let next = house.trust.signer(house.now()).unwrap();
    assert_ne!(next.id, signer.id);
    assert_ne!(house.trust.crl(iaca.id).unwrap().der, before.der);
    let (verified, told) = accepted(&house, &signer);
    assert!(!verified && told.contains("certificate revoked"), "{told}");
    let (verified, told) = accepted(&house, &house.trust.find_signer(Leaf::Document, next.id).unwrap().unwrap());
    assert!(verified, "{told}");
    let listed = house.trust.find_signer(Leaf::Document, signer.id).unwrap().unwrap();
    assert_eq!((listed.active, listed.revocation_date), (false, Some(at)));
    // Its key is gone, and a second revocation changes neither date nor CRL.
    assert!(house.document().await.iacas[0].signers[0].key.is_none());
    let document = house.document().await;
    house.clock.advance(HOUR);
    assert_eq!(done(house.trust.signer_revoke(Leaf::Document, signer.id, &Map::new()).await), at);
    assert_eq!(house.document().await, document);
    assert_eq!(house.again().await.signer(house.now()).unwrap().id, next.id);
    let told = mistakes(house.trust.signer_revoke(Leaf::Document, next.id, &object(json!({"reason": "lost"}))).await);
    assert_eq!(told, ["reason: is not known"]);
}

// CRT-CRL-04
#[tokio::test]
async fn revocations_at_once_end_with_one_signer_and_a_full_crl() {
    let house = House::new().await;
    let iaca = house.active().await;
    let signer = house.trust.signers(Leaf::Document).unwrap().remove(0);
    let body = Map::new();
    let others = [house.again().await, house.again().await];
    let revoke = join_all(
        (0..8).map(|n| [&house.trust, &others[0], &others[1]][n % 3].signer_revoke(Leaf::Document, signer.id, &body)),
    );
    let maintain = join_all((0..8).map(|n| [&house.trust, &others[0], &others[1]][n % 3].maintain()));
    let (revoked, _) = futures_util::future::join(revoke, maintain).await;
    assert!(revoked.into_iter().all(|change| matches!(change.unwrap(), Change::Done(_))));
    house.trust.maintain().await.unwrap();
    let document = house.document().await;
    assert_eq!(document.iacas[0].signers.len(), 2);
    assert_eq!(document.iacas[0].managed.as_ref().unwrap().revoked.len(), 1);
    for trust in [&house.trust, &others[0], &others[1]] {
        trust.maintain().await.unwrap();
        assert_ne!(trust.signer(house.now()).unwrap().id, signer.id);
        assert_eq!(trust.crl(iaca.id), house.trust.crl(iaca.id));
    }
}

// CRT-CRL-04
#[tokio::test]
async fn a_slow_reader_does_not_bring_a_revoked_signer_back() {
    let house = House::new().await;
    house.active().await;
    let stale = house.document().await;
    let signer = house.trust.signer(house.now()).unwrap();
    done(house.trust.signer_revoke(Leaf::Document, signer.id, &Map::new()).await);
    house.trust.publish(stale);
    assert_ne!(house.trust.signer(house.now()).unwrap().id, signer.id);
}

// CRT-CRL-01, CRT-CRL-03
#[tokio::test]
async fn the_crl_is_renewed_with_rising_numbers_long_before_it_ends() {
    let house = House::new().await;
    let iaca = house.create(json!({})).await;
    let mut numbers = Vec::new();
    for _ in 0..(10 * 24) {
        house.trust.maintain().await.unwrap();
        let crl = house.trust.crl(iaca.id).unwrap();
        assert!(crl.next_update > days_after(house.now(), 5));
        let openssl = Openssl::new();
        if numbers.len() < 3 {
            openssl.write("crl", &crl.der);
            let text = openssl.run("crl -inform DER -in crl -noout -crlnumber");
            assert_eq!(
                text.trim(),
                format!(
                    "crlNumber=0x{:02X}",
                    house.document().await.iacas[0].managed.as_ref().unwrap().crl.as_ref().unwrap().number
                )
            );
        }
        let number = house.document().await.iacas[0].managed.as_ref().unwrap().crl.as_ref().unwrap().number;
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
        house.clock.advance(HOUR);
    }
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_revoked_certificate_leaves_the_crl_after_its_end() {
    let house = House::new().await;
    house.active().await;
    let signer = house.trust.signers(Leaf::Document).unwrap().remove(0);
    done(house.trust.signer_revoke(Leaf::Document, signer.id, &Map::new()).await);
    let listed = async || house.document().await.iacas[0].managed.as_ref().unwrap().revoked.len();
    for _ in 0..457 {
        house.clock.advance(DAY);
        house.trust.maintain().await.unwrap();
        assert_eq!(listed().await, 1);
    }
    for _ in 0..2 {
        house.clock.advance(DAY);
        house.trust.maintain().await.unwrap();
    }
    assert_eq!(listed().await, 0);
}
