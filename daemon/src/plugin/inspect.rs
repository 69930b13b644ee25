//! What a file says of itself without being run.

use wit_component::DecodedWasm;

use super::World;
use super::compiled::hex;
use crate::base::secret::sha256;

/// The package of the contract.
const PACKAGE: &str = "issuer:plugin/";

/// A component, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes of the file.
    pub size: usize,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// What it is for; `None` when it exports neither world of the contract.
    pub world: Option<World>,
    /// Version of the contract that it was built against.
    pub contract: Option<String>,
    /// Interfaces that it imports.
    pub imports: Vec<String>,
    /// Interfaces that it exports.
    pub exports: Vec<String>,
}

/// Decodes a component. The error is a sentence for the operator.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let decoded = wit_component::decode(bytes).map_err(|error| format!("the file is no component: {error:#}"))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err("the file is a package of interfaces, not a component".to_owned());
    };
    let world = resolve.worlds.get(world).ok_or("the component has no world")?;
    let names = |keys: Vec<String>| {
        let mut names = keys;
        names.sort();
        names
    };
    let imports = names(world.imports.keys().map(|key| resolve.name_world_key(key)).collect());
    let exports = names(world.exports.keys().map(|key| resolve.name_world_key(key)).collect());
    let kind = if exported(&exports, "claims").is_some() {
        Some(World::ClaimSource)
    } else {
        exported(&exports, "auth").map(|_| World::AuthHook)
    };
    let contract = exported(&exports, "lifecycle").map(str::to_owned);
    Ok(Decoded { size: bytes.len(), sha256: hex(&sha256(bytes)), world: kind, contract, imports, exports })
}

/// The version under which an interface of the contract is exported.
fn exported<'a>(exports: &'a [String], interface: &str) -> Option<&'a str> {
    exports.iter().find_map(|name| name.strip_prefix(PACKAGE)?.strip_prefix(interface)?.strip_prefix('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dummy(world: &str) -> Vec<u8> {
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve.push_dir("../sdk/wit/issuer-plugin-1.0.0").unwrap();
        let world = resolve.select_world(&[package], Some(world)).unwrap();
        let mut module = wit_component::dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
        let encoding = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
        let mut encoder = wit_component::ComponentEncoder::default();
        encoder.module(&module).unwrap();
        encoder.encode().unwrap()
    }

    #[test]
    fn a_component_tells_its_world_and_contract() {
        for (name, world, interface) in [
            ("claim-source", World::ClaimSource, "issuer:plugin/claims@1.0.0"),
            ("auth-hook", World::AuthHook, "issuer:plugin/auth@1.0.0"),
        ] {
            let bytes = dummy(name);
            let decoded = decode(&bytes).unwrap();
            assert_eq!((decoded.world, decoded.contract.as_deref()), (Some(world), Some("1.0.0")));
            assert!(decoded.exports.contains(&interface.to_owned()), "{:?}", decoded.exports);
            assert!(decoded.imports.contains(&"issuer:plugin/http@1.0.0".to_owned()), "{:?}", decoded.imports);
            assert_eq!((decoded.size, decoded.sha256.len()), (bytes.len(), 64));
        }
    }

    #[test]
    fn what_is_no_component_is_told() {
        assert!(decode(b"").unwrap_err().contains("no component"));
        assert_eq!(decode(b"\0asm\x01\0\0\0").unwrap().world, None, "a core module has no world");
        assert!(decode(&dummy("claim-source")[..200]).is_err());
    }
}
