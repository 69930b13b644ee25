//! Lets requests through from known networks and in opening hours.

mod hours;

use std::net::IpAddr;

use ipnet::IpNet;
use issuerd_plugin::prelude::*;
use serde::Deserialize;

use hours::Hours;

/// The auth hook.
pub struct GeoAndHours;

/// The config table; see the README.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Networks that may ask; empty: all.
    #[serde(default)]
    networks: Vec<IpNet>,
    /// When may be asked; empty: always.
    #[serde(default)]
    hours: Vec<Hours>,
    /// Minutes east of UTC in which `hours` are meant.
    #[serde(default)]
    utc_offset_minutes: i32,
    /// What the person is told.
    #[serde(default = "closed")]
    message: String,
}

fn closed() -> String {
    "This is not possible from here or at this time.".to_owned()
}

impl AuthHook for GeoAndHours {
    type Config = Config;
    const DESCRIPTION: &'static str = "Allows requests by address range and by hours of the week";
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        let mut problems: Vec<_> = config.hours.iter().filter_map(Hours::problem).collect();
        if config.networks.is_empty() && config.hours.is_empty() {
            problems.push("neither `networks` nor `hours` is set, so nothing would ever be refused".to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn authorize(config: Config, ctx: AuthContext, _: Step) -> Result<Verdict> {
        Ok(refusal(&config, &ctx)?.map_or(Verdict::Abstain, |reason| Verdict::deny(reason, config.message)))
    }

    fn admit(config: Config, ctx: AuthContext, _: Phase) -> Result<Gate> {
        Ok(refusal(&config, &ctx)?.map_or(Gate::Abstain, |reason| Gate::deny(reason, config.message)))
    }
}

/// Why a request is refused.
fn refusal(config: &Config, ctx: &AuthContext) -> Result<Option<&'static str>> {
    if !config.networks.is_empty() && !from(&config.networks, ctx.remote_address.as_deref()) {
        return Ok(Some("the address is in none of the networks"));
    }
    if config.hours.is_empty() {
        return Ok(None);
    }
    let minute = hours::minute_of_week(clock::now(), config.utc_offset_minutes);
    for open in &config.hours {
        if open.has(minute).ok_or_else(|| Error::Misconfigured("hours: a time is not HH:MM".to_owned()))? {
            return Ok(None);
        }
    }
    Ok(Some("outside of the hours"))
}

/// An address that is not known is in no network.
fn from(networks: &[IpNet], address: Option<&str>) -> bool {
    let address = address.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
}

issuerd_plugin::export!(auth_hook: GeoAndHours);
