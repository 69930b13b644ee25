//! `[server]`: what wallets reach.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::check::{address, range};
use super::tls::TlsSection;
use crate::base::remote::{ForwardedHeader, Proxies};

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Public base URL: the Credential Issuer Identifier. `https`, or `http` on a loopback host.
    pub issuer: String,
    /// Address of the public listener.
    pub listen: String,
    /// Most connections at a time; more are closed at once.
    pub max_connections: u32,
    /// Addresses and networks of reverse proxies whose word on a client's address is believed.
    pub trusted_proxies: Vec<String>,
    /// The header in which they give it: `x-forwarded-for` or `forwarded`.
    pub forwarded_header: String,
    /// TLS on the public listener.
    pub tls: TlsSection,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080".into(),
            listen: "127.0.0.1:8080".into(),
            max_connections: 10_000,
            trusted_proxies: Vec::new(),
            forwarded_header: X_FORWARDED_FOR.into(),
            tls: TlsSection::default(),
        }
    }
}

impl Server {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        check_issuer(&self.issuer, mistakes);
        address("server.listen", &self.listen, mistakes);
        range("server.max_connections", self.max_connections.into(), 1..=1_000_000, mistakes);
        self.tls.check("server", mistakes);
        if self.tls.is_on() && self.issuer.starts_with("http:") {
            mistakes.push("`server.issuer` must be https, since `server.tls` makes the listener speak it".into());
        }
        if ![X_FORWARDED_FOR, FORWARDED].contains(&self.forwarded_header.as_str()) {
            mistakes.push(format!("`server.forwarded_header` must be `{X_FORWARDED_FOR}` or `{FORWARDED}`"));
        }
        for text in &self.trusted_proxies {
            if let Err(wrong) = network(text) {
                mistakes.push(format!("`server.trusted_proxies` has `{text}`, which {wrong}"));
            }
        }
    }

    /// Whose word on a client's address is believed.
    #[must_use]
    pub fn proxies(&self) -> Proxies {
        let header = match self.forwarded_header.as_str() {
            FORWARDED => ForwardedHeader::Forwarded,
            _ => ForwardedHeader::XForwardedFor,
        };
        Proxies { header, trusted: self.trusted_proxies.iter().filter_map(|text| network(text).ok()).collect() }
    }
}

/// An address or a network.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(|address| address.to_canonical().into()));
    match net {
        Err(_) => Err("must be an address or a network, like `10.0.0.0/8`"),
        Ok(net) if net.prefix_len() == 0 => Err("would let every client choose its address"),
        Ok(net) => Ok(net.trunc()),
    }
}

fn check_issuer(issuer: &str, mistakes: &mut Vec<String>) {
    let Ok(url) = issuer.parse::<http::Uri>() else {
        mistakes.push("`server.issuer` must be a URL".into());
        return;
    };
    let host = url.host().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "[::1]")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") => {}
        Some("http") if loopback => {}
        Some("http") => mistakes.push("`server.issuer` must be https, except on a loopback host".into()),
        _ => mistakes.push("`server.issuer` must be an https URL".into()),
    }
    check_spelling(issuer, &url, mistakes);
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        mistakes.push("`server.issuer` must name no user".into());
    }
    if url.query().is_some() || issuer.contains('#') || issuer.ends_with('/') {
        mistakes.push("`server.issuer` must have no query, no fragment and no slash at its end".into());
    }
}

/// The issuer is compared to the letter by wallets and is part of routes, so it has one plain spelling.
fn check_spelling(issuer: &str, url: &http::Uri, mistakes: &mut Vec<String>) {
    let host = url.host().unwrap_or_default();
    let bare = issuer.split_once("://").map_or("", |(_, rest)| rest).split('/').next().unwrap_or_default();
    let port = bare.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map(|(_, port)| port);
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        mistakes.push("`server.issuer` must name a host, and after a colon a port".into());
    }
    let origin = issuer.strip_suffix(url.path()).unwrap_or(issuer);
    if origin.bytes().any(|b| b.is_ascii_uppercase()) {
        mistakes.push(
            "`server.issuer` must have scheme and host in lower case, since wallets compare it to the letter".into(),
        );
    }
    let plain = |segment: &str| {
        !matches!(segment, "." | "..") && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    let path = url.path().strip_prefix('/').unwrap_or_default();
    if path.split('/').any(|segment| !plain(segment) || (segment.is_empty() && !path.is_empty())) {
        mistakes.push("`server.issuer` must have a path of letters, digits and -._~ only".into());
    }
}
