//! Credential formats. Each one prepares the bytes to sign, lets the caller sign them wherever the key is kept, and completes the
//! credential with the signature. Nothing here knows of a store, a signer or a request.

pub mod mdoc;
pub mod status_list;
