//! Text: NFC, no control characters, the repertoire and length of the element.

use std::borrow::Cow;

use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{Refusal, Written, string};
use crate::format::mdoc::cbor;
use crate::format::mdoc::elements::Kind;

/// Characters in a text element (ISO/IEC 18013-5 7.2.1, PID rulebook 3.1).
const MOST_CHARACTERS: usize = 150;

/// Appends a text element of one of the kinds that are text.
pub(super) fn write(out: &mut Vec<u8>, kind: Kind, value: &Value) -> Written {
    let text = limited(string(value)?)?;
    if let Some(refusal) = refusal(kind, &text) {
        return Err(refusal);
    }
    cbor::text(out, &text);
    Ok(())
}

/// Appends text of any length that may have several lines.
pub(super) fn write_free(out: &mut Vec<u8>, text: &str) -> Written {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not have control characters");
    }
    cbor::text(out, &composed(text));
    Ok(())
}

/// Appends a text member of a structure.
pub(super) fn write_member(out: &mut Vec<u8>, text: &str) -> Written {
    cbor::text(out, &limited(text)?);
    Ok(())
}

/// ISO 3166-1 alpha-2, or a user-assigned code of the same form.
pub(super) fn is_alpha2(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn refusal(kind: Kind, text: &str) -> Option<Refusal> {
    let (holds, refusal) = match kind {
        Kind::Latin1 => (text.chars().all(|c| u32::from(c) <= 0xff), "must have Latin-1 characters only"),
        Kind::Alpha2 => (is_alpha2(text), "must be an ISO 3166-1 alpha-2 code in upper case"),
        Kind::Subdivision => (is_subdivision(text), "must be an ISO 3166-2 code in upper case"),
        Kind::DistinguishingSign => (is_sign(text), "must be a distinguishing sign of 1 to 3 capital letters"),
        Kind::Phone => (is_phone(text), "must be a phone number of + and digits"),
        Kind::Email => (is_email(text), "must be an e-mail address"),
        Kind::Url => (is_url(text), "must be a URL"),
        Kind::OneOf(list) => (list.contains(&text), "must be a value from the standard's list"),
        _ => (true, ""),
    };
    (!holds).then_some(refusal)
}

fn limited(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let text = composed(text);
    if text.trim().is_empty() {
        Err("must not be empty")
    } else if text.len() > MOST_CHARACTERS && text.chars().count() > MOST_CHARACTERS {
        Err("must have at most 150 characters")
    } else if text.chars().any(char::is_control) {
        Err("must not have control characters")
    } else {
        Ok(text)
    }
}

fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

fn is_subdivision(text: &str) -> bool {
    text.split_once('-').is_some_and(|(country, part)| {
        let code = part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        is_alpha2(country) && (1..=3).contains(&part.len()) && code
    })
}

fn is_sign(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_email(text: &str) -> bool {
    let sides = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    sides && !text.contains(char::is_whitespace)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, text: &str) -> Result<String, Refusal> {
        let mut out = Vec::new();
        write(&mut out, kind, &text.into())?;
        Ok(ciborium::from_reader(out.as_slice()).unwrap())
    }

    // MDL-03, MDL-07, PID-04, PID-07
    #[test]
    fn text_has_at_most_150_characters() {
        let most = "é".repeat(150);
        for kind in [Kind::Text, Kind::Latin1] {
            assert_eq!(written(kind, &most).unwrap(), most);
            assert_eq!(written(kind, &"a".repeat(151)), Err("must have at most 150 characters"));
            assert_eq!(written(kind, ""), Err("must not be empty"));
            assert_eq!(written(kind, "  "), Err("must not be empty"));
        }
    }

    // MDL-03, MDL-11
    #[test]
    fn latin1_elements_refuse_other_scripts() {
        for name in ["Sømmer", "Müller-Straße", "O'Néill", "Ünlü"] {
            assert_eq!(written(Kind::Latin1, name).is_ok(), name.chars().all(|c| u32::from(c) < 256), "{name}");
        }
        for name in ["Зоммер", "Łukasz", "山田"] {
            assert_eq!(written(Kind::Latin1, name), Err("must have Latin-1 characters only"));
            assert_eq!(written(Kind::Text, name).unwrap(), name);
        }
    }

    // MDL-21
    #[test]
    fn text_is_composed_and_without_control_characters() {
        assert_eq!(written(Kind::Latin1, "So\u{308}mmer").unwrap(), "Sömmer");
        for text in ["a\nb", "a\u{0}", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(written(Kind::Text, text), Err("must not have control characters"), "{text:?}");
        }
        let mut out = Vec::new();
        assert_eq!(write_free(&mut out, "two\nlines"), Ok(()));
        assert_eq!(write_free(&mut out, "a\u{1b}[0m"), Err("must not have control characters"));
    }

    // MDL-06, MDL-10, MDL-13, MDL-17, PID-07, PID-14
    #[test]
    fn codes_have_their_form() {
        for (kind, good, bad) in [
            (Kind::Alpha2, vec!["DE", "XK", "QU", "QS"], vec!["de", "DEU", "D", "D1", "DÉ"]),
            (
                Kind::Subdivision,
                vec!["DE-BY", "US-NY", "FR-75", "GB-ENG"],
                vec!["DE", "BY", "DE-", "DE-BAYE", "de-by", "DE_BY"],
            ),
            (Kind::DistinguishingSign, vec!["D", "USA", "GB"], vec!["d", "USAA", "1"]),
            (Kind::Phone, vec!["+4930123456"], vec!["030123456", "+", "+49 30", "+49x"]),
            (Kind::Email, vec!["mika@example.org"], vec!["mika", "@example.org", "mika@", "mi ka@example.org"]),
            (Kind::Url, vec!["https://trust.example/list"], vec!["trust.example", "https://", "https://a b"]),
            (Kind::OneOf(&["grey", "green"]), vec!["grey"], vec!["gray", "Grey"]),
        ] {
            for text in good {
                assert_eq!(written(kind, text).as_deref(), Ok(text));
            }
            for text in bad {
                assert!(written(kind, text).is_err(), "{kind:?} {text}");
            }
        }
    }

    #[test]
    fn only_strings_are_text() {
        for value in [Value::Null, true.into(), 7.into(), Value::Array(vec![])] {
            assert_eq!(write(&mut Vec::new(), Kind::Text, &value), Err("must be a string"));
        }
    }
}
