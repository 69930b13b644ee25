//! Reads escapes of JSON, of URLs and of printed bytes, as texts quote values with them.

/// What stands at the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// No escape.
    None,
    /// An escape that the text ends within.
    Unfinished,
    /// The `length` first of `bytes`, written with `written` bytes.
    Of {
        /// UTF-8, or one byte.
        bytes: [u8; 4],
        /// Bytes that it stands for.
        length: usize,
        /// Bytes that it takes.
        written: usize,
    },
}

impl Escape {
    /// Whether an escape may begin with this byte.
    pub(super) fn may_begin(byte: u8) -> bool {
        matches!(byte, b'%' | b'\\' | b'+')
    }

    /// The escape at the beginning of `text`: `%41`, `+`, `\u0041`, `\x41`, `\n`, and `\` before a character that stands for itself.
    pub(super) fn read(text: &[u8]) -> Self {
        match text {
            [b'%', rest @ ..] => hex(rest, 1),
            [b'+', ..] => Self::byte(b' ', 1),
            [b'\\', b'u', rest @ ..] => unicode(rest),
            [b'\\', b'x', rest @ ..] => hex(rest, 2),
            [b'\\', letter, ..] => Self::byte(control(*letter), 2),
            [b'\\'] => Self::Unfinished,
            _ => Self::None,
        }
    }

    fn byte(byte: u8, written: usize) -> Self {
        Self::Of { bytes: [byte, 0, 0, 0], length: 1, written }
    }

    fn character(character: char, written: usize) -> Self {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Self::Of { bytes, length, written }
    }
}

fn control(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'0' => 0,
        other => other,
    }
}

/// A byte in two digits, after `before` bytes that said so.
fn hex(rest: &[u8], before: usize) -> Escape {
    let [high, low, ..] = rest else { return Escape::Unfinished };
    match (digit(*high), digit(*low)) {
        (Some(high), Some(low)) => Escape::byte(u8::try_from(high * 16 + low).unwrap_or_default(), before + 2),
        _ => Escape::None,
    }
}

/// What stands after `\u`: four digits, or two times four for a character beyond the first plane.
fn unicode(rest: &[u8]) -> Escape {
    let Some((first, rest)) = rest.split_at_checked(4) else { return Escape::Unfinished };
    let Some(first) = unit(first) else { return Escape::None };
    if let Some(character) = char::from_u32(first.into()) {
        return Escape::character(character, 6);
    }
    let Some((second, _)) = rest.split_at_checked(6) else { return Escape::Unfinished };
    let second = second.strip_prefix(b"\\u").and_then(unit);
    let both = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    both.map_or(Escape::None, |character| Escape::character(character, 12))
}

fn unit(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |unit, byte| Some(unit.wrapping_shl(4) | digit(*byte)?))
}

fn digit(byte: u8) -> Option<u16> {
    char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        for (text, said, written) in [
            ("%41b", "A", 3),
            ("+", " ", 1),
            ("\\u0041", "A", 6),
            ("\\u00FC!", "ü", 6),
            ("\\ud83d\\ude00", "😀", 12),
            ("\\x41", "A", 4),
            ("\\n", "\n", 2),
            ("\\\"", "\"", 2),
            ("\\\\", "\\", 2),
            ("\\/", "/", 2),
        ] {
            let Escape::Of { bytes, length, written: found } = Escape::read(text.as_bytes()) else { panic!("{text}") };
            assert_eq!((&bytes[..length], found), (said.as_bytes(), written), "{text}");
        }
        for text in ["", "A", "%G1", "%4G", "\\u00G0", "\\ud83dxxxxxx", "\\ud83d\\u0041", "\\xzz"] {
            assert_eq!(Escape::read(text.as_bytes()), Escape::None, "{text}");
        }
        for text in ["%", "%4", "\\", "\\x", "\\x4", "\\u", "\\u004", "\\ud83d", "\\ud83d\\u"] {
            assert_eq!(Escape::read(text.as_bytes()), Escape::Unfinished, "{text}");
        }
    }
}
