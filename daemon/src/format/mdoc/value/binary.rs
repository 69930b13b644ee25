//! Byte strings: base64, base64url or a data URI in, `bstr` out; images are recognised by their first bytes.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::{Refusal, Written, string};
use crate::format::mdoc::cbor;
use crate::format::mdoc::elements::Kind;

const EITHER_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER_PADDING);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER_PADDING);

const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
/// JPEG 2000 in its JP2 file format, and as a bare code stream (ISO/IEC 15444-1).
const JPEG_2000: [&[u8]; 2] = [b"\0\0\0\x0cjP  \r\n\x87\n", &[0xff, 0x4f, 0xff, 0x51]];

/// Appends the bytes that the text stands for.
pub(super) fn write(out: &mut Vec<u8>, kind: Kind, value: &Value) -> Written {
    let content = decode(string(value)?)?;
    let jpeg = content.starts_with(JPEG);
    match kind {
        Kind::OptionalJpeg if !jpeg && !content.is_empty() => return Err("must be a JPEG image, or empty"),
        Kind::Image if !jpeg && !JPEG_2000.iter().any(|magic| content.starts_with(magic)) => {
            return Err("must be a JPEG or JPEG 2000 image");
        }
        Kind::Bytes if content.is_empty() => return Err("must not be empty"),
        _ => cbor::bytes(out, &content),
    }
    Ok(())
}

/// The bytes of base64, base64url (padded or not) or of a data URI.
pub(in crate::format) fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    let encoded = match text.strip_prefix("data:") {
        Some(uri) => {
            let (media_type, data) = uri.split_once(',').ok_or("must be a data URI with base64")?;
            media_type.strip_suffix(";base64").ok_or("must be a data URI with base64")?;
            data
        }
        None => text,
    };
    // One pass for base64; base64url fails at its first own character.
    let decoded = BASE64.decode(encoded).or_else(|_| BASE64URL.decode(encoded));
    decoded.map_err(|_| "must be base64, base64url or a data URI")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, text: &str) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        write(&mut out, kind, &text.into())?;
        let bytes: ciborium::Value = ciborium::from_reader(out.as_slice()).unwrap();
        Ok(bytes.into_bytes().unwrap())
    }

    // MDL-08, MDL-14
    #[test]
    fn every_usual_spelling_of_bytes_is_read() {
        let bytes = [0xfb, 0xff, 0xbf, 0x01];
        for text in
            ["+/+/AQ==", "+/+/AQ", "-_-_AQ==", "-_-_AQ", "data:;base64,+/+/AQ==", "data:image/jpeg;base64,-_-_AQ"]
        {
            assert_eq!(written(Kind::Bytes, text).unwrap(), bytes, "{text}");
        }
        for text in ["+/-_AQ==", "A", "AQ===", "A Q=", "AQ==\n", "data:image/jpeg,abc", "data:x", "é"] {
            assert!(written(Kind::Bytes, text).is_err(), "{text}");
        }
        assert_eq!(written(Kind::Bytes, ""), Err("must not be empty"));
    }

    // MDL-08, PID-05
    #[test]
    fn a_portrait_is_recognised_by_its_first_bytes() {
        let encode = |bytes: &[u8]| BASE64.encode(bytes);
        let jpeg = encode(&[0xff, 0xd8, 0xff, 0xe0, 1, 2]);
        let file = encode(b"\0\0\0\x0cjP  \r\n\x87\n....");
        let stream = encode(&[0xff, 0x4f, 0xff, 0x51, 0]);
        for text in [&jpeg, &file, &stream] {
            assert!(written(Kind::Image, text).is_ok());
        }
        for bytes in [&b"\x89PNG\r\n\x1a\n"[..], b"GIF89a", &[0xff, 0xd8], b"", b"/9j/4AAQ"] {
            assert_eq!(written(Kind::Image, &encode(bytes)), Err("must be a JPEG or JPEG 2000 image"));
        }
        assert!(written(Kind::OptionalJpeg, &jpeg).is_ok());
        assert_eq!(written(Kind::OptionalJpeg, ""), Ok(Vec::new()));
        assert_eq!(written(Kind::OptionalJpeg, &file), Err("must be a JPEG image, or empty"));
    }
}
