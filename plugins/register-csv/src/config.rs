//! The config table.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The config table; see the README.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The table as CSV, its first line the names of the columns.
    pub(crate) table: Option<String>,
    /// The table as rows.
    pub(crate) rows: Option<Vec<Map<String, Value>>>,
    /// What stands between two cells of `table`.
    #[serde(default = "comma")]
    pub(crate) delimiter: char,
    /// The column by which a person is found.
    pub(crate) key_column: String,
    /// Where the key comes from.
    #[serde(default)]
    pub(crate) key_from: KeyFrom,
    /// The claim that holds the key; absent: named as the column.
    key_claim: Option<String>,
    /// Types of columns of `table`; text when not named.
    #[serde(default)]
    pub(crate) types: BTreeMap<String, Type>,
    /// Claim names of columns; a column that is not named is a claim of its own name.
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, String>,
}

/// Where the key of a person comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyFrom {
    /// A claim of the offer.
    #[default]
    Offer,
    /// A claim that is known of the holder.
    Holder,
    /// The subject of the login, else the user of the offer.
    Subject,
}

/// What a cell becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON.
    Json,
}

impl Config {
    /// The name of the claim that holds the key.
    pub(crate) fn key_claim(&self) -> &str {
        self.key_claim.as_deref().unwrap_or(&self.key_column)
    }
}

const fn comma() -> char {
    ','
}
