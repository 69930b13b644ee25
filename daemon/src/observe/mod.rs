//! What can be seen of a running issuer from outside: log lines and Prometheus metrics, neither with a claim, code or token in it.

pub mod log;
pub mod metrics;
