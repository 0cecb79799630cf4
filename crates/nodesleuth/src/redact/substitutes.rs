//! Replacing names and addresses in text, and looking for what is left.

use super::SHORTEST_INSIDE;
use super::addresses::Addresses;
use super::ids::Ids;
use super::names::{KINDS, Names};
use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What stands for what.
#[derive(Debug)]
pub(super) struct Substitutes {
    names: HashMap<String, String>,
    kinds: BTreeMap<String, &'static str>,
    /// Long ones, longest first, that are also found inside words.
    inside: Vec<(String, String)>,
    addresses: Addresses,
    ids: Ids,
    replaced: BTreeMap<String, String>,
    secrets: usize,
}

impl Substitutes {
    /// Numbers names of a kind in the order of the alphabet.
    pub(super) fn new(names: Names) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut given = HashMap::new();
        let taken = names.found.clone();
        for (name, kind) in &names.found {
            let begin = KINDS
                .iter()
                .find(|(known, _)| known == kind)
                .map_or("name", |(_, begin)| begin);
            let count = counts.entry(kind).or_default();
            // A substitute that is somebody's name would say something false.
            let substitute = loop {
                *count += 1;
                let substitute = format!("{begin}-{count}");
                if !taken.contains_key(&substitute) {
                    break substitute;
                }
            };
            given.insert(name.clone(), substitute);
        }
        let long = |name: &&String| name.len() >= SHORTEST_INSIDE;
        let mut inside: Vec<(String, String)> = names
            .found
            .keys()
            .filter(long)
            .map(|name| (name.clone(), given[name].clone()))
            .collect();
        inside.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self {
            names: given,
            kinds: names.found,
            inside,
            addresses: Addresses::default(),
            ids: Ids::default(),
            replaced: BTreeMap::new(),
            secrets: 0,
        }
    }

    /// The text with substitutes.
    pub(super) fn replace(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            if length == 0 {
                let c = rest.chars().next().unwrap_or_default();
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let word = &rest[..length];
            out.push_str(&self.word(word));
            rest = &rest[length..];
        }
        for (name, substitute) in &self.inside {
            if out.contains(name.as_str()) {
                out = out.replace(name.as_str(), substitute);
            }
        }
        self.ids.replace(&out)
    }

    /// A run of letters, digits and `._-:`.
    fn word(&mut self, word: &str) -> String {
        if is_secret(word) {
            self.secrets += 1;
            return "[secret]".to_owned();
        }
        if word.matches(':').count() >= 2
            && let Ok(address) = word.trim_end_matches('.').parse::<Ipv6Addr>()
            && let Some(substitute) = self.addresses.v6(address)
        {
            self.replaced
                .insert(address.to_string(), substitute.to_string());
            return substitute.to_string();
        }
        word.split_inclusive(':')
            .map(|part| self.part(part))
            .collect()
    }

    /// A part without colons, but perhaps with one at its end.
    fn part(&mut self, part: &str) -> String {
        let bare = part.trim_end_matches([':', '.', '-', '_']);
        let end = &part[bare.len()..];
        if let Ok(address) = bare.parse::<Ipv4Addr>()
            && let Some(substitute) = self.addresses.v4(address)
        {
            self.replaced
                .insert(bare.to_owned(), substitute.to_string());
            return format!("{substitute}{end}");
        }
        if let Some(substitute) = self.names.get(bare) {
            return format!("{substitute}{end}");
        }
        // Names joined by dots or underscores: `shop_cart-1_uid`, `worker-7.metrics`.
        let pieces = bare.split_inclusive(['.', '_']).map(|piece| {
            let name = piece.trim_end_matches(['.', '_']);
            match self.names.get(name) {
                Some(substitute) => format!("{substitute}{}", &piece[name.len()..]),
                None => piece.to_owned(),
            }
        });
        pieces.collect::<String>() + end
    }

    /// Counts what still looks like a name or an address.
    pub(super) fn leftovers(&self, text: &str, found: &mut BTreeMap<String, usize>) {
        let mut note = |what: String| *found.entry(what).or_default() += 1;
        for _ in 0..self.ids.left_in(text) {
            note("an id of a container or pod".to_owned());
        }
        let words = text.split(|c: char| !is_word(c));
        for word in words.filter(|word| !word.is_empty()) {
            if word.contains('@') || is_secret(word) {
                note("something like a secret".to_owned());
            }
            let bare = word.split(':').next().unwrap_or(word);
            if let Ok(address) = bare.parse::<Ipv4Addr>() {
                let known = self
                    .replaced
                    .values()
                    .any(|substitute| *substitute == address.to_string());
                let says = !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_broadcast()
                    || address.is_multicast()
                    || address.octets()[0] == 255);
                if !known && says {
                    note("an address".to_owned());
                }
            }
            for piece in bare.split(['.', '_', '/']).chain([bare]) {
                if let Some(kind) = self.kinds.get(piece) {
                    note(format!("a name of {kind}"));
                }
            }
        }
        for (name, _) in &self.inside {
            if text.contains(name.as_str()) {
                note(format!("a name of {}", self.kinds[name]));
            }
        }
    }

    /// Kind → name → substitute, addresses included.
    pub(super) fn map(&self) -> BTreeMap<&'static str, BTreeMap<String, String>> {
        let mut map: BTreeMap<&'static str, BTreeMap<String, String>> = BTreeMap::new();
        for (name, kind) in &self.kinds {
            map.entry(kind)
                .or_default()
                .insert(name.clone(), self.names[name].clone());
        }
        if !self.replaced.is_empty() {
            map.insert("addresses", self.replaced.clone());
        }
        map.extend(self.ids.map());
        map
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':')
}

/// A token of Kubernetes (JWT) or a key of a cloud.
fn is_secret(word: &str) -> bool {
    let jwt = word.starts_with("eyJ") && word.len() > 40 && word.contains('.');
    let key = word.len() == 20
        && word.starts_with("AKIA")
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    jwt || key
}
