//! JSON that a lax parser would take: duplicate members, depth, what is no UTF-8.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{CONFIGURATIONS, PRE_AUTHORIZED_OFFERS};
use issuerd_tests::{Daemon, HolderKey, Request};

// HTP-JSON-02
#[test]
fn htp_json_02_a_member_twice_is_a_mistake_at_any_level() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let configuration = daemon.configuration(MDL);
    let token = wallet.redeem(&management.offer_of(configuration, &mdl(&management.country())));
    let key = HolderKey::es256();
    let proof = wallet.proof(&key).sign(&key);
    // SEC-DUP-01
    for body in [
        format!(
            r#"{{"credential_configuration_id":"a","credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proof}"]}}}}"#
        ),
        format!(
            r#"{{"credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proof}"],"jwt":["{proof}"]}}}}"#
        ),
        format!(
            r#"{{"credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proof}"]}},"x":[{{"a":1,"a":1}}]}}"#
        ),
        format!(
            r#"{{"credential_configuration_id":"{configuration}","credential_configuration\u005fid":"a","proofs":{{"jwt":["{proof}"]}}}}"#
        ),
    ] {
        let request = Request::new("POST", &wallet.credential_path()).bearer(&token).content("application/json", body);
        wallet.send(&request).expect_error(400, "invalid_credential_request");
    }
    wallet.ask(&token, configuration, &[key]).expect(200);
    for (path, body) in [
        (PRE_AUTHORIZED_OFFERS, format!(r#"{{"credentials":["{configuration}"],"credentials":[]}}"#)),
        (PRE_AUTHORIZED_OFFERS, format!(r#"{{"credentials":["{configuration}"],"claims":{{"a":1,"a":2}}}}"#)),
        (CONFIGURATIONS, r#"{"type":"a","type":"b"}"#.into()),
    ] {
        let answer = management.send(Request::new("POST", path).content("application/json", body.clone()));
        assert_eq!(answer.expect(400).json()["code"], "BadRequest", "{body}");
    }
}

// SEC-DEPTH-01
#[test]
fn sec_depth_01_depth_is_bounded() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let token = wallet.redeem(&management.offer_of(daemon.configuration(MDL), &mdl(&management.country())));
    for (open, close, depth) in [("[", "]", 100_000), ("[", "]", 60), ("{\"a\":", "}", 60)] {
        let deep = format!("{{\"x\":{}1{}}}", open.repeat(depth), close.repeat(depth));
        let request =
            Request::new("POST", &wallet.credential_path()).bearer(&token).content("application/json", deep.clone());
        let answer = wallet.send(&request);
        assert!(answer.status == 413 || answer.json()["error"] == "invalid_credential_request", "{}", answer.text());
        let answer = management.send(Request::new("POST", PRE_AUTHORIZED_OFFERS).content("application/json", deep));
        assert!(matches!(answer.status, 400 | 413), "{}", answer.text());
    }
}

// SEC-UNI-01
#[test]
fn sec_uni_01_what_is_no_unicode_text_is_refused() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let configuration = daemon.configuration(MDL);
    for claim in [
        b"\"\xff\"".as_slice(),
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        br#""\ud800""#,
        b"\"\x01\"",
        b"NaN",
        b"1e999",
        b"01",
        b"'x'",
    ] {
        let body =
            [format!("{{\"credentials\":[\"{configuration}\"],\"claims\":{{\"a\":").as_bytes(), claim, b"}}"].concat();
        let answer = management.send(Request::new("POST", PRE_AUTHORIZED_OFFERS).content("application/json", body));
        assert_eq!(answer.status, 400, "{:?}: {}", String::from_utf8_lossy(claim), answer.text());
    }
}

// HTP-ERR-01
#[test]
fn htp_err_01_errors_do_not_echo_what_was_sent() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let nasty = "\u{e9}\n\"\\<script>";
    for fields in [
        [("grant_type", nasty), ("pre-authorized_code", "x")],
        [("grant_type", issuerd_tests::offer::PRE_AUTHORIZED), ("pre-authorized_code", nasty)],
    ] {
        let answer = wallet.token_with(&fields);
        assert!(!answer.text().contains("<script"), "{}", answer.text());
        assert_eq!(answer.status, 400);
    }
    let answer = wallet.get("/%3Cscript%3E%0d%0aX-Injected:%201");
    assert!(answer.header("x-injected").is_none() && !answer.text().contains("cript>"));
}
