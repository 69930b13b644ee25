//! `application/x-www-form-urlencoded` bodies (RFC 6749 3.2): repeated parameters are a mistake, empty ones count as absent.

use std::collections::BTreeMap;

/// A parameter was sent twice, or the body is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is repeated or not UTF-8")]
pub struct FormError;

/// The parameters of a form.
pub fn parse_form(body: &[u8]) -> Result<BTreeMap<String, String>, FormError> {
    let mut seen = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(FormError);
        }
        if seen.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(FormError);
        }
    }
    seen.retain(|_, value| !value.is_empty());
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_3_2_02_repeated_parameters_are_refused_and_empty_ones_absent() {
        assert_eq!(parse_form(b"a=1&a=2"), Err(FormError));
        assert_eq!(parse_form(b"a=&b=x%20y").unwrap(), BTreeMap::from([("b".into(), "x y".into())]));
        assert_eq!(parse_form(b"a=%ff"), Err(FormError));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_forms_never_panic() {
        crate::wire::fuzz::mutate(&[b"grant_type=a%3Ab&tx_code=1+2&x=%C3%A9"], 20_000, |input| {
            let _ = parse_form(input);
        });
    }
}
