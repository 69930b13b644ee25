//! Takes secrets out of texts before they are logged, recorded or handed to a plugin that may not see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::base::secret::Secret;

/// Stands where a secret was.
const MASK: &[u8] = b"***";

/// A shorter value is found everywhere by chance: masking it would spoil every text and show what it is.
const SHORTEST: usize = 4;

/// How many times of what is shown of a text is searched.
const SEARCHED: usize = 8;

/// The values that may not be seen, and their base64; the longest first.
#[derive(Clone, Default)]
pub(crate) struct Masks(Vec<Secret>);

impl Masks {
    /// Hides `values`.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut forms = Vec::new();
        for value in values {
            if value.expose().len() >= SHORTEST {
                forms.push(Secret::new(STANDARD_NO_PAD.encode(value.expose()).into_bytes()));
                forms.push(value.clone());
            }
        }
        // A value that contains another must go first, or the rest of it would stay.
        forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
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
        text = self.text(text);
        if cut {
            let half = self.0.first().map_or(0, |form| form.expose().len());
            text.truncate(text.floor_char_boundary(text.len().saturating_sub(half)));
        }
        text.truncate(text.floor_char_boundary(longest));
        text
    }

    /// Bytes without the values.
    pub(crate) fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.0 {
            if let Some(masked) = without(&bytes, form.expose()) {
                bytes = masked;
            }
        }
        bytes
    }
}

/// `bytes` with a mask in place of each `value`; `None` when there is none.
fn without(bytes: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while let Some(at) = position(rest, value) {
        let (before, found) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(MASK);
        rest = found.split_at(value.len()).1;
    }
    if rest.len() == bytes.len() {
        return None;
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn position(bytes: &[u8], value: &[u8]) -> Option<usize> {
    let first = value.first()?;
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| byte == first)?;
        if bytes.get(at..)?.starts_with(value) {
            return Some(at);
        }
        at += 1;
    }
}
