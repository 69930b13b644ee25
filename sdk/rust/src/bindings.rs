//! What wit-bindgen makes of `sdk/wit/issuer-plugin-1.0.0`.
//!
//! The two worlds of the contract both export `lifecycle`, and the macros that export an interface have one name space in a crate. So
//! the contract is cut into three worlds here: `common` (all imports and `lifecycle`), and one for each thing that a plugin can be. The
//! linker puts their sections together again, and the finished component is of world `claim-source` or `auth-hook`.

pub mod common {
    wit_bindgen::generate!({
        inline: "
            package issuerd:sdk;
            world common {
                include issuer:plugin/host-imports@1.0.0;
                export issuer:plugin/lifecycle@1.0.0;
            }
        ",
        path: "../wit/issuer-plugin-1.0.0",
        world: "issuerd:sdk/common",
        pub_export_macro: true,
        generate_all,
        default_bindings_module: "issuerd_plugin::bindings::common",
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
    });
}

pub mod source {
    wit_bindgen::generate!({
        inline: "
            package issuerd:sdk;
            world source {
                export issuer:plugin/claims@1.0.0;
            }
        ",
        path: "../wit/issuer-plugin-1.0.0",
        world: "issuerd:sdk/source",
        pub_export_macro: true,
        generate_all,
        default_bindings_module: "issuerd_plugin::bindings::source",
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
        with: { "issuer:plugin/types@1.0.0": crate::bindings::types::issuer::plugin::types },
    });
}

pub mod hook {
    wit_bindgen::generate!({
        inline: "
            package issuerd:sdk;
            world hook {
                export issuer:plugin/auth@1.0.0;
            }
        ",
        path: "../wit/issuer-plugin-1.0.0",
        world: "issuerd:sdk/hook",
        pub_export_macro: true,
        generate_all,
        default_bindings_module: "issuerd_plugin::bindings::hook",
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
        with: { "issuer:plugin/types@1.0.0": crate::bindings::types::issuer::plugin::types },
    });
}

/// The types that the other worlds share.
pub mod types {
    wit_bindgen::generate!({
        inline: "
            package issuerd:sdk;
            world types {
                import issuer:plugin/types@1.0.0;
            }
        ",
        path: "../wit/issuer-plugin-1.0.0",
        world: "issuerd:sdk/types",
        generate_all,
        generate_unused_types: true,
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
    });
}
