//! Authorizations: codes, refresh tokens, revocation; on the memory engine, races on redb.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::races::{CROWD, count, crowd};
use super::*;
use crate::store::authorization::redeem::{CodeRedeem, CodeRedemption, Minted};
use crate::store::authorization::refresh::{Refresh, RefreshRequest, RefreshToken};
use crate::store::authorization::revoke::{LiveToken, Revoke, Revoker};
use crate::store::authorization::{ApprovedClaims, AuthorizationCode, NewAuthorization};
use crate::store::tables::{AUTHORIZATION_SECRETS, REFRESH};
use crate::store::user::User;

const VERIFIER: &str = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";
const REDIRECT_URI: &str = "https://wallet.example/cb";
const CODE_LIFE: Duration = Duration::from_mins(1);
const REFRESH_LIFE: Duration = Duration::from_hours(1);

/// Key of the instance of the client `attested`.
const INSTANCE: Option<[u8; 32]> = Some([3; 32]);

fn approved() -> ApprovedClaims {
    ApprovedClaims { identity: claims(), holder: Some(json!({ "subject": "Mika" })), ..ApprovedClaims::default() }
}

fn asks(code: &str) -> CodeRedemption<'_> {
    CodeRedemption {
        code,
        client_id: "wallet",
        redirect_uri: Some(REDIRECT_URI),
        code_verifier: VERIFIER,
        jkt: None,
        instance_key: None,
        token: sha256(token_of(code).as_bytes()),
        refresh: sha256(refresh_of(code).as_bytes()),
        enrichment: None,
    }
}

fn refresh_of(code: &str) -> String {
    format!("refresh-{code}")
}

fn refreshes(token: &str) -> RefreshRequest<'_> {
    RefreshRequest {
        token,
        client_id: "wallet",
        jkt: None,
        instance_key: None,
        successor: None,
        access_token: sha256(format!("access-{token}").as_bytes()),
        enrichment: None,
    }
}

impl Bench {
    /// A granted authorization: its id, code and configuration.
    async fn authorized(&self, change: impl FnOnce(&mut AuthorizationCode)) -> (Uuid, String, Uuid) {
        let configuration = self.configuration().await;
        let (mut authorization, code) = (self.draft(&[configuration], None).offer, word());
        authorization.expires_at = self.after(CODE_LIFE);
        self.store.user_save(authorization.user_id, &User::default(), false).await.unwrap();
        let id = authorization.id;
        let mut record = AuthorizationCode {
            authorization: id,
            client_id: "wallet".into(),
            redirect_uri: REDIRECT_URI.into(),
            code_challenge: B64.encode(sha256(VERIFIER.as_bytes())),
            dpop_jkt: None,
            identified: false,
            scope: None,
            expires_at: authorization.expires_at,
            used: false,
        };
        change(&mut record);
        let keep_until = self.after(CODE_LIFE * 10);
        let hash = sha256(code.as_bytes());
        let instance_key = INSTANCE.filter(|_| record.client_id == "attested");
        let new = NewAuthorization { authorization, claims: approved(), code: hash, record, instance_key, keep_until };
        self.store.authorization_grant(&new).await.unwrap();
        (id, code, configuration)
    }

    async fn code(&self, request: &CodeRedemption<'_>) -> CodeRedeem {
        let (token_ends, refresh_ends) = (self.after(TOKEN_LIFE), self.after(REFRESH_LIFE));
        let mint = |offer: &Offer, code: &AuthorizationCode| {
            let record = Token { client_id: Some("wallet".into()), ..token_record(offer, token_ends) };
            Some(Minted {
                token: Token { origin: Origin::AuthorizationCode, jkt: request.jkt, ..record },
                refresh: Some(RefreshToken {
                    authorization: offer.id,
                    client_id: code.client_id.clone(),
                    jkt: request.jkt,
                    instance_key: None,
                    identifiers: Vec::new(),
                    configurations: offer.configurations.clone(),
                    scope: None,
                    expires_at: refresh_ends,
                    previous: None,
                    retired: false,
                }),
                ends: refresh_ends + TOKEN_LIFE,
            })
        };
        self.store.code_redeem(request, mint).await.unwrap()
    }

    async fn refresh(&self, request: &RefreshRequest<'_>) -> Refresh {
        let expires_at = self.after(TOKEN_LIFE);
        let mint = |token: &RefreshToken| {
            Some(Token {
                origin: Origin::AuthorizationCode,
                offer: token.authorization,
                jkt: None,
                client_id: Some(token.client_id.clone()),
                wallet: None,
                identifiers: Vec::new(),
                configurations: token.configurations.clone(),
                expires_at,
            })
        };
        self.store.token_refresh(request, mint).await.unwrap()
    }

    /// A redeemed authorization: its id, code and configuration.
    async fn code_redeemed(&self) -> (Uuid, String, Uuid) {
        let (id, code, configuration) = self.authorized(|_| {}).await;
        assert!(matches!(self.code(&asks(&code)).await, CodeRedeem::Redeemed(_)));
        (id, code, configuration)
    }

    async fn works(&self, token: &str) -> bool {
        self.store.token_find(token).await.unwrap().is_some()
    }
}

// OAU-4.1.3-01, OAU-4.1.2-04, SEC-CODE-05
#[tokio::test]
async fn a_code_is_spent_once_and_its_tokens_are_found() {
    let bench = on_memory();
    let (id, code, configuration) = bench.authorized(|_| {}).await;
    let CodeRedeem::Redeemed(found) = bench.code(&asks(&code)).await else { panic!("not redeemed") };
    assert_eq!((found.0.id, found.0.redeemed_at), (id, Some(bench.clock.now())));
    let (token, offer) = bench.store.token_find(&token_of(&code)).await.unwrap().unwrap();
    assert_eq!((token.origin, token.offer, offer.id), (Origin::AuthorizationCode, id, id));
    assert_eq!(token.configurations, [configuration]);
    assert_eq!(bench.store.authorization_claims(id).await.unwrap().unwrap(), approved());
    // One kind of handle is not another.
    for handle in [token_of(&code), refresh_of(&code)] {
        assert!(matches!(bench.code(&asks(&handle)).await, CodeRedeem::Unknown));
        assert!(matches!(bench.redeem(&handle, None).await, Redeem::Unknown));
    }
    assert!(matches!(bench.redeem(&code, None).await, Redeem::Unknown));
    assert!(matches!(bench.refresh(&refreshes(&code)).await, Refresh::Unknown));
    assert!(matches!(bench.refresh(&refreshes(&token_of(&code))).await, Refresh::Unknown));
    assert!(!bench.works(&code).await && !bench.works(&refresh_of(&code)).await);
    // An authorization is not an offer of the other grant.
    assert!(bench.store.offer_find(id).await.unwrap().is_none());
}

// OAU-4.1.2-05, SEC-CODE-01
#[tokio::test]
async fn a_second_use_by_the_same_client_ends_all_that_came_from_the_code() {
    let bench = on_memory();
    let (id, code, _) = bench.code_redeemed().await;
    assert!(matches!(bench.refresh(&refreshes(&refresh_of(&code))).await, Refresh::Refreshed(_)));
    let renewed = format!("access-{}", refresh_of(&code));
    // Others end nothing: neither another client, nor who does not have the verifier.
    let other = CodeRedemption { client_id: "other", ..asks(&code) };
    assert!(matches!(bench.code(&other).await, CodeRedeem::OtherClient));
    let guess = CodeRedemption { code_verifier: "guess", ..asks(&code) };
    assert!(matches!(bench.code(&guess).await, CodeRedeem::AlreadyUsed));
    assert!(bench.works(&token_of(&code)).await && bench.works(&renewed).await);
    assert!(matches!(bench.code(&asks(&code)).await, CodeRedeem::AlreadyUsed));
    assert!(!bench.works(&token_of(&code)).await && !bench.works(&renewed).await);
    assert!(matches!(bench.refresh(&refreshes(&refresh_of(&code))).await, Refresh::Ended));
    assert_eq!(bench.store.authorization_find(id).await.unwrap().unwrap().1, OfferState::Deleted);
    assert!(bench.store.authorization_claims(id).await.unwrap().is_none());
    assert!(matches!(bench.code(&asks(&code)).await, CodeRedeem::AlreadyUsed));
}

// OAU-4.1.3-02, OAU-4.1.3-03, DPP-5-01
#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_and_key_and_stays_good() {
    let bench = on_memory();
    let (_, code, _) = bench.authorized(|record| record.dpop_jkt = Some([1; 32])).await;
    let right = CodeRedemption { jkt: Some([1; 32]), ..asks(&code) };
    for (request, fits) in [
        (CodeRedemption { client_id: "Wallet", ..asks(&code) }, "OtherClient"),
        (CodeRedemption { redirect_uri: Some("https://wallet.example/cb/"), ..asks(&code) }, "OtherRedirectUri"),
        (CodeRedemption { jkt: None, ..asks(&code) }, "OtherKey"),
        (CodeRedemption { jkt: Some([2; 32]), ..asks(&code) }, "OtherKey"),
    ] {
        assert_eq!(format!("{:?}", bench.code(&request).await), fits);
        assert!(bench.store.code_redeemable(&request).await.unwrap().is_none(), "{fits}");
    }
    assert!(bench.store.code_redeemable(&right).await.unwrap().is_some());
    let without_uri = CodeRedemption { redirect_uri: None, ..right };
    assert!(matches!(bench.code(&without_uri).await, CodeRedeem::Redeemed(_)));
}

// ABC-9.4-01, SEC-ATT-02
#[tokio::test]
async fn a_code_for_an_attested_instance_is_for_no_other() {
    let bench = on_memory();
    let (_, code, _) = bench.authorized(|record| record.client_id = "attested".into()).await;
    let asks = |instance_key| CodeRedemption { client_id: "attested", instance_key, ..asks(&code) };
    for other in [None, Some([4; 32])] {
        assert!(matches!(bench.code(&asks(other)).await, CodeRedeem::OtherClient));
        assert!(bench.store.code_redeemable(&asks(other)).await.unwrap().is_none());
    }
    assert!(bench.store.code_redeemable(&asks(INSTANCE)).await.unwrap().is_some());
    assert!(matches!(bench.code(&asks(INSTANCE)).await, CodeRedeem::Redeemed(_)));
    // Long after the code has run out another instance still ends nothing.
    bench.clock.advance(CODE_LIFE * 20);
    assert!(matches!(bench.code(&asks(Some([4; 32]))).await, CodeRedeem::OtherClient));
    assert!(matches!(bench.code(&asks(INSTANCE)).await, CodeRedeem::AlreadyUsed));
}

// PKC-4.6-01, OAU-4.1.3-04
#[tokio::test]
async fn wrong_verifiers_are_counted_and_lock_the_code() {
    let bench = on_memory();
    let (id, code, _) = bench.authorized(|_| {}).await;
    let wrong = CodeRedemption { code_verifier: "x", ..asks(&code) };
    for left in [2, 1, 0] {
        assert!(matches!(bench.code(&wrong).await, CodeRedeem::WrongVerifier { left: told } if told == left));
    }
    assert!(matches!(bench.code(&asks(&code)).await, CodeRedeem::Locked));
    assert!(bench.store.authorization_claims(id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_code_runs_out_and_ends_with_its_configuration() {
    let bench = on_memory();
    let (id, late, _) = bench.authorized(|_| {}).await;
    let (_, orphan, configuration) = bench.authorized(|_| {}).await;
    assert!(bench.store.configuration_delete(configuration).await.unwrap());
    assert!(matches!(bench.code(&asks(&orphan)).await, CodeRedeem::Deleted));
    bench.clock.advance(CODE_LIFE);
    assert!(matches!(bench.code(&asks(&late)).await, CodeRedeem::Expired));
    // OPS-08: nothing personal is left of it.
    assert!(bench.store.authorization_claims(id).await.unwrap().is_none());
}

// The claims must be there as long as any token may ask for a credential, and no longer.
#[tokio::test]
async fn claims_live_as_long_as_the_last_token() {
    let bench = on_memory();
    let (id, code, configuration) = bench.code_redeemed().await;
    bench.clock.advance(REFRESH_LIFE.saturating_sub(Duration::from_secs(1)));
    assert!(!bench.works(&token_of(&code)).await);
    assert!(matches!(bench.refresh(&refreshes(&refresh_of(&code))).await, Refresh::Refreshed(_)));
    bench.clock.advance(TOKEN_LIFE.saturating_sub(Duration::from_secs(1)));
    assert!(bench.works(&format!("access-{}", refresh_of(&code))).await);
    assert!(bench.store.authorization_claims(id).await.unwrap().is_some());
    let issuance = Issuance {
        origin: Origin::AuthorizationCode,
        offer: id,
        configuration,
        nonces: &[],
        records: &[],
        statuses: &[],
        requests_allowed: u32::MAX,
        register_key: None,
        enriched: false,
    };
    for completed in [true, false, false] {
        assert_eq!(bench.store.issuance_record(&issuance).await.unwrap(), Issue::Recorded { completed });
    }
    assert!(bench.store.authorization_claims(id).await.unwrap().is_some());
    let once = Issuance { requests_allowed: 3, ..issuance };
    assert_eq!(bench.store.issuance_record(&once).await.unwrap(), Issue::AlreadyIssued);
    bench.clock.advance(Duration::from_secs(3));
    assert!(bench.store.authorization_claims(id).await.unwrap().is_none());
    assert!(bench.store.authorization_find(id).await.unwrap().is_none());
}

// OAU-6-02, ABC-9.3-01, DPP-5-02, F2-5.3.2.1-01
#[tokio::test]
async fn a_refresh_token_is_bound_to_client_and_key_and_stays_usable() {
    let bench = on_memory();
    let (_, code, _) = bench.authorized(|_| {}).await;
    let bound = CodeRedemption { jkt: Some([1; 32]), ..asks(&code) };
    assert!(matches!(bench.code(&bound).await, CodeRedeem::Redeemed(_)));
    let token = refresh_of(&code);
    let right = || RefreshRequest { jkt: Some([1; 32]), ..refreshes(&token) };
    assert!(matches!(bench.refresh(&RefreshRequest { client_id: "x", ..right() }).await, Refresh::OtherClient));
    assert!(matches!(bench.refresh(&RefreshRequest { jkt: Some([2; 32]), ..right() }).await, Refresh::OtherKey));
    assert!(matches!(bench.refresh(&RefreshRequest { jkt: None, ..right() }).await, Refresh::OtherKey));
    for _ in 0..3 {
        assert!(matches!(bench.refresh(&right()).await, Refresh::Refreshed(_)));
    }
    bench.clock.advance(REFRESH_LIFE);
    assert!(!matches!(bench.refresh(&right()).await, Refresh::Refreshed(_)));
}

// BCP-4.14.2-01, SEC-REF-01: rotation survives a lost answer, and a retired token ends the family.
#[tokio::test]
async fn a_rotated_token_works_until_its_successor_is_used_and_then_ends_all() {
    let bench = on_memory();
    let (id, code, _) = bench.code_redeemed().await;
    let (first, second, third) = (refresh_of(&code), "second".to_owned(), "third".to_owned());
    let rotate = |token: &str, next: &str| RefreshRequest {
        successor: Some(sha256(next.as_bytes())),
        access_token: sha256(format!("access-{token}").as_bytes()),
        ..refreshes(Box::leak(token.to_owned().into_boxed_str()))
    };
    // The answer gets lost twice; each time the same successor is named.
    for _ in 0..3 {
        assert!(matches!(bench.refresh(&rotate(&first, &second)).await, Refresh::Refreshed(_)));
    }
    assert!(matches!(bench.refresh(&rotate(&second, &third)).await, Refresh::Refreshed(_)));
    assert!(bench.works("access-second").await);
    // A successor lives no longer than the first would have.
    let next = bench.store.engine.get(REFRESH, &sha256(b"third")).await.unwrap().unwrap();
    assert_eq!(next.expires_at, Some(bench.after(REFRESH_LIFE)));
    assert!(matches!(
        bench.refresh(&RefreshRequest { client_id: "x", ..rotate(&first, &second) }).await,
        Refresh::OtherClient
    ));
    assert!(bench.works("access-second").await);
    assert!(matches!(bench.refresh(&rotate(&first, &second)).await, Refresh::Reused));
    assert!(!bench.works("access-second").await);
    assert!(matches!(bench.refresh(&rotate(&third, "fourth")).await, Refresh::Ended));
    assert_eq!(bench.store.authorization_find(id).await.unwrap().unwrap().1, OfferState::Deleted);
}

// SEC-TOK-03, RFC 7009 2.1
#[tokio::test]
async fn an_access_token_is_revoked_alone_and_a_refresh_token_with_all() {
    let bench = on_memory();
    let (_, code, _) = bench.code_redeemed().await;
    let (access, refresh) = (token_of(&code), refresh_of(&code));
    for token in [&access, &refresh] {
        assert_eq!(bench.store.token_revoke(token, Revoker::Wallet(Some("x"))).await.unwrap(), Revoke::OtherClient);
        assert_eq!(bench.store.token_revoke(token, Revoker::Wallet(None)).await.unwrap(), Revoke::OtherClient);
        assert!(bench.store.token_introspect(token).await.unwrap().is_some());
    }
    assert_eq!(bench.store.token_revoke(&access, Revoker::Wallet(Some("wallet"))).await.unwrap(), Revoke::AccessToken);
    assert!(!bench.works(&access).await);
    assert!(bench.store.token_introspect(&access).await.unwrap().is_none());
    assert!(matches!(bench.refresh(&refreshes(&refresh)).await, Refresh::Refreshed(_)));
    let renewed = format!("access-{refresh}");
    let Some(LiveToken::Access(..)) = bench.store.token_introspect(&renewed).await.unwrap() else { panic!("not live") };
    assert_eq!(bench.store.token_revoke(&refresh, Revoker::Operator).await.unwrap(), Revoke::Authorization);
    assert!(!bench.works(&renewed).await);
    assert!(bench.store.token_introspect(&refresh).await.unwrap().is_none());
    assert_eq!(bench.store.token_revoke(&refresh, Revoker::Operator).await.unwrap(), Revoke::Unknown);
    assert_eq!(bench.store.token_revoke("unknown", Revoker::Operator).await.unwrap(), Revoke::Unknown);
}

// SEC-CODE-02, OPS-06
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_redemptions_of_one_authorization_code_one_wins_and_the_copy_ends_it() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (id, code, _) = bench.authorized(|_| {}).await;
    let outcomes = crowd(&bench, |bench, _| {
        let code = code.clone();
        async move { bench.code(&asks(&code)).await }
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, CodeRedeem::Redeemed(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, CodeRedeem::AlreadyUsed)), CROWD - 1);
    drop(bench);
    let bench = on_redb(&folder, &clock);
    assert!(!bench.works(&token_of(&code)).await);
    assert_eq!(bench.store.authorization_find(id).await.unwrap().unwrap().1, OfferState::Deleted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_refreshes_at_once_all_work_and_rotation_names_one_successor() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (_, code, _) = bench.code_redeemed().await;
    for successor in [None, Some(sha256(b"next"))] {
        let outcomes = crowd(&bench, |bench, number| {
            let token = refresh_of(&code);
            async move {
                let access_token = sha256(&number.to_be_bytes());
                bench.refresh(&RefreshRequest { successor, access_token, ..refreshes(&token) }).await
            }
        })
        .await;
        assert_eq!(count(&outcomes, |outcome| matches!(outcome, Refresh::Refreshed(_))), CROWD);
    }
    // Its first use retires the old one, also when many use it at once.
    let outcomes = crowd(&bench, |bench, number| async move {
        let access_token = sha256(&(number + CROWD).to_be_bytes());
        bench.refresh(&RefreshRequest { access_token, ..refreshes("next") }).await
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Refresh::Refreshed(_))), CROWD);
    assert!(matches!(bench.refresh(&refreshes(&refresh_of(&code))).await, Refresh::Reused));
}

// OPS-08, OAU-10.4-01
#[tokio::test]
async fn an_authorization_shows_no_claim_code_or_token() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let (id, code, _) = bench.code_redeemed().await;
    assert!(bench.store.engine.get(AUTHORIZATION_SECRETS, id.as_bytes()).await.unwrap().is_some());
    assert_eq!(format!("{:?}", approved()), "ApprovedClaims(…)");
    drop(bench);
    let file = std::fs::read(folder.path().join("store.redb")).unwrap();
    let shows = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(shows(REDIRECT_URI), "the search finds what is not secret");
    for secret in ["Sommer", "Mika", VERIFIER, &code, &token_of(&code), &refresh_of(&code)] {
        assert!(!shows(secret), "{secret}");
    }
}
