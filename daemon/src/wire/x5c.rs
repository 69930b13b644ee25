//! The header `x5c` (RFC 7515 4.1.6): certificates in base64, the signer's first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;

/// Most certificates that are decoded; their bytes are bounded by the largest JWS that is read.
pub const MOST_CERTIFICATES: usize = 5;

/// The DER of one to five certificates; `None` for anything else, base64url among it.
#[must_use]
pub fn decode(x5c: &Json<'_>) -> Option<Vec<Vec<u8>>> {
    let items = x5c.as_array().filter(|items| (1..=MOST_CERTIFICATES).contains(&items.len()))?;
    items.iter().map(|item| STANDARD.decode(item.as_str()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-X5C-02
    #[test]
    fn one_to_five_texts_in_base64_are_decoded() {
        let read = |text: &str| decode(&Json::parse(text.as_bytes()).unwrap());
        assert_eq!(read(r#"["AAE=","+/8="]"#), Some(vec![vec![0, 1], vec![0xfb, 0xff]]));
        for text in ["[]", "null", "\"AAE=\"", "[1]", r#"["AAE"]"#, r#"["-_8="]"#, r#"["AA E="]"#, r#"["AAE=",null]"#] {
            assert_eq!(read(text), None, "{text}");
        }
        let many = |count: usize| format!("[{}]", vec!["\"AAE=\""; count].join(","));
        assert!(read(&many(5)).is_some());
        assert!(read(&many(6)).is_none());
    }
}
