//! What happens when the document signer's key does not do what it should.

use futures_util::future::BoxFuture;
use serde_json::json;

use super::super::*;
use super::house::{House, wallets};
use crate::base::key::PublicKey;
use crate::signer::{Algorithm, Signer, SigningError, SoftwareKey};

/// A key service that answers with another key than it says, or not at all.
struct Service {
    public: PublicKey,
    key: Option<SoftwareKey>,
}

impl Signer for Service {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        match &self.key {
            Some(key) => key.sign(message),
            None => Box::pin(async { Err(SigningError) }),
        }
    }
}

/// Replaces the document signer's key; returns the one that was there.
fn replace(house: &House, key: Option<SoftwareKey>) -> Arc<dyn Signer> {
    let right = Arc::clone(&house.issuer.trust.signer(house.clock.now()).unwrap().key);
    let service: Arc<dyn Signer> = Arc::new(Service { public: *right.public_key(), key });
    house.issuer.trust.sign_with(&service);
    right
}

fn another_key() -> SoftwareKey {
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
    SoftwareKey::from_pkcs8(Algorithm::Es256, &pkcs8).unwrap()
}

// COS-9052-07
#[tokio::test]
async fn a_signer_that_does_not_answer_uses_nothing_up() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(3), &house.nonce());
    let right = replace(&house, None);
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::Signing)));
    assert!(house.records().await.is_empty());
    assert!(house.events.taken().contains(&"MOBILE_CREDENTIAL_SIGN_FAIL".to_owned()));
    house.issuer.trust.sign_with(&right);
    assert_eq!(house.issued(&token, &request).await.len(), 3);
}

// COS-9052-08
#[tokio::test]
async fn a_signature_of_another_key_does_not_leave_when_signatures_are_verified() {
    let mut house = House::new().await;
    assert!(house.issuer.verify_signatures);
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    replace(&house, Some(another_key()));
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::Signing)));
    assert!(house.records().await.is_empty());
    // Without the check, which is the default, it would have left: so the check is what stopped it.
    house.issuer.verify_signatures = false;
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}
