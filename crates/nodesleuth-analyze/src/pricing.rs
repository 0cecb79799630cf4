//! Claims: which parts of the ledger a cause takes, so that nothing is explained twice.

use crate::catalog::{ClaimRule, Entry, EntryKind, Truth, part_matches};
use nodesleuth_model::ledger::Claim;
use nodesleuth_model::{Cores, FactValue, Ledger, LedgerPart};

/// What an entry took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Price {
    pub(crate) cores: f64,
    /// The part of it that was measured: whole parts of a profile, not bounded by an estimate.
    pub(crate) measured: f64,
    /// One line for each claim that took something.
    pub(crate) lines: Vec<String>,
}

/// What an entry would take if it came first.
pub(crate) fn potential(
    entry: &Entry,
    ledger: &Ledger,
    lookup: &dyn Fn(&str) -> Option<FactValue>,
) -> f64 {
    claim(entry, &mut ledger.clone(), lookup).cores
}

/// Causes first, then what they usually drive; the most expensive first, then by id.
pub(crate) fn order(a: (&Entry, f64), b: (&Entry, f64)) -> std::cmp::Ordering {
    let rank = |entry: &Entry| entry.kind != EntryKind::Cause;
    rank(a.0)
        .cmp(&rank(b.0))
        .then_with(|| b.1.total_cmp(&a.1))
        .then_with(|| a.0.id.cmp(&b.0.id))
}

/// Takes an entry's parts from the ledger.
pub(crate) fn claim(
    entry: &Entry,
    ledger: &mut Ledger,
    lookup: &dyn Fn(&str) -> Option<FactValue>,
) -> Price {
    let mut price = Price::default();
    let Some(view) = ledger.views.iter_mut().find(|view| view.id == "owner") else {
        return price;
    };
    for rule in &entry.claims {
        if rule
            .when
            .as_ref()
            .is_some_and(|when| when.holds(lookup) != Truth::True)
        {
            continue;
        }
        let Some(limit) = limit(rule, lookup) else {
            continue;
        };
        let mut left = limit.unwrap_or(f64::INFINITY);
        for part in view
            .parts
            .iter_mut()
            .filter(|part| part_matches(&rule.part, &part.id))
        {
            let taken = take(part, &entry.id, left);
            if taken <= 0.0 {
                continue;
            }
            left -= taken;
            price.cores += taken;
            // Whole parts of a profile are measured, and so are shares of its allocation samples.
            if limit.is_none() || !rule.by_allocation_of.is_empty() {
                price.measured += taken;
            }
            price.lines.push(line(rule, part, taken, limit, lookup));
        }
    }
    price
}

/// Gives an entry's claims back.
pub(crate) fn release(entry: &Entry, ledger: &mut Ledger) {
    for part in ledger.views.iter_mut().flat_map(|view| &mut view.parts) {
        part.claims.retain(|claim| claim.finding != entry.id);
    }
}

/// `None` when the limiting fact is unknown: then nothing may be claimed.
#[expect(
    clippy::option_option,
    reason = "no limit and an unknown limit are different things"
)]
fn limit(rule: &ClaimRule, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Option<Option<f64>> {
    if !rule.by_allocation_of.is_empty() {
        return allocation_limit(rule, lookup).map(Some);
    }
    let Some(name) = &rule.limit else {
        return Some(None);
    };
    number(name, lookup).map(|cores| Some(cores.max(0.0)))
}

/// The part's price × the share of all allocation that the named parts make. What the part itself
/// allocates (garbage collection that an allocation had to help with) is nobody's.
fn allocation_limit(rule: &ClaimRule, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Option<f64> {
    let mut share = 0.0;
    for part in &rule.by_allocation_of {
        share += number(&format!("part.{part}.alloc_share"), lookup)?;
    }
    let own = number(&format!("part.{}.alloc_share", rule.part), lookup)?;
    let price = number(&format!("part.{}.cores", rule.part), lookup)?;
    Some(price * (share / (1.0 - own).max(f64::EPSILON)).min(1.0))
}

fn number(name: &str, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Option<f64> {
    match lookup(name)? {
        FactValue::Number(number) => Some(number),
        _ => None,
    }
}

fn take(part: &mut LedgerPart, finding: &str, left: f64) -> f64 {
    let taken = part.unclaimed().0.min(left);
    if taken > 0.0 {
        part.claims.push(Claim {
            finding: finding.to_owned(),
            cores: Cores(taken),
        });
    }
    taken
}

fn line(
    rule: &ClaimRule,
    part: &LedgerPart,
    taken: f64,
    limit: Option<f64>,
    lookup: &dyn Fn(&str) -> Option<FactValue>,
) -> String {
    let mut line = format!("{} cores of “{}”", Cores(taken), part.title);
    if let Some(why) = rule.why.as_ref().and_then(|why| why.fill(lookup)) {
        line.push_str(": ");
        line.push_str(&why);
    } else if let Some(limit) = limit {
        line.push_str(&format!(": bounded by {} cores", Cores(limit)));
    }
    line
}
