//! `/healthz`, `/readyz` and `/metrics`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::{App, Shared};

/// The process lives.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The store answers and a document signer can sign.
pub async fn ready(State(app): State<Shared>) -> Response {
    let missing = missing(&app);
    if missing.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join(", "))).into_response()
}

/// What is needed for issuing and is not there.
fn missing(app: &App) -> Vec<&'static str> {
    let all = [(!app.store.ready(), "store"), (app.trust.signer(app.clock.now()).is_none(), "document signer")];
    all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}

/// Prometheus text.
pub async fn metrics(State(app): State<Shared>) -> Response {
    app.metrics.set_ready(missing(&app).is_empty());
    app.metrics.set_signer_expiries(&app.trust.expiries(app.clock.now()));
    app.metrics.set_status_levels(app.statuses.levels());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response()
}
