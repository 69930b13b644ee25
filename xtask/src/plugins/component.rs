//! From a core module to a component.

use wit_component::ComponentEncoder;

use crate::Result;

/// The component of a core module into which the SDK put the description of its world.
///
/// No adapter is needed: for `wasm32-unknown-unknown` the standard library imports nothing, so a plugin has only the imports of the contract.
pub(crate) fn of(module: &[u8]) -> Result<Vec<u8>> {
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    encode().map_err(|error| format!("no component can be made of it: {error:#}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_refused() {
        let error = of(b"no wasm").unwrap_err().to_string();
        assert!(error.contains("no component can be made"), "{error}");
    }
}
