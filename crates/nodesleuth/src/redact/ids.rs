//! Ids that tell whose containers and pods these are, by others of the same form: 64 hexadecimal
//! digits (containers, sandboxes, images), UUIDs (pods; in names of slices with `_`), and the 32
//! digits that stand for a static pod behind `pod`. Two that are the same stay the same.

use std::collections::BTreeMap;

const CONTAINER_DIGITS: usize = 64;
/// What docker and crictl show of a container's id.
const SHORT_DIGITS: usize = 12;
const STATIC_POD_DIGITS: usize = 32;
/// Digits between the separators of a UUID.
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];
const UUID_LENGTH: usize = 36;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Container,
    /// With what stands between its parts.
    Uuid(char),
    StaticPod,
}

/// Where in a text an id stands.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    from: usize,
    to: usize,
    kind: Kind,
}

/// Substitutes that were given, by id; those of UUIDs as they are written with `-`.
#[derive(Debug, Default)]
pub(super) struct Ids {
    containers: BTreeMap<String, String>,
    pods: BTreeMap<String, String>,
}

impl Ids {
    /// The text with substitutes.
    pub(super) fn replace(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(found) = first(rest) {
            out.push_str(&rest[..found.from]);
            out.push_str(&self.substitute(&rest[found.from..found.to], found.kind));
            rest = &rest[found.to..];
        }
        out.push_str(rest);
        self.replace_short(out)
    }

    fn substitute(&mut self, id: &str, kind: Kind) -> String {
        match kind {
            Kind::Container => given(&mut self.containers, id, container),
            Kind::StaticPod => given(&mut self.pods, id, static_pod),
            Kind::Uuid(between) => {
                let between = &between.to_string();
                let plain = id.replace(between.as_str(), "-");
                given(&mut self.pods, &plain, uuid).replace('-', between)
            }
        }
    }

    /// The first digits of ids that are known.
    fn replace_short(&self, mut text: String) -> String {
        // Most texts hold none.
        let is_known = |word: &str| self.of_short(word).is_some();
        if !short_words(&text).any(is_known) {
            return text;
        }
        let known: Vec<(String, String)> = short_words(&text)
            .filter_map(|word| Some((word.to_owned(), self.of_short(word)?.to_owned())))
            .collect();
        for (word, substitute) in known {
            text = text.replace(&word, &substitute);
        }
        text
    }

    fn of_short(&self, word: &str) -> Option<&str> {
        let (id, substitute) = self.containers.range(word.to_owned()..).next()?;
        id.starts_with(word).then(|| &substitute[..SHORT_DIGITS])
    }

    /// How many ids of this text are no substitutes of ours.
    pub(super) fn left_in(&self, text: &str) -> usize {
        let mut left = short_words(text)
            .filter(|word| self.of_short(word).is_some())
            .count();
        let mut rest = text;
        while let Some(found) = first(rest) {
            let id = &rest[found.from..found.to];
            let plain = id.replace('_', "-");
            let mut ours = self.containers.values().chain(self.pods.values());
            left += usize::from(!ours.any(|substitute| *substitute == plain));
            rest = &rest[found.to..];
        }
        left
    }

    /// Kind → id → substitute, of what was seen.
    pub(super) fn map(&self) -> impl Iterator<Item = (&'static str, BTreeMap<String, String>)> {
        let kinds = [
            ("container ids", &self.containers),
            ("pod UIDs", &self.pods),
        ];
        let seen = kinds.into_iter().filter(|(_, ids)| !ids.is_empty());
        seen.map(|(kind, ids)| (kind, ids.clone()))
    }
}

/// The same substitute for the same id, else the next one.
fn given(known: &mut BTreeMap<String, String>, id: &str, make: fn(usize) -> String) -> String {
    if known.values().any(|substitute| substitute == id) {
        return id.to_owned();
    }
    let next = known.len() + 1;
    known
        .entry(id.to_owned())
        .or_insert_with(|| make(next))
        .clone()
}

fn container(number: usize) -> String {
    format!("c{number:011x}{:0>52}", "")
}

fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn static_pod(number: usize) -> String {
    format!("{number:032x}")
}

/// The first id in a text.
fn first(text: &str) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_digit(bytes[at]) {
            at += 1;
            continue;
        }
        let digits = run_of_digits(bytes, at);
        let end = at + digits;
        let ends = bytes
            .get(end)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let found = match () {
            () if digits == CONTAINER_DIGITS && ends => Some((at, end, Kind::Container)),
            () => uuid_at(bytes, end).or_else(|| static_pod_at(bytes, end).filter(|_| ends)),
        };
        if let Some((from, to, kind)) = found {
            return Some(Found { from, to, kind });
        }
        at = end;
    }
    None
}

/// A UUID whose first part ends here; letters of a word may stand right before it (`pod0a1b…`).
fn uuid_at(bytes: &[u8], end: usize) -> Option<(usize, usize, Kind)> {
    let between = *bytes.get(end).filter(|byte| matches!(byte, b'-' | b'_'))?;
    let from = end.checked_sub(UUID_PARTS[0])?;
    let to = from + UUID_LENGTH;
    let mut at = from;
    for (part, digits) in UUID_PARTS.into_iter().enumerate() {
        if part > 0 {
            if bytes.get(at) != Some(&between) {
                return None;
            }
            at += 1;
        }
        if !bytes
            .get(at..at + digits)?
            .iter()
            .all(|byte| is_digit(*byte))
        {
            return None;
        }
        at += digits;
    }
    let ends = bytes
        .get(to)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    ends.then_some((from, to, Kind::Uuid(char::from(between))))
}

/// `pod` and 32 digits that end here; the last letter of `pod` is a digit as well.
fn static_pod_at(bytes: &[u8], end: usize) -> Option<(usize, usize, Kind)> {
    let from = end.checked_sub(STATIC_POD_DIGITS)?;
    let is_one =
        bytes[..from].ends_with(b"pod") && bytes[from..end].iter().all(|byte| is_digit(*byte));
    is_one.then_some((from, end, Kind::StaticPod))
}

fn run_of_digits(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .take_while(|byte| is_digit(**byte))
        .count()
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Words that may be the beginning of a container's id.
fn short_words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.len() == SHORT_DIGITS && word.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: &str = "4a2ad302bce4fd2d41665d6ab76c380c803b94ee40bf444d904783e46eeba053";
    const POD: &str = "0645b17f-da20-11e7-ba86-005056a23aab";

    #[test]
    fn ids_are_replaced_in_every_form_and_the_same_stays_the_same() {
        let mut ids = Ids::default();
        let slice = format!("kubepods-burstable-pod{}.slice", POD.replace('-', "_"));
        let text = format!("/{slice}/docker-{CONTAINER}.scope of {POD}, short 4a2ad302bce4");
        let out = ids.replace(&text);
        for left in ["4a2ad302", "0645b17f", "005056a23aab"] {
            assert!(!out.contains(left), "{left} in {out}");
        }
        assert!(
            out.contains("pod00000000_0000_4000_8000_000000000001.slice"),
            "{out}"
        );
        assert!(
            out.ends_with("of 00000000-0000-4000-8000-000000000001, short c00000000001"),
            "{out}"
        );
        assert_eq!(ids.left_in(&out), 0);
        assert_eq!(ids.left_in(&text), 4);
        assert_eq!(ids.replace(&out), out);
        let kinds: Vec<_> = ids.map().map(|(kind, ids)| (kind, ids.len())).collect();
        assert_eq!(kinds, [("container ids", 1), ("pod UIDs", 1)]);
    }

    #[test]
    fn static_pods_have_ids_without_separators() {
        let mut ids = Ids::default();
        let out = ids.replace("/kubepods/burstable/pod8b2c36f4b4c0a8f4a4d3c2b1a0f9e8d7/x");
        assert_eq!(
            out,
            "/kubepods/burstable/pod00000000000000000000000000000001/x"
        );
    }

    #[test]
    fn other_numbers_stay() {
        let mut ids = Ids::default();
        for text in [
            // A commit, an address, a time, a version, a build id.
            "425e105d5a03fabd737a126ad93d62a9eeede87f",
            "0xffffffff8161 ffffffff81613f4c 7f6009460700",
            "2016-03-08T11:22:29.361+00:00",
            "3.10.0-957.el7",
            "ä 0645b17f-da20-11e7-ba86-005056a23aabz",
        ] {
            assert_eq!(ids.replace(text), text);
        }
    }
}
