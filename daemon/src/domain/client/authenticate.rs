//! Which client sends a request: one method, checked, or a public client by its name.

use std::time::Duration;

use super::assertion::{ASSERTION_TYPE, Assertion, AssertionError, LONGEST_ID};
use super::attestation::{self, AttestationError};
use super::pop::{self, PopError, PopRules};
use super::times::Now;
use super::{Client, ClientRefusal, Method, RequestKeys, WalletClients, certificate, unregistered};
use crate::domain::Failure;
use crate::store::seen::Space;

/// How far a client's clock may be off.
pub(super) const SKEW: Duration = Duration::from_mins(1);

/// What a request shows of its client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// `client_id`
    pub client_id: Option<&'a str>,
    /// `client_assertion_type`
    pub assertion_type: Option<&'a str>,
    /// `client_assertion`
    pub assertion: Option<&'a str>,
    /// The values of its `OAuth-Client-Attestation` headers; empty for one that is not text.
    pub attestations: &'a [&'a str],
    /// The values of its `OAuth-Client-Attestation-PoP` headers.
    pub pops: &'a [&'a str],
    /// Whether it carries a shared secret, in its form or its `Authorization` header.
    pub secret: bool,
    /// The certificate of its connection, DER, verified by the listener.
    pub certificate: Option<&'a [u8]>,
}

impl Presented<'_> {
    fn has_assertion(&self) -> bool {
        self.assertion.is_some() || self.assertion_type.is_some()
    }

    fn has_attestation(&self) -> bool {
        !self.attestations.is_empty() || !self.pops.is_empty()
    }
}

impl WalletClients {
    /// The client of a request. One that shows neither a name nor a proof is refused; where that may be, ask
    /// [`Self::authenticate_or_anonymous`].
    pub async fn authenticate(&self, presented: &Presented<'_>) -> Result<Result<Client, ClientRefusal>, Failure> {
        if !presented.has_assertion() && !presented.has_attestation() && !presented.secret {
            return Ok(self.by_name(presented));
        }
        if presented.secret || presented.has_assertion() && presented.has_attestation() {
            let secret_alone = !presented.has_assertion() && !presented.has_attestation();
            return Ok(Err(if secret_alone { ClientRefusal::Secret } else { ClientRefusal::SeveralMethods }));
        }
        if presented.has_attestation() {
            self.by_attestation(presented).await
        } else {
            self.by_assertion(presented).await
        }
    }

    /// The same; `None` for a request that says nothing of its client, where the policy permits that.
    pub async fn authenticate_or_anonymous(
        &self,
        presented: &Presented<'_>,
    ) -> Result<Result<Option<Client>, ClientRefusal>, Failure> {
        match self.authenticate(presented).await? {
            Err(ClientRefusal::Missing) if self.policy.anonymous() => Ok(Ok(None)),
            outcome => Ok(outcome.map(Some)),
        }
    }

    /// A public client, or one that is known by its certificate (RFC 8705 2.1, 2.2). Where wallets must be attested, the certificate of
    /// a client that is registered with it is as good, and a name is not.
    fn by_name(&self, presented: &Presented<'_>) -> Result<Client, ClientRefusal> {
        let known = presented.client_id.and_then(|id| self.named(id));
        if let Some(known) = known.as_ref().filter(|known| known.authentication == Method::Mtls)
            && presented.certificate.is_some_and(|der| certificate::is_of(der, known))
        {
            return Ok(known.client(Method::Mtls));
        }
        if self.policy.attestation_required {
            return Err(ClientRefusal::AttestationRequired);
        }
        let id = presented.client_id.ok_or(ClientRefusal::Missing)?;
        match known {
            Some(known) if known.authentication == Method::Public => Ok(known.client(Method::Public)),
            None if self.policy.allow_unregistered && id.len() <= LONGEST_ID => Ok(unregistered(id)),
            Some(_) | None => Err(ClientRefusal::Unproven),
        }
    }

    async fn by_assertion(&self, presented: &Presented<'_>) -> Result<Result<Client, ClientRefusal>, Failure> {
        let checked = self.checked_assertion(presented);
        let (assertion, client) = match checked {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = [client.id.as_bytes(), &[0], assertion.id.as_bytes()].concat();
        let first = self.store.seen_once(Space::ClientAssertion, &id, assertion.until).await?;
        Ok(if first { Ok(client) } else { Err(AssertionError::Replayed.into()) })
    }

    fn checked_assertion<'a>(&self, presented: &Presented<'a>) -> Result<(Assertion<'a>, Client), ClientRefusal> {
        let (Some(text), Some(kind)) = (presented.assertion, presented.assertion_type) else {
            return Err(ClientRefusal::HalfAssertion);
        };
        if kind != ASSERTION_TYPE {
            return Err(AssertionError::Type.into());
        }
        let assertion = Assertion::read(text, &self.issuer, Now::new(self.clock.now(), SKEW))?;
        if presented.client_id.is_some_and(|id| id != assertion.client_id) {
            return Err(AssertionError::ClientId.into());
        }
        let known = self.named(&assertion.client_id).filter(|known| known.authentication == Method::PrivateKeyJwt);
        let proven = assertion.is_by(known.as_deref());
        match known.filter(|_| proven) {
            Some(known) => Ok((assertion, known.client(Method::PrivateKeyJwt))),
            None => Err(ClientRefusal::Unproven),
        }
    }

    async fn by_attestation(&self, presented: &Presented<'_>) -> Result<Result<Client, ClientRefusal>, Failure> {
        let (good, client, key) = match self.checked_attestation(presented) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = [key.as_slice(), good.id.as_bytes()].concat();
        let first = self.store.seen_once(Space::AttestationPop, &id, good.until).await?;
        Ok(if first { Ok(client) } else { Err(PopError::Replayed.into()) })
    }

    fn checked_attestation(&self, presented: &Presented<'_>) -> Result<(pop::Good, Client, [u8; 32]), ClientRefusal> {
        let ([attestation], [proof]) = (presented.attestations, presented.pops) else {
            return Err(AttestationError::NotOne.into());
        };
        if attestation.contains(',') || proof.contains(',') {
            return Err(AttestationError::NotOne.into());
        }
        let now = self.clock.now();
        let attested = attestation::check(attestation.trim(), &self.attestation, now)?;
        if presented.client_id.is_some_and(|id| id != attested.client_id) {
            return Err(AttestationError::ClientId.into());
        }
        let rules = PopRules {
            issuer: &self.issuer,
            attestation: &self.attestation,
            challenges: &self.challenges,
            require_challenge: self.policy.require_challenge,
            now,
        };
        let good = pop::check(proof.trim(), &attested, &rules)?;
        let (key, instance) = (attested.facts.key, attested.key);
        // A wallet needs no registration when its provider vouches for it; one that is registered to prove itself otherwise must.
        let client = match self.named(&attested.client_id) {
            Some(known) if matches!(known.authentication, Method::Public | Method::Attestation) => {
                known.client(Method::Attestation)
            }
            Some(_) => return Err(ClientRefusal::Unproven),
            None => Client { method: Method::Attestation, ..unregistered(&attested.client_id) },
        };
        let (facts, request_keys) = (Some(attested.facts), RequestKeys::Instance(instance));
        Ok((good, Client { instance_key: Some(key), wallet: facts, request_keys, ..client }, key))
    }
}
