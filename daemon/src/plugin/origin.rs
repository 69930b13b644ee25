//! What a loaded plugin was made of: when it is still the same, a reload has nothing to load.

use std::path::Path;
use std::sync::Arc;

use super::secrets::{Held, Secrets};
use super::settings::PluginSettings;
use crate::base::secret::{same, sha256};

/// Settings, component, and the content of what the settings name.
pub(super) struct Origin {
    /// Without what is of no concern to a loaded plugin.
    settings: PluginSettings,
    /// SHA-256 of the component.
    digest: [u8; 32],
    /// The granted secrets, in the order of the settings.
    secrets: Vec<Option<Arc<Held>>>,
    /// SHA-256 of the certificates that are trusted besides those of the system.
    certificates: Vec<Option<[u8; 32]>>,
}

impl Origin {
    /// Of a component with this digest. Reads files.
    pub(super) fn of(settings: &PluginSettings, secrets: &Secrets, digest: [u8; 32]) -> Self {
        let held = settings.secrets.iter().map(|grant| secrets.get(&grant.secret).cloned()).collect();
        let digest_of = |file: &Path| std::fs::read(file).ok().map(|content| sha256(&content));
        let certificates = settings.http.iter().map(|grant| grant.ca_file.as_deref().and_then(digest_of)).collect();
        let settings = PluginSettings { credentials: Vec::new(), optional: false, ..settings.clone() };
        Self { settings, digest, secrets: held, certificates }
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Option<Arc<Held>>, &Option<Arc<Held>>)| match (one, other) {
            (Some(one), Some(other)) => same(one.value.expose(), other.value.expose()) && one.origins == other.origins,
            (None, None) => true,
            _ => false,
        };
        self.settings == other.settings
            && self.digest == other.digest
            && self.certificates == other.certificates
            && self.secrets.len() == other.secrets.len()
            && self.secrets.iter().zip(&other.secrets).all(alike)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plugin::settings::{HttpGrant, SecretGrant, SecretPlace, SecretSettings};

    fn secrets(file: &Path, origins: &[&str]) -> Secrets {
        let from = SecretPlace::File(file.to_owned());
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Secrets::load(&BTreeMap::from([("token".to_owned(), SecretSettings { from, origins })])).unwrap()
    }

    #[test]
    fn it_is_the_same_until_something_that_matters_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (token, ca) = (folder.path().join("token"), folder.path().join("ca.pem"));
        std::fs::write(&token, "one").unwrap();
        std::fs::write(&ca, "certificate").unwrap();
        let http = HttpGrant {
            origin: "https://a.example".into(),
            methods: vec![],
            path: None,
            private: false,
            ca_file: Some(ca.clone()),
        };
        let secret = SecretGrant { name: "token".into(), secret: "token".into(), uses: [].into() };
        let settings = PluginSettings { secrets: vec![secret], http: vec![http], ..PluginSettings::default() };
        let of = |settings: &PluginSettings| Origin::of(settings, &secrets(&token, &[]), [1; 32]);
        let before = of(&settings);
        let acts_elsewhere =
            PluginSettings { credentials: vec!["org.example".into()], optional: true, ..settings.clone() };
        assert!(before == of(&settings) && before == of(&acts_elsewhere));
        let mut limited = settings.clone();
        limited.limits.output = 1;
        assert!(before != of(&limited));
        assert!(before != Origin::of(&settings, &secrets(&token, &[]), [2; 32]), "another component");
        assert!(
            before != Origin::of(&settings, &secrets(&token, &["https://a.example"]), [1; 32]),
            "bound to an origin"
        );
        assert!(before != Origin::of(&settings, &Secrets::default(), [1; 32]), "no secret");
        std::fs::write(&ca, "another certificate").unwrap();
        assert!(before != of(&settings), "other certificates");
        let before = of(&settings);
        std::fs::write(&token, "two").unwrap();
        assert!(before != of(&settings), "another value of the secret");
    }
}
