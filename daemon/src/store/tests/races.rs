//! Many at once on the real engine, and what is left of it after a restart.

use tokio::task::JoinSet;

use super::*;

pub(super) const CROWD: usize = 200;

/// Runs `one` in as many tasks as `CROWD`, all at once.
pub(super) async fn crowd<T, F>(bench: &Bench, one: impl Fn(Bench, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..CROWD {
        tasks.spawn(one(bench.clone(), number));
    }
    tasks.join_all().await
}

pub(super) fn count<T>(outcomes: &[T], fits: impl Fn(&T) -> bool) -> usize {
    outcomes.iter().filter(|outcome| fits(outcome)).count()
}

// SEC-CODE-02, OPS-06
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_redemptions_of_one_code_one_wins_also_after_a_restart() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (_, code, _) = bench.offer(None).await;
    let outcomes = crowd(&bench, |bench, _| {
        let code = code.clone();
        async move { bench.redeem(&code, None).await }
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Redeem::Redeemed(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Redeem::AlreadyUsed)), CROWD - 1);
    drop(bench);
    let bench = on_redb(&folder, &clock);
    assert!(matches!(bench.redeem(&code, None).await, Redeem::AlreadyUsed));
    assert!(bench.store.token_find(&token_of(&code)).await.unwrap().is_some());
}

// VCI-13.6.3-03, SEC-TX-01, OPS-06
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_wrong_transaction_codes_three_count_and_the_offer_stays_locked() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (offer, code, _) = bench.offer(Some("000123")).await;
    let outcomes = crowd(&bench, |bench, number| {
        let code = code.clone();
        async move { bench.redeem(&code, Some(&format!("{number:06}x"))).await }
    })
    .await;
    for left in [2, 1, 0] {
        let fits = |outcome: &Redeem| matches!(outcome, Redeem::WrongCode { left: told } if *told == left);
        assert_eq!(count(&outcomes, fits), 1, "{left} left");
    }
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Redeem::Locked)), CROWD - 3);
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::Locked));
    drop(bench);
    let bench = on_redb(&folder, &clock);
    assert!(matches!(bench.redeem(&code, Some("000123")).await, Redeem::Locked));
    assert_eq!(bench.state(offer).await, OfferState::Locked);
}

// SEC-TX-01: guesses in parallel win no extra try.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_among_wrong_ones_is_granted_at_most_once_and_only_before_the_lock() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    for _ in 0..10 {
        let (offer, code, _) = bench.offer(Some("000123")).await;
        let outcomes = crowd(&bench, |bench, number| {
            let code = code.clone();
            async move { bench.redeem(&code, Some(if number % 2 == 0 { "000123" } else { "999999" })).await }
        })
        .await;
        let granted = count(&outcomes, |outcome| matches!(outcome, Redeem::Redeemed(_)));
        let state = bench.state(offer).await;
        assert!((granted, state) == (1, OfferState::Redeemed) || (granted, state) == (0, OfferState::Locked));
    }
}

// SEC-PROOF-01, OPS-06
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_issuances_with_one_nonce_one_is_recorded() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let mut offers = Vec::new();
    for _ in 0..CROWD {
        let (offer, configuration, _) = bench.redeemed().await;
        offers.push((offer, configuration));
    }
    let nonce = nonce();
    let outcomes = crowd(&bench, |bench, number| {
        let (offer, configuration) = offers[number];
        async move { bench.issue(offer, configuration, nonce).await.0 }
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Issue::Recorded { .. })), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::NonceTaken), CROWD - 1);
    drop(bench);
    let bench = on_redb(&folder, &clock);
    let (offer, configuration, _) = bench.redeemed().await;
    assert_eq!(bench.issue(offer, configuration, nonce).await.0, Issue::NonceTaken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_requests_on_one_offer_one_is_issued() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (offer, configuration, _) = bench.redeemed().await;
    let outcomes = crowd(&bench, |bench, _| async move { bench.issue(offer, configuration, nonce()).await.0 }).await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Issue::Recorded { .. })), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::AlreadyIssued), CROWD - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_a_configuration_is_deleted_nothing_more_is_claimed_with_it() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let configuration = bench.configuration().await;
    let mut offers = Vec::new();
    for _ in 0..CROWD {
        let new = bench.draft(&[configuration], None);
        bench.store.offer_create(&new).await.unwrap();
        offers.push((new.offer.id, new.secrets.code));
    }
    // One in the middle deletes; each of the others redeems and, told so, issues.
    let outcomes = crowd(&bench, |bench, number| {
        let (offer, code) = offers[number].clone();
        async move {
            if number == CROWD / 2 {
                assert!(bench.store.configuration_delete(configuration).await.unwrap());
                return (matches!(bench.redeem(&code, None).await, Redeem::Deleted), None);
            }
            match bench.redeem(&code, None).await {
                Redeem::Redeemed(_) => (true, Some(bench.issue(offer, configuration, nonce()).await.0)),
                other => (matches!(other, Redeem::Deleted), None),
            }
        }
    })
    .await;
    for (as_expected, issued) in outcomes {
        assert!(as_expected);
        assert!(matches!(issued, None | Some(Issue::Recorded { .. } | Issue::ConfigurationGone)), "{issued:?}");
    }
    for (offer, code) in offers {
        assert!(!matches!(bench.redeem(&code, None).await, Redeem::Redeemed(_)));
        assert_ne!(bench.state(offer).await, OfferState::Open);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_retries_of_one_creation_make_one_offer() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let configuration = bench.configuration().await;
    let ids = crowd(&bench, |bench, _| async move {
        let mut new = bench.draft(&[configuration], None);
        new.idempotency = Some(([1; 32], [2; 32]));
        match bench.store.offer_create(&new).await.unwrap() {
            OfferCreate::Created => (true, new.offer.id),
            OfferCreate::Repeated(Replay::Same(same)) => (false, same.0.id),
            _ => panic!("neither created nor replayed"),
        }
    })
    .await;
    assert_eq!(count(&ids, |(created, _)| *created), 1);
    assert!(ids.iter().all(|(_, id)| *id == ids[0].1));
    assert_eq!(bench.store.offer_list(None, 10).await.unwrap().0.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_offers_that_persist_claims_of_one_user_lose_none() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (configuration, user) = (bench.configuration().await, uuid());
    let outcomes = crowd(&bench, |bench, number| async move {
        let mut new = bench.draft(&[configuration], None);
        new.offer.user_id = user;
        new.persist.insert(format!("claim{number}"), number.into());
        bench.store.offer_create(&new).await.unwrap()
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, OfferCreate::Created)), CROWD);
    assert_eq!(bench.store.user_claims(user).await.unwrap().len(), CROWD);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn configurations_of_one_doc_type_saved_at_once_leave_one() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let outcomes = crowd(&bench, |bench, _| async move {
        bench.store.configuration_save(&plain(uuid(), "mdl", &json!({}), false)).await.unwrap()
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == ConfigurationSave::Saved), 1);
    assert_eq!(bench.store.configuration_list::<Value>().await.unwrap().len(), 1);
}

// OPS-08
#[tokio::test]
async fn the_file_shows_no_claim_code_token_or_key() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let configuration = bench.configuration().await;
    let mut new = bench.draft(&[configuration], Some("tx-code-731946"));
    new.persist = claims();
    bench.store.offer_create(&new).await.unwrap();
    let redeemed = bench.redeem(&new.secrets.code, Some("tx-code-731946")).await;
    assert!(matches!(redeemed, Redeem::Redeemed(_)));
    let key = || Ok::<_, super::super::StoreError>(Secret::new(b"private key of the daemon".to_vec()));
    bench.store.key_ensure("access", key).await.unwrap();
    bench.issue(new.offer.id, configuration, nonce()).await;
    drop(bench);
    let file = std::fs::read(folder.path().join("store.redb")).unwrap();
    let shows = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(shows("org.iso.18013.5.1.mDL"), "the search finds what is not secret");
    let token = token_of(&new.secrets.code);
    for secret in ["Sommer", "Mika", "731946", "private key", &new.secrets.code, &new.secrets.reference, &token] {
        assert!(!shows(secret), "{secret}");
    }
}
