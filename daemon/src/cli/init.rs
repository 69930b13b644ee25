//! `issuerd init`: sets up an installation and prints once what is only shown once.

use clap::Args;
use serde_json::{Map, Value, json};

use super::{ConfigFile, Failed, runtime};
use crate::app::App;
use crate::boot;
use crate::config::master_key;
use crate::domain::access::Role;
use crate::domain::trust::Change;

/// `issuerd init`
#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    file: ConfigFile,
    /// Country of the IACA, ISO 3166-1 alpha-2. Without it: `issuer.country` of the configuration.
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// State or province of the IACA, ISO 3166-2, for example US-AL.
    #[arg(long, value_name = "CODE")]
    state: Option<String>,
    /// Common name of the IACA.
    #[arg(long, value_name = "NAME")]
    common_name: Option<String>,
    /// Make no IACA: you will register one whose key you keep yourself.
    #[arg(long, conflicts_with_all = ["country", "state", "common_name"])]
    without_iaca: bool,
    /// Name of the first admin client.
    #[arg(long, default_value = "admin", value_name = "NAME")]
    client_name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(init: &Init) -> Result<(), Failed> {
    let config = init.file.load()?;
    runtime()?.block_on(async {
        let app = boot::open(&config).await?;
        if !app.clients.all().is_empty() {
            return Err("this installation has clients already; add more with `issuerd client add`".into());
        }
        let certificate = if init.without_iaca { None } else { Some(first_iaca(&app, init).await?) };
        let added = app.clients.add(&init.client_name, Role::Admin, app.clock.now()).await?;
        let made = json!({
            "data_dir": config.store.data_dir,
            "master_key": master_key::place(&config.store),
            "client_id": added.client.id,
            "client_secret": added.secret,
            "iaca_pem": certificate,
        });
        if init.json {
            say!("{made}");
        } else {
            show(&made);
        }
        Ok(())
    })
}

async fn first_iaca(app: &App, init: &Init) -> Result<String, Failed> {
    let given = [("country", &init.country), ("stateOrProvinceName", &init.state), ("commonName", &init.common_name)];
    let body: Map<String, Value> =
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))).collect();
    match app.trust.create_active(&body).await? {
        Change::Done(made) => Ok(made.certificate.certificate_pem),
        Change::Invalid(details) => {
            let mistakes: Vec<_> = details.iter().map(|detail| format!("{}: {}", detail.param, detail.msg)).collect();
            Err(format!("no IACA was made\n{}", mistakes.join("\n")).into())
        }
        Change::Unknown | Change::Full(_) => Err("this installation has IACAs already".into()),
    }
}

fn show(made: &Value) {
    let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default();
    say!("The installation is set up in {}.\n", text("data_dir"));
    say!("  master key     {}", text("master_key"));
    say!("  client_id      {}", text("client_id"));
    say!("  client_secret  {}\n", text("client_secret"));
    say!("The secret is shown this once. Back up the data directory and the master key, apart from each other.");
    if !text("iaca_pem").is_empty() {
        say!("\nGive this root certificate to those who verify your credentials:\n\n{}", text("iaca_pem"));
    }
    say!("Next: `issuerd check`, then `issuerd serve`.");
}
