//! No claim, code, token or secret in logs, metrics or the bytes of the data directory (VCI-15.3-02, SEC-LOG-01, OPS-08).

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use issuerd_tests::claims::{mdl, with};
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey};
use serde_json::json;

const FAMILY_NAME: &str = "Zwiebelturmwaechter";
const DOCUMENT: &str = "QX-7719-4408-ZZ";
const PERSISTED: &str = "Kieselsteinsammlerin";

/// What must be nowhere, by a name for the message.
struct Planted(Vec<(&'static str, Vec<u8>)>);

impl Planted {
    fn add(&mut self, name: &'static str, secret: &str) {
        assert!(secret.len() >= 6, "{name} is too short to be searched for");
        self.0.push((name, secret.as_bytes().to_vec()));
        // As raw bytes, too, where it is base64url of random bytes.
        if let Ok(raw) = URL_SAFE_NO_PAD.decode(secret)
            && raw.len() >= 16
        {
            self.0.push((name, raw));
        }
    }

    #[track_caller]
    fn is_not_in(&self, place: &str, bytes: &[u8]) {
        for (name, secret) in &self.0 {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_slice());
            assert!(!found, "{name} is in {place}");
        }
    }
}

fn every_file(folder: &Path, look: &mut impl FnMut(&Path, Vec<u8>)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, look);
        } else {
            look(&path, std::fs::read(&path).unwrap());
        }
    }
}

/// Uses the daemon in every way that touches a secret, right and wrong.
fn plant(daemon: &Daemon) -> Planted {
    let (management, wallet, id) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let claims = with(with(mdl(&management.country()), "family_name", FAMILY_NAME), "document_number", DOCUMENT);
    let claims = with(claims, "nickname", PERSISTED);
    let make = |mode: &str| {
        management.offer(&json!({ "credentials": [id], "claims": claims, "claimsToPersist": ["nickname"],
            "transactionCodeConfiguration": { "inputMode": mode, "length": 12 } }))
    };
    let (claimed, open, locked) = (make("text"), make("text"), make("text"));
    let mut planted = Planted(Vec::new());
    planted.add("a claim", FAMILY_NAME);
    planted.add("a claim", DOCUMENT);
    planted.add("a persisted claim", PERSISTED);
    planted.add("the client secret", daemon.ready.line["client_secret"].as_str().unwrap());
    planted.add("the management token", &daemon.ready.access_token);
    for offer in [&claimed, &open, &locked] {
        planted.add("a pre-authorized code", &offer.code);
        planted.add("a transaction code", offer.tx_code.as_deref().unwrap());
        planted.add("an offer reference", offer.reference_path().split('/').nth(4).unwrap());
        wallet.get(&offer.reference_path()).expect(200);
    }
    for _ in 0..3 {
        wallet.token(&locked.code, Some("WRONGWRONGWR")).expect_error(400, "invalid_grant");
    }
    planted.add("a wrong transaction code", "WRONGWRONGWR");
    let token = wallet.redeem(&claimed);
    planted.add("an access token", &token);
    let key = HolderKey::es256();
    let nonce = wallet.proof(&key);
    let proof = nonce.sign(&key);
    planted.add("a proof", &proof);
    planted.add("a nonce", nonce.claims["nonce"].as_str().unwrap());
    wallet
        .credential(&token, &request_body("unknown", std::slice::from_ref(&proof)))
        .expect_error(400, "unknown_credential_configuration");
    let mdoc = credentials(&wallet.credential(&token, &request_body(id, &[proof])).expect(200)).remove(0);
    // VCI-15.3-01, VCI-15.4.1-03: what could track the credential is gone as well.
    planted.0.push(("the issuer's signature", mdoc.signature.clone()));
    planted.0.push(("the device key", key.x().to_vec()));
    planted.0.extend(mdoc.elements.iter().map(|element| ("a salt", element.random.clone())));
    planted.0.push(("the portrait", STANDARD.decode(issuerd_tests::claims::PORTRAIT).unwrap()));
    let private = json!({ "credentials": [id], "claims": { "a": FAMILY_NAME }, "expiresIn": FAMILY_NAME });
    management.post("/v1/openid/offers/pre-authorized", &private).expect(400);
    planted
}

// SEC-LOG-01
#[test]
fn sec_log_01_planted_secrets_are_nowhere() {
    let mut daemon = Daemon::with(Options::default().environment("ISSUERD_LOG_LEVEL", "trace"));
    let planted = plant(&daemon);
    planted.is_not_in("the metrics", daemon.management().metrics().as_bytes());
    let listed = daemon.management().list("/v1/openid/offers");
    planted.is_not_in("the list of offers", serde_json::to_string(&listed).unwrap().as_bytes());
    every_file(daemon.data(), &mut |path, bytes| planted.is_not_in(&path.display().to_string(), &bytes));
    daemon.end();
    let log = daemon.stderr();
    // The log is at its most talkative, and says something of each request.
    assert!(log.lines().count() >= 15, "{log}");
    planted.is_not_in("the log", log.as_bytes());
    // The line for programs carries the client secret and the token, and nothing else of this.
    let line = daemon.stdout();
    let rest = Planted(
        planted
            .0
            .into_iter()
            .filter(|(name, _)| !name.starts_with("the client") && !name.starts_with("the management"))
            .collect(),
    );
    rest.is_not_in("standard output", line.as_bytes());
    every_file(daemon.data(), &mut |path, bytes| rest.is_not_in(&path.display().to_string(), &bytes));
}

#[test]
fn private_keys_and_the_data_file_do_not_meet_in_clear() {
    let mut daemon = Daemon::start();
    daemon.end();
    let mut keys = Vec::new();
    every_file(daemon.data(), &mut |path, bytes| {
        // PKCS#8 of an EC key: its version, then the algorithm identifier of P-256.
        let pkcs8 = [0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        assert!(!bytes.windows(pkcs8.len()).any(|window| window == pkcs8), "a private key in {}", path.display());
        assert!(!bytes.windows(11).any(|window| window == b"PRIVATE KEY"), "a private key in {}", path.display());
        if bytes.len() <= 128 {
            keys.push(bytes);
        }
    });
    // The master key is a file of its own and not in the data file.
    every_file(daemon.data(), &mut |path, bytes| {
        for key in keys.iter().filter(|key| key.len() >= 32 && key.len() < bytes.len()) {
            assert!(
                !bytes.windows(key.len()).any(|window| window == key.as_slice()),
                "the master key in {}",
                path.display()
            );
        }
    });
}
