//! Names, ids and addresses in evidence, replaced by others: the same input always by the same
//! substitute. What is no name (functions, versions, numbers) stays.

mod addresses;
mod ids;
mod names;
mod substitutes;

use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output;
use names::Names;
use nodesleuth_model::{Evidence, printable};
use nodesleuth_profile::Limits;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use substitutes::Substitutes;

/// Shortest name that is looked for inside longer words: a shorter one is in many of them.
const SHORTEST_INSIDE: usize = 6;

/// What redaction is asked for on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct RedactArgs {
    /// Replace names of nodes, pods, namespaces, hosts and users, ids of containers and pods, and
    /// addresses: the same name always by the same substitute, addresses of one network by
    /// addresses of one network.
    #[arg(long)]
    redact: bool,

    /// Keep which substitute stands for what in this new file (0600), never in the result.
    #[arg(long, value_name = "FILE", requires = "redact")]
    redact_map: Option<PathBuf>,
}

impl RedactArgs {
    /// Does what was asked for, and says on stderr what came of it.
    pub(crate) fn apply(
        &self,
        evidence: &mut Evidence,
        profiles: &mut [(String, Vec<u8>)],
    ) -> Result<(), Failure> {
        if !self.redact {
            return Ok(());
        }
        // A path that cannot be written is found out before anything is done.
        let map = self.redact_map.as_deref().map(create).transpose()?;
        let redaction = redact(evidence, profiles)?;
        output::note(&redaction.summary());
        if let (Some(map), Some(path)) = (map, &self.redact_map) {
            let text = serde_json::to_vec_pretty(&redaction.map).map_err(io::Error::from)?;
            map.write(&text)
                .map_err(|error| Failure::file("write", path, error))?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> Result<NewFile, Failure> {
    NewFile::create(path).map_err(|error| Failure::file("create", path, error))
}

/// What was replaced, and what was found in the result nevertheless.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    /// Kind of name → name → substitute.
    pub(crate) map: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// What still looks like a name or an address, by kind.
    pub(crate) leftovers: BTreeMap<String, usize>,
}

impl Redaction {
    fn summary(&self) -> String {
        let counts: Vec<String> = self
            .map
            .iter()
            .map(|(kind, names)| format!("{} {kind}", names.len()))
            .collect();
        let mut text = match counts.is_empty() {
            true => "redacted: nothing was found to be replaced\n".to_owned(),
            false => format!("redacted: {}\n", counts.join(", ")),
        };
        for (what, count) in &self.leftovers {
            text.push_str(&format!(
                "look at it before you share it: {count} × {what}\n"
            ));
        }
        text
    }
}

/// Names and addresses that are inside, by kind; nothing is changed.
pub(crate) fn inside(
    evidence: &Evidence,
    profiles: &[(String, Vec<u8>)],
) -> Result<BTreeMap<&'static str, BTreeMap<String, String>>, Failure> {
    let value = serde_json::to_value(evidence).map_err(io::Error::from)?;
    let substitutes = learn(&value, profiles);
    Ok(substitutes.map())
}

fn learn(value: &Value, profiles: &[(String, Vec<u8>)]) -> Substitutes {
    let mut names = Names::default();
    names.learn_value("", value);
    for (_, bytes) in profiles {
        each_string(bytes, |text| names.learn_path(text));
    }
    let mut substitutes = Substitutes::new(names);
    // Addresses are replaced where they stand; to know them all, all text is gone through.
    visit(value, &mut |text| {
        substitutes.replace(text);
    });
    substitutes
}

fn each_string(profile: &[u8], mut look: impl FnMut(&str)) {
    let looked = nodesleuth_profile::map_strings(profile, &Limits::default(), |text| {
        look(text);
        None
    });
    // One that cannot be read was said to be broken when it was opened, and goes as it is.
    drop(looked);
}

fn visit(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(values) => values.iter().for_each(|value| visit(value, look)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            if is_of_data(name) {
                look(name);
            }
            visit(value, look);
        }),
        _ => {}
    }
}

/// Keys that are data and no field of ours.
fn is_of_data(key: &str) -> bool {
    !key.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Replaces names and addresses in all of the evidence and in the strings of its profiles.
pub(crate) fn redact(
    evidence: &mut Evidence,
    profiles: &mut [(String, Vec<u8>)],
) -> Result<Redaction, Failure> {
    let mut value = serde_json::to_value(&*evidence).map_err(io::Error::from)?;
    let mut substitutes = learn(&value, profiles);
    replace_all(&mut value, &mut substitutes);
    for (name, bytes) in profiles.iter_mut() {
        let mapped = nodesleuth_profile::map_strings(bytes, &Limits::default(), |text| {
            Some(substitutes.replace(text))
        });
        match mapped {
            Ok(mapped) => *bytes = mapped,
            Err(error) => {
                let name = printable(name);
                return Err(Failure::usage(
                    format!("{name} cannot be redacted: {error}"),
                    "leave this profile out, or share it without --redact",
                ));
            }
        }
    }
    let mut leftovers = BTreeMap::new();
    visit(&value, &mut |text| {
        substitutes.leftovers(text, &mut leftovers)
    });
    for (_, bytes) in profiles.iter() {
        each_string(bytes, |text| substitutes.leftovers(text, &mut leftovers));
    }
    *evidence = serde_json::from_value(value).map_err(io::Error::from)?;
    Ok(Redaction {
        map: substitutes.map(),
        leftovers,
    })
}

fn replace_all(value: &mut Value, substitutes: &mut Substitutes) {
    match value {
        Value::String(text) => *text = substitutes.replace(text),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| replace_all(value, substitutes)),
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            for (name, mut value) in old {
                replace_all(&mut value, substitutes);
                let name = if is_of_data(&name) {
                    substitutes.replace(&name)
                } else {
                    name
                };
                fields.insert(name, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::pasted::{LogTemplate, Metric, ProseLine};
    use nodesleuth_profile::{Profile, ValueType, encode};

    fn evidence() -> Evidence {
        let mut evidence = Evidence::default();
        let pasted = &mut evidence.pasted;
        for example in [
            "pod=\"shop/cart-5f7d\" node=\"worker-eu-7\" is slow at 10.20.30.40 and 10.20.30.41, not 10.20.99.1",
            "worker-eu-7: user alice in /home/alice, mail alice@corp.example.internal",
            "peer 2001:db8:1::5 at 15:04:05, kernel 4.15.0-43-generic, loopback 127.0.0.1",
            "glued xxworker-eu-7xx",
            "/kubepods/pod0645b17f-da20-11e7-ba86-005056a23aab is gone",
        ] {
            pasted.logs.push(LogTemplate {
                example: example.to_owned(),
                ..LogTemplate::default()
            });
        }
        let labels = [
            ("namespace", "shop"),
            ("instance", "10.20.30.40:10250"),
            ("job", "kubelet"),
        ];
        pasted.metrics.push(Metric {
            labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..Metric::default()
        });
        pasted.prose.push(ProseLine {
            text: "cart-5f7d of shop uses runtime.futex".to_owned(),
            ..ProseLine::default()
        });
        evidence
    }

    fn profile() -> Vec<u8> {
        let stacks = [(vec!["main.main", "/home/alice/go/x.F"], 1)];
        encode(&Profile::from_stacks(ValueType::CPU, stacks))
    }

    #[test]
    fn nothing_of_the_names_is_left_and_what_is_no_name_stays() {
        let mut evidence = evidence();
        let mut profiles = vec![("p".to_owned(), profile())];
        let redaction = redact(&mut evidence, &mut profiles).unwrap();
        let text =
            serde_json::to_string(&evidence).unwrap() + &String::from_utf8_lossy(&profiles[0].1);
        for name in [
            "shop",
            "cart-5f7d",
            "worker-eu-7",
            "alice",
            "10.20.",
            "2001:db8",
            "corp.example",
            "0645b17f",
        ] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        for kept in [
            "4.15.0-43-generic",
            "runtime.futex",
            "15:04:05",
            "127.0.0.1",
            "kubelet",
            "10250",
            "main.main",
        ] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
        assert!(
            redaction.map["namespaces"].contains_key("shop"),
            "{:?}",
            redaction.map
        );
        assert!(redaction.leftovers.is_empty(), "{:?}", redaction.leftovers);
    }

    #[test]
    fn the_same_name_has_the_same_substitute_and_networks_stay_networks() {
        let mut evidence = evidence();
        let redaction = redact(&mut evidence, &mut []).unwrap();
        let logs = &evidence.pasted.logs;
        let pod = &redaction.map["pods"]["cart-5f7d"];
        assert!(
            logs[0].example.contains(pod.as_str())
                && evidence.pasted.prose[0].text.contains(pod.as_str())
        );
        let addresses = &redaction.map["addresses"];
        let network = |address: &str| addresses[address].rsplit_once('.').unwrap().0.to_owned();
        assert_eq!(network("10.20.30.40"), network("10.20.30.41"));
        assert_ne!(network("10.20.30.40"), network("10.20.99.1"));
        let mut again = super::tests::evidence();
        redact(&mut again, &mut []).unwrap();
        assert_eq!(again, evidence);
    }

    #[test]
    fn what_is_inside_is_told_without_a_change() {
        let inside = inside(&evidence(), &[]).unwrap();
        assert!(
            inside["hosts"].contains_key("corp.example.internal"),
            "{inside:?}"
        );
        assert!(
            inside["users"].contains_key("alice") && inside["nodes"].contains_key("worker-eu-7")
        );
    }
}
