//! Takes personal values out of a recorded call and puts values of the same kind in their place: the same for the same, so that the
//! call can still be replayed. Names of members stay; so do the configuration and what is public of the credential.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::plugin::case::wire::{Answer, Answered, Asked, Body, Value as Header};

/// Members of the context that say nothing of a person.
const PUBLIC: &[&str] = &[
    "credential_issuer",
    "configuration",
    "configurations",
    "locales",
    "deadline",
    "grant",
    "created_at",
    "expires_at",
    "attested",
    "attester",
    "source",
    "acr",
    "amr",
    "authenticated_at",
];
/// Members of the context that are JSON texts.
const TEXTS: &[&str] = &["claims", "extra"];
/// Members of an answer of the plugin that are no data of a person.
const TOLD: &[&str] = &["outcome", "retry_after_seconds", "acr", "amr", "narrow_to", "valid_from", "valid_until"];
/// Headers whose values say nothing of a person.
const HEADERS: &[&str] = &["accept", "content-type", "retry-after", "cache-control", "content-length"];
/// Longest text that is kept: codes of countries and kinds decide what a plugin does.
const CODE: usize = 2;
/// Longest placeholder with the length of what it stands for, in characters.
const LONG: usize = 200;

/// The placeholders of one call.
pub(super) struct Redaction {
    /// Texts that are known to be no personal ones: they are of the configuration.
    known: Vec<String>,
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, Number>,
}

impl Redaction {
    /// Keeps what stands in `config`.
    pub(super) fn new(config: &Map<String, Value>) -> Self {
        let mut known = Vec::new();
        config.values().for_each(|value| words(value, &mut known));
        Self { known, texts: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    /// The context of a call.
    pub(super) fn context(&mut self, context: Map<String, Value>) -> Map<String, Value> {
        let member = |(name, value): (String, Value)| {
            let value = if PUBLIC.contains(&name.as_str()) { value } else { self.context_member(&name, value) };
            (name, value)
        };
        context.into_iter().map(member).collect()
    }

    fn context_member(&mut self, name: &str, value: Value) -> Value {
        match value {
            Value::String(text) if TEXTS.contains(&name) => {
                let claims = serde_json::from_str(&text).unwrap_or_default();
                self.value(claims)
            }
            Value::Object(record) => self.context(record).into(),
            other => self.value(other),
        }
    }

    /// What the plugin said.
    pub(super) fn said(&mut self, said: Map<String, Value>) -> Map<String, Value> {
        let member = |(name, value): (String, Value)| {
            let value = match value {
                value if TOLD.contains(&name.as_str()) => value,
                Value::Object(inner) if name == "enrichment" => self.said(inner).into(),
                value => self.value(value),
            };
            (name, value)
        };
        // Texts for the log are of the plugin's author and may quote a person; a case need not have them.
        said.into_iter().filter(|(name, _)| name != "reason" && name != "message").map(member).collect()
    }

    /// A request: after all answers, so that what came from them is known.
    pub(super) fn request(&mut self, request: Asked) -> Asked {
        let mut headers = Vec::new();
        for (name, value) in request.headers {
            let value = match value {
                Header::Text(text) if !HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
                    Header::Text(self.text(&text))
                }
                other => other,
            };
            headers.push((name, value));
        }
        let body = request.body.map(|body| self.body(body));
        Asked { method: request.method, url: self.url(&request.url), headers, body }
    }

    /// An answer of a server.
    pub(super) fn answer(&mut self, answer: Answer) -> Answer {
        let Answer::Response(Answered { status, headers, body }) = answer else { return answer };
        let kept = headers.into_iter().filter(|(name, _)| HEADERS.contains(&name.to_ascii_lowercase().as_str()));
        // The length is another one now.
        let kept = kept.filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        Answer::Response(Answered { status, headers: kept.collect(), body: self.body(body) })
    }

    fn body(&mut self, body: Body) -> Body {
        let Body::Text(text) = body else { return Body::Text(String::new()) };
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Body::Text(self.value(value).to_string()),
            Err(_) if text.is_empty() => Body::Text(text),
            Err(_) => Body::Text(self.text(&text)),
        }
    }

    /// The address, whose parts are the configuration's, the plugin's own words, or a person's.
    fn url(&mut self, url: &str) -> String {
        let (start, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
        let mut out = start.to_owned();
        for part in rest.split_inclusive(['/', '?', '&', '=']) {
            let text = part.trim_end_matches(['/', '?', '&', '=']);
            let decoded = decoded(text);
            if out.len() == start.len() || self.is_known(&decoded) {
                out.push_str(text);
            } else {
                let replaced = self.texts.get(&decoded).cloned();
                let own = replaced.is_none() && is_word(&decoded);
                let replaced = if own { decoded } else { replaced.unwrap_or_else(|| self.text(&decoded)) };
                out.push_str(&encoded(&replaced));
            }
            out.push_str(part.get(text.len()..).unwrap_or_default());
        }
        out
    }

    fn is_known(&self, text: &str) -> bool {
        self.known.iter().any(|known| known == text)
    }

    fn value(&mut self, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Number(number) => self.number(number).into(),
            Value::String(text) => self.text(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, self.value(value))).collect::<Map<_, _>>().into()
            }
        }
    }

    /// A number of one digit stays: it is a level or a count. Another gets one of as many digits.
    fn number(&mut self, number: Number) -> Number {
        if number.as_i64().is_some_and(|number| (0..10).contains(&number)) {
            return number;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX).saturating_add(1);
        let made = self.numbers.entry(number.to_string()).or_insert_with(|| match number.as_i64() {
            Some(whole) => (10_u64.pow(whole.unsigned_abs().ilog10().min(17)) + u64::from(next)).into(),
            None => Number::from_f64(1000.5 + f64::from(next)).unwrap_or_else(|| 1000.into()),
        });
        made.clone()
    }

    /// A text of the same kind.
    pub(super) fn text(&mut self, text: &str) -> String {
        if text.chars().count() <= CODE || self.is_known(text) {
            return text.to_owned();
        }
        if let Some(placeholder) = self.texts.get(text) {
            return placeholder.clone();
        }
        let placeholder = placeholder(text, self.texts.len() + 1);
        self.texts.insert(text.to_owned(), placeholder.clone());
        placeholder
    }
}

/// The `number`th placeholder, of the kind of `text`.
fn placeholder(text: &str, number: usize) -> String {
    let length = text.chars().count();
    if is_date(text) {
        // The time of day, if there is one, is replaced as well: it may be that of a birth.
        let day = format!("{}-{:02}-{:02}", 1970 + number / 300, 1 + number % 12, 1 + number % 28);
        return if text.len() > 10 { format!("{day}T00:00:00Z") } else { day };
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        return format!("{number:0>length$}");
    }
    if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        return format!("00000000-0000-4000-8000-{number:012}");
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return format!("192.0.2.{}", number % 256);
    }
    if text.contains("://") {
        return format!("https://person.example/{number}");
    }
    if text.contains('@') {
        return format!("person{number}@person.example");
    }
    if length > LONG && text.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(c)) {
        return "AAAA".repeat(length / 4);
    }
    format!("text{number}")
}

fn is_date(text: &str) -> bool {
    text.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
        && text.get(10..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['T', ' ']))
}

/// A word as plugins have it in their addresses: `people`, `v1`, `by-number`. What a person is called was in an answer or the context.
fn is_word(text: &str) -> bool {
    text.len() <= 24
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || "-_.".contains(c))
        || matches!(text.as_bytes(), [b'v', digit] if digit.is_ascii_digit())
        || text.is_empty()
}

/// Texts of the configuration, whole and in the parts that addresses have.
fn words(value: &Value, known: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            known.push(text.clone());
            known.extend(text.split(['/', '?', '&', '=']).filter(|part| !part.is_empty()).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, known)),
        Value::Object(members) => members.values().for_each(|value| words(value, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn decoded(text: &str) -> String {
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    pair.map_or_else(String::new, |(name, _)| name.into_owned())
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
