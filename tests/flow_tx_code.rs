//! Transaction codes: their form, and what wrong ones do.

use issuerd_tests::daemon::MDL;
use issuerd_tests::offer::PRE_AUTHORIZED;
use issuerd_tests::{Daemon, Offer, Wallet};
use serde_json::json;

fn made(daemon: &Daemon, mode: &str) -> Offer {
    let body =
        json!({ "credentials": [daemon.configuration(MDL)], "transactionCodeConfiguration": { "inputMode": mode } });
    daemon.management().offer(&body)
}

/// A code of the same form that is not `code`.
fn another(code: &str) -> String {
    let last = if code.ends_with('7') { '3' } else { '7' };
    format!("{}{last}", &code[..code.len() - 1])
}

// VCI-4.1.1-11
#[test]
fn vci_4_1_1_11_numeric_codes_are_digits_and_text_codes_are_readable() {
    let daemon = Daemon::start();
    let mut leading_zero = false;
    for _ in 0..60 {
        let numeric = made(&daemon, "numeric").tx_code.unwrap();
        // VCI-13.6.3-04: six digits, as a string, leading zeros kept.
        assert!(numeric.len() == 6 && numeric.bytes().all(|b| b.is_ascii_digit()), "{numeric}");
        leading_zero |= numeric.starts_with('0');
    }
    // One in ten starts with zero: 60 without any have a chance of 0.002, so ask on until there is one.
    while !leading_zero {
        leading_zero = made(&daemon, "numeric").tx_code.unwrap().starts_with('0');
    }
    let text = made(&daemon, "text").tx_code.unwrap();
    assert!(text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric()), "{text}");
}

// VCI-6.3-02
#[test]
fn vci_6_3_02_a_missing_code_is_asked_for_and_costs_nothing() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon, "numeric"));
    // SEC-TX-02: neither absent nor empty codes count or reset the count.
    for _ in 0..5 {
        wallet.token(&offer.code, None).expect_error(400, "invalid_request");
        wallet.token(&offer.code, Some("")).expect_error(400, "invalid_request");
    }
    wallet.token(&offer.code, offer.tx_code.as_deref()).expect(200);
}

// VCI-6.3-03
#[test]
fn vci_6_3_03_a_code_that_was_not_asked_for_is_refused() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let offer = daemon.management().offer(&json!({ "credentials": [daemon.configuration(MDL)] }));
    wallet.token(&offer.code, Some("123456")).expect_error(400, "invalid_request");
    wallet.token(&offer.code, None).expect(200);
}

// VCI-6.3-04
#[test]
fn vci_6_3_04_a_wrong_code_is_an_invalid_grant_and_the_right_one_still_works() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon, "numeric"));
    let right = offer.tx_code.clone().unwrap();
    for _ in 0..2 {
        wallet.token(&offer.code, Some(&another(&right))).expect_error(400, "invalid_grant");
    }
    assert_eq!(daemon.management().offer_state(&offer.id), "open");
    wallet.token(&offer.code, Some(&right)).expect(200);
    // VCI-13.6.3-02
    wallet.token(&offer.code, Some(&right)).expect_error(400, "invalid_grant");
}

// VCI-13.6.3-01
#[test]
fn vci_13_6_3_01_the_third_wrong_code_ends_the_offer_for_good() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon, "numeric"));
    let right = offer.tx_code.clone().unwrap();
    for _ in 0..3 {
        wallet.token(&offer.code, Some(&another(&right))).expect_error(400, "invalid_grant");
    }
    assert_eq!(daemon.management().offer_state(&offer.id), "locked");
    wallet.token(&offer.code, Some(&right)).expect_error(400, "invalid_grant");
    assert!(matches!(wallet.get(&offer.reference_path()).status, 404 | 410));
    // SEC-TX-03: a new offer can be made.
    let again = made(&daemon, "numeric");
    wallet.token(&again.code, again.tx_code.as_deref()).expect(200);
}

// SEC-TX-02
#[test]
fn sec_tx_02_look_alikes_of_the_right_code_are_wrong() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for change in [
        |code: &str| format!(" {code}"),
        |code: &str| format!("{code} "),
        |code: &str| {
            code.chars().map(|c| char::from_u32(0xff10 + c.to_digit(10).unwrap()).unwrap()).collect::<String>()
        },
        |code: &str| format!("0{code}"),
        |code: &str| code[1..].to_owned(),
        |code: &str| "9".repeat(10_000) + code,
    ] {
        let offer = made(&daemon, "numeric");
        let code = offer.tx_code.clone().unwrap();
        wallet.token(&offer.code, Some(&change(&code))).expect_error(400, "invalid_grant");
        wallet.token(&offer.code, Some(&code)).expect(200);
    }
}

// SEC-TX-02
#[test]
fn sec_tx_02_other_names_and_repetitions_do_not_pass_as_the_code() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let fields = |offer: &Offer, name: &str, times: usize| {
        let code = offer.tx_code.clone().unwrap();
        let mut fields = vec![("grant_type".to_owned(), PRE_AUTHORIZED.to_owned())];
        fields.push(("pre-authorized_code".into(), offer.code.clone()));
        fields.extend((0..times).map(|_| (name.to_owned(), code.clone())));
        fields
    };
    let send = |wallet: &Wallet, fields: &[(String, String)]| {
        wallet.token_with(&fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
    };
    for (name, times) in [("tx_code[]", 1), ("TX_CODE", 1), ("user_pin", 1), ("tx_code", 2)] {
        let offer = made(&daemon, "numeric");
        send(&wallet, &fields(&offer, name, times)).expect_error(400, "invalid_request");
        send(&wallet, &fields(&offer, "tx_code", 1)).expect(200);
    }
}

// VCI-6.3-06
#[test]
fn vci_6_3_06_an_unknown_code_answers_alike_with_any_transaction_code() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let unknown = "bm8tc3VjaC1jb2RlLW5vLXN1Y2gtY29kZS1uby1zdWNo";
    let bodies: Vec<_> =
        [None, Some("123456"), Some("abc")].map(|code| wallet.token(unknown, code).expect(400).body).into();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

// SEC-TX-01
#[test]
fn sec_tx_01_the_count_survives_a_restart() {
    let daemon = Daemon::start();
    let offer = made(&daemon, "numeric");
    let right = offer.tx_code.clone().unwrap();
    for _ in 0..2 {
        daemon.wallet().token(&offer.code, Some(&another(&right))).expect_error(400, "invalid_grant");
    }
    let daemon = daemon.restart();
    daemon.wallet().token(&offer.code, Some(&another(&right))).expect_error(400, "invalid_grant");
    assert_eq!(daemon.management().offer_state(&offer.id), "locked");
    daemon.wallet().token(&offer.code, Some(&right)).expect_error(400, "invalid_grant");
}
