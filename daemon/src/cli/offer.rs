//! `issuerd offer`: offers through the management API.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::api::{Api, Session};
use super::{Failed, qr};

/// `issuerd offer …`
#[derive(Debug, Args)]
pub(super) struct Offer {
    #[command(flatten)]
    api: Api,
    /// Print the answer of the API as it is.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an offer with a pre-authorized code and print its QR code.
    Create(Create),
    /// List offers, a line each.
    List(List),
    /// Show an offer and where it stands.
    Show {
        /// Id of the offer.
        id: Uuid,
    },
    /// End an offer: its code, and any token from it, are dead.
    Delete {
        /// Id of the offer.
        id: Uuid,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// Configuration to offer, by id or by type (docType or vct); may be given several times.
    #[arg(long = "credential", required = true, value_name = "ID|TYPE")]
    credentials: Vec<String>,
    /// Claims, as a JSON object.
    #[arg(long, value_name = "JSON", conflicts_with = "claims_file")]
    claims: Option<String>,
    /// File with the claims, as a JSON object.
    #[arg(long, value_name = "FILE")]
    claims_file: Option<std::path::PathBuf>,
    /// Ask for a transaction code of six digits.
    #[arg(long)]
    tx_code: bool,
    /// Life of the offer in seconds.
    #[arg(long, value_name = "SECONDS")]
    expires_in: Option<u64>,
}

#[derive(Debug, Args)]
struct List {
    /// Only offers in this state: open, redeemed, issued, expired, locked or deleted.
    #[arg(long)]
    state: Option<String>,
    /// Only offers of this configuration.
    #[arg(long, value_name = "ID")]
    configuration: Option<Uuid>,
}

pub(super) fn run(offer: &Offer) -> Result<(), Failed> {
    let session = offer.api.session()?;
    match &offer.action {
        Action::Create(create) => {
            let made = session.call("POST", "/v1/openid/offers/pre-authorized", Some(&request(&session, create)?))?;
            print(offer.json, &made, show_made);
        }
        Action::List(list) => {
            for page in pages(&session, list)? {
                print(offer.json, &page, |page| rows(page).iter().for_each(show_row));
            }
        }
        Action::Show { id } => {
            let found = session.call("GET", &format!("/v1/openid/offers/{id}"), None)?;
            say!("{found:#}");
        }
        Action::Delete { id } => {
            session.call("DELETE", &format!("/v1/openid/offers/pre-authorized/{id}"), None)?;
            say!("offer {id} has ended");
        }
    }
    Ok(())
}

fn print(as_json: bool, value: &Value, show: impl Fn(&Value)) {
    if as_json {
        say!("{value}");
    } else {
        show(value);
    }
}

fn request(session: &Session, create: &Create) -> Result<Value, Failed> {
    let mut body = Map::new();
    let ids = create.credentials.iter().map(|named| configuration(session, named));
    body.insert("credentials".into(), ids.collect::<Result<Vec<_>, _>>()?.into());
    let claims = match (&create.claims, &create.claims_file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(file)) => {
            let read = std::fs::read_to_string(file);
            Some(read.map_err(|error| format!("cannot read {}: {error}", file.display()))?)
        }
        (None, None) => None,
    };
    if let Some(claims) = claims {
        let claims: Value =
            serde_json::from_str(&claims).map_err(|error| format!("the claims are not JSON: {error}"))?;
        body.insert("claims".into(), claims);
    }
    if create.tx_code {
        body.insert("transactionCodeConfiguration".into(), json!({ "inputMode": "numeric" }));
    }
    if let Some(seconds) = create.expires_in {
        body.insert("expiresIn".into(), json!({ "seconds": seconds }));
    }
    Ok(body.into())
}

fn configuration(session: &Session, named: &str) -> Result<Value, Failed> {
    if Uuid::try_parse(named).is_ok() {
        return Ok(named.into());
    }
    for (profile, member) in [("mobile", "type"), ("sd-jwt", "vct")] {
        let all = session.call("GET", &format!("/v2/credentials/{profile}/configurations?limit=1000"), None)?;
        let found = rows(&all).into_iter().find(|row| row.get(member).and_then(Value::as_str) == Some(named));
        if let Some(id) = found.and_then(|row| row.get("id").cloned()) {
            return Ok(id);
        }
    }
    Err(format!("no configuration has the type {named}").into())
}

fn pages(session: &Session, list: &List) -> Result<Vec<Value>, Failed> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", "1000");
        query.extend_pairs(list.state.iter().map(|state| ("state", state)));
        query.extend_pairs(list.configuration.iter().map(|id| ("configuration", id.to_string())));
        query.extend_pairs(cursor.iter().map(|cursor| ("cursor", cursor)));
        let page = session.call("GET", &format!("/v1/openid/offers?{}", query.finish()), None)?;
        cursor = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        pages.push(page);
        if cursor.is_none() {
            return Ok(pages);
        }
    }
}

fn rows(page: &Value) -> Vec<Value> {
    page.get("data").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn show_row(row: &Value) {
    say!(
        "{}  {:9} created {}  expires {}",
        text(row, "id"),
        text(row, "state"),
        text(row, "createdAt"),
        text(row, "expiresAt")
    );
}

fn show_made(made: &Value) {
    let link = text(made, "credentialOfferUri");
    if let Some(code) = qr::render(link) {
        say!("{code}");
    }
    say!("offer    {}\nlink     {link}\nexpires  {}", text(made, "id"), text(made, "expiresAt"));
    if let Some(code) = made.get("transactionCode").and_then(Value::as_str) {
        say!("transaction code (hand it over by another way)  {code}");
    }
}
