//! Reads tables whose place an operator names, such as `[plugin.hr]`: every key is asked for, and what nobody asked for is a mistake.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::load::nearest;

/// One table, and where the mistakes in it go.
pub(super) struct Reader<'a> {
    path: String,
    table: Table,
    asked: Vec<&'static str>,
    mistakes: &'a mut Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader of `value`, which stands at `path`, like `plugin.hr`.
    pub(super) fn new(path: String, value: Value, mistakes: &'a mut Vec<String>) -> Self {
        let table = match value {
            Value::Table(table) => table,
            other => {
                mistakes.push(format!("`{path}` must be a table, not a {}", other.type_str()));
                Table::new()
            }
        };
        Self { path, table, asked: Vec::new(), mistakes }
    }

    /// Notes what is wrong with a key.
    pub(super) fn mistake(&mut self, key: &str, wrong: &str) {
        self.mistakes.push(format!("`{}.{key}` {wrong}", self.path));
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.table.remove(key)
    }

    fn typed<T>(&mut self, key: &'static str, kind: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
        match read(self.take(key)?) {
            Ok(value) => Some(value),
            Err(other) => {
                self.mistake(key, &format!("must be {kind}, not a {}", other.type_str()));
                None
            }
        }
    }

    /// A text; one that is empty is as none.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.typed(key, "a string", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        });
        text.filter(|text| !text.is_empty())
    }

    /// A text that must be there; empty after a mistake.
    pub(super) fn required(&mut self, key: &'static str, what: &str) -> String {
        let (found, before) = (self.table.contains_key(key), self.mistakes.len());
        let text = self.text(key);
        if text.is_none() && (!found || self.mistakes.len() == before) {
            self.mistake(key, &format!("is missing: {what}"));
        }
        text.unwrap_or_default()
    }

    /// A text that `read` understands.
    pub(super) fn parsed<T>(&mut self, key: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        read(&text).map_err(|wrong| self.mistake(key, &wrong)).ok()
    }

    /// `true` or `false`; without it `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let flag = self.typed(key, "true or false", |value| match value {
            Value::Boolean(flag) => Ok(flag),
            other => Err(other),
        });
        flag.unwrap_or(false)
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &'static str, default: u64, allowed: RangeInclusive<u64>) -> u64 {
        let given = self.typed(key, "a whole number", |value| match value {
            Value::Integer(number) => Ok(number),
            other => Err(other),
        });
        match given.map(|number| (number, u64::try_from(number))) {
            None => default,
            Some((_, Ok(number))) if allowed.contains(&number) => number,
            Some((number, _)) => {
                self.mistake(key, &format!("must be {} to {}, not {number}", allowed.start(), allowed.end()));
                default
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "a list of strings", |value| match value {
            Value::Array(items) if items.iter().all(Value::is_str) => {
                Ok(items.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            }
            other => Err(other),
        })
    }

    /// A list of texts that `read` understands, each once.
    pub(super) fn parsed_list<T: PartialEq>(
        &mut self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let mut found: Vec<T> = Vec::new();
        for text in self.texts(key)? {
            match read(&text) {
                Ok(item) if found.contains(&item) => self.mistake(key, &format!("has `{text}` twice")),
                Ok(item) => found.push(item),
                Err(wrong) => self.mistake(key, &format!("has `{text}`, which {wrong}")),
            }
        }
        Some(found)
    }

    /// A table below this one.
    pub(super) fn below(&mut self, key: &'static str) -> Option<Reader<'_>> {
        let value = self.take(key)?;
        Some(Reader::new(format!("{}.{key}", self.path), value, self.mistakes))
    }

    /// A table below this one with keys of any name.
    pub(super) fn free(&mut self, key: &'static str) -> Table {
        let table = self.typed(key, "a table", |value| match value {
            Value::Table(table) => Ok(table),
            other => Err(other),
        });
        table.unwrap_or_default()
    }

    /// Tables below this one, `[[…]]`, each read by `read`.
    pub(super) fn each<T>(&mut self, key: &'static str, mut read: impl FnMut(Reader<'_>) -> T) -> Vec<T> {
        let path = format!("{}.{key}", self.path);
        let items = self.typed(key, "a list of tables", |value| match value {
            Value::Array(items) => Ok(items),
            other => Err(other),
        });
        let items = items.unwrap_or_default().into_iter().enumerate();
        items.map(|(place, item)| read(Reader::new(format!("{path}[{place}]"), item, self.mistakes))).collect()
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let hint = nearest(self.asked.iter().copied(), key);
            self.mistakes.push(format!("`{}.{key}` is not a key{hint}", self.path));
        }
    }
}
