//! Reads members of a JSON object one by one and collects every mistake, so that a caller learns all of them at once.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Most unknown members of one object that are reported: a body of nothing else would cost far more to answer than to send.
const MOST_UNKNOWN: usize = 20;

/// One mistake in a request, as the management API reports it.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct Detail {
    /// `body`, `query`, `params` or `headers`.
    pub location: &'static str,
    /// The member, with dots between levels.
    pub param: String,
    /// What is wrong.
    pub msg: String,
    /// The offending value, where it is an identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Detail {
    /// A mistake in the body.
    pub fn body(param: impl Into<String>, msg: impl Into<String>) -> Self {
        Self { location: "body", param: param.into(), msg: msg.into(), value: None }
    }

    /// The same with the offending value, for identifiers only.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

/// The members of one object.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
    known: Vec<&'static str>,
    mistakes: &'a mut Vec<Detail>,
}

/// Reads a whole body: what `read` makes of it when nothing is wrong, or all mistakes. `read` answers `None` only after it noted one.
pub fn read_body<T>(
    body: &Map<String, Value>,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Vec<Detail>> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(body, "", &mut mistakes);
    let value = read(&mut fields);
    fields.finish();
    value.filter(|_| mistakes.is_empty()).ok_or(mistakes)
}

impl<'a> Fields<'a> {
    /// Reads `object`, found at `path` (empty for the top).
    pub fn new(object: &'a Map<String, Value>, path: &str, mistakes: &'a mut Vec<Detail>) -> Self {
        Self { object, path: path.to_owned(), known: Vec::new(), mistakes }
    }

    /// The full name of a member.
    #[must_use]
    pub fn name(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    /// Notes a mistake in a member.
    pub fn mistake(&mut self, member: &str, msg: impl Into<String>) {
        let name = self.name(member);
        self.mistakes.push(Detail::body(name, msg));
    }

    /// Notes a mistake with its own path.
    pub fn detail(&mut self, detail: Detail) {
        self.mistakes.push(detail);
    }

    /// A member as it is; `null` is a mistake, not an absence.
    pub fn value(&mut self, member: &'static str) -> Option<&'a Value> {
        self.known.push(member);
        match self.object.get(member) {
            Some(Value::Null) => {
                self.mistake(member, "must not be null");
                None
            }
            other => other,
        }
    }

    /// A member of one type; another type is a mistake.
    fn typed<T>(&mut self, member: &'static str, what: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.value(member)?;
        let read = read(value);
        if read.is_none() {
            self.mistake(member, format!("must be {what}"));
        }
        read
    }

    /// A text of `min` to `max` characters without control characters.
    pub fn text(&mut self, member: &'static str, min: usize, max: usize) -> Option<&'a str> {
        let text = self.typed(member, "a string", Value::as_str)?;
        let length = text.chars().count();
        if length < min || length > max {
            self.mistake(member, format!("must have {min} to {max} characters"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.mistake(member, "must not have control characters");
            return None;
        }
        Some(text)
    }

    /// A boolean.
    pub fn boolean(&mut self, member: &'static str) -> Option<bool> {
        self.typed(member, "a boolean", Value::as_bool)
    }

    /// A whole number in a range.
    pub fn integer(&mut self, member: &'static str, min: u64, max: u64) -> Option<u64> {
        let number = self.typed(member, "a whole number", Value::as_u64)?;
        if (min..=max).contains(&number) {
            return Some(number);
        }
        self.mistake(member, format!("must be {min} to {max}"));
        None
    }

    /// A UUID.
    pub fn uuid(&mut self, member: &'static str) -> Option<Uuid> {
        let text = self.typed(member, "a UUID", Value::as_str)?;
        let id = Uuid::try_parse(text).ok();
        if id.is_none() {
            self.mistake(member, "must be a UUID");
        }
        id
    }

    /// An object.
    pub fn object(&mut self, member: &'static str) -> Option<&'a Map<String, Value>> {
        self.typed(member, "an object", Value::as_object)
    }

    /// An array.
    pub fn array(&mut self, member: &'static str) -> Option<&'a Vec<Value>> {
        self.typed(member, "an array", Value::as_array)
    }

    /// An array of strings of at least one character.
    pub fn strings(&mut self, member: &'static str) -> Option<Vec<&'a str>> {
        let array = self.array(member)?;
        let mut out = Vec::with_capacity(array.len());
        for (place, value) in array.iter().enumerate() {
            match value.as_str().filter(|text| !text.is_empty()) {
                Some(text) => out.push(text),
                None => self.mistake(member, format!("item {place} must be a string")),
            }
        }
        Some(out)
    }

    /// A required member: notes its absence when `read` is `None` and nothing was said of it yet.
    pub fn required<T>(&mut self, member: &'static str, read: Option<T>) -> Option<T> {
        if read.is_none() && !self.object.contains_key(member) {
            self.mistake(member, "is required");
        }
        read
    }

    /// Reads an object member with a reader of its own.
    pub fn nested<T>(&mut self, member: &'static str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        let object = self.object(member)?;
        let path = self.name(member);
        let mut fields = Fields::new(object, &path, self.mistakes);
        let out = read(&mut fields);
        fields.finish();
        Some(out)
    }

    /// A duration object with the named units; the sum in seconds (a month counts 30 days, a year 365).
    pub fn duration(&mut self, member: &'static str, units: &[&'static str]) -> Option<u64> {
        self.nested(member, |fields| {
            units.iter().map(|unit| fields.integer(unit, 0, 1_000_000_000).unwrap_or(0) * unit_seconds(unit)).sum()
        })
    }

    /// Refuses members that nothing asked for: most likely a typing mistake.
    pub fn finish(self) {
        let unknown = self.object.keys().filter(|name| !self.known.contains(&name.as_str()));
        for name in unknown.take(MOST_UNKNOWN) {
            let near = self
                .known
                .iter()
                .filter(|known| strsim::jaro_winkler(known, name) > 0.85)
                .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let msg = near.map_or("is not known".to_owned(), |near| format!("is not known; did you mean {near}?"));
            let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            let param = if self.path.is_empty() { shown } else { format!("{}.{shown}", self.path) };
            self.mistakes.push(Detail::body(param, msg));
        }
    }
}

/// Seconds of a unit of a duration object.
#[must_use]
pub fn unit_seconds(unit: &str) -> u64 {
    match unit {
        "minutes" => 60,
        "hours" => 3_600,
        "days" => 86_400,
        "weeks" => 604_800,
        "months" => 2_592_000,
        "years" => 31_536_000,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flood_of_unknown_members_is_reported_in_part() {
        let body: Map<_, _> = (0..1_000).map(|number| (format!("m{number}"), json!(1))).collect();
        let mut mistakes = Vec::new();
        Fields::new(&body, "", &mut mistakes).finish();
        assert_eq!(mistakes.len(), MOST_UNKNOWN);
    }

    #[test]
    fn every_mistake_is_named() {
        let body = json!({"type": 5, "expiresIn": {"minutes": -1, "fortnights": 1}, "brandng": {}});
        let mut mistakes = Vec::new();
        let mut fields = Fields::new(body.as_object().unwrap(), "", &mut mistakes);
        fields.text("type", 1, 10);
        fields.duration("expiresIn", &["minutes"]);
        let id = fields.uuid("id");
        fields.required("id", id);
        fields.object("branding");
        fields.finish();
        let named: Vec<_> = mistakes.iter().map(|m| m.param.as_str()).collect();
        assert_eq!(named, ["type", "expiresIn.minutes", "expiresIn.fortnights", "id", "brandng"]);
        assert!(mistakes[4].msg.contains("did you mean branding?"));
    }
}
