//! Which configuration a credential request asks for, and whether its access token may (`OpenID4VCI` 8.2).

use uuid::Uuid;

use crate::store::token::Token;
use crate::wire::credential::Selector;

/// Why nothing was selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is no such configuration.
    #[error("no such credential configuration")]
    UnknownConfiguration,
    /// The token has no such identifier; that includes identifiers of other tokens and of deleted configurations.
    #[error("no such credential identifier")]
    UnknownIdentifier,
    /// The token response had identifiers, so one of them must be named.
    #[error("name a credential_identifier of the token response")]
    IdentifierRequired,
    /// The configuration exists and the token does not cover it.
    #[error("the access token does not cover this credential")]
    NotGranted,
}

/// The configuration that is asked for. `known` tells which configurations exist.
pub fn select(selector: &Selector<'_>, token: &Token, known: impl Fn(Uuid) -> bool) -> Result<Uuid, SelectionError> {
    match selector {
        Selector::Identifier(identifier) => {
            let given = token.identifiers.iter().find(|(given, _)| given == identifier);
            let configuration = given.map(|(_, configuration)| *configuration).filter(|id| known(*id));
            configuration.ok_or(SelectionError::UnknownIdentifier)
        }
        Selector::Configuration(id) => {
            let id = exact(id).filter(|id| known(*id)).ok_or(SelectionError::UnknownConfiguration)?;
            if !token.identifiers.is_empty() {
                return Err(SelectionError::IdentifierRequired);
            }
            if token.configurations.contains(&id) { Ok(id) } else { Err(SelectionError::NotGranted) }
        }
    }
}

/// The id in the one spelling that metadata has; identifiers are compared to the letter.
fn exact(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::token::Origin;
    use jiff::Timestamp;

    const GRANTED: Uuid = Uuid::from_u128(0xa);
    const OTHER: Uuid = Uuid::from_u128(0xb);
    const GONE: Uuid = Uuid::from_u128(0xc);

    fn token(identifiers: &[(&str, Uuid)]) -> Token {
        Token {
            origin: Origin::PreAuthorized,
            offer: Uuid::from_u128(1),
            jkt: None,
            client_id: None,
            wallet: None,
            identifiers: identifiers.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect(),
            configurations: vec![GRANTED, GONE],
            expires_at: Timestamp::MAX,
        }
    }

    fn by_configuration(id: &str, token: &Token) -> Result<Uuid, SelectionError> {
        select(&Selector::Configuration(id.into()), token, |id| id == GRANTED || id == OTHER)
    }

    fn by_identifier(identifier: &str, token: &Token) -> Result<Uuid, SelectionError> {
        select(&Selector::Identifier(identifier.into()), token, |id| id == GRANTED || id == OTHER)
    }

    // VCI-8.2-05, VCI-8.2-07, BRR-3.1-02
    #[test]
    fn a_configuration_must_exist_and_be_granted() {
        let token = token(&[]);
        assert_eq!(by_configuration(&GRANTED.to_string(), &token), Ok(GRANTED));
        assert_eq!(by_configuration(&OTHER.to_string(), &token), Err(SelectionError::NotGranted));
        for unknown in [GONE.to_string(), Uuid::from_u128(0xd).to_string(), String::new(), "mDL".into(), "../x".into()]
        {
            assert_eq!(by_configuration(&unknown, &token), Err(SelectionError::UnknownConfiguration), "{unknown}");
        }
        let shouted = GRANTED.to_string().to_uppercase();
        for spelling in [shouted, GRANTED.simple().to_string(), GRANTED.urn().to_string(), GRANTED.braced().to_string()]
        {
            assert_eq!(by_configuration(&spelling, &token), Err(SelectionError::UnknownConfiguration), "{spelling}");
        }
    }

    // VCI-8.2-03, VCI-8.2-04, VCI-8.2-06, SEC-IDOR-01
    #[test]
    fn identifiers_that_were_given_out_must_be_used() {
        let identified = token(&[("ds-0", GRANTED), ("ds-1", GONE)]);
        assert_eq!(by_identifier("ds-0", &identified), Ok(GRANTED));
        assert_eq!(by_configuration(&GRANTED.to_string(), &identified), Err(SelectionError::IdentifierRequired));
        for unknown in ["ds-1", "ds-2", "DS-0", "", "ds-0 "] {
            assert_eq!(by_identifier(unknown, &identified), Err(SelectionError::UnknownIdentifier), "{unknown}");
        }
        assert_eq!(by_identifier("ds-0", &token(&[])), Err(SelectionError::UnknownIdentifier));
        assert_eq!(by_identifier(&GRANTED.to_string(), &token(&[])), Err(SelectionError::UnknownIdentifier));
    }
}
