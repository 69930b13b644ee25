//! IACAs whose keys are held elsewhere.

use super::*;

/// An unmanaged IACA with a signer whose certificate was uploaded.
async fn unmanaged(house: &House) -> (ForeignIaca, IacaView, SignerView) {
    let root = ForeignIaca::new();
    // What openssl signs from here on is valid by our clock, however busy the machine is.
    house.clock.advance(Duration::from_mins(1));
    let iaca = house.create(json!({"certificatePem": root.pem()})).await;
    let signer = done(house.trust.signer_create(Leaf::Document, &object(json!({"iacaId": iaca.id}))).await);
    (root, iaca, signer)
}

// CRT-DS-01, CRT-IACA-10
#[tokio::test]
async fn an_external_ca_signs_document_signers() {
    let house = House::new().await;
    let (root, iaca, signer) = unmanaged(&house).await;
    let shown = serde_json::to_value(&iaca).unwrap();
    assert_eq!((&shown["active"], &shown["isManaged"]), (&json!(false), &json!(false)));
    assert_eq!(shown["certificateData"]["stateOrProvinceName"], "UT-9");
    let shown = serde_json::to_value(&signer).unwrap();
    let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["active", "csrPem", "iacaId", "id"]);

    let activate = object(json!({"active": true}));
    let told = mistakes(house.trust.signer_update(Leaf::Document, signer.id, &activate).await);
    assert_eq!(told, ["active: needs a certificate: give certificatePem"]);
    let certificate = root.sign(shown["csrPem"].as_str().unwrap());
    let updated = done(
        house.trust.signer_update(Leaf::Document, signer.id, &object(json!({"certificatePem": certificate}))).await,
    );
    let shown = serde_json::to_value(&updated).unwrap();
    let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["active", "certificateData", "certificateFingerprint", "certificatePem", "iacaId", "id"]);
    assert_eq!(shown["active"], false);
    // Both must be active.
    house.activate(iaca.id).await;
    assert!(house.trust.signer(house.now()).is_none());
    assert!(done(house.trust.signer_update(Leaf::Document, signer.id, &activate).await).active);
    let used = house.trust.signer(house.now()).unwrap();
    assert_eq!((used.id, used.country.as_str(), used.state_or_province.as_deref()), (signer.id, "UT", Some("UT-9")));
    let signature = used.key.sign(b"message").await.unwrap();
    assert!(verify(&Facts::read(&used.certificate).unwrap().key.unwrap(), b"message", &signature));
    assert_eq!(house.again().await.signer(house.now()).unwrap().id, signer.id);
    // We do not make its CRL, nor revoke or renew under it; it is not dropped when it expires, but it is not used.
    assert_eq!(house.trust.crl(iaca.id), None);
    assert_eq!(mistakes(house.trust.signer_revoke(Leaf::Document, signer.id, &Map::new()).await).len(), 1);
    house.clock.advance(DAY * 301);
    house.trust.maintain().await.unwrap();
    assert!(house.trust.signer(house.now()).is_none());
    assert_eq!(house.trust.signers(Leaf::Document).unwrap().len(), 1);
    assert_eq!(
        mistakes(house.trust.signer_update(Leaf::Document, signer.id, &activate).await),
        ["active: the certificate has expired"]
    );
    done(house.trust.signer_delete(Leaf::Document, signer.id).await);
    assert_eq!(house.trust.signers(Leaf::Document).unwrap(), []);
}

// CRT-DS-01, CRT-DS-11
#[tokio::test]
async fn a_wrong_certificate_for_a_signer_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let (root, iaca, signer) = unmanaged(&house).await;
    let other = done(house.trust.signer_create(Leaf::Document, &object(json!({"iacaId": iaca.id}))).await);
    let for_other = root.sign(&other.csr_pem.unwrap());
    let before = house.document().await;
    for (certificate, expected) in [
        (for_other, "certificatePem: must be for the key of the signer's request"),
        (root.pem(), "certificatePem: authorityKeyIdentifier must be the IACA's"),
        ("?".into(), "certificatePem: must be PEM"),
        (signer.csr_pem.clone().unwrap(), "certificatePem: must be a CERTIFICATE block"),
    ] {
        let body = object(json!({"active": true, "certificatePem": certificate}));
        let told = mistakes(house.trust.signer_update(Leaf::Document, signer.id, &body).await);
        assert!(told.iter().any(|told| told.starts_with(expected)), "{expected}: {told:?}");
    }
    let certificate = root.sign(&signer.csr_pem.unwrap());
    house.clock.advance(DAY * 301);
    let told = mistakes(
        house.trust.signer_update(Leaf::Document, signer.id, &object(json!({"certificatePem": certificate}))).await,
    );
    assert_eq!(told, ["certificatePem: has expired"]);
    assert_eq!(house.document().await, before);
}

#[tokio::test]
async fn roots_of_others_are_registered_once_and_unexpired() {
    let house = House::new().await;
    let root = ForeignIaca::new();
    let body = object(json!({"certificatePem": root.pem()}));
    done(house.trust.iaca_create(&body).await);
    assert_eq!(mistakes(house.trust.iaca_create(&body).await), ["certificatePem: is registered already"]);
    let bad = ForeignIaca::with("pathlen:0", "pathlen:3", "prime256v1", "-days 10 -sha256");
    house.clock.advance(DAY * 11);
    assert_eq!(
        mistakes(house.trust.iaca_create(&object(json!({"certificatePem": bad.pem()}))).await),
        ["certificatePem: basicConstraints must be CA with path length 0, and critical", "certificatePem: has expired"]
    );
}

#[tokio::test]
async fn unmanaged_signers_are_at_most_five_and_managed_ones_not_by_hand() {
    let house = House::new().await;
    let managed = house.active().await;
    let unmanaged = house.create(json!({"certificatePem": ForeignIaca::new().pem()})).await;
    let body = object(json!({"iacaId": unmanaged.id}));
    let made = join_all((0..8).map(|_| house.trust.signer_create(Leaf::Document, &body))).await;
    assert_eq!(made.iter().filter(|change| matches!(change, Ok(Change::Done(_)))).count(), 5);
    assert_eq!(made.iter().filter(|change| matches!(change, Ok(Change::Full(5)))).count(), 3);
    assert_eq!(house.trust.signers(Leaf::Document).unwrap().len(), 6);

    let automatic = house.trust.signer(house.now()).unwrap().id;
    for told in [
        mistakes(house.trust.signer_create(Leaf::Document, &object(json!({"iacaId": managed.id}))).await),
        mistakes(house.trust.signer_create(Leaf::Document, &object(json!({"iacaId": Uuid::nil()}))).await),
        mistakes(house.trust.signer_create(Leaf::Document, &object(json!({"iacaId": "x"}))).await),
        mistakes(house.trust.signer_create(Leaf::Document, &Map::new()).await),
        mistakes(house.trust.signer_update(Leaf::Document, automatic, &object(json!({"active": false}))).await),
        mistakes(house.trust.signer_delete(Leaf::Document, automatic).await),
        mistakes(house.trust.iaca_update(managed.id, &Map::new()).await),
        mistakes(house.trust.iaca_update(managed.id, &object(json!({"active": "yes"}))).await),
    ] {
        assert_eq!(told.len(), 1, "{told:?}");
    }
    let nobody = Uuid::from_u128(1);
    assert_eq!(house.trust.signer_update(Leaf::Document, nobody, &Map::new()).await.unwrap(), Change::Unknown);
    assert_eq!(house.trust.signer_delete(Leaf::Document, nobody).await.unwrap(), Change::Unknown);
    assert_eq!(house.trust.signer_revoke(Leaf::Document, nobody, &Map::new()).await.unwrap(), Change::Unknown);
    assert_eq!(house.trust.iaca_update(nobody, &Map::new()).await.unwrap(), Change::Unknown);
    assert_eq!(house.trust.iaca(nobody).unwrap(), None);
    assert_eq!(house.trust.find_signer(Leaf::Document, nobody).unwrap(), None);
}
