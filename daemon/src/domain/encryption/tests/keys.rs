//! Which keys are in use, and for how long.

use super::*;

fn kids(house: &House) -> Vec<String> {
    house.encryption.keys().accepted(house.clock.now()).map(|key| key.kid.clone()).collect()
}

// JWE-JWKS-01, SEC-ROLL-01
#[tokio::test]
async fn a_key_is_changed_in_its_turn_and_accepted_for_a_while_after() {
    let house = House::new(policy()).await;
    let first = house.kid();
    house.later((DAY * 30).saturating_sub(Duration::from_secs(1)));
    house.encryption.maintain().await.unwrap();
    assert_eq!(house.kid(), first);
    house.later(Duration::from_secs(1));
    house.encryption.maintain().await.unwrap();
    let second = house.kid();
    assert_ne!(second, first);
    assert_eq!(kids(&house), [first.clone(), second.clone()]);
    // Also when nothing was tidied since.
    house.later(DAY);
    assert_eq!(kids(&house), [second.as_str()]);
    house.encryption.maintain().await.unwrap();
    assert_eq!(house.encryption.keys().all.len(), 1);
}

// OPS-06
#[tokio::test]
async fn keys_survive_a_restart_and_two_that_start_at_once_have_one() {
    let house = House::new(policy()).await;
    house.encryption.rotate().await.unwrap();
    let open = || {
        let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
        Encryption::load(house.store.clone(), house.clock.clone(), random, policy())
    };
    let (one, other) = tokio::join!(open(), open());
    for again in [one.unwrap(), other.unwrap()] {
        assert_eq!(again.keys().all.len(), 2);
        assert_eq!(again.keys().current().unwrap().kid, house.kid());
    }
}

// SEC-ROLL-01
#[tokio::test]
async fn a_key_can_be_ended_at_once() {
    let house = House::new(policy()).await;
    let first = house.kid();
    house.encryption.rotate().await.unwrap();
    let second = house.kid();
    assert!(house.encryption.end(&first).await.unwrap());
    assert!(!house.encryption.end(&first).await.unwrap());
    assert_eq!(kids(&house), [second.as_str()]);
    // The one in use is replaced.
    assert!(house.encryption.end(&second).await.unwrap());
    assert_eq!(house.encryption.keys().all.len(), 1);
    assert_ne!(house.kid(), second);
}

#[tokio::test]
async fn nothing_is_made_where_nothing_is_offered() {
    let house = House::new(EncryptionPolicy { offered: false, ..policy() }).await;
    assert!(house.encryption.keys().current().is_none());
    assert_eq!(house.encryption.open("x"), Err(OpenError::NotOffered));
}
