//! From the contract's functions to the traits and back.

/// What the macro adds to a trait: name and version of the plugin's crate.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Described {
    pub name: &'static str,
    pub version: &'static str,
}

/// Makes a crate a plugin: `export!(claim_source: Type)` or `export!(auth_hook: Type)`, once a crate.
///
/// Name and version of the plugin are those of its `Cargo.toml`. A panic ends the call; its text and place go to the operator's log.
#[macro_export]
macro_rules! export {
    (claim_source: $plugin:ty) => {
        const _: fn() = || {
            fn implements<T: $crate::ClaimSource>() {}
            implements::<$plugin>();
        };

        #[cfg(target_arch = "wasm32")]
        #[expect(unsafe_code, reason = "the exports of a component")]
        const _: () = {
            use $crate::bindings::source::exports::issuer::plugin::claims::Guest;
            struct Exported;

            impl Guest for Exported {
                fn fetch(ctx: $crate::ClaimContext) -> ::std::result::Result<$crate::Outcome, $crate::PluginError> {
                    $crate::glue::fetch::<$plugin>(ctx)
                }

                fn resume(
                    ctx: $crate::ClaimContext,
                    state: String,
                ) -> ::std::result::Result<$crate::Outcome, $crate::PluginError> {
                    $crate::glue::resume::<$plugin>(ctx, state)
                }
            }

            $crate::__lifecycle!(
                Exported,
                $crate::glue::describe_source::<$plugin>,
                $crate::glue::check_source::<$plugin>
            );
    $crate::bindings::source::export!(Exported with_types_in $crate::bindings::source);
        };
    };
    (auth_hook: $plugin:ty) => {
        const _: fn() = || {
            fn implements<T: $crate::AuthHook>() {}
            implements::<$plugin>();
        };

        #[cfg(target_arch = "wasm32")]
        #[expect(unsafe_code, reason = "the exports of a component")]
        const _: () = {
            use $crate::bindings::hook::exports::issuer::plugin::auth::Guest;
            struct Exported;

            impl Guest for Exported {
                fn authorize(
                    ctx: $crate::AuthContext,
                    step: $crate::Step,
                ) -> ::std::result::Result<$crate::Verdict, $crate::PluginError> {
                    $crate::glue::authorize::<$plugin>(ctx, step)
                }

                fn admit(
                    ctx: $crate::AuthContext,
                    phase: String,
                ) -> ::std::result::Result<$crate::Gate, $crate::PluginError> {
                    $crate::glue::admit::<$plugin>(ctx, &phase)
                }
            }

            $crate::__lifecycle!(Exported, $crate::glue::describe_hook::<$plugin>, $crate::glue::check_hook::<$plugin>);
    $crate::bindings::hook::export!(Exported with_types_in $crate::bindings::hook);
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lifecycle {
    ($exported:ident, $describe:expr, $check:expr) => {
        impl $crate::bindings::common::exports::issuer::plugin::lifecycle::Guest for $exported {
            fn describe() -> $crate::PluginInfo {
                $describe($crate::Described { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })
            }

            fn check() -> ::std::result::Result<(), Vec<String>> {
                $check()
            }
        }

        $crate::bindings::common::export!($exported with_types_in $crate::bindings::common);
    };
}

/// The way from an exported function to a trait. The test kit goes the same way.
#[doc(hidden)]
pub mod glue {
    use serde::de::DeserializeOwned;

    use super::Described;
    use crate::{
        AuthContext, AuthHook, ClaimContext, ClaimSource, Error, Gate, Outcome, Phase, PluginError, PluginInfo, Step,
        Verdict, host,
    };

    fn config<T: DeserializeOwned>() -> Result<T, Error> {
        // The message names keys and types, and a value only where it is of the wrong type: an operator's own text.
        serde_json::from_str(&host::config::all())
            .map_err(|error| Error::Misconfigured(format!("the config table: {error}")))
    }

    fn checked<T: DeserializeOwned>(check: fn(&T) -> Result<(), Vec<String>>) -> Result<(), Vec<String>> {
        host::log_panics();
        check(&config().map_err(|error| vec![error.to_string()])?)
    }

    fn answer<T>(said: Result<T, Error>, denied: fn(crate::Denial) -> T) -> Result<T, PluginError> {
        match said.map_err(Error::split) {
            Ok(said) => Ok(said),
            Err(Ok(error)) => Err(error),
            Err(Err(denial)) => Ok(denied(denial)),
        }
    }

    fn call<C: DeserializeOwned, T>(run: impl FnOnce(C) -> Result<T, Error>) -> Result<T, Error> {
        host::log_panics();
        run(config()?)
    }

    #[must_use]
    pub fn describe_source<P: ClaimSource>(of: Described) -> PluginInfo {
        info(of, P::DESCRIPTION, P::CONFIG_SCHEMA, P::needs())
    }

    #[must_use]
    pub fn describe_hook<P: AuthHook>(of: Described) -> PluginInfo {
        info(of, P::DESCRIPTION, P::CONFIG_SCHEMA, P::needs())
    }

    fn info(of: Described, description: &str, config_schema: &str, needs: Vec<crate::Need>) -> PluginInfo {
        let (name, version) = (of.name.to_owned(), of.version.to_owned());
        PluginInfo {
            name,
            version,
            description: description.to_owned(),
            config_schema: config_schema.to_owned(),
            needs,
        }
    }

    pub fn check_source<P: ClaimSource>() -> Result<(), Vec<String>> {
        checked::<P::Config>(P::check)
    }

    pub fn check_hook<P: AuthHook>() -> Result<(), Vec<String>> {
        checked::<P::Config>(P::check)
    }

    pub fn fetch<P: ClaimSource>(ctx: ClaimContext) -> Result<Outcome, PluginError> {
        answer(call(|config| P::fetch(config, ctx)), Outcome::Denied)
    }

    pub fn resume<P: ClaimSource>(ctx: ClaimContext, state: String) -> Result<Outcome, PluginError> {
        answer(call(|config| P::resume(config, ctx, state)), Outcome::Denied)
    }

    pub fn authorize<P: AuthHook>(ctx: AuthContext, step: Step) -> Result<Verdict, PluginError> {
        answer(call(|config| P::authorize(config, ctx, step)), Verdict::Deny)
    }

    pub fn admit<P: AuthHook>(ctx: AuthContext, phase: &str) -> Result<Gate, PluginError> {
        let Some(phase) = Phase::named(phase) else { return Ok(Gate::Abstain) };
        answer(call(|config| P::admit(config, ctx, phase)), Gate::Deny)
    }
}
