//! The claims of an SD-JWT VC as a configuration has them: a tree whose branches are objects and arrays.
//!
//! A claim is one of three things. A **value** has a source (`mapFrom`, `defaultValue`) and a type. An **object** has `claims` of its
//! own: it is there when one of them is. With a source of type object their sources may start with `item`, which is that object. An
//! **array** has a source of type array and `items`: what becomes of each of its items, whose sources start with `item`. Each claim,
//! at every level, says for itself whether its holder may keep it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::format::claim::ClaimMapping;

/// Claims by name.
pub type Claims = BTreeMap<String, Claim>;

/// Names at the top of an SD-JWT VC that belong to its issuer: keys, status, validity and origin (SD-JWT VC 2.2.2.3, RFC 7519 4.1).
/// `sub` is not one of them: it names the holder, whom a register knows.
pub const RESERVED: &[&str] =
    &["iss", "aud", "iat", "nbf", "exp", "jti", "cnf", "vct", "vct#integrity", "aka_vcts", "status"];

/// Names that mean something in an SD-JWT at any depth, and so may stand at none (RFC 9901 4.1).
pub const RESERVED_EVERYWHERE: &[&str] = &["_sd", "_sd_alg", "..."];

/// Whether the holder may keep a claim back (`sd` of type metadata, SD-JWT VC 4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disclosability {
    /// Yes, in every credential of this type.
    #[default]
    Always,
    /// Yes here; other issuers of the type may do otherwise.
    Allowed,
    /// No: who sees the credential sees the claim.
    Never,
}

impl Disclosability {
    /// Whether the claim gets a disclosure of its own.
    #[must_use]
    pub fn is_selective(self) -> bool {
        match self {
            Self::Always | Self::Allowed => true,
            Self::Never => false,
        }
    }

    /// Its name in type metadata.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Allowed => "allowed",
            Self::Never => "never",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One claim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Its source, type and names.
    #[serde(flatten)]
    pub mapping: ClaimMapping,
    /// Whether the holder may keep it back.
    #[serde(skip_serializing_if = "Disclosability::is_default", default)]
    pub sd: Disclosability,
    /// Of an object: its claims.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claims: Option<Claims>,
    /// Of an array: what becomes of each item.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub items: Option<Box<Self>>,
}

/// A step of a claims path pointer (`OpenID4VCI` appendix C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A member of an object.
    Name(&'a str),
    /// All items of an array.
    Items,
}

/// A claim of a tree.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// The way to it.
    pub path: Vec<Step<'a>>,
    /// The claim.
    pub claim: &'a Claim,
    /// Whether every credential has it. What is in an object that may be missing, or in an array that may be empty, is in none for sure.
    pub mandatory: bool,
}

/// Every claim of a tree, objects before what is in them, by name.
#[must_use]
pub fn walk(claims: &Claims) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    visit(claims, (&[], true), &mut found);
    found
}

/// `mandatory`: whether what is at `above` is there for sure.
fn visit<'a>(claims: &'a Claims, (above, mandatory): (&[Step<'a>], bool), found: &mut Vec<Found<'a>>) {
    for (name, claim) in claims {
        visit_one(claim, ([above, &[Step::Name(name)]].concat(), mandatory), found);
    }
}

fn visit_one<'a>(claim: &'a Claim, (path, above): (Vec<Step<'a>>, bool), found: &mut Vec<Found<'a>>) {
    let mandatory = above && claim.is_certain();
    found.push(Found { path: path.clone(), claim, mandatory });
    if let Some(claims) = &claim.claims {
        visit(claims, (&path, mandatory), found);
    }
    if let Some(items) = &claim.items {
        visit_one(items, ([path.as_slice(), &[Step::Items]].concat(), false), found);
    }
}

impl Claim {
    /// Whether it is there wherever what it is in is there. An object is when something in it is, unless its own value may be missing.
    fn is_certain(&self) -> bool {
        let Some(claims) = &self.claims else { return self.mapping.is_mandatory() };
        let within = claims.values().any(Self::is_certain);
        self.mapping.required || within && (self.mapping.default_value.is_some() || !self.mapping.has_source())
    }
}
