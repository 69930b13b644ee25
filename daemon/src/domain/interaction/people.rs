//! Logins and the operator's page, as an interaction needs them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::parties::{Logins, PageAnswer, Visits};
use crate::domain::Failure;
use crate::domain::interaction_hook::{HookSession, InteractionHooks};
use crate::domain::login::{
    Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary, Providers,
};
use crate::domain::user::Users;

/// Who people are.
pub struct People {
    /// Where they log in.
    pub providers: Arc<Providers>,
    /// Who they are here.
    pub users: Users,
}

impl Logins for People {
    fn providers(&self, configurations: &[Uuid]) -> Vec<ProviderSummary> {
        self.providers.of(configurations)
    }

    fn test_users(&self) -> Vec<String> {
        self.providers.test_users().iter().map(|user| user.name.clone()).collect()
    }

    fn test_user(&self, name: &str) -> Option<Identity> {
        self.providers.test_users().iter().find(|user| user.name == name).map(Identity::of)
    }

    fn begin<'a>(
        &'a self,
        provider: Uuid,
        request: LoginRequest<'a>,
    ) -> BoxFuture<'a, Result<Result<Begun, LoginError>, Failure>> {
        Box::pin(async move { self.providers.begin(provider, &request).await })
    }

    fn finish<'a>(
        &'a self,
        pending: &'a PendingLogin,
        answer: LoginAnswer<'a>,
    ) -> BoxFuture<'a, Result<Result<Identity, LoginError>, Failure>> {
        Box::pin(async move { self.providers.finish(pending, &answer).await })
    }

    fn user<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<Uuid, Failure>> {
        Box::pin(self.users.of(identity))
    }
}

impl Visits for InteractionHooks {
    fn begin<'a>(&'a self, session: HookSession<'a>) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async move { InteractionHooks::begin(self, &session).await })
    }

    fn finish<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<PageAnswer>, Failure>> {
        Box::pin(async move {
            Ok(match InteractionHooks::finish(self, token).await? {
                Ok(answer) => {
                    Some(PageAnswer { session: answer.session_id, claims: answer.claims, persist: answer.persist })
                }
                Err(error) => {
                    tracing::warn!(%error, "the interaction hook is not believed");
                    None
                }
            })
        })
    }
}
