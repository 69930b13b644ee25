//! No plugins at all.

use futures_util::future::BoxFuture;

use super::contract::{AuthContext, ClaimContext, Gate, Outcome, Step, Verdict};
use super::{CallError, Phase, PluginCalls, World};

/// Knows no plugin; every call fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPlugins;

impl PluginCalls for NoPlugins {
    fn world(&self, _: &str) -> Option<World> {
        None
    }

    fn fetch<'a>(&'a self, _: &'a str, _: ClaimContext) -> BoxFuture<'a, Result<Outcome, CallError>> {
        Box::pin(async { Err(CallError::Failed) })
    }

    fn resume<'a>(&'a self, _: &'a str, _: ClaimContext, _: String) -> BoxFuture<'a, Result<Outcome, CallError>> {
        Box::pin(async { Err(CallError::Failed) })
    }

    fn admit<'a>(&'a self, _: &'a str, _: AuthContext, _: Phase) -> BoxFuture<'a, Result<Gate, CallError>> {
        Box::pin(async { Err(CallError::Failed) })
    }

    fn authorize<'a>(&'a self, _: &'a str, _: AuthContext, _: Step) -> BoxFuture<'a, Result<Verdict, CallError>> {
        Box::pin(async { Err(CallError::Failed) })
    }

    fn refuse_answer(&self, _: &str, _: &str) {}
}
