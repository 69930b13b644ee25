//! The digests of one credential, and the random order of their ids.

use super::mapping::MappedNamespace;

/// Random bytes that place one digest id: with 32 bits, a permutation of 500 elements is off by less than one in 2^23.
pub(super) const DRAW: usize = 4;

/// The digest ids and digests of a credential.
#[derive(Debug, Clone)]
pub struct Digests {
    /// Ids in the order of the request's elements; a permutation of 0… in each namespace.
    pub(super) ids: Vec<u32>,
    /// Digests, by namespace and by id within it.
    pub(super) bytes: Vec<u8>,
    /// Bytes of one digest.
    pub(super) length: usize,
}

impl Digests {
    /// Namespace, element, digest id and digest of each element, in the order of the `namespaces` that the mdoc was prepared from.
    pub fn each<'a>(
        &'a self,
        namespaces: &'a [MappedNamespace],
    ) -> impl Iterator<Item = (&'a str, &'a str, u32, &'a [u8])> {
        let starts = namespaces.iter().scan(0, |next, namespace| {
            let start = *next;
            *next += namespace.elements.len();
            Some((start, namespace))
        });
        let elements =
            starts.flat_map(|(start, namespace)| namespace.elements.iter().map(move |e| (start, namespace, e)));
        elements.zip(&self.ids).filter_map(|((start, namespace, element), id)| {
            let at = (start + usize::try_from(*id).ok()?) * self.length;
            Some((namespace.name.as_str(), element.identifier.as_str(), *id, self.bytes.get(at..at + self.length)?))
        })
    }
}

/// Appends a random permutation of 0… (Fisher and Yates, inside out), one draw an element.
pub(super) fn permute<'a>(ids: &mut Vec<u32>, count: usize, draws: &mut impl Iterator<Item = &'a [u8]>) {
    let start = ids.len();
    for id in (0..).take(count) {
        let number = draws.next().and_then(|draw| draw.try_into().ok()).map_or(0, u32::from_le_bytes);
        let place = usize::try_from((u64::from(number) * (u64::from(id) + 1)) >> 32).unwrap_or_default();
        ids.push(id);
        let last = ids.len() - 1;
        ids.swap(last, start + place);
    }
}
