use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::super::settings::SecretPlace;
use super::*;

fn sections(from: SecretPlace) -> BTreeMap<String, SecretSettings> {
    BTreeMap::from([(
        "register".to_owned(),
        SecretSettings { from, origins: vec!["https://register.example".to_owned()] },
    )])
}

fn in_file(content: &[u8]) -> Result<Vec<u8>, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, content).unwrap();
    Secrets::load(&sections(SecretPlace::File(path))).map(|read| read.get("register").unwrap().value.expose().to_vec())
}

#[test]
fn the_line_break_at_the_end_of_a_file_is_not_part_of_the_secret() {
    for (content, value) in [
        (&b"s3cret"[..], &b"s3cret"[..]),
        (b"s3cret\n", b"s3cret"),
        (b"s3cret\r\n", b"s3cret"),
        (b"s3cret\n\n", b"s3cret\n"),
        (b" s3cret ", b" s3cret "),
    ] {
        assert_eq!(in_file(content).unwrap(), value);
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_section() {
    for (from, part) in [
        (SecretPlace::File(PathBuf::from("/nowhere/at/all")), "/nowhere/at/all"),
        (SecretPlace::Environment("ISSUERD_TEST_NO_SUCH_VARIABLE".to_owned()), "ISSUERD_TEST_NO_SUCH_VARIABLE"),
        (SecretPlace::Credential("register".to_owned()), "LoadCredential"),
    ] {
        let problems = Secrets::load(&sections(from)).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("[secret.register]: ") && problems[0].contains(part), "{problems:?}");
    }
    assert!(in_file(b"\n").unwrap_err()[0].contains("empty"));
    assert!(in_file(&vec![b'a'; 70_000]).unwrap_err()[0].contains("longer than"));
}

#[test]
fn an_environment_variable_is_read() {
    // Set for every process by cargo.
    let read = Secrets::load(&sections(SecretPlace::Environment("CARGO_PKG_NAME".to_owned()))).unwrap();
    assert_eq!(read.get("register").unwrap().value.expose(), b"issuerd");
    assert_eq!(format!("{read:?}"), r#"{"register"}"#);
}

#[test]
fn masks_hide_values_wherever_they_stand() {
    let values = [&b"s3cret"[..], b"s3cret-and-longer", b"abc"].map(|value| Secret::new(value.to_vec()));
    let masks = Masks::new(&values);
    for (text, masked) in [
        ("nothing here", "nothing here"),
        ("s3cret", "***"),
        ("Bearer s3cret, again s3cret.", "Bearer ***, again ***."),
        ("s3cret-and-longer", "***"),
        ("s3cres3cret", "s3cre***"),
        ("czNjcmV0", "***"),
        ("too short to hide: abc", "too short to hide: abc"),
        ("grüße s3cret", "grüße ***"),
    ] {
        assert_eq!(masks.text(text.to_owned()), masked);
    }
    assert_eq!(masks.bytes(b"\xff\x00s3cret".to_vec()), b"\xff\x00***");
}

#[test]
fn masks_hide_values_however_they_are_quoted() {
    let value = "pä\"ss/w+ rd\\1";
    let masks = Masks::new(&[Secret::new(value.as_bytes().to_vec())]);
    let base64 = |text: &str| STANDARD.encode(text);
    let percent = |byte: u8| format!("%{byte:02X}");
    let url = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for quoted in [
        serde_json::to_string(value).unwrap(),
        // What others make of JSON: everything but ASCII escaped, or slashes too.
        format!("\"{}\"", r#"p\u00e4\"ss/w+ rd\\1"#),
        format!("\"{}\"", r"p\u00E4\u0022ss\/w\u002b rd\u005C1"),
        format!("{value:?}"),
        format!("b'{}'", r#"p\xc3\xa4\"ss/w+ rd\\1'"#),
        url(value),
        value.bytes().map(percent).collect::<Vec<_>>().concat(),
        value.bytes().map(percent).collect::<Vec<_>>().concat().to_lowercase(),
        base64(value),
        url(&base64(value)),
        URL_SAFE_NO_PAD.encode(value),
        value.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        value.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat(),
    ] {
        let shown = masks.text(format!("said [{quoted}]"));
        assert!(shown.contains("***") && shown.len() < 20, "{quoted}: {shown}");
    }
    // In base64 of more than the value, whatever stands around it.
    for before in ["", "u", "us", "use", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            let shown = masks.text(base64(&format!("{before}{value}{after}")));
            assert!(shown.contains("***") && shown.len() <= 3 + 4 + 8 + 4, "{before}…{after}: {shown}");
        }
    }
}

#[test]
fn what_looks_like_an_escape_is_a_value_too() {
    for value in ["%41%42", "a\\\\nb", "\\u0041", "++++", "%%%%", "\\\\\\\\"] {
        let masks = Masks::new(&[Secret::new(value.as_bytes().to_vec())]);
        assert_eq!(masks.text(format!("<{value}>")), "<***>");
        let json = serde_json::to_string(value).unwrap();
        let shown = masks.text(json);
        assert!(shown.len() >= 5 && shown.trim_matches('"').bytes().all(|byte| byte == b'*'), "{value}: {shown}");
    }
    let masks = Masks::new(&[Secret::new(b"abcd".to_vec())]);
    for harmless in ["abc", "100 %", "ab%", "\\", "ab\\u00", "a+b", "50%41"] {
        assert_eq!(masks.text(harmless.to_owned()), harmless);
    }
}

#[test]
fn an_escape_that_is_cut_off_shows_no_half_of_a_secret() {
    let masks = Masks::new(&[Secret::new(b"abcdefghijklmnop".to_vec())]);
    let escaped =
        "abcdefghijklmnop".chars().map(|sign| format!("\\u{:04x}", u32::from(sign))).collect::<Vec<_>>().concat();
    for longest in 1..60 {
        for shift in 0..8 {
            let text = format!("{}{}", "-".repeat(longest * 8 - shift * 12 % (longest * 8)), escaped.repeat(20));
            let shown = masks.beginning(text, longest);
            assert!(shown.len() <= longest && !shown.contains("u006"), "{longest}: {shown}");
        }
    }
}

#[test]
fn a_text_that_is_cut_off_shows_no_half_of_a_secret() {
    let masks = Masks::new(&[Secret::new(b"abcdefghijklmnop".to_vec())]);
    for longest in 1..60 {
        for text in ["abcdefghijklmnop".repeat(100), format!("{}abcdefghijklmnop", "-".repeat(longest * 8 - 4))] {
            let shown = masks.beginning(text, longest);
            assert!(shown.len() <= longest && !shown.contains("abc"), "{longest}: {shown}");
        }
    }
    assert_eq!(masks.beginning("grüße".to_owned(), 3), "gr");
}
