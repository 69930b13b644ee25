//! Finding a row and reading its cells.

use std::collections::BTreeSet;

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use issuerd_plugin::Error;
use serde_json::{Map, Value};

use crate::config::{Config, Type};

/// The claims of the row with that key. An empty cell is no claim.
pub(crate) fn find(config: &Config, key: &str) -> Result<Option<Map<String, Value>>, Error> {
    match (&config.table, &config.rows) {
        (Some(table), None) => in_table(config, table, key),
        (None, Some(rows)) => Ok(in_rows(config, rows, key)),
        _ => Err(Error::Misconfigured("either `table` or `rows` has to be there".to_owned())),
    }
}

/// Every problem of the table, each with its line.
pub(crate) fn check(config: &Config) -> Result<(), Vec<String>> {
    let problems = match (&config.table, &config.rows) {
        (Some(table), None) => check_table(config, table),
        (None, Some(rows)) => {
            let keys = rows.iter().map(|row| row.get(&config.key_column).and_then(text));
            check_keys(config, keys.zip(1..).map(|(key, row)| (format!("row {row}"), key)))
        }
        _ => vec!["either `table` or `rows` has to be there".to_owned()],
    };
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn in_rows(config: &Config, rows: &[Map<String, Value>], key: &str) -> Option<Map<String, Value>> {
    let row = rows.iter().find(|row| row.get(&config.key_column).and_then(text).as_deref() == Some(key))?;
    let named = row.iter().filter(|(_, value)| !value.is_null());
    Some(named.map(|(column, value)| (claim(config, column), value.clone())).collect())
}

fn in_table(config: &Config, table: &str, key: &str) -> Result<Option<Map<String, Value>>, Error> {
    let wrong = |error: csv::Error| Error::Misconfigured(format!("table: {}", place(&error)));
    let mut reader = reader(config, table);
    let columns = reader.headers().map_err(wrong)?.clone();
    let key_at = columns.iter().position(|column| column == config.key_column);
    let key_at = key_at.ok_or_else(|| Error::Misconfigured("the table has no key column".to_owned()))?;
    let mut row = StringRecord::new();
    while reader.read_record(&mut row).map_err(wrong)? {
        if row.get(key_at) == Some(key) {
            return cells(config, &columns, &row).map(Some).map_err(Error::Misconfigured);
        }
    }
    Ok(None)
}

fn cells(config: &Config, columns: &StringRecord, row: &StringRecord) -> Result<Map<String, Value>, String> {
    let filled = columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
    filled
        .map(|(column, cell)| {
            let wanted = config.types.get(column).copied().unwrap_or(Type::Text);
            let value = typed(cell, wanted).ok_or_else(|| format!("column `{column}` is not of its type"))?;
            Ok((claim(config, column), value))
        })
        .collect()
}

fn typed(cell: &str, wanted: Type) -> Option<Value> {
    let json = || serde_json::from_str::<Value>(cell).ok();
    match wanted {
        Type::Text => Some(cell.into()),
        Type::Integer => cell.parse::<i64>().ok().map(Value::from),
        Type::Number => json().filter(Value::is_number),
        Type::Boolean => json().filter(Value::is_boolean),
        Type::Json => json(),
    }
}

fn check_table(config: &Config, table: &str) -> Vec<String> {
    let mut reader = reader(config, table);
    let columns = match reader.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => return vec![format!("table: {}", place(&error))],
    };
    let known: BTreeSet<_> = columns.iter().collect();
    let named = config.types.keys().chain(config.claims.keys()).chain([&config.key_column]);
    let missing: BTreeSet<_> = named.filter(|column| !known.contains(column.as_str())).collect();
    let mut problems: Vec<_> = missing.iter().map(|column| format!("the table has no column `{column}`")).collect();
    let key_at = columns.iter().position(|column| column == config.key_column);
    let mut keys = Vec::new();
    for row in reader.records() {
        match row {
            Err(error) => problems.push(format!("table: {}", place(&error))),
            Ok(row) => {
                let line = format!("line {}", row.position().map_or(0, csv::Position::line));
                problems.extend(cells(config, &columns, &row).err().map(|why| format!("{line}: {why}")));
                keys.push((line, key_at.and_then(|at| row.get(at)).map(str::to_owned)));
            }
        }
    }
    problems.extend(check_keys(config, keys.into_iter()));
    problems
}

/// A key is the name of one person.
fn check_keys(config: &Config, keys: impl Iterator<Item = (String, Option<String>)>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let wrong = keys.filter_map(|(place, key)| match key.filter(|key| !key.is_empty()) {
        None => Some(format!("{place}: no `{}`", config.key_column)),
        Some(key) if !seen.insert(key.clone()) => {
            Some(format!("{place}: its `{}` was there before", config.key_column))
        }
        Some(_) => None,
    });
    wrong.collect()
}

fn reader<'a>(config: &Config, table: &'a str) -> Reader<&'a [u8]> {
    let delimiter = u8::try_from(config.delimiter).unwrap_or(b',');
    ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(table.as_bytes())
}

/// Where, but not what: cells are claims.
fn place(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} cells instead of {expected_len}")
        }
        _ => "it is no CSV".to_owned(),
    }
}

fn claim(config: &Config, column: &str) -> String {
    config.claims.get(column).map_or(column, String::as_str).to_owned()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
