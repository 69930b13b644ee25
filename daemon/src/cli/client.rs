//! `issuerd client`: clients of the management API. With credentials of an admin it asks the running daemon; without, it works on
//! the data directory while no daemon runs.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::api::Api;
use super::{ConfigFile, Failed, runtime};
use crate::app::Shared;
use crate::boot;
use crate::domain::access::Role;

/// `issuerd client …`
#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Add a client; its secret is printed once and never again.
    Add {
        /// A name for people.
        #[arg(long)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum)]
        role: RoleName,
        #[command(flatten)]
        place: Place,
    },
    /// List clients, a line each.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Remove a client; its access tokens end at once.
    Remove {
        /// Id of the client.
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the clients are kept.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    api: Api,
}

/// A role, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    /// Everything.
    Admin,
    /// Offers, configurations, certificates.
    Issuer,
    /// Offers; configurations and certificates read-only.
    ManagedIssuer,
    /// Reads configurations and certificates.
    Auditor,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Issuer => Self::Issuer,
            RoleName::ManagedIssuer => Self::ManagedIssuer,
            RoleName::Auditor => Self::Auditor,
        }
    }
}

pub(super) fn run(client: Client) -> Result<(), Failed> {
    match client {
        Client::Add { name, role, place } => add(&place, &name, role.into()),
        Client::List { place } => list(&place),
        Client::Remove { id, place } => remove(&place, &id),
    }
}

fn offline<T>(place: &Place, work: impl AsyncFnOnce(Shared) -> Result<T, Failed>) -> Result<T, Failed> {
    let config = place.file.load()?;
    runtime()?.block_on(async {
        let app = boot::open(&config).await.map_err(|error| {
            format!("{error}\nTo ask a running daemon, set ISSUERD_CLIENT_ID and ISSUERD_CLIENT_SECRET of an admin")
        })?;
        work(app).await
    })
}

fn add(place: &Place, name: &str, role: Role) -> Result<(), Failed> {
    let (id, secret) = if place.api.has_credentials() {
        let body = json!({ "name": name, "roles": [role.name()] });
        let made = place.api.session()?.call("POST", "/v1/clients", Some(&body))?;
        let text = |member: &str| made.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("clientId"), text("clientSecret"))
    } else {
        let added = offline(place, async |app| Ok(app.clients.add(name, role, app.clock.now()).await?))?;
        (added.client.id, added.secret)
    };
    say!("client_id      {id}\nclient_secret  {secret}\nThe secret is shown this once.");
    Ok(())
}

fn list(place: &Place) -> Result<(), Failed> {
    if place.api.has_credentials() {
        let all = place.api.session()?.call("GET", "/v1/clients", None)?;
        for client in all.get("data").and_then(Value::as_array).into_iter().flatten() {
            let text = |member: &str| client.get(member).and_then(Value::as_str).unwrap_or_default();
            let role = client.pointer("/roles/0").and_then(Value::as_str).unwrap_or_default();
            show(text("clientId"), role, text("name"));
        }
        return Ok(());
    }
    offline(place, async |app| {
        app.clients.all().values().for_each(|client| show(&client.id, &client.role, &client.name));
        Ok(())
    })
}

fn show(id: &str, role: &str, name: &str) {
    say!("{id}  {role:14}  {name}");
}

fn remove(place: &Place, id: &str) -> Result<(), Failed> {
    let removed = if place.api.has_credentials() {
        place.api.session()?.call("DELETE", &format!("/v1/clients/{id}"), None).map(|_| true)?
    } else {
        offline(place, async |app| Ok(app.clients.remove(id).await?))?
    };
    if removed {
        say!("client {id} is removed");
        Ok(())
    } else {
        Err(format!("there is no client {id}").into())
    }
}
