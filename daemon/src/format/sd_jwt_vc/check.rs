//! Checks the claims of a configuration when it is saved, so that a mistake is found by the operator and not by a wallet.

use super::claims::{Claim, Claims, RESERVED, RESERVED_EVERYWHERE};
use super::mapping::{ClaimProblem, Problem, value};
use crate::format::claim::{ClaimType, is_name, is_path};

/// Levels of objects and arrays in one another; claims of a holder are read to the same depth.
const MOST_LEVELS: usize = 16;

/// Every problem of the claims, each with the way to it.
#[must_use]
pub fn check_claims(claims: &Claims) -> Vec<ClaimProblem> {
    let mut problems = Vec::new();
    for name in claims.keys().filter(|name| RESERVED.contains(&name.as_str())) {
        problems.push(ClaimProblem { path: name.clone(), map_from: None, problem: Problem::Reserved });
    }
    let mut found = Found { problems: &mut problems };
    found.members(claims, "", Scope::Document, MOST_LEVELS);
    problems
}

/// What a source may start with.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// The claims document.
    Document,
    /// The item of an array, or the claims document.
    Item,
    /// The item itself, which needs no source.
    Itself,
}

struct Found<'a> {
    problems: &'a mut Vec<ClaimProblem>,
}

impl Found<'_> {
    fn note(&mut self, path: &str, problem: Problem) {
        self.problems.push(ClaimProblem { path: path.to_owned(), map_from: None, problem });
    }

    fn members(&mut self, claims: &Claims, above: &str, scope: Scope, levels: usize) {
        if claims.is_empty() {
            self.note(above, Problem::NoClaims);
        }
        for (name, claim) in claims {
            let path = if above.is_empty() { name.clone() } else { format!("{above}.claims.{name}") };
            if RESERVED_EVERYWHERE.contains(&name.as_str()) {
                self.note(&path, Problem::Reserved);
            } else if is_name(name) {
                self.claim(claim, &path, scope, levels);
            } else {
                self.note(&path, Problem::Name);
            }
        }
    }

    fn claim(&mut self, claim: &Claim, path: &str, scope: Scope, levels: usize) {
        let Some(levels) = levels.checked_sub(1) else { return self.note(path, Problem::TooDeep) };
        match (&claim.claims, &claim.items) {
            (Some(_), Some(_)) => self.note(path, Problem::Both),
            (Some(claims), None) => {
                self.object(claim, path, scope);
                let itself = scope != Scope::Document || claim.mapping.has_source();
                let within = if itself { Scope::Item } else { Scope::Document };
                self.members(claims, path, within, levels);
            }
            (None, Some(items)) => {
                self.array(claim, path, scope);
                self.claim(items, &format!("{path}.items"), Scope::Itself, levels);
            }
            (None, None) => self.value(claim, path, scope),
        }
    }

    /// An object by itself is made of its claims; one with a source gives them theirs.
    fn object(&mut self, claim: &Claim, path: &str, scope: Scope) {
        match claim.mapping.kind {
            Some(ClaimType::Object) if claim.mapping.has_source() => self.value(claim, path, scope),
            Some(ClaimType::Object) => {}
            None if !claim.mapping.has_source() => {}
            _ => self.note(path, Problem::Type("object")),
        }
    }

    fn array(&mut self, claim: &Claim, path: &str, scope: Scope) {
        match claim.mapping.kind {
            Some(ClaimType::Array) => self.value(claim, path, scope),
            _ => self.note(path, Problem::Type("array")),
        }
    }

    fn value(&mut self, claim: &Claim, path: &str, scope: Scope) {
        let mapping = &claim.mapping;
        match mapping.map_from.as_deref() {
            Some(from) if !is_source(from, scope) => self.note(path, Problem::Path),
            Some(_) if mapping.kind.is_none() => self.note(path, Problem::NoType),
            None if mapping.default_value.is_none() && scope != Scope::Itself => self.note(path, Problem::NoSource),
            _ => {}
        }
        match &mapping.default_value {
            Some(null) if null.is_null() => self.note(path, Problem::Default("must not be null")),
            Some(default) => {
                if let Err(refusal) = value(mapping.kind, default) {
                    self.note(path, Problem::Default(refusal));
                }
            }
            None => {}
        }
    }
}

fn is_source(path: &str, scope: Scope) -> bool {
    let of_item =
        path == "item" || path.strip_prefix("item.").is_some_and(|rest| rest.split('.').all(|name| !name.is_empty()));
    is_path(path) || (scope != Scope::Document && of_item)
}
