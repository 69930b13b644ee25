//! The types of the contract that cases are read into.

pub(crate) use crate::bindings::common::issuer::plugin::http::{HeaderValue, HttpError, Request, Response};
pub(crate) use crate::{
    AuthContext, ClaimContext, ClaimSet, Denial, Enrichment, Gate, Outcome, PluginError, Step, Verdict,
};
