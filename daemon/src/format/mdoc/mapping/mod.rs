//! Claim mappings: how a configuration fills the elements of an mdoc, and the elements they give for one person's claims.
//!
//! A mapping with `mapFrom` takes the value at a dotted path of the claims document; `defaultValue` stands in when there is none
//! there (absent or `null`), and alone it is a static value. An element without a value is left out, unless it is `required`. A
//! value that is there but cannot be written as the element's type always refuses the credential: a wrong register entry must not
//! turn into a missing or invented element.

mod check;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

pub use self::check::check_configuration;
use super::elements::{DocType, Kind, Lookup, known};
use super::value;
pub use crate::format::claim::{ClaimMapping, ClaimType, resolve};

/// Namespace → element → mapping.
pub type Mappings = BTreeMap<String, BTreeMap<String, ClaimMapping>>;

/// What is wrong with one element of a configuration or of a person's claims. Never holds a claim's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{namespace}/{element} {problem}")]
pub struct MappingProblem {
    /// The namespace.
    pub namespace: String,
    /// The element's identifier.
    pub element: String,
    /// What is wrong.
    pub problem: Problem,
}

impl MappingProblem {
    pub(super) fn new(namespace: &str, element: &str, problem: Problem) -> Self {
        Self { namespace: namespace.to_owned(), element: element.to_owned(), problem }
    }
}

/// What is wrong with an element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The docType has no such namespace.
    #[error("is in a namespace that this type does not have; domestic elements belong in a national namespace")]
    UnknownNamespace,
    /// The standard's namespace has no such element.
    #[error("is not a data element of this namespace")]
    UnknownElement,
    /// A mandatory element is not mapped.
    #[error("is mandatory for this type and must be mapped")]
    NotMapped,
    /// A mandatory element may come out empty.
    #[error("is mandatory for this type: set required to true or give a defaultValue")]
    NotRequired,
    /// The type does not fit the element.
    #[error("must have the type {0}")]
    Type(&'static str),
    /// There is neither a path nor a value.
    #[error("must have mapFrom or defaultValue")]
    NoSource,
    /// A path is there without a type.
    #[error("must have a type with mapFrom")]
    NoType,
    /// The path leads nowhere.
    #[error("must have a mapFrom of claims.<name>, authenticationProvider.subjectId or authenticationProvider.url")]
    Path,
    /// A namespace or element has a name that cannot be used.
    #[error("must have a namespace and a name of 1 to 255 characters without control characters")]
    Name,
    /// The default cannot be written as the element's type.
    #[error("has a defaultValue that {0}")]
    Default(&'static str),
    /// A required element has no value in the claims.
    #[error("is required, and the claims have no value for it")]
    Missing,
    /// The value in the claims cannot be written as the element's type.
    #[error("{0}")]
    Value(&'static str),
    /// The values of the document contradict each other, the time of issuing or the signer.
    #[error("{0}")]
    Inconsistent(Cow<'static, str>),
}

/// A namespace with the elements that a person's claims fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedNamespace {
    /// Its name.
    pub name: String,
    /// Sorted by identifier, each once, at least one.
    pub elements: Vec<MappedElement>,
}

/// An element with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct MappedElement {
    /// The element's identifier.
    pub identifier: String,
    /// The value in canonical CBOR.
    pub value: Vec<u8>,
}

impl fmt::Debug for MappedElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedElement").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

/// Fills the elements of a document of type `doc_type` from `document`, the claims document
/// `{"claims":{…},"authenticationProvider":{…}}`. Namespaces without any element are left out.
pub fn map_claims(
    doc_type: &str,
    mappings: &Mappings,
    document: &Value,
) -> Result<Vec<MappedNamespace>, MappingProblem> {
    let known = known(doc_type);
    let mut namespaces = Vec::with_capacity(mappings.len());
    for (name, elements) in mappings {
        let mut mapped = Vec::with_capacity(elements.len());
        for (identifier, mapping) in elements {
            let value = map_element(known, name, identifier, mapping, document)
                .map_err(|problem| MappingProblem::new(name, identifier, problem))?;
            mapped.extend(value.map(|value| MappedElement { identifier: identifier.clone(), value }));
        }
        if !mapped.is_empty() {
            namespaces.push(MappedNamespace { name: name.clone(), elements: mapped });
        }
    }
    Ok(namespaces)
}

fn map_element(
    known: Option<&DocType>,
    namespace: &str,
    element: &str,
    mapping: &ClaimMapping,
    document: &Value,
) -> Result<Option<Vec<u8>>, Problem> {
    let kind = kind(known, namespace, element)?;
    let found = mapping.map_from.as_deref().and_then(|path| resolve(document, path));
    let Some(value) = found.or(mapping.default_value.as_ref()) else {
        let needed = mapping.required || known.is_some_and(|known| known.is_mandatory(namespace, element));
        return if needed { Err(Problem::Missing) } else { Ok(None) };
    };
    let mut out = Vec::new();
    value::write(&mut out, kind, mapping.kind, value).map_err(Problem::Value)?;
    Ok(Some(out))
}

/// What the element must be; [`Kind::Free`] in a docType that is not known.
fn kind(known: Option<&DocType>, namespace: &str, element: &str) -> Result<Kind, Problem> {
    match known.map_or(Lookup::Known(Kind::Free), |known| known.lookup(namespace, element)) {
        Lookup::Known(kind) => Ok(kind),
        Lookup::UnknownNamespace => Err(Problem::UnknownNamespace),
        Lookup::UnknownElement => Err(Problem::UnknownElement),
    }
}
