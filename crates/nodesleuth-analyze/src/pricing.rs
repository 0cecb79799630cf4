//! Claims: which parts of the ledger a cause takes, so that nothing is explained twice.

use crate::call_ledger;
use crate::catalog::{ClaimRule, Entry, EntryKind, Truth, part_matches};
use crate::kernel_ledger;
use nodesleuth_model::ledger::Claim;
use nodesleuth_model::{Cores, FactValue, Ledger, LedgerPart};

/// The view whose parts findings claim.
const OWNER: &str = "owner";
/// The views whose parts a claim may take from too.
const THROUGH: [&str; 2] = [call_ledger::VIEW, kernel_ledger::VIEW];
/// How ids of the owner's parts begin of which no stack is known.
const OUTSIDE_PROFILE: &str = "outside-profile-";

/// What an entry took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Price {
    pub(crate) cores: f64,
    /// The part of it that was measured: whole parts of a profile, not bounded by an estimate.
    pub(crate) measured: f64,
    /// The part of it that was measured inside system calls.
    pub(crate) traced: f64,
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
    let applies = |rule: &&ClaimRule| {
        let when = rule.when.as_ref();
        when.is_none_or(|when| when.holds(lookup) == Truth::True)
    };
    for rule in entry.claims.iter().filter(applies) {
        let Some(limit) = limit(rule, lookup) else {
            continue;
        };
        let most = limit.unwrap_or(f64::INFINITY).min(through(rule, ledger));
        let taken = take_from_owner(rule, ledger, &entry.id, most);
        let sum: f64 = taken.iter().map(|taken| taken.cores).sum();
        price.cores += sum;
        if !rule.through.is_empty() {
            if !rule.estimate {
                price.traced += sum;
            }
            let names: Vec<&str> = rule.through.iter().map(String::as_str).collect();
            let mut left = sum;
            for view in THROUGH {
                let taken = take(ledger, view, &names, left, &entry.id, |_| f64::INFINITY);
                left -= taken.iter().map(|taken| taken.cores).sum::<f64>();
            }
        } else if limit.is_none() || !rule.by_allocation_of.is_empty() {
            // Whole parts of a profile are measured, and so are shares of its allocation samples.
            price.measured += sum;
        }
        let lines = taken.iter().map(|taken| line(rule, taken, limit, lookup));
        price.lines.extend(lines);
    }
    price
}

/// Takes from the owner's part that a rule names: of an owner whose stacks tell where it was in
/// the kernel, no more than it spent in the rule's parts of the kernel.
fn take_from_owner(rule: &ClaimRule, ledger: &mut Ledger, finding: &str, most: f64) -> Vec<Taken> {
    let in_kernel = |name: &&String| name.starts_with(kernel_ledger::PREFIX);
    let named: Vec<&String> = rule.through.iter().filter(in_kernel).collect();
    let bound = |part: &LedgerPart| {
        if named.is_empty() || part.id.starts_with(OUTSIDE_PROFILE) {
            return f64::INFINITY;
        }
        let spent = part.kernel.iter();
        let here = spent.filter(|share| named.iter().any(|name| part_matches(name, &share.part)));
        here.map(|share| share.cores.0).sum()
    };
    take(ledger, OWNER, &[&rule.part], most, finding, bound)
}

/// What the measured parts of a rule have left; no bound for a rule without such.
fn through(rule: &ClaimRule, ledger: &Ledger) -> f64 {
    if rule.through.is_empty() {
        return f64::INFINITY;
    }
    let views = THROUGH.iter().filter_map(|id| ledger.view(id));
    let named = |part: &&LedgerPart| rule.through.iter().any(|name| part_matches(name, &part.id));
    let left = views.flat_map(|view| &view.parts).filter(named);
    left.map(|part| part.unclaimed().0).sum()
}

/// What was taken of one part.
struct Taken {
    title: String,
    cores: f64,
}

/// Takes up to `most` cores from the named parts of a view, in their order, of each no more than
/// its `bound`.
fn take(
    ledger: &mut Ledger,
    view: &str,
    names: &[&str],
    most: f64,
    finding: &str,
    bound: impl Fn(&LedgerPart) -> f64,
) -> Vec<Taken> {
    let view = ledger.views.iter_mut().find(|known| known.id == view);
    let parts = view.into_iter().flat_map(|view| &mut view.parts);
    let mut left = most;
    let mut all = Vec::new();
    for part in parts.filter(|part| names.iter().any(|name| part_matches(name, &part.id))) {
        let cores = part.unclaimed().0.min(left).min(bound(part));
        if cores <= 0.0 {
            continue;
        }
        left -= cores;
        part.claims.push(Claim {
            finding: finding.to_owned(),
            cores: Cores(cores),
        });
        all.push(Taken {
            title: part.title.clone(),
            cores,
        });
    }
    all
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

fn line(
    rule: &ClaimRule,
    taken: &Taken,
    limit: Option<f64>,
    lookup: &dyn Fn(&str) -> Option<FactValue>,
) -> String {
    let mut line = format!("{} cores of “{}”", Cores(taken.cores), taken.title);
    if let Some(why) = rule.why.as_ref().and_then(|why| why.fill(lookup)) {
        line.push_str(": ");
        line.push_str(&why);
    } else if let Some(limit) = limit {
        line.push_str(&format!(": bounded by {} cores", Cores(limit)));
    }
    line
}
