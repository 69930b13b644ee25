//! IACAs: made, refused, deleted, published.

use super::*;

#[tokio::test]
async fn an_iaca_is_made_inactive_with_defaults() {
    let house = House::at(date("2026-03-04T05:06:07.891Z")).await;
    let iaca = house.create(json!({})).await;
    let shown = serde_json::to_value(&iaca).unwrap();
    assert_eq!(shown["active"], false);
    assert_eq!(shown["isManaged"], true);
    assert_eq!(
        shown["certificateData"],
        json!({"commonName": "issuer.example IACA", "country": "UT",
            "notBefore": "2026-03-04T05:06:07Z", "notAfter": "2036-03-04T05:06:07Z"})
    );
    let der = pem::read_certificate(shown["certificatePem"].as_str().unwrap()).unwrap();
    let openssl = Openssl::new();
    openssl.write("root.der", &der);
    let fingerprint = openssl.run("dgst -sha256 -r root.der");
    assert_eq!(shown["certificateFingerprint"], fingerprint.split(' ').next().unwrap());
    let text = openssl.run("x509 -inform DER -in root.der -noout -text");
    // CRT-CRL-02: a plain URL of the public listener
    assert!(
        text.contains(&format!("URI:https://issuer.example:8443/acme/v2/credentials/mobile/iacas/{}/crl", iaca.id))
    );
    assert!(house.trust.signer(house.now()).is_none());
    assert_eq!(house.trust.signers(Leaf::Document).unwrap(), []);
    assert_eq!(house.trust.iaca(iaca.id).unwrap(), Some(iaca));
}

// CRT-IACA-02, CRT-IACA-03
#[tokio::test]
async fn an_iaca_is_made_as_asked() {
    let house = House::at(date("2026-03-04T05:06:07Z")).await;
    let iaca = house
        .create(json!({"commonName": "Example (Root) 1", "country": "US", "stateOrProvinceName": "US-AL",
            "notBefore": "2027-01-01", "notAfter": "2046-03-04T07:06:07+02:00", "active": false}))
        .await;
    let data = &iaca.certificate.certificate_data;
    assert_eq!(data.common_name.as_deref(), Some("Example (Root) 1"));
    assert_eq!((data.country.as_deref(), data.state_or_province_name.as_deref()), (Some("US"), Some("US-AL")));
    assert_eq!((data.not_before, data.not_after), (date("2027-01-01T00:00:00Z"), date("2046-03-04T05:06:07Z")));
    let today = house.create(json!({"notBefore": "2026-03-04"})).await;
    assert_eq!(today.certificate.certificate_data.not_before, house.now());
}

// CRT-ALL-06, CRT-IACA-02, CRT-IACA-03
#[tokio::test]
async fn every_mistake_in_a_request_is_named_and_nothing_is_kept() {
    let house = House::at(date("2026-03-04T05:06:07Z")).await;
    for (body, expected) in [
        (
            json!({"commonName": "Ümlaut", "country": "us", "stateOrProvinceName": "AL", "notBefore": "2026-03-03",
            "notAfter": "soon", "active": true, "contry": "US"}),
            vec!["active", "commonName", "country", "stateOrProvinceName", "notBefore", "notAfter", "contry"],
        ),
        (
            json!({"commonName": "", "country": 5, "notAfter": "2046-03-04T05:06:08Z"}),
            vec!["commonName", "country", "notAfter"],
        ),
        (json!({"commonName": null, "country": null}), vec!["commonName", "country"]),
        (json!({"country": "US", "stateOrProvinceName": "DE-BY"}), vec!["stateOrProvinceName"]),
        (json!({"notBefore": "2027-01-01", "notAfter": "2027-01-01"}), vec!["notAfter"]),
        (json!({"notBefore": "2046-03-04T05:06:07Z"}), vec!["notBefore"]),
        (json!({"notBefore": "2026-02-30"}), vec!["notBefore"]),
        (json!({"notAfter": "2026-03-04T05:06"}), vec!["notAfter"]),
        (json!({"certificatePem": "x"}), vec!["certificatePem"]),
        (json!({"certificatePem": 1, "country": "US"}), vec!["country", "certificatePem"]),
    ] {
        let told = mistakes(house.trust.iaca_create(&object(body.clone())).await);
        let named: Vec<_> = told.iter().map(|told| told.split(':').next().unwrap()).collect();
        assert_eq!(named, expected, "{body}: {told:?}");
    }
    assert_eq!(house.trust.iacas().unwrap(), []);
    let nowhere = Site { country: None, ..house.site.clone() };
    let trust = load(&house.store, &nowhere, &house.clock).await;
    assert_eq!(mistakes(trust.iaca_create(&Map::new()).await), ["country: is required"]);
    assert!(trust.ensure_active().await.is_err());
}

#[tokio::test]
async fn a_long_or_numeric_host_gives_a_name_that_fits() {
    for (issuer, expected) in [
        ("http://127.0.0.1:8080", "127.0.0.1 IACA".to_owned()),
        ("http://[::1]:8080", "::1 IACA".to_owned()),
        (&format!("https://{}.example", "a".repeat(60)), format!("{} IACA", "a".repeat(59))),
    ] {
        let house = House::new().await;
        let trust = load(&house.store, &Site { issuer: issuer.into(), ..site() }, &house.clock).await;
        let made = done(trust.create_active(&Map::new()).await);
        assert_eq!(made.certificate.certificate_data.common_name, Some(expected));
        assert!(trust.signer(house.now()).is_some());
    }
}

#[tokio::test]
async fn there_are_at_most_three_even_when_many_are_made_at_once() {
    let house = House::new().await;
    let body = Map::new();
    let made = join_all((0..10).map(|_| house.trust.iaca_create(&body))).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|change| matches!(change, Change::Done(_))).count(), 3);
    assert_eq!(made.iter().filter(|change| matches!(change, Change::Full(3))).count(), 7);
    let kept = house.trust.iacas().unwrap();
    assert_eq!(kept.len(), 3);
    assert_eq!(done(house.trust.iaca_delete(kept[0].id).await), ());
    house.create(json!({})).await;
}

#[tokio::test]
async fn a_deleted_iaca_leaves_nothing_even_while_it_is_renewed() {
    for round in 0..20 {
        let house = House::new().await;
        let iaca = house.active().await;
        house.clock.advance(DAY * 40);
        let other = house.again().await;
        let delete = async {
            for _ in 0..round % 5 {
                tokio::task::yield_now().await;
            }
            other.iaca_delete(iaca.id).await
        };
        let (deleted, maintained) = futures_util::future::join(delete, house.trust.maintain()).await;
        assert_eq!(done(deleted), ());
        maintained.unwrap();
        house.trust.maintain().await.unwrap();
        assert!(house.document().await.iacas.is_empty());
        assert!(house.trust.signer(house.now()).is_none() && other.signer(house.now()).is_none());
        assert_eq!(house.trust.crl(iaca.id), None);
        assert_eq!(house.trust.iaca_delete(iaca.id).await.unwrap(), Change::Unknown);
    }
}

#[tokio::test]
async fn the_public_list_has_roots_whose_credentials_may_be_alive() {
    let house = House::at(date("2026-01-01T00:00:00Z")).await;
    let iaca = house.create(json!({})).await;
    let listed = |house: &House| house.trust.anchors(house.now()).unwrap().len();
    assert_eq!(listed(&house), 0, "never active");
    house.activate(iaca.id).await;
    assert_eq!(listed(&house), 1);
    let der = pem::read_certificate(&iaca.certificate.certificate_pem).unwrap();
    assert_eq!(house.trust.anchors(house.now()).unwrap(), [der]);
    done(house.trust.iaca_update(iaca.id, &object(json!({"active": false}))).await);
    assert_eq!(listed(&house), 1, "credentials may be alive");
    house.clock.advance(DAY * 457);
    assert_eq!(listed(&house), 0, "none can be");
}
