//! The address of a client, behind the reverse proxies that the operator vouches for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;

/// Address of the client that sent a request: an extension of the request, put there by the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress(pub IpAddr);

/// Certificate of a client, DER, which a CA of `client_ca` vouches for: an extension of the requests of its connection, put there by the
/// listener (RFC 8705). Without one there is no extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub Arc<[u8]>);

impl RemoteAddress {
    /// Each of `hops` proxies in front adds the address that it was reached from to the end of `X-Forwarded-For`, so the one that counts
    /// is the `hops`-th from the right; what stands before it is the client's word. Without such an entry, and when it is no address, it
    /// is the address of the `peer`.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, hops: u8) -> Self {
        let forwarded = (hops > 0).then(|| entry(headers, hops)).flatten();
        Self(forwarded.unwrap_or(peer).to_canonical())
    }
}

fn entry(headers: &HeaderMap, hops: u8) -> Option<IpAddr> {
    // Several fields are one list, in their order.
    let fields: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let entries = fields.into_iter().rev().flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
    address(entries.map(str::trim).nth(usize::from(hops) - 1)?)
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn remote(fields: &[&str], hops: u8) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("x-forwarded-for", http::HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        RemoteAddress::of(PEER, &headers, hops).0.to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_header_is_not_believed() {
        assert_eq!(remote(&["203.0.113.7"], 0), "10.0.0.1");
        assert_eq!(remote(&[], 1), "10.0.0.1");
    }

    #[test]
    fn the_entry_of_the_outermost_trusted_proxy_counts() {
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7 ,10.0.0.2"], 2), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7", "10.0.0.2"], 2), "203.0.113.7");
        // Fewer entries than proxies: the request did not come the way that the operator described.
        assert_eq!(remote(&["203.0.113.7"], 2), "10.0.0.1");
    }

    #[test]
    fn an_entry_is_an_address_or_nothing() {
        for (entry, expected) in [
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
            ("203.0.113.7 evil", "10.0.0.1"),
            ("203.0.113.7\u{e9}", "10.0.0.1"),
        ] {
            assert_eq!(remote(&[entry], 1), expected, "{entry}");
        }
    }

    #[test]
    fn a_mapped_peer_is_its_ipv4_address() {
        let peer = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(RemoteAddress::of(peer, &HeaderMap::new(), 0).0.to_string(), "192.0.2.1");
    }
}
