//! Addresses by others of the same structure: two that share a network still share one.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Substitutes for parts of addresses, each under the part before it.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    parts: HashMap<Vec<u16>, u16>,
    /// How many were given out under a beginning.
    given: HashMap<Vec<u16>, u16>,
}

impl Addresses {
    /// The substitute; `None` for an address that says nothing (loopback, unspecified, multicast).
    pub(super) fn v4(&mut self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        if address.is_loopback()
            || address.is_unspecified()
            || address.is_broadcast()
            || address.is_multicast()
        {
            return None;
        }
        let octets = address.octets();
        // What kind of network it is stays: private ones begin as they do.
        let kept = match octets {
            [10, ..] => 1,
            [172, second, ..] if (16..32).contains(&second) => 2,
            [192, 168, ..] | [169, 254, ..] | [100, 64..128, ..] => 2,
            [255, ..] => return None,
            _ => 0,
        };
        let mut substitute = [0_u8; 4];
        for at in 0..4 {
            substitute[at] = if at < kept || octets[at] == 0 {
                octets[at]
            } else {
                let before: Vec<u16> = octets[..at].iter().map(|octet| u16::from(*octet)).collect();
                self.part(&before, u16::from(octets[at]), 254) as u8
            };
        }
        Some(substitute.into())
    }

    /// The substitute of an address of version 6.
    pub(super) fn v6(&mut self, address: Ipv6Addr) -> Option<Ipv6Addr> {
        if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return None;
        }
        let segments = address.segments();
        let mut substitute = [0_u16; 8];
        for at in 0..8 {
            substitute[at] = match (at, segments[at]) {
                (_, 0) => 0,
                // Link-local and unique local ones stay what they are.
                (0, first @ 0xfe80..=0xfebf | first @ 0xfc00..=0xfdff) => first,
                (_, segment) => {
                    let mut before: Vec<u16> = segments[..at].to_vec();
                    // Not to be taken for the parts of a version 4 address.
                    before.push(u16::MAX);
                    self.part(&before, segment, u16::MAX - 1)
                }
            };
        }
        // The block that is set aside for documentation.
        if !matches!(substitute[0], 0xfe80..=0xfebf | 0xfc00..=0xfdff) {
            substitute[0] = 0x2001;
        }
        Some(substitute.into())
    }

    /// The next free number under this beginning, the same for the same part.
    fn part(&mut self, before: &[u16], part: u16, most: u16) -> u16 {
        let mut key = before.to_vec();
        key.push(part);
        if let Some(known) = self.parts.get(&key) {
            return *known;
        }
        let given = self.given.entry(before.to_vec()).or_default();
        *given = (*given % most) + 1;
        let substitute = *given;
        self.parts.insert(key, substitute);
        substitute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_stay_networks_and_what_says_nothing_stays() {
        let mut addresses = Addresses::default();
        let mut of = |text: &str| {
            addresses
                .v4(text.parse().unwrap())
                .map(|address| address.to_string())
        };
        assert_eq!(of("10.20.30.40").as_deref(), Some("10.1.1.1"));
        assert_eq!(of("10.20.30.41").as_deref(), Some("10.1.1.2"));
        assert_eq!(of("10.20.31.40").as_deref(), Some("10.1.2.1"));
        assert_eq!(of("10.20.30.40").as_deref(), Some("10.1.1.1"));
        assert_eq!(of("10.20.0.0").as_deref(), Some("10.1.0.0"));
        assert_eq!(of("192.168.5.6").as_deref(), Some("192.168.1.1"));
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(addresses.v6("::1".parse().unwrap()), None);
        let first = addresses.v6("2a01:4f8::5".parse().unwrap()).unwrap();
        let second = addresses.v6("2a01:4f8::6".parse().unwrap()).unwrap();
        assert_eq!(first.segments()[..7], second.segments()[..7]);
        assert_ne!(first, second);
    }
}
