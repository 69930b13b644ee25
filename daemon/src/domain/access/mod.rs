//! Who may do what on the management API: roles and the permission table.

pub mod clients;

use serde::{Deserialize, Serialize};

/// A role of a management client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Offers, configurations, certificates.
    Issuer,
    /// Offers and credentials; configurations and certificates read-only.
    ManagedIssuer,
    /// Reads configurations, certificates and events; changes nothing.
    Auditor,
}

/// What an endpoint needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Create, read and delete offers.
    Offers,
    /// Read configurations and certificates.
    ReadCatalog,
    /// Change configurations and certificates.
    WriteCatalog,
    /// Change claim sources.
    WriteClaimSources,
    /// See plugins and load them again.
    Plugins,
    /// Add, list and remove management clients.
    Clients,
    /// Look at wallets' tokens and end them.
    WalletTokens,
    /// See and change what is kept of persons, and what was issued to them.
    Users,
    /// See what is kept of issued credentials, and set the status of one.
    Credentials,
    /// Revoke many credentials.
    Revoke,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Issuer, Self::ManagedIssuer, Self::Auditor];

    /// The permission table: the one place that grants.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Offers | Permission::WriteClaimSources | Permission::Credentials => {
                matches!(self, Self::Admin | Self::Issuer | Self::ManagedIssuer)
            }
            Permission::ReadCatalog => true,
            Permission::WriteCatalog | Permission::WalletTokens | Permission::Users | Permission::Revoke => {
                matches!(self, Self::Admin | Self::Issuer)
            }
            Permission::Clients | Permission::Plugins => matches!(self, Self::Admin),
        }
    }

    /// The role's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Issuer => "issuer",
            Self::ManagedIssuer => "managed-issuer",
            Self::Auditor => "auditor",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admins_manage_clients_and_auditors_only_read() {
        let may =
            |permission| Role::ALL.into_iter().filter(|role| role.may(permission)).map(Role::name).collect::<Vec<_>>();
        assert_eq!(may(Permission::Clients), ["admin"]);
        assert_eq!(may(Permission::Plugins), ["admin"]);
        assert_eq!(may(Permission::WriteCatalog), ["admin", "issuer"]);
        assert_eq!(may(Permission::WalletTokens), ["admin", "issuer"]);
        assert_eq!(may(Permission::Users), ["admin", "issuer"]);
        assert_eq!(may(Permission::Revoke), ["admin", "issuer"]);
        assert_eq!(may(Permission::Credentials), ["admin", "issuer", "managed-issuer"]);
        assert_eq!(may(Permission::Offers), ["admin", "issuer", "managed-issuer"]);
        assert_eq!(may(Permission::WriteClaimSources), ["admin", "issuer", "managed-issuer"]);
        assert_eq!(may(Permission::ReadCatalog), ["admin", "issuer", "managed-issuer", "auditor"]);
    }

    #[test]
    fn a_role_is_found_by_its_name() {
        assert!(Role::ALL.into_iter().all(|role| Role::named(role.name()) == Some(role)));
        assert_eq!(Role::named("root"), None);
    }
}
