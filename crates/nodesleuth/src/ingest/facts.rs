//! `--fact NAME=VALUE`: what was only said.

use nodesleuth_model::evidence::{Host, pasted};
use nodesleuth_model::{Evidence, Observed};
use std::str::FromStr;

/// One `--fact`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatedFact {
    name: String,
    value: String,
}

impl FromStr for StatedFact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write it as NAME=VALUE, such as kernel=4.15.0-43-generic";
        let (name, value) = text.split_once('=').ok_or(form)?;
        let (name, value) = (name.trim(), value.trim());
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        match is_name && !value.is_empty() {
            true => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            false => Err(form.to_owned()),
        }
    }
}

/// Puts what was stated where analysis looks for it.
pub(super) fn add(evidence: &mut Evidence, stated: &[StatedFact]) {
    for fact in stated {
        if matches!(fact.name.as_str(), "kernel" | "kernel.release") {
            if evidence.host.value().is_none() {
                evidence.host = Observed::Value(Host::default());
            }
            if let Observed::Value(host) = &mut evidence.host {
                host.kernel_release = fact.value.clone();
            }
        }
        if let Ok(value) = fact.value.parse::<f64>()
            && value.is_finite()
        {
            evidence.pasted.counts.push(pasted::PastedCount {
                what: fact.name.clone(),
                value,
                measured: true,
                ..pasted::PastedCount::default()
            });
        }
        evidence.pasted.stated.push(pasted::StatedFact {
            name: fact.name.clone(),
            value: fact.value.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_has_a_name_and_a_value() {
        let fact: StatedFact = "kernel=4.15.0-43-generic".parse().unwrap();
        let mut evidence = Evidence::default();
        add(&mut evidence, &[fact, "services=2000".parse().unwrap()]);
        assert_eq!(
            evidence.host.value().unwrap().kernel_release,
            "4.15.0-43-generic"
        );
        assert_eq!(evidence.pasted.counts[0].value, 2000.0);
        for text in ["kernel", "=4", "a b=1", "kernel="] {
            assert!(text.parse::<StatedFact>().is_err(), "{text}");
        }
    }
}
