//! `issuerd dev`: a complete local issuer in one command.

mod configurations;
mod people;
mod show;
mod tls;

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::serve::{Sockets, listen};
use super::{Failed, runtime};
use crate::app::App;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::random::SystemRandom;
use crate::boot;
use crate::config::Config;
use crate::domain::access::Role;
use crate::domain::configuration::CredentialFormat;
use crate::domain::configuration::catalog::Saved;
use crate::domain::offer::request::pre_authorized;
use crate::domain::offer::{Created, link};
use crate::lifecycle::outlive_file_limit;
use crate::observe::log;

/// Id of the admin client; its secret is made anew at each start.
const CLIENT: &str = "dev";
/// Longest offers that `dev` allows: a day, so that nothing runs out while someone tries things.
const MOST_OFFER_SECONDS: u64 = 86_400;

/// `issuerd dev`
#[derive(Debug, Args)]
pub(super) struct Dev {
    /// Directory for keys and data.
    #[arg(long, default_value = "data/dev", value_name = "DIR")]
    data_dir: String,
    /// Address of the public listener; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// Address of the management listener; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDR")]
    management_listen: String,
    /// Public URL, when wallets reach the listener under another one (a tunnel or a proxy).
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Serve https with a certificate by a CA in the data directory, which your wallet has to trust.
    #[arg(long)]
    tls: bool,
    /// Take plugins, their secrets and auth hooks from this file; nothing else of it is used.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one line of JSON on stdout when ready, and nothing else.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(dev: &Dev) -> Result<(), Failed> {
    let mut config = dev.settings()?;
    let log = log::init(&config.log.level, &config.log.format)?;
    runtime()?.block_on(async {
        outlive_file_limit()?;
        let sockets = Sockets::bind(&config).await?;
        let public = sockets.public_address()?;
        if dev.issuer.is_none() {
            let scheme = if dev.tls || config.server.tls.is_on() { "https" } else { "http" };
            config.server.issuer = format!("{scheme}://{public}");
        }
        let ca = if dev.tls { Some(dev.certify(&mut config, public.ip())?) } else { None };
        let tls = boot::load_tls(&config, SystemClock.now()).map_err(|wrong| wrong.join("\n"))?;
        let app = boot::open_with_plugins(&config, dev.config.clone()).await?;
        let scheme = if tls.management.is_some() { "https" } else { "http" };
        let mut prepared = prepare(&app, format!("{scheme}://{}", sockets.management_address()?)).await?;
        prepared.ca = ca;
        let offer = if dev.json { None } else { Some(offer(&app, &prepared).await?) };
        listen(&app, sockets, &config, &tls, &log, |_| Ok(prepared.show(offer.as_ref())?)).await
    })
}

impl Dev {
    /// The defaults and the environment, then the arguments, then the plugins of the file.
    fn settings(&self) -> Result<Config, Failed> {
        let mut config = crate::config::load_with(None, |config| {
            config.store.data_dir.clone_from(&self.data_dir);
            config.server.listen.clone_from(&self.listen);
            config.management.listen.clone_from(&self.management_listen);
            match &self.issuer {
                Some(issuer) => config.server.issuer.clone_from(issuer),
                // Until the port is known.
                None if self.tls || config.server.tls.is_on() => {
                    "https://localhost".clone_into(&mut config.server.issuer);
                }
                None => {}
            }
            people::admit(config);
        })?;
        if self.tls && !config.server.issuer.starts_with("https:") {
            return Err("`--issuer` must be https with `--tls`".into());
        }
        if let Some(file) = &self.config {
            let given = crate::config::load(Some(file))?;
            (config.plugins, config.named) = (given.plugins, given.named);
        }
        if config.issuer.country.is_empty() {
            configurations::COUNTRY.clone_into(&mut config.issuer.country);
        }
        config.pre_authorized.max_expires_in = config.pre_authorized.max_expires_in.max(MOST_OFFER_SECONDS);
        Ok(config)
    }

    /// Gives the public listener a certificate; the path of the CA's.
    fn certify(&self, config: &mut Config, listen: IpAddr) -> Result<PathBuf, Failed> {
        let (random, now) = (SystemRandom::default(), SystemClock.now());
        let made = tls::prepare(&self.data_dir, &config.server.issuer, listen, &random, now)?;
        config.server.tls = made.section;
        if self.json {
            tracing::info!(ca = %made.ca.display(), "the certificate of this issuer is vouched for by this CA");
        }
        Ok(made.ca)
    }
}

/// What a person or a program needs to go on.
struct Ready {
    issuer: String,
    management: String,
    client_secret: String,
    access_token: String,
    configurations: Vec<(String, Uuid)>,
    /// The CA that vouches for the issuer's certificate, when `dev` made it.
    ca: Option<PathBuf>,
}

impl Ready {
    fn show(&self, offer: Option<&show::Offer>) -> io::Result<()> {
        match offer {
            Some(offer) => show::ready(self, offer),
            None => say!("{}", self.json()),
        }
        io::stdout().flush()
    }

    fn json(&self) -> Value {
        let ids = self.configurations.iter().map(|(kind, id)| (kind.clone(), id.to_string().into()));
        json!({
            "issuer": self.issuer,
            "management": self.management,
            "client_id": CLIENT,
            "client_secret": self.client_secret,
            "access_token": self.access_token,
            "configurations": ids.collect::<Map<_, _>>(),
        })
    }
}

/// Makes what is missing: an IACA with a document signer, the configurations, the client.
async fn prepare(app: &App, management: String) -> Result<Ready, Failed> {
    app.trust.ensure_active().await?;
    let now = app.clock.now();
    let today = Offset::UTC.to_datetime(now).date();
    let mut ids = Vec::new();
    for (format, wanted) in [
        (CredentialFormat::MsoMdoc, configurations::mdl(today)),
        (CredentialFormat::MsoMdoc, configurations::pid(today)),
        (CredentialFormat::DcSdJwt, configurations::sd_jwt_pid(today)),
    ] {
        ids.push(ensure_configuration(app, format, wanted).await?);
    }
    let client = app.clients.put(CLIENT, "issuerd dev", Role::Admin, now).await?;
    Ok(Ready {
        issuer: app.site.issuer.clone(),
        management,
        client_secret: client.secret,
        access_token: app.clients.sign(CLIENT, now)?,
        configurations: ids,
        ca: None,
    })
}

async fn ensure_configuration(app: &App, format: CredentialFormat, wanted: Value) -> Result<(String, Uuid), Failed> {
    let kind = wanted.get("type").or_else(|| wanted.get("vct")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found =
        app.configurations.all().iter().find(|one| one.format() == format && one.credential_type() == kind).cloned();
    if let Some(existing) = found {
        return Ok((kind, existing.id));
    }
    let body = wanted.as_object().cloned().unwrap_or_default();
    match app.configurations.create(format, &body).await? {
        Saved::Saved(made) => Ok((kind, made.id)),
        Saved::Invalid(details) => Err(format!("the {kind} configuration of dev: {details:?}").into()),
        Saved::Unknown => Err("a configuration vanished".into()),
    }
}

async fn offer(app: &App, ready: &Ready) -> Result<show::Offer, Failed> {
    let (_, mdl) = ready.configurations.first().ok_or("no configuration")?;
    let body = json!({ "credentials": [mdl], "expiresIn": { "minutes": 60 } });
    let body = body.as_object().cloned().unwrap_or_default();
    let live = |id| app.configurations.find(id).is_some();
    let request = pre_authorized(&body, live, MOST_OFFER_SECONDS).map_err(|details| format!("{details:?}"))?;
    match app.offers.create(&request, None).await? {
        Created::Made(made) => Ok(show::Offer {
            link: link("credential_offer_uri", &app.offers.reference_url(&made.1)),
            expires_at: made.0.expires_at,
        }),
        _ => Err("the demo offer could not be made".into()),
    }
}
