//! What the issuer does, by the names of the event registry.

use super::Phase;

/// Declares the operations: variant, name, category.
macro_rules! operations {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $category:literal,)*) => {
        /// Something the issuer does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Operation {
            /// All, in the order of their declaration: `ALL[n] as usize == n`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name without a phase, like `OPENID_TOKEN`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The group of the event registry, in kebab case.
            #[must_use]
            pub fn category(self) -> &'static str {
                match self {
                    $(Self::$variant => $category,)*
                }
            }

            /// The full name of an event, like `OPENID_TOKEN_SUCCESS`.
            #[must_use]
            pub fn event(self, phase: Phase) -> &'static str {
                match (self, phase) {
                    $(
                        (Self::$variant, Phase::Start) => concat!($name, "_START"),
                        (Self::$variant, Phase::Success) => concat!($name, "_SUCCESS"),
                        (Self::$variant, Phase::Fail) => concat!($name, "_FAIL"),
                    )*
                }
            }
        }
    };
}

operations! {
    /// An authorization code offer is made.
    OpenidOfferCreate "OPENID_OFFER_CREATE" "openid",
    /// An offer is read by an operator.
    OpenidOfferRetrieve "OPENID_OFFER_RETRIEVE" "openid",
    /// Offers are listed.
    OpenidOfferRetrieveList "OPENID_OFFER_RETRIEVE_LIST" "openid",
    /// A wallet loads an offer by reference.
    OpenidOfferResolve "OPENID_OFFER_RESOLVE" "openid",
    /// A pre-authorized offer is made.
    OpenidPreAuthorizedOfferCreate "OPENID_PRE_AUTHORIZED_OFFER_CREATE" "openid",
    /// A pre-authorized offer is ended.
    OpenidPreAuthorizedOfferDelete "OPENID_PRE_AUTHORIZED_OFFER_DELETE" "openid",
    /// A wallet loads the Credential Issuer metadata.
    OpenidIssuerMetadataRetrieve "OPENID_ISSUER_METADATA_RETRIEVE" "openid",
    /// A wallet loads the authorization server metadata.
    OpenidAuthorizationServerMetadataRetrieve "OPENID_AUTHORIZATION_SERVER_METADATA_RETRIEVE" "openid",
    /// A wallet sends its authorization request in advance.
    OpenidPushedAuthorizationRequest "OPENID_PUSHED_AUTHORIZATION_REQUEST" "openid",
    /// A person arrives with an authorization request.
    OpenidAuthorize "OPENID_AUTHORIZE" "openid",
    /// A person is asked who they are, or says so.
    OpenidLogin "OPENID_LOGIN" "openid",
    /// A person comes back from an authentication provider.
    OpenidAuthenticationProviderAuthorize "OPENID_AUTHENTICATION_PROVIDER_AUTHORIZE" "openid",
    /// A person sees or sends the form of an auth hook.
    OpenidHookForm "OPENID_HOOK_FORM" "openid",
    /// A person comes back from a page of an auth hook, or of the operator.
    OpenidHookReturn "OPENID_HOOK_RETURN" "openid",
    /// A person is asked whether they approve, or says so.
    OpenidConsent "OPENID_CONSENT" "openid",
    /// A wallet asks for an access token.
    OpenidToken "OPENID_TOKEN" "openid",
    /// A wallet asks for a nonce.
    OpenidNonce "OPENID_NONCE" "openid",
    /// A wallet asks for a credential.
    OpenidCredential "OPENID_CREDENTIAL" "openid",
    /// An auth hook is asked whether a request may go on.
    OpenidInteractionHook "OPENID_INTERACTION_HOOK" "openid",
    /// An access token for a claim source is asked for.
    OpenidClaimSourceAuthorization "OPENID_CLAIM_SOURCE_AUTHORIZATION" "openid",
    /// Claims are fetched from a claim source.
    OpenidClaimSourceRetrieve "OPENID_CLAIM_SOURCE_RETRIEVE" "openid",
    /// A claim source is made.
    ClaimSourceCreate "CLAIM_SOURCE_CREATE" "claim-source",
    /// A claim source is read.
    ClaimSourceRetrieve "CLAIM_SOURCE_RETRIEVE" "claim-source",
    /// Claim sources are listed.
    ClaimSourceRetrieveList "CLAIM_SOURCE_RETRIEVE_LIST" "claim-source",
    /// A claim source is replaced.
    ClaimSourceUpdate "CLAIM_SOURCE_UPDATE" "claim-source",
    /// A claim source is deleted.
    ClaimSourceDelete "CLAIM_SOURCE_DELETE" "claim-source",
    /// A configuration is made.
    MobileCredentialConfigurationCreate "MOBILE_CREDENTIAL_CONFIGURATION_CREATE" "mobile-credential",
    /// A configuration is read.
    MobileCredentialConfigurationRetrieve "MOBILE_CREDENTIAL_CONFIGURATION_RETRIEVE" "mobile-credential",
    /// Configurations are listed.
    MobileCredentialConfigurationRetrieveList "MOBILE_CREDENTIAL_CONFIGURATION_RETRIEVE_LIST" "mobile-credential",
    /// A configuration is replaced.
    MobileCredentialConfigurationUpdate "MOBILE_CREDENTIAL_CONFIGURATION_UPDATE" "mobile-credential",
    /// A configuration is deleted.
    MobileCredentialConfigurationDelete "MOBILE_CREDENTIAL_CONFIGURATION_DELETE" "mobile-credential",
    /// An IACA is made or registered.
    MobileCredentialIacaCreate "MOBILE_CREDENTIAL_IACA_CREATE" "mobile-credential",
    /// An IACA is read.
    MobileCredentialIacaRetrieve "MOBILE_CREDENTIAL_IACA_RETRIEVE" "mobile-credential",
    /// IACAs are listed.
    MobileCredentialIacaRetrieveList "MOBILE_CREDENTIAL_IACA_RETRIEVE_LIST" "mobile-credential",
    /// An IACA is activated or deactivated.
    MobileCredentialIacaUpdate "MOBILE_CREDENTIAL_IACA_UPDATE" "mobile-credential",
    /// An IACA is deleted.
    MobileCredentialIacaDelete "MOBILE_CREDENTIAL_IACA_DELETE" "mobile-credential",
    /// The key of an IACA is destroyed.
    MobileCredentialIacaKeyDelete "MOBILE_CREDENTIAL_IACA_KEY_DELETE" "mobile-credential",
    /// A verifier loads the revocation list of an IACA.
    MobileCredentialIacaCrlRetrieve "MOBILE_CREDENTIAL_IACA_CRL_RETRIEVE" "mobile-credential",
    /// A verifier loads the public list of IACAs.
    MobileCredentialIacaTrustListRetrieve "MOBILE_CREDENTIAL_IACA_TRUST_LIST_RETRIEVE" "mobile-credential",
    /// A document signer is made.
    MobileCredentialDocumentSignerCreate "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_CREATE" "mobile-credential",
    /// A document signer is read.
    MobileCredentialDocumentSignerRetrieve "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_RETRIEVE" "mobile-credential",
    /// Document signers are listed.
    MobileCredentialDocumentSignerRetrieveList "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_RETRIEVE_LIST" "mobile-credential",
    /// A document signer gets its certificate, or is activated or deactivated.
    MobileCredentialDocumentSignerUpdate "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_UPDATE" "mobile-credential",
    /// A document signer is deleted.
    MobileCredentialDocumentSignerDelete "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_DELETE" "mobile-credential",
    /// A document signer is revoked.
    MobileCredentialDocumentSignerRevoke "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_REVOKE" "mobile-credential",
    /// The key of a document signer is destroyed.
    MobileCredentialDocumentSignerKeyDelete "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_KEY_DELETE" "mobile-credential",
    /// A status list signer is made.
    MobileCredentialStatusListSignerCreate "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_CREATE" "mobile-credential",
    /// A status list signer is read.
    MobileCredentialStatusListSignerRetrieve "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_RETRIEVE" "mobile-credential",
    /// Status list signers are listed.
    MobileCredentialStatusListSignerRetrieveList "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_RETRIEVE_LIST" "mobile-credential",
    /// A status list signer gets its certificate, or is activated or deactivated.
    MobileCredentialStatusListSignerUpdate "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_UPDATE" "mobile-credential",
    /// A status list signer is deleted.
    MobileCredentialStatusListSignerDelete "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_DELETE" "mobile-credential",
    /// A status list signer is revoked.
    MobileCredentialStatusListSignerRevoke "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_REVOKE" "mobile-credential",
    /// The key of a status list signer is destroyed.
    MobileCredentialStatusListSignerKeyDelete "MOBILE_CREDENTIAL_STATUS_LIST_SIGNER_KEY_DELETE" "mobile-credential",
    /// A status list configuration is made.
    MobileCredentialStatusListConfigurationCreate "MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION_CREATE" "mobile-credential",
    /// A status list configuration is read.
    MobileCredentialStatusListConfigurationRetrieve "MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION_RETRIEVE" "mobile-credential",
    /// Status list configurations are listed.
    MobileCredentialStatusListConfigurationRetrieveList "MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION_RETRIEVE_LIST" "mobile-credential",
    /// A status list configuration is changed.
    MobileCredentialStatusListConfigurationUpdate "MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION_UPDATE" "mobile-credential",
    /// A status list configuration is deleted.
    MobileCredentialStatusListConfigurationDelete "MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION_DELETE" "mobile-credential",
    /// A status list is read by an operator.
    MobileCredentialStatusListRetrieve "MOBILE_CREDENTIAL_STATUS_LIST_RETRIEVE" "mobile-credential",
    /// Status lists are listed.
    MobileCredentialStatusListRetrieveList "MOBILE_CREDENTIAL_STATUS_LIST_RETRIEVE_LIST" "mobile-credential",
    /// A verifier loads a status list.
    MobileCredentialStatusListTokenRetrieve "MOBILE_CREDENTIAL_STATUS_LIST_TOKEN_RETRIEVE" "mobile-credential",
    /// A verifier asks which status lists there are.
    MobileCredentialStatusListDistribution "MOBILE_CREDENTIAL_STATUS_LIST_DISTRIBUTION" "mobile-credential",
    /// A status list configuration of SD-JWT VCs is made.
    SdJwtCredentialStatusListConfigurationCreate "SD_JWT_CREDENTIAL_STATUS_LIST_CONFIGURATION_CREATE" "sd-jwt-credential",
    /// A status list configuration of SD-JWT VCs is read.
    SdJwtCredentialStatusListConfigurationRetrieve "SD_JWT_CREDENTIAL_STATUS_LIST_CONFIGURATION_RETRIEVE" "sd-jwt-credential",
    /// Status list configurations of SD-JWT VCs are listed.
    SdJwtCredentialStatusListConfigurationRetrieveList "SD_JWT_CREDENTIAL_STATUS_LIST_CONFIGURATION_RETRIEVE_LIST" "sd-jwt-credential",
    /// A status list configuration of SD-JWT VCs is replaced.
    SdJwtCredentialStatusListConfigurationUpdate "SD_JWT_CREDENTIAL_STATUS_LIST_CONFIGURATION_UPDATE" "sd-jwt-credential",
    /// A status list configuration of SD-JWT VCs is deleted.
    SdJwtCredentialStatusListConfigurationDelete "SD_JWT_CREDENTIAL_STATUS_LIST_CONFIGURATION_DELETE" "sd-jwt-credential",
    /// A status list of SD-JWT VCs is generated and signed.
    SdJwtCredentialStatusListSign "SD_JWT_CREDENTIAL_STATUS_LIST_SIGN" "sd-jwt-credential",
    /// A status list of SD-JWT VCs is read by an operator.
    SdJwtCredentialStatusListRetrieve "SD_JWT_CREDENTIAL_STATUS_LIST_RETRIEVE" "sd-jwt-credential",
    /// Status lists of SD-JWT VCs are listed.
    SdJwtCredentialStatusListRetrieveList "SD_JWT_CREDENTIAL_STATUS_LIST_RETRIEVE_LIST" "sd-jwt-credential",
    /// A verifier loads a status list of SD-JWT VCs.
    SdJwtCredentialStatusListTokenRetrieve "SD_JWT_CREDENTIAL_STATUS_LIST_TOKEN_RETRIEVE" "sd-jwt-credential",
    /// A verifier asks which status lists of SD-JWT VCs there are.
    SdJwtCredentialStatusListDistribution "SD_JWT_CREDENTIAL_STATUS_LIST_DISTRIBUTION" "sd-jwt-credential",
    /// A status list is generated and signed.
    MobileCredentialStatusListSign "MOBILE_CREDENTIAL_STATUS_LIST_SIGN" "mobile-credential",
    /// The status of a credential is set.
    MobileCredentialStatusSet "MOBILE_CREDENTIAL_STATUS_SET" "mobile-credential",
    /// The status of a credential is read.
    MobileCredentialStatusRetrieve "MOBILE_CREDENTIAL_STATUS_RETRIEVE" "mobile-credential",
    /// The record of an issued credential is read.
    MobileCredentialRetrieve "MOBILE_CREDENTIAL_RETRIEVE" "mobile-credential",
    /// Records of issued credentials are listed.
    MobileCredentialRetrieveList "MOBILE_CREDENTIAL_RETRIEVE_LIST" "mobile-credential",
    /// The record of an issued credential is deleted.
    UserCredentialDelete "USER_CREDENTIAL_DELETE" "user",
    /// Many credentials are to be revoked, or are counted.
    CredentialRevocationCreate "CREDENTIAL_REVOCATION_CREATE" "credential-revocation",
    /// A bulk revocation is read.
    CredentialRevocationRetrieve "CREDENTIAL_REVOCATION_RETRIEVE" "credential-revocation",
    /// Bulk revocations are listed.
    CredentialRevocationRetrieveList "CREDENTIAL_REVOCATION_RETRIEVE_LIST" "credential-revocation",
    /// A bulk revocation is carried out.
    CredentialRevocationRun "CREDENTIAL_REVOCATION_RUN" "credential-revocation",
    /// An mdoc is signed.
    MobileCredentialSign "MOBILE_CREDENTIAL_SIGN" "mobile-credential",
    /// An SD-JWT VC is signed.
    SdJwtCredentialSign "SD_JWT_CREDENTIAL_SIGN" "sd-jwt-credential",
    /// An SD-JWT VC configuration is made.
    SdJwtCredentialConfigurationCreate "SD_JWT_CREDENTIAL_CONFIGURATION_CREATE" "sd-jwt-credential",
    /// An SD-JWT VC configuration is read.
    SdJwtCredentialConfigurationRetrieve "SD_JWT_CREDENTIAL_CONFIGURATION_RETRIEVE" "sd-jwt-credential",
    /// SD-JWT VC configurations are listed.
    SdJwtCredentialConfigurationRetrieveList "SD_JWT_CREDENTIAL_CONFIGURATION_RETRIEVE_LIST" "sd-jwt-credential",
    /// An SD-JWT VC configuration is replaced.
    SdJwtCredentialConfigurationUpdate "SD_JWT_CREDENTIAL_CONFIGURATION_UPDATE" "sd-jwt-credential",
    /// An SD-JWT VC configuration is deleted.
    SdJwtCredentialConfigurationDelete "SD_JWT_CREDENTIAL_CONFIGURATION_DELETE" "sd-jwt-credential",
    /// A signer of SD-JWT VCs is made.
    SdJwtCredentialSignerCreate "SD_JWT_CREDENTIAL_SIGNER_CREATE" "sd-jwt-credential",
    /// A signer of SD-JWT VCs is read.
    SdJwtCredentialSignerRetrieve "SD_JWT_CREDENTIAL_SIGNER_RETRIEVE" "sd-jwt-credential",
    /// Signers of SD-JWT VCs are listed.
    SdJwtCredentialSignerRetrieveList "SD_JWT_CREDENTIAL_SIGNER_RETRIEVE_LIST" "sd-jwt-credential",
    /// A signer of SD-JWT VCs gets its certificate, or is activated or deactivated.
    SdJwtCredentialSignerUpdate "SD_JWT_CREDENTIAL_SIGNER_UPDATE" "sd-jwt-credential",
    /// A signer of SD-JWT VCs is deleted.
    SdJwtCredentialSignerDelete "SD_JWT_CREDENTIAL_SIGNER_DELETE" "sd-jwt-credential",
    /// A signer of SD-JWT VCs is revoked.
    SdJwtCredentialSignerRevoke "SD_JWT_CREDENTIAL_SIGNER_REVOKE" "sd-jwt-credential",
    /// The key of a signer of SD-JWT VCs is destroyed.
    SdJwtCredentialSignerKeyDelete "SD_JWT_CREDENTIAL_SIGNER_KEY_DELETE" "sd-jwt-credential",
    /// Records of SD-JWT VCs are listed.
    SdJwtCredentialRetrieveList "SD_JWT_CREDENTIAL_RETRIEVE_LIST" "sd-jwt-credential",
    /// The record of an SD-JWT VC is read.
    SdJwtCredentialRetrieve "SD_JWT_CREDENTIAL_RETRIEVE" "sd-jwt-credential",
    /// The status of an SD-JWT VC is set.
    SdJwtCredentialStatusSet "SD_JWT_CREDENTIAL_STATUS_SET" "sd-jwt-credential",
    /// The status of an SD-JWT VC is read.
    SdJwtCredentialStatusRetrieve "SD_JWT_CREDENTIAL_STATUS_RETRIEVE" "sd-jwt-credential",
    /// A verifier loads the keys of SD-JWT VCs.
    JwtVcIssuerMetadataRetrieve "JWT_VC_ISSUER_METADATA_RETRIEVE" "sd-jwt-credential",
    /// A verifier or a wallet loads the metadata of a type.
    SdJwtCredentialTypeMetadataRetrieve "SD_JWT_CREDENTIAL_TYPE_METADATA_RETRIEVE" "sd-jwt-credential",
    /// An issued credential is recorded for its user.
    UserCredentialCreate "USER_CREDENTIAL_CREATE" "user",
    /// Plugins are listed.
    PluginRetrieveList "PLUGIN_RETRIEVE_LIST" "plugin",
    /// A plugin is read.
    PluginRetrieve "PLUGIN_RETRIEVE" "plugin",
    /// A plugin is loaded again.
    PluginReload "PLUGIN_RELOAD" "plugin",
    /// A client of the management API is made.
    ManagementClientCreate "MANAGEMENT_CLIENT_CREATE" "management",
    /// Clients of the management API are listed.
    ManagementClientRetrieveList "MANAGEMENT_CLIENT_RETRIEVE_LIST" "management",
    /// A client of the management API is removed.
    ManagementClientDelete "MANAGEMENT_CLIENT_DELETE" "management",
    /// A client of the management API asks for an access token.
    ManagementTokenCreate "MANAGEMENT_TOKEN_CREATE" "management",
    /// An authorization code offer is ended.
    OpenidOfferDelete "OPENID_OFFER_DELETE" "openid",
    /// A token of a wallet is ended, by the wallet or by an operator.
    OpenidTokenRevoke "OPENID_TOKEN_REVOKE" "openid",
    /// An operator asks what a token of a wallet is.
    OpenidTokenIntrospect "OPENID_TOKEN_INTROSPECT" "openid",
    /// A wallet client is registered.
    OpenidClientCreate "OPENID_CLIENT_CREATE" "openid",
    /// A wallet client is read.
    OpenidClientRetrieve "OPENID_CLIENT_RETRIEVE" "openid",
    /// Wallet clients are listed.
    OpenidClientRetrieveList "OPENID_CLIENT_RETRIEVE_LIST" "openid",
    /// A wallet client is replaced.
    OpenidClientUpdate "OPENID_CLIENT_UPDATE" "openid",
    /// A wallet client is removed.
    OpenidClientDelete "OPENID_CLIENT_DELETE" "openid",
    /// A wallet asks for a challenge for its attestation.
    OpenidChallenge "OPENID_CHALLENGE" "openid",
    /// Calls of a plugin are to be recorded.
    PluginRecordingCreate "PLUGIN_RECORDING_CREATE" "plugin",
    /// Recorded calls of a plugin are read.
    PluginRecordingRetrieve "PLUGIN_RECORDING_RETRIEVE" "plugin",
    /// An authentication provider is made.
    UserAuthenticationProviderCreate "USER_AUTHENTICATION_PROVIDER_CREATE" "user",
    /// An authentication provider is read.
    UserAuthenticationProviderRetrieve "USER_AUTHENTICATION_PROVIDER_RETRIEVE" "user",
    /// Authentication providers are listed.
    UserAuthenticationProviderRetrieveList "USER_AUTHENTICATION_PROVIDER_RETRIEVE_LIST" "user",
    /// An authentication provider is replaced.
    UserAuthenticationProviderUpdate "USER_AUTHENTICATION_PROVIDER_UPDATE" "user",
    /// An authentication provider is deleted.
    UserAuthenticationProviderDelete "USER_AUTHENTICATION_PROVIDER_DELETE" "user",
    /// A user is made.
    UserCreate "USER_CREATE" "user",
    /// A user is read.
    UserRetrieve "USER_RETRIEVE" "user",
    /// Users are listed.
    UserRetrieveList "USER_RETRIEVE_LIST" "user",
    /// Users are searched.
    UserSearch "USER_SEARCH" "user",
    /// A user is replaced.
    UserUpdate "USER_UPDATE" "user",
    /// A user is deleted.
    UserDelete "USER_DELETE" "user",
    /// The credentials of a user are listed.
    UserCredentialRetrieveList "USER_CREDENTIAL_RETRIEVE_LIST" "user",
    /// The interaction hook is set.
    CredentialProviderOpenidConfigurationUpdate "CREDENTIAL_PROVIDER_OPENID_CONFIGURATION_UPDATE" "openid",
    /// The interaction hook is read.
    CredentialProviderOpenidConfigurationRetrieve "CREDENTIAL_PROVIDER_OPENID_CONFIGURATION_RETRIEVE" "openid",
    /// A fresh key for encrypted requests is put in use.
    OpenidEncryptionKeyCreate "OPENID_ENCRYPTION_KEY_CREATE" "openid",
    /// Keys for encrypted requests are listed.
    OpenidEncryptionKeyRetrieveList "OPENID_ENCRYPTION_KEY_RETRIEVE_LIST" "openid",
    /// A wallet comes back for a deferred credential.
    OpenidDeferredCredential "OPENID_DEFERRED_CREDENTIAL" "openid",
    /// A wallet says what became of credentials.
    OpenidNotification "OPENID_NOTIFICATION" "openid",
    /// Deferred credentials are listed.
    OpenidDeferredRetrieveList "OPENID_DEFERRED_RETRIEVE_LIST" "openid",
    /// A deferred credential is read.
    OpenidDeferredRetrieve "OPENID_DEFERRED_RETRIEVE" "openid",
    /// A deferred credential is approved.
    OpenidDeferredApprove "OPENID_DEFERRED_APPROVE" "openid",
    /// A deferred credential is denied.
    OpenidDeferredDeny "OPENID_DEFERRED_DENY" "openid",
    /// A key for encrypted requests is ended.
    OpenidEncryptionKeyDelete "OPENID_ENCRYPTION_KEY_DELETE" "openid",
}
