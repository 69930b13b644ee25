//! The end of an interaction: a code, or an error. In either case it happens once.

use super::Interactions;
use super::parties::Approved;
use super::session::{Session, Stage};
use super::steps::Move;
use crate::domain::Failure;
use crate::store::interaction::{Completes, InteractionEnd};

impl Interactions {
    /// The person approved. One batch ends the interaction, uses the pushed request up and stores the code, so of many approvals at once
    /// one gets a code, and a failure leaves either all as it was or the code stored.
    pub async fn approve(&self, session: Session) -> Result<Move, Failure> {
        let interaction = &session.interaction;
        let (Stage::Consent, Some(user), Some(identity)) =
            (&interaction.stage, interaction.user, interaction.identity.clone())
        else {
            return Ok(Self::place(&session));
        };
        let approved = Approved {
            client_id: interaction.request.client_id.clone(),
            redirect_uri: interaction.request.redirect_uri.clone(),
            code_challenge: interaction.request.code_challenge.clone(),
            dpop_jkt: interaction.request.dpop_jkt,
            instance_key: interaction.wallet.instance_key,
            user,
            configurations: interaction.configurations.clone(),
            asked: interaction.request.claims.clone(),
            identified: interaction.request.identified,
            scope: interaction.request.scope.clone(),
            identity,
            added: interaction.added.clone(),
            holder: interaction.holder.as_ref().and_then(|holder| serde_json::to_value(holder).ok()),
        };
        let (code, new) = self.grants.prepare(approved)?;
        let (completes, offer) = (interaction.completes(), interaction.request.offer);
        match self.store.interaction_end(&session.id, session.version, completes, Some(&new)).await? {
            InteractionEnd::Ended => {
                tracing::info!(authorization = %new.authorization.id, %user, ?offer, "authorized");
            }
            InteractionEnd::Gone | InteractionEnd::RequestUsed => return Ok(Move::Over),
            // Somebody else has claimed it while this person logged in.
            InteractionEnd::OfferUsed => return self.end_with(session, "access_denied", None).await,
        }
        let (uri, state) = (&interaction.request.redirect_uri, interaction.request.state.as_deref());
        Ok(Move::Answer(self.answer(uri, state, vec![("code", &code)])))
    }

    /// The person refused, or left.
    pub async fn refuse(&self, session: Session) -> Result<Move, Failure> {
        self.end_with(session, "access_denied", None).await
    }

    /// Ends with an error. With a `message` the person reads it before they go back.
    pub(super) async fn end_with(
        &self,
        session: Session,
        error: &str,
        message: Option<String>,
    ) -> Result<Move, Failure> {
        if !self.ends(&session).await? {
            return Ok(Move::Over);
        }
        let request = &session.interaction.request;
        let location = self.error(&request.redirect_uri, request.state.as_deref(), error, None);
        Ok(match message {
            None => Move::Answer(location),
            Some(message) => Move::Refused { message, location },
        })
    }

    async fn ends(&self, session: &Session) -> Result<bool, Failure> {
        let completes = Completes { pushed: session.interaction.pushed, offer: None };
        let end = self.store.interaction_end(&session.id, session.version, completes, None).await?;
        Ok(end == InteractionEnd::Ended)
    }
}
