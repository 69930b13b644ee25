//! Credential formats. Each one prepares the bytes to sign, lets the caller sign them wherever the key is kept, and completes the
//! credential with the signature. Nothing here knows of a store, a signer or a request.

pub mod claim;
pub mod mdoc;
pub mod sd_jwt_vc;
pub mod status_list;

use jiff::Timestamp;

/// A format of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialFormat {
    /// ISO/IEC 18013-5 mdoc.
    MsoMdoc,
    /// SD-JWT VC.
    DcSdJwt,
}

impl CredentialFormat {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 2] = [Self::MsoMdoc, Self::DcSdJwt];

    /// Its Credential Format Identifier (`OpenID4VCI` appendix A.2.1, A.3.1).
    #[must_use]
    pub fn identifier(self) -> &'static str {
        match self {
            Self::MsoMdoc => "mso_mdoc",
            Self::DcSdJwt => "dc+sd-jwt",
        }
    }
}

/// The times of a credential: `validityInfo` of an mdoc; `iat`, `nbf` and `exp` of an SD-JWT VC. Written in UTC without fractions of
/// a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it is signed.
    pub signed: Timestamp,
    /// Start of validity, not before `signed`.
    pub valid_from: Timestamp,
    /// End of validity, after `valid_from`.
    pub valid_until: Timestamp,
}

/// A reference to a token status list (Token Status List 6; ISO/IEC 18013-5 second edition 12.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusReference<'a> {
    /// Index in the list.
    pub index: u64,
    /// Where the list is.
    pub uri: &'a str,
}
