//! What `issuerd dev` says when it is ready.

use jiff::Timestamp;

use super::{CLIENT, Ready};
use crate::cli::qr;

/// The first offer, ready to be scanned.
pub(super) struct Offer {
    pub(super) link: String,
    pub(super) expires_at: Timestamp,
}

pub(super) fn ready(ready: &Ready, offer: &Offer) {
    say!("\nissuerd dev is ready; end it with Ctrl-C\n");
    say!("  issuer         {}", ready.issuer);
    say!("  management     {}", ready.management);
    say!("  client         {CLIENT}, secret {}", ready.client_secret);
    if let Some(ca) = &ready.ca {
        say!("  trust          {}   (the CA of the issuer's certificate; install it on the phone)", ca.display());
    }
    for (kind, id) in &ready.configurations {
        say!("  configuration  {id}  {kind}");
    }
    say!("\nScan this with a wallet, or hand it the link. It works once, until {:.0}.\n", offer.expires_at);
    if let Some(code) = qr::render(&offer.link) {
        say!("{code}");
    }
    say!("{}\n", offer.link);
    next(ready);
}

fn next(ready: &Ready) {
    // As it was called: a person who ran it from a build folder has no `issuerd` on the path.
    let program = std::env::args().next().unwrap_or_else(|| "issuerd".into());
    say!("In another terminal:\n");
    say!("  export ISSUERD_MANAGEMENT_URL={}", ready.management);
    say!("  export ISSUERD_CLIENT_ID={CLIENT} ISSUERD_CLIENT_SECRET={}", ready.client_secret);
    say!("  {program} offer create --credential org.iso.18013.5.1.mDL --tx-code   # another offer");
    say!("  {program} offer list   # where offers stand");
    say!("  curl -s {}/metrics | grep analytics | grep -v ' 0$'   # what happened", ready.management);
    if ready.issuer.starts_with("http://127.") {
        say!(
            "\nA wallet on a phone needs an https address: put a tunnel before {} and start with --issuer,\n\
            or start with --tls, --listen and --issuer for an address that the phone reaches.",
            ready.issuer
        );
    }
    say!("");
}
