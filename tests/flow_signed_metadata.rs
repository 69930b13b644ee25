//! The Credential Issuer metadata as a JWT.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use issuerd_tests::certificate::Certificate;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wait::now;
use issuerd_tests::{Answer, Daemon, Request};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

const METADATA: &str = "/.well-known/openid-credential-issuer";
const JWT: &str = "application/jwt";

fn get(daemon: &Daemon, accept: &str) -> Answer {
    daemon.wallet().send(&Request::get(METADATA).header("Accept", accept))
}

/// Header, claims and chain of a signed document whose signature is good.
#[track_caller]
fn opened(answer: &Answer) -> (Value, Value, Vec<Certificate>) {
    assert_eq!((answer.status, answer.media_type().as_str()), (200, JWT), "{}", answer.text());
    let text = answer.text();
    let parts: Vec<_> = text.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{text}") };
    let read = |part: &str| serde_json::from_slice::<Value>(&B64.decode(part).unwrap()).unwrap();
    let (header_read, claims_read) = (read(header), read(claims));
    let chain = header_read["x5c"].as_array().unwrap().iter();
    let chain: Vec<_> =
        chain.map(|der| Certificate::from_der(&STANDARD.decode(der.as_str().unwrap()).unwrap())).collect();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, chain[0].public_key());
    key.verify(format!("{header}.{claims}").as_bytes(), &B64.decode(signature).unwrap()).unwrap();
    (header_read, claims_read, chain)
}

// VCI-12.2.2-06, VCI-12.2.3-01, VCI-12.2.3-02, VCI-12.2.3-03, VCI-12.2.3-04, VCI-12.2.3-05, VCI-12.2.3-07, ARF-ISSU_32-01
#[test]
fn who_asks_for_a_jwt_gets_the_same_document_signed() {
    let daemon = Daemon::start();
    let answer = get(&daemon, "application/jwt, application/json;q=0.5");
    assert!(answer.lists("vary", "accept") && answer.lists("vary", "accept-language"), "{:?}", answer.headers);
    let (header, mut claims, chain) = opened(&answer);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("openidvci-issuer-metadata+jwt")));
    let seconds = issuerd_tests::proof::seconds_now();
    assert_eq!(claims["sub"], daemon.ready.issuer.as_str());
    assert!(claims["iat"].as_i64().unwrap() <= seconds && seconds < claims["exp"].as_i64().unwrap(), "{claims}");
    for added in ["sub", "iat", "exp"] {
        claims.as_object_mut().unwrap().remove(added);
    }
    assert_eq!(claims, daemon.wallet().metadata());
    // One certificate: it leads to the IACA, which is not sent along, and it signs nothing else.
    let [leaf] = chain.as_slice() else { panic!("{} certificates", chain.len()) };
    let iaca = daemon.management().iaca();
    iaca.signed(leaf);
    assert_eq!(leaf.authority_key_id(), iaca.subject_key_id());
    let offer = daemon
        .management()
        .offer_of(daemon.configuration(MDL), &issuerd_tests::claims::mdl(&daemon.management().country()));
    let mdoc = daemon.wallet().claim(&offer, &[issuerd_tests::HolderKey::es256()]).remove(0);
    assert_ne!(mdoc.signer().public_key(), leaf.public_key());
}

// VCI-12.2.2-04, VCI-12.2.2-05, VCI-12.2.2-10, HTP-9110-09
#[test]
fn everybody_else_gets_json() {
    let daemon = Daemon::start();
    let plain = daemon.wallet().get(METADATA).expect(200);
    for accept in
        ["*/*", "application/json", "application/json, application/jwt", "text/html", ";;;", "application/jwt;q=0"]
    {
        let answer = get(&daemon, accept).expect(200);
        assert_eq!((answer.media_type().as_str(), &answer.body), ("application/json", &plain.body), "{accept}");
    }
    for language in ["de", ";;;", "*"] {
        let answer = daemon.wallet().send(&Request::get(METADATA).header("Accept-Language", language)).expect(200);
        assert_eq!(answer.body, plain.body, "{language}");
        assert!(answer.header("content-language").is_none());
    }
}

// VCI-12.2.3-06, HTP-9111-02
#[test]
fn it_is_signed_once_and_again_after_a_change_and_survives_a_restart() {
    let daemon = Daemon::start();
    let first = get(&daemon, JWT).expect(200);
    let again = get(&daemon, JWT).expect(200);
    assert_eq!(first.body, again.body);
    let etag = first.header("etag").unwrap();
    assert_ne!(Some(etag), daemon.wallet().get(METADATA).header("etag"));
    let known = Request::get(METADATA).header("Accept", JWT).header("If-None-Match", etag);
    assert_eq!(daemon.wallet().send(&known).expect(304).header("etag"), Some(etag));
    let made = daemon.management().create_configuration(&membership("org.example.club"));
    let (_, claims, chain) = opened(&get(&daemon, JWT));
    assert!(claims["credential_configurations_supported"].get(&made).is_some());
    let signer = chain[0].pem();
    let daemon = daemon.kill_and_restart();
    assert_eq!(opened(&get(&daemon, JWT)).2[0].pem(), signer);
}

#[test]
fn signing_takes_no_time_once_it_is_done() {
    let daemon = Daemon::start();
    get(&daemon, JWT).expect(200);
    let mut connection = issuerd_tests::Connection::open(daemon.public());
    let (request, start) = (Request::get(METADATA).header("Accept", JWT), now());
    for _ in 0..500 {
        connection.send(&request).expect(200);
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

// VCI-12.2.2-07
#[test]
fn where_nothing_is_signed_json_is_to_be_had() {
    let daemon = Daemon::installed("[signed_metadata]\nenabled = false\n");
    let answer = get(&daemon, JWT).expect(200);
    assert_eq!(answer.media_type(), "application/json");
}

fn block(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

/// A root, an intermediate and a leaf with its key, all PEM.
fn access_certificate() -> (String, String, String, String) {
    let named = |name: &str, usage| {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        params
    };
    let authority = |name| {
        let mut params = named(name, KeyUsagePurpose::KeyCertSign);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let keys = [(); 3].map(|()| KeyPair::generate().unwrap());
    let (root, middle) = (authority("Access Root"), authority("Access CA"));
    let root_der = root.self_signed(&keys[0]).unwrap();
    let middle_der = middle.signed_by(&keys[1], &Issuer::from_params(&root, &keys[0])).unwrap();
    let leaf = named("Example Authority", KeyUsagePurpose::DigitalSignature);
    let leaf_der = leaf.signed_by(&keys[2], &Issuer::from_params(&middle, &keys[1])).unwrap();
    let certificates = [root_der, middle_der, leaf_der].map(|one| block("CERTIFICATE", one.der()));
    let [root, middle, leaf] = certificates;
    (root, middle, leaf, block("PRIVATE KEY", &keys[2].serialize_der()))
}

// ARF-ISSU_32-01, VCI-12.2.3-05
#[test]
fn a_certificate_of_the_operator_signs_with_its_chain_and_without_its_root() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (root, middle, leaf, key) = access_certificate();
    std::fs::write(path("chain.pem"), format!("{leaf}{middle}{root}")).unwrap();
    std::fs::write(path("key.pem"), &key).unwrap();
    let section = |chain: &str, key: &str| {
        format!("[signed_metadata]\ncertificate = \"{}\"\nkey = \"{}\"\n", path(chain), path(key))
    };
    let daemon = Daemon::installed(&section("chain.pem", "key.pem"));
    let (_, claims, chain) = opened(&get(&daemon, JWT));
    assert_eq!(claims["credential_issuer"], daemon.ready.issuer.as_str());
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[0].attribute("CN").as_deref(), Some("Example Authority"));
    chain[1].signed(&chain[0]);
    // What does not fit stops the start.
    std::fs::write(path("other.pem"), block("PRIVATE KEY", &KeyPair::generate().unwrap().serialize_der())).unwrap();
    std::fs::write(path("root.pem"), &root).unwrap();
    for (chain, key, word) in [
        ("chain.pem", "other.pem", "does not fit"),
        ("root.pem", "key.pem", "self-signed"),
        ("key.pem", "key.pem", "CERTIFICATE"),
        ("chain.pem", "chain.pem", "PRIVATE KEY"),
        ("nowhere.pem", "key.pem", "cannot be read"),
    ] {
        let said = Daemon::refused(&section(chain, key));
        assert!(said.contains("signed_metadata") && said.contains(word), "{said}");
    }
}
