//! Which language of the display data a wallet wants (`OpenID4VCI` 12.2.2, RFC 9110 12.5.4), and the document with that language alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const DISPLAY: &str = "display";
const LOCALE: &str = "locale";
/// Most language ranges of a header that are looked at.
const MOST_RANGES: usize = 20;

/// The languages of all display data in a document.
pub(super) fn languages(metadata: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(metadata, &mut found);
    found
}

fn collect(members: &Map<String, Value>, found: &mut BTreeSet<String>) {
    for (name, value) in members {
        match value {
            Value::Object(members) => collect(members, found),
            Value::Array(items) => {
                let objects = items.iter().filter_map(Value::as_object);
                if name == DISPLAY {
                    found.extend(objects.clone().filter_map(locale).map(str::to_owned));
                }
                objects.for_each(|members| collect(members, found));
            }
            _ => {}
        }
    }
}

fn locale(entry: &Map<String, Value>) -> Option<&str> {
    entry.get(LOCALE)?.as_str()
}

/// The language of `known` that a header wants most; `None` when it has no preference, or none that can be met. What is not well-formed
/// is passed over.
pub(super) fn choose<'k>(header: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let ranges = header.split(',').take(MOST_RANGES).filter_map(range);
    let mut ranges: Vec<_> = ranges.filter(|(_, weight)| *weight > 0).collect();
    // Stable: of equal weight the first comes first.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    for (range, _) in ranges {
        if range == "*" {
            return None;
        }
        if let Some(found) = lookup(range, known) {
            return Some(found);
        }
    }
    None
}

/// A language range and its weight in thousandths.
fn range(item: &str) -> Option<(&str, u16)> {
    let (range, weight) = match item.split_once(';') {
        None => (item.trim(), 1000),
        Some((range, parameter)) => (range.trim(), super::accept::weight(parameter)?),
    };
    let subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (range == "*" || range.split('-').all(subtag)).then_some((range, weight))
}

/// RFC 4647 3.4: the range itself, or with fewer and fewer subtags; then any language that it is the beginning of.
fn lookup<'k>(range: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let mut shorter = range;
    loop {
        if let Some(found) = known.iter().find(|tag| tag.eq_ignore_ascii_case(shorter)) {
            return Some(found);
        }
        match shorter.rsplit_once('-') {
            Some((rest, _)) => shorter = rest,
            None => break,
        }
    }
    known.iter().find(|tag| primary(tag).eq_ignore_ascii_case(primary(range))).map(String::as_str)
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The document with `language` alone, wherever there are display data in it; elsewhere they stay as they are.
pub(super) fn narrowed(metadata: &Map<String, Value>, language: &str) -> Map<String, Value> {
    let narrow = |(name, value): (&String, &Value)| (name.clone(), narrow(name, value, language));
    metadata.iter().map(narrow).collect()
}

fn narrow(name: &str, value: &Value, language: &str) -> Value {
    match value {
        Value::Object(members) => narrowed(members, language).into(),
        Value::Array(items) => {
            let all: Vec<_> = items.iter().map(|item| narrow("", item, language)).collect();
            if name == DISPLAY { of_language(all, language).into() } else { all.into() }
        }
        other => other.clone(),
    }
}

/// Entries of exactly this language, or of another form of it, or all.
fn of_language(entries: Vec<Value>, language: &str) -> Vec<Value> {
    let is = |entry: &&Value, same: &dyn Fn(&str) -> bool| entry.as_object().and_then(locale).is_some_and(same);
    let exact = |tag: &str| tag == language;
    let near = |tag: &str| primary(tag).eq_ignore_ascii_case(primary(language));
    for same in [&exact as &dyn Fn(&str) -> bool, &near] {
        let some: Vec<_> = entries.iter().filter(|entry| is(entry, same)).cloned().collect();
        if !some.is_empty() {
            return some;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::fuzz;

    fn document() -> Map<String, Value> {
        let document = json!({
            "display": [{ "name": "A", "locale": "en" }, { "name": "B", "locale": "de-AT" }, { "name": "C" }],
            "x": { "display": [{ "name": "D", "locale": "en-US" }], "claims": [
                { "path": ["a"], "display": [{ "name": "E", "locale": "de" }, { "name": "F", "locale": "en" }] },
            ] },
            "other": [{ "locale": "fr" }],
        });
        document.as_object().unwrap().clone()
    }

    #[test]
    fn languages_are_those_of_display_data() {
        assert_eq!(languages(&document()).into_iter().collect::<Vec<_>>(), ["de", "de-AT", "en", "en-US"]);
    }

    // VCI-12.2.2-08, VCI-12.2.2-10
    #[test]
    fn the_best_language_is_chosen_and_nonsense_is_passed_over() {
        let known = ["de", "de-AT", "en", "pt-BR"].map(str::to_owned).into();
        for (header, expected) in [
            ("de", Some("de")),
            ("DE-at", Some("de-AT")),
            ("de-CH", Some("de")),
            ("de-Latn-AT-x-a", Some("de")),
            ("pt", Some("pt-BR")),
            ("pt-PT", Some("pt-BR")),
            ("fr, en;q=0.5", Some("en")),
            ("en;q=0.2, de;q=0.9", Some("de")),
            ("en, de", Some("en")),
            ("fr", None),
            ("*", None),
            ("*, de;q=0.1", None),
            ("de;q=0", None),
            ("de;q=0, en", Some("en")),
            (";;;", None),
            ("", None),
            ("de;q=2", None),
            ("de;q=x, en", Some("en")),
            ("d\u{e9}, en", Some("en")),
            ("thisisnotalanguage, en", Some("en")),
        ] {
            assert_eq!(choose(header, &known), expected, "{header}");
        }
        fuzz::mutate(&[b"de-AT, en;q=0.5, *;q=0.1"], 10_000, |input| {
            if let Ok(header) = std::str::from_utf8(input) {
                let _ = choose(header, &known);
            }
        });
    }

    // VCI-12.2.2-08
    #[test]
    fn only_display_data_of_the_language_stay() {
        let expected = json!({
            "display": [{ "name": "B", "locale": "de-AT" }],
            "x": { "display": [{ "name": "D", "locale": "en-US" }], "claims": [
                { "path": ["a"], "display": [{ "name": "E", "locale": "de" }] },
            ] },
            "other": [{ "locale": "fr" }],
        });
        assert_eq!(Value::from(narrowed(&document(), "de")), expected);
        let english = narrowed(&document(), "en");
        assert_eq!(english["display"], json!([{ "name": "A", "locale": "en" }]));
        assert_eq!(english["x"]["display"], json!([{ "name": "D", "locale": "en-US" }]));
    }
}
