//! The matcher: entries over facts and ledger → findings. It knows no cause by name.

use crate::catalog::{Entry, EntryKind, ProofRule, RemedyRule, Truth};
use crate::input::Input;
use crate::lookup::Lookup;
use crate::pricing::{self, Price};
use nodesleuth_model::diagnosis::{NotChecked, Proof, Remedy, Severity};
use nodesleuth_model::{Confidence, Cores, FactValue, Finding, FindingKind, Ledger};
use std::collections::{BTreeMap, BTreeSet};

type Facts<'a> = &'a dyn Fn(&str) -> Option<FactValue>;

/// What came of all entries.
#[derive(Default)]
pub(crate) struct Matches {
    pub(crate) findings: Vec<Finding>,
    pub(crate) red_herrings: Vec<Finding>,
    /// What burns CPU in other programs, most cores first.
    pub(crate) elsewhere: Vec<Finding>,
    /// States of the node that are known to cost CPU and have no price.
    pub(crate) states: Vec<Finding>,
    /// Set when an entry says that there is nothing to explain.
    pub(crate) not_hot: Option<String>,
    pub(crate) undecided: Vec<NotChecked>,
    /// How many causes could not be decided.
    pub(crate) undecided_causes: usize,
}

/// Matches every entry and takes claims from the ledger.
pub(crate) fn run(input: &Input<'_>, lookup: &Lookup<'_>, ledger: &mut Ledger) -> Matches {
    let mut matches = Matches::default();
    let mut candidates = Vec::new();
    let mut undecided: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in &input.catalog.entries {
        let facts = lookup.for_entry(entry, input);
        match decide(entry, &facts) {
            Truth::False => {}
            // Why a piece of evidence about a state is missing is told once, for the piece.
            Truth::Unknown(_) if !entry.kind.explains_cpu() || entry.is_state() => {}
            Truth::Unknown(names) => {
                let reasons = names.iter().map(|name| lookup.reason(name));
                for reason in reasons.collect::<BTreeSet<_>>() {
                    undecided.entry(reason).or_default().push(entry.id.clone());
                }
            }
            Truth::True if entry.is_state() => {
                matches.states.push(state(entry, ledger, &facts));
            }
            Truth::True => match entry.kind {
                EntryKind::NotHot => matches.not_hot = Some(title(entry, &facts)),
                EntryKind::RedHerring | EntryKind::NotCpu => {
                    matches
                        .red_herrings
                        .push(finding(entry, None, ledger, &facts));
                }
                EntryKind::Elsewhere => {
                    matches
                        .elsewhere
                        .push(elsewhere(entry, ledger, &facts, lookup));
                }
                EntryKind::Cause | EntryKind::Contributor => {
                    let price = pricing::potential(entry, ledger, &facts);
                    candidates.push((entry, price));
                }
            },
        }
    }
    most_cores_first(&mut matches.elsewhere);
    matches
        .states
        .sort_by_key(|state| std::cmp::Reverse(state.severity));
    if matches.not_hot.is_none() {
        price_all(input, lookup, ledger, candidates, &mut matches);
        let ids: BTreeSet<&String> = undecided.values().flatten().collect();
        matches.undecided_causes = ids.len();
        matches.undecided = undecided
            .iter()
            .map(|(why, ids)| NotChecked {
                what: format!("whether it is {} too", ids.join(", ")),
                why: why.clone(),
            })
            .collect();
    }
    matches
}

pub(crate) fn decide(entry: &Entry, facts: Facts<'_>) -> Truth {
    let when = entry
        .when
        .as_ref()
        .map_or(Truth::False, |when| when.holds(facts));
    if when == Truth::False {
        return when;
    }
    match entry
        .unless
        .as_ref()
        .map_or(Truth::False, |unless| unless.holds(facts))
    {
        Truth::True => Truth::False,
        // What would rule it out is not known: that does not hide a cause that fits.
        Truth::False | Truth::Unknown(_) => when,
    }
}

fn price_all(
    input: &Input<'_>,
    lookup: &Lookup<'_>,
    ledger: &mut Ledger,
    mut candidates: Vec<(&Entry, f64)>,
    matches: &mut Matches,
) {
    candidates.sort_by(|a, b| pricing::order(*a, *b));
    let total = ledger.total_cores.0;
    // A profile of another time tells shares, not what was burnt in this window.
    let measured_here = input.owner().is_some_and(|profile| profile.covers_window);
    for (entry, _) in candidates {
        let facts = lookup.for_entry(entry, input);
        let mut price = pricing::claim(entry, ledger, &facts);
        if !measured_here {
            price.measured = 0.0;
        }
        if price.cores < input.catalog.thresholds.min_share * total {
            pricing::release(entry, ledger);
            continue;
        }
        matches
            .findings
            .push(finding(entry, Some(price), ledger, &facts));
    }
    most_cores_first(&mut matches.findings);
    matches
        .findings
        .sort_by_key(|finding| finding.kind != FindingKind::Cause);
}

fn most_cores_first(findings: &mut [Finding]) {
    let cores = |finding: &Finding| finding.cores.unwrap_or_default().0;
    findings.sort_by(|a, b| cores(b).total_cmp(&cores(a)));
}

/// What another program burns is no part of the target's ledger: a fact prices it.
fn elsewhere(entry: &Entry, ledger: &Ledger, facts: Facts<'_>, lookup: &Lookup<'_>) -> Finding {
    let mut finding = finding(entry, None, ledger, facts);
    let burns = entry.burns.as_ref().and_then(|name| lookup.facts.get(name));
    if let Some(fact) = burns
        && let Some(FactValue::Number(cores)) = fact.value
    {
        finding.cores = Some(Cores(cores));
        finding.pricing = vec![fact.source.clone()];
    }
    finding
}

/// A state of the node. That it is there was measured; what it costs was not, so confidence is
/// never high, and low where nothing says that it costs this target anything.
pub(crate) fn state(entry: &Entry, ledger: &Ledger, facts: Facts<'_>) -> Finding {
    let holds = |condition: &Option<crate::catalog::Condition>| {
        condition.as_ref().map(|condition| condition.holds(facts)) == Some(Truth::True)
    };
    Finding {
        confidence: match holds(&entry.sure) {
            true => Confidence::Medium,
            false => Confidence::Low,
        },
        severity: Some(match holds(&entry.severe) {
            true => Severity::Bad,
            false => Severity::Warning,
        }),
        ..finding(entry, None, ledger, facts)
    }
}

pub(crate) fn finding(
    entry: &Entry,
    price: Option<Price>,
    ledger: &Ledger,
    facts: Facts<'_>,
) -> Finding {
    let confidence = confidence(entry, price.as_ref(), facts);
    let share = |cores: f64| (ledger.total_cores.0 > 0.0).then(|| cores / ledger.total_cores.0);
    Finding {
        id: entry.id.clone(),
        class: entry.class.clone(),
        kind: match entry.kind {
            EntryKind::Contributor => FindingKind::Contributor,
            EntryKind::RedHerring => FindingKind::RedHerring,
            EntryKind::NotCpu => FindingKind::NotCpu,
            EntryKind::Elsewhere => FindingKind::Elsewhere,
            EntryKind::Cause | EntryKind::NotHot => FindingKind::Cause,
        },
        title: title(entry, facts),
        component: entry.component.clone(),
        cores: price.as_ref().map(|price| Cores(price.cores)),
        share: price.as_ref().and_then(|price| share(price.cores)),
        confidence,
        severity: None,
        score: None,
        pricing: price.map(|price| price.lines).unwrap_or_default(),
        evidence: proofs(&entry.evidence, facts),
        sources: Vec::new(),
        disproof: entry.disproof.clone(),
        explanation: entry.explanation.trim().to_owned(),
        remedies_now: remedies(&entry.remedies.now, facts),
        remedies_for_good: remedies(&entry.remedies.for_good, facts),
        confirm: proofs(&entry.confirm, facts),
        references: entry.references.clone(),
        standing: entry.standing.as_str().to_owned(),
    }
}

fn title(entry: &Entry, facts: Facts<'_>) -> String {
    let plain = || entry.plain_title.as_ref()?.fill(facts);
    let title = entry.title.fill(facts).or_else(plain);
    title.unwrap_or_else(|| entry.title.fill_or_question_mark(facts))
}

/// High when `sure` holds or most of the price was measured; low when `sure` is refuted and
/// nothing was measured.
fn confidence(entry: &Entry, price: Option<&Price>, facts: Facts<'_>) -> Confidence {
    let measured = price.is_some_and(|price| price.measured + price.traced >= price.cores / 2.0);
    match entry.sure.as_ref().map(|sure| sure.holds(facts)) {
        Some(Truth::True) => Confidence::High,
        _ if measured => Confidence::High,
        Some(Truth::False) if !measured => Confidence::Low,
        _ => Confidence::Medium,
    }
}

fn proofs(rules: &[ProofRule], facts: Facts<'_>) -> Vec<Proof> {
    let fill = |rule: &ProofRule| {
        // A command in which something is unknown cannot be typed.
        let command = rule
            .command
            .as_ref()
            .and_then(|command| command.fill(facts));
        Some(Proof {
            text: rule.text.fill(facts)?,
            command,
        })
    };
    rules.iter().filter_map(fill).collect()
}

fn remedies(rules: &[RemedyRule], facts: Facts<'_>) -> Vec<Remedy> {
    let offered = |rule: &&RemedyRule| {
        rule.when
            .as_ref()
            .is_none_or(|when| when.holds(facts) != Truth::False)
    };
    let fill = |rule: &RemedyRule| {
        // A command in which something is unknown cannot be typed.
        let command = rule
            .command
            .as_ref()
            .and_then(|command| command.fill(facts));
        Some(Remedy {
            text: rule.text.fill(facts)?,
            command,
            risk: rule.risk.clone(),
        })
    };
    rules.iter().filter(offered).filter_map(fill).collect()
}
