//! Which addresses a request may go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to an outgoing request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// A unicast address of the internet.
    Public,
    /// This machine, or a network that is not the internet.
    Private,
    /// Nothing that serves the register of an organisation: link-local (the metadata services of clouds), multicast, reserved.
    Never,
}

/// May a request of a grant go to `address`? `private` is what the grant says.
pub(in crate::plugin) fn may_connect(address: IpAddr, private: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Private => private,
        Reach::Never => false,
    }
}

/// What kind of address it is. One that has an IPv4 address inside is what that is.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| reach_v6(address), reach_v4),
    }
}

/// IANA's special-purpose registry, RFC 6890 and later.
fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        // Metadata services that do not use a link-local address (of Alibaba and of Oracle); unspecified, multicast, reserved and
        // broadcast; link-local, documentation, 6to4 relays.
        [100, 100, 100, 200]
        | [192, 0, 0, 192]
        | [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 2, _]
        | [192, 88, 99, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Never,
        // This machine, private use, IETF protocols, shared address space of carriers, benchmarks.
        [10 | 127, ..]
        | [192, 168, ..]
        | [192, 0, 0, _]
        | [100, 64..=127, ..]
        | [172, 16..=31, ..]
        | [198, 18..=19, ..] => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        // The metadata service of AWS; IETF protocols with Teredo and ORCHID, documentation.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            Reach::Never
        }
        // This machine, unique local.
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Private,
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// The IPv4 address that packets to `address` end at: mapped, NAT64 (RFC 6052) or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let pair = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            pair(high, low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (reached, addresses) in [
            (Reach::Public, &["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2a00:1450::1"][..]),
            (Reach::Public, &["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]),
            (Reach::Private, &["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]),
            (Reach::Private, &["100.64.0.1", "100.127.0.1", "198.18.0.1", "192.0.0.8", "::1", "fd12::1", "fc00::1"]),
            (Reach::Private, &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::"]),
            (Reach::Never, &["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "255.255.255.255"]),
            (Reach::Never, &["192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "192.88.99.1"]),
            (Reach::Never, &["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::"]),
            (Reach::Never, &["::", "::2", "::7f00:1", "fe80::1", "fec0::1", "ff02::1", "64:ff9b:1::1", "100::1"]),
            (Reach::Never, &["2001::1", "2001:db8::1", "3fff::1", "4000::1", "fd00:ec2::254", "100.100.100.200"]),
        ] {
            for address in addresses {
                assert_eq!(reach(address.parse().unwrap()), reached, "{address}");
            }
        }
    }

    #[test]
    fn private_addresses_need_the_word_private() {
        for (address, plain, private) in
            [("1.1.1.1", true, true), ("10.0.0.1", false, true), ("169.254.169.254", false, false)]
        {
            let address = address.parse().unwrap();
            assert_eq!((may_connect(address, false), may_connect(address, true)), (plain, private));
        }
    }
}
