//! Whole interactions over a store in memory, with stand-ins for wallets, logins and codes.

mod flow;
mod support;
