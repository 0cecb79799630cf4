//! Looking facts up: the table, the ledger's parts, and an entry's own signature.

use crate::catalog::Entry;
use crate::facts::{KERNEL_PART, OfCall, of_call};
use crate::input::Input;
use crate::kernel_ledger;
use crate::pasted::{PastedView, of_pasted};
use crate::stacks::ProfileView;
use crate::traced::Traced;
use nodesleuth_model::{Fact, FactValue, Ledger, Missing};
use std::collections::BTreeMap;

/// Where conditions and templates find their facts.
pub(crate) struct Lookup<'a> {
    pub(crate) facts: &'a BTreeMap<String, Fact>,
    ledger: &'a Ledger,
    /// Part ids exist although they are zero: the profile was there.
    has_profile: bool,
    /// Whether stacks of kernel functions were sampled, or why not.
    stacks: Result<(), Missing>,
    /// Share of allocation samples by part.
    allocation: BTreeMap<String, f64>,
    /// The capture of system calls, or why there is none.
    traced: Result<Traced<'a>, Missing>,
    pasted: PastedView<'a>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(
        facts: &'a BTreeMap<String, Fact>,
        ledger: &'a Ledger,
        input: &Input<'a>,
    ) -> Self {
        let profile = input.owner();
        Self {
            facts,
            ledger,
            has_profile: profile.is_some(),
            stacks: input.stacks().map(|_| ()),
            allocation: profile
                .map(ProfileView::allocation_shares)
                .unwrap_or_default(),
            traced: Traced::of(input.evidence),
            pasted: PastedView::new(&input.evidence.pasted),
        }
    }

    /// A fact that does not depend on an entry.
    pub(crate) fn fact(&self, name: &str) -> Option<FactValue> {
        if let Some(rest) = name.strip_prefix("part.") {
            let (id, what) = rest.rsplit_once('.')?;
            return self.part(id, what).map(FactValue::Number);
        }
        if let Some(rest) = name.strip_prefix(KERNEL_PART) {
            let (id, what) = rest.rsplit_once('.')?;
            return self.kernel_part(id, what).map(FactValue::Number);
        }
        if let Some((call, what)) = of_call(name) {
            let traced = self.traced.as_ref().ok()?;
            return Some(FactValue::Number(number_of_call(traced, call, what)));
        }
        if let Some(question) = of_pasted(name) {
            return self.pasted.ask(question);
        }
        self.facts.get(name)?.value.clone()
    }

    /// The same with the facts `signature.*` of this entry.
    pub(crate) fn for_entry<'b>(
        &'b self,
        entry: &'b Entry,
        input: &'b Input<'_>,
    ) -> impl Fn(&str) -> Option<FactValue> + 'b {
        move |name| match name.strip_prefix("signature.") {
            Some(what) => of_signature(entry, input, what),
            None => self.fact(name),
        }
    }

    /// Why a fact is unknown.
    pub(crate) fn reason(&self, name: &str) -> String {
        if name.starts_with("part.") || name.starts_with("signature.") {
            let cpu = self.facts.get("target.cpu.cores");
            let unknown = cpu.filter(|cpu| self.has_profile && cpu.value.is_none());
            return unknown.map_or("there is no CPU profile".to_owned(), |cpu| {
                cpu.source.clone()
            });
        }
        if of_pasted(name).is_some() {
            return "no file that was given tells it".to_owned();
        }
        if let (true, Err(missing)) = (name.starts_with(KERNEL_PART), &self.stacks) {
            return missing.to_string();
        }
        if let (Some(_), Err(missing)) = (of_call(name), &self.traced) {
            return missing.to_string();
        }
        self.facts
            .get(name)
            .map_or_else(|| "no such fact".to_owned(), |fact| fact.source.clone())
    }

    fn part(&self, id: &str, what: &str) -> Option<f64> {
        if what == "alloc_share" {
            return self.allocation.get(id).copied();
        }
        self.cores_or_share("owner", id, what, self.has_profile)
    }

    fn kernel_part(&self, id: &str, what: &str) -> Option<f64> {
        let id = format!("{}{id}", kernel_ledger::PREFIX);
        self.cores_or_share(kernel_ledger::VIEW, &id, what, self.stacks.is_ok())
    }

    /// Of a part of a view; one that is not there is zero where the view could hold it.
    fn cores_or_share(&self, view: &str, id: &str, what: &str, could_be: bool) -> Option<f64> {
        let view = self.ledger.view(view)?;
        let cores = match view.parts.iter().find(|part| part.id == id) {
            Some(part) => part.cores.0,
            None if could_be => 0.0,
            None => return None,
        };
        match what {
            "cores" => Some(cores),
            _ if self.ledger.total_cores.0 > 0.0 => Some(cores / self.ledger.total_cores.0),
            _ => None,
        }
    }
}

/// Facts of an entry's own signature: a whole profile tells its share, else what was pasted.
fn of_signature(entry: &Entry, input: &Input<'_>, what: &str) -> Option<FactValue> {
    let profiled = || input.owner()?.signature_share(&entry.signature);
    if what == "share"
        && let Some(share) = profiled()
    {
        return Some(FactValue::Number(share));
    }
    let seen = PastedView::new(&input.evidence.pasted).frames(&entry.signature);
    match what {
        "share" => seen.share.map(FactValue::Number),
        "memory_share" => seen.memory_share.map(FactValue::Number),
        "stacks" => Some(FactValue::Number(seen.stacks as f64)),
        "wait_minutes" => seen.wait_minutes.map(FactValue::Number),
        "mentioned" => Some(FactValue::Flag(seen.mentioned)),
        _ => None,
    }
}

/// A call that was not made has a rate of zero.
fn number_of_call(traced: &Traced<'_>, name: &str, what: OfCall) -> f64 {
    let Some(call) = traced.call(name) else {
        return 0.0;
    };
    match what {
        OfCall::Rate => traced.rate(call.calls),
        OfCall::ErrorRate => traced.rate(call.failed()),
        OfCall::Cores => traced.priced(call.on_cpu),
    }
}
