//! Takes secrets out of texts before they are logged, recorded or handed to a plugin that may not see them.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::escape::Escape;
use crate::base::secret::Secret;

/// Stands where a secret was.
const MASK: &[u8] = b"***";

/// A shorter value is found everywhere by chance: masking it would spoil every text and show what it is.
const SHORTEST: usize = 4;

/// How many times of what is shown of a text is searched.
const SEARCHED: usize = 8;

/// The values that may not be seen, in hexadecimal, and their base64, alone or amid other bytes; the longest first. Each is found as it
/// is, and with some or all of its characters escaped as JSON and URLs have it.
#[derive(Clone, Default)]
pub(crate) struct Masks(Vec<Secret>);

impl Masks {
    /// Hides `values`.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a Secret>) -> Self {
        let long_enough = |value: &&Secret| value.expose().len() >= SHORTEST;
        let mut forms: Vec<_> = values.into_iter().filter(long_enough).flat_map(forms).collect();
        // A value that contains another must go first, or the rest of it would stay.
        forms.sort_by(|one, other| (other.expose().len(), other.expose()).cmp(&(one.expose().len(), one.expose())));
        forms.dedup_by(|one, other| one.expose() == other.expose());
        Self(forms)
    }

    /// A text without the values.
    pub(crate) fn text(&self, text: String) -> String {
        // A value may end in the middle of a character only when it is no text, and then it is not found in one.
        String::from_utf8_lossy(&self.bytes(text.into_bytes())).into_owned()
    }

    /// The beginning of a text without the values, of about `longest` bytes at most.
    pub(crate) fn beginning(&self, mut text: String, longest: usize) -> String {
        // A text of megabytes is not searched for what nobody sees; what the cut may have left of a value goes as well.
        let searched = longest * SEARCHED;
        let cut = text.len() > searched;
        text.truncate(text.floor_char_boundary(searched));
        text = String::from_utf8_lossy(&self.masked(text.into_bytes(), cut)).into_owned();
        text.truncate(text.floor_char_boundary(longest));
        text
    }

    /// Bytes without the values.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.masked(bytes, false)
    }

    /// `cut`: there were more bytes, so what may be the beginning of a value at the end goes as well.
    fn masked(&self, mut bytes: Vec<u8>, cut: bool) -> Vec<u8> {
        for form in &self.0 {
            if let Some(masked) = without(&bytes, form.expose(), cut) {
                bytes = masked;
            }
        }
        bytes
    }
}

/// A value as texts have it.
fn forms(value: &Secret) -> Vec<Secret> {
    let mut forms = vec![value.clone(), hex(value, b"0123456789abcdef"), hex(value, b"0123456789ABCDEF")];
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        forms.push(Secret::new(alphabet.encode(value.expose()).into_bytes()));
        forms.extend((0..3).map(|before| amid(&alphabet, value.expose(), before)));
    }
    forms.retain(|form| form.expose().len() >= SHORTEST);
    forms
}

fn hex(value: &Secret, digits: &[u8; 16]) -> Secret {
    let nibbles = value.expose().iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    Secret::new(nibbles.filter_map(|nibble| digits.get(usize::from(nibble)).copied()).collect())
}

/// Of the base64 of a value after `before` other bytes and before more of them, as `Basic` authentication has it: the characters that
/// say nothing but the value.
fn amid(alphabet: &GeneralPurpose, value: &[u8], before: usize) -> Secret {
    let mut all = vec![0; before];
    all.extend_from_slice(value);
    let all = Secret::new(all);
    let coded = Secret::new(alphabet.encode(all.expose()).into_bytes());
    let (first, last) = (before + usize::from(before > 0), usize::from(!all.expose().len().is_multiple_of(3)));
    let own = coded.expose().get(first..coded.expose().len().saturating_sub(last));
    Secret::new(own.unwrap_or_default().to_vec())
}

/// `bytes` with a mask in place of each `value`; `None` when there is none.
fn without(bytes: &[u8], value: &[u8], cut: bool) -> Option<Vec<u8>> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while let Some((at, length)) = position(rest, value, cut) {
        let (before, found) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(MASK);
        rest = found.split_at(length).1;
    }
    if rest.len() == bytes.len() {
        return None;
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// Where `value` begins, and how many bytes say it.
fn position(bytes: &[u8], value: &[u8], cut: bool) -> Option<(usize, usize)> {
    let first = *value.first()?;
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| *byte == first || Escape::may_begin(*byte))?;
        let rest = bytes.get(at..)?;
        match found(rest, value) {
            Found::Whole(length) => return Some((at, length)),
            Found::Cut if cut => return Some((at, rest.len())),
            Found::Cut | Found::Not => at += 1,
        }
    }
}

/// Whether a text begins with a value.
enum Found {
    /// It does, with so many bytes.
    Whole(usize),
    /// The text ends within it.
    Cut,
    /// It does not.
    Not,
}

fn found(text: &[u8], value: &[u8]) -> Found {
    // Values that look like escapes themselves.
    if text.starts_with(value) {
        return Found::Whole(value.len());
    }
    let (mut rest, mut left) = (text, value);
    while let Some(next) = left.first() {
        let escape = Escape::read(rest);
        match said(&escape, left) {
            Some((length, written)) => {
                left = left.get(length..).unwrap_or_default();
                rest = rest.get(written..).unwrap_or_default();
            }
            None if rest.first() == Some(next) => {
                left = left.get(1..).unwrap_or_default();
                rest = rest.get(1..).unwrap_or_default();
            }
            None if rest.is_empty() || escape == Escape::Unfinished => return Found::Cut,
            None => return Found::Not,
        }
    }
    Found::Whole(text.len() - rest.len())
}

/// How much of `left` an escape says, and with how many bytes.
fn said(escape: &Escape, left: &[u8]) -> Option<(usize, usize)> {
    match escape {
        Escape::Of { bytes, length, written } => left.starts_with(bytes.get(..*length)?).then_some((*length, *written)),
        Escape::None | Escape::Unfinished => None,
    }
}
