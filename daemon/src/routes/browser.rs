//! What a person's browser reaches, on the public listener.

use std::sync::Arc;

use axum::Router;

use super::Edge;
use super::audience::Audience;
use super::table::Table;
use crate::app::Shared;
use crate::domain::event::Operation;
use crate::handler::browser::{authorize, callback, consent, error, hook, login};

/// Longest form in bytes: an authorization request, or the fields of an auth hook.
const FORM: usize = 64 * 1024;

/// The routes, without an answer for other paths: those of wallets have one.
pub(super) fn browser(edge: Arc<Edge>, app: &Shared) -> Router {
    table(edge, &app.site.issuer_path).build_rows().with_state(Arc::clone(app))
}

pub(super) fn table(edge: Arc<Edge>, path: &str) -> Table<Shared> {
    Table::new(edge, Audience::Browser, path, FORM)
        .visit("/v1/oauth/authorize", Operation::OpenidAuthorize, authorize::open)
        .post("/v1/oauth/authorize", Operation::OpenidAuthorize, authorize::open_form)
        .visit("/v1/oauth/login", Operation::OpenidLogin, login::show)
        .post("/v1/oauth/login", Operation::OpenidLogin, login::choose)
        .visit("/v1/oauth/login/callback/{id}", Operation::OpenidAuthenticationProviderAuthorize, callback::login)
        .get("/v1/oauth/hook", Operation::OpenidHookForm, hook::show)
        .post("/v1/oauth/hook", Operation::OpenidHookForm, hook::submit)
        .visit("/v1/oauth/hook/return", Operation::OpenidHookReturn, hook::back)
        .visit("/v1/oauth/hook/callback", Operation::OpenidHookReturn, callback::page)
        .get("/v1/oauth/consent", Operation::OpenidConsent, consent::show)
        .post("/v1/oauth/consent", Operation::OpenidConsent, consent::decide)
        .probe("/v1/oauth/error", error::show)
}
