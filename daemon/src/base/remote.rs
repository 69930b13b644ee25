//! Who is at the other end of a connection: the address of a client, behind the reverse proxies that the operator vouches for, and the
//! certificate that it showed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// Address of the client that sent a request: an extension of the request, put there by the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress(pub IpAddr);

/// Certificate of a client, DER, which a CA of `client_ca` vouches for: an extension of the requests of its connection, put there by the
/// listener (RFC 8705). Without one there is no extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub Arc<[u8]>);

/// The header in which proxies say whom they speak for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

/// The reverse proxies whose word on a client's address is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Where they write it. The other header is not read: a proxy passes on what it does not write itself.
    pub header: ForwardedHeader,
    /// Their addresses.
    pub trusted: Vec<IpNet>,
}

impl Proxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// The addresses in the header, the last one first; `None` for what is no address.
    fn entries<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
        const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            ForwardedHeader::Forwarded => (header::FORWARDED, element),
        };
        // Several fields are one list, in their order. Commas in quotes are not looked for: a proxy writes none, and what stands further
        // left must not decide how its entry is read.
        let fields: Vec<_> = headers.get_all(name).iter().collect();
        let entries = fields.into_iter().rev().flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
        entries.map(move |entry| read(entry.trim()))
    }
}

impl RemoteAddress {
    /// The `peer`, unless it is a trusted proxy: then the last address in the header that is none. Each proxy adds the address that it was
    /// reached from to the end, so what stands further left is the client's word. An entry that is no address ends the search, and the
    /// proxy that wrote it counts.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let mut nearest = peer.to_canonical();
        if !proxies.trust(nearest) {
            return Self(nearest);
        }
        for entry in proxies.entries(headers) {
            let Some(address) = entry else { break };
            nearest = address.to_canonical();
            if !proxies.trust(nearest) {
                break;
            }
        }
        Self(nearest)
    }
}

/// The address in an element like `for="[2001:db8::7]:4711";proto=https`.
fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let node = node.trim();
    address(node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(node))
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardedHeader, trusted: &[&str]) -> Proxies {
        Proxies { header, trusted: trusted.iter().map(|net| net.parse().unwrap()).collect() }
    }

    fn from(peer: &str, fields: &[(&str, &str)], proxies: &Proxies) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        RemoteAddress::of(peer.parse().unwrap(), &headers, proxies).0.to_string()
    }

    fn remote(fields: &[&str]) -> String {
        let trusted = proxies(ForwardedHeader::XForwardedFor, &["10.0.0.0/8", "fd00::/8"]);
        let fields: Vec<_> = fields.iter().map(|value| ("x-forwarded-for", *value)).collect();
        from("10.0.0.1", &fields, &trusted)
    }

    // TLS-195-07
    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_not_believed() {
        let forged = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")];
        assert_eq!(from("10.0.0.1", &forged, &Proxies::default()), "10.0.0.1");
        let trusted = proxies(ForwardedHeader::XForwardedFor, &["10.0.0.0/8"]);
        assert_eq!(from("192.0.2.1", &forged, &trusted), "192.0.2.1");
        assert_eq!(from("::ffff:10.0.0.1", &forged, &trusted), "203.0.113.7");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_counts() {
        assert_eq!(remote(&[]), "10.0.0.1");
        assert_eq!(remote(&["203.0.113.7"]), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7 ,10.0.0.2"]), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7", "10.0.0.2"]), "203.0.113.7");
        assert_eq!(remote(&["198.51.100.1, 203.0.113.7, fd00::2,10.0.0.2"]), "203.0.113.7");
        // All the way through the house: a client inside of it.
        assert_eq!(remote(&["10.0.0.9, 10.0.0.2"]), "10.0.0.9");
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
            assert_eq!(remote(&[entry]), expected, "{entry}");
            assert_eq!(
                remote(&["198.51.100.1", &format!("{entry},10.0.0.3")]).replace(".3", ".1"),
                expected,
                "{entry}"
            );
        }
    }

    // RFC 7239
    #[test]
    fn the_standard_header_is_read_when_the_proxies_write_that_one() {
        let trusted = proxies(ForwardedHeader::Forwarded, &["10.0.0.0/8"]);
        for (value, expected) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("proto=https; For=\"203.0.113.7:80\";by=10.0.0.1", "203.0.113.7"),
            ("for=198.51.100.1, for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=\"198.51.100.1, for=203.0.113.7", "203.0.113.7"),
            ("for=198.51.100.1, for=203.0.113.7, for=10.0.0.7", "203.0.113.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(from("10.0.0.1", &[("forwarded", value)], &trusted), expected, "{value}");
            // A client's own header of the other kind changes nothing.
            let both = [("x-forwarded-for", "198.51.100.99"), ("forwarded", value)];
            assert_eq!(from("10.0.0.1", &both, &trusted), expected, "{value}");
        }
    }

    #[test]
    fn a_mapped_peer_is_its_ipv4_address() {
        assert_eq!(from("::ffff:192.0.2.1", &[], &Proxies::default()), "192.0.2.1");
    }
}
