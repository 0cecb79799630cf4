//! What `nodesleuth diagnose -o json` must say about a real cAdvisor in the lab. Each check gives
//! a sentence for every expectation that is not met.

use serde_json::Value;

/// The cause when cAdvisor follows many cgroups.
const MANY_CGROUPS: &str = "many-live-cgroups";
/// The cause that zombies would be on an affected kernel; also the id of the kernel's advisory.
const STAT_WALK: &str = "memory-stat-walk";
/// How much of its CPU must be explained.
const EXPLAINED: f64 = 0.8;
/// Cgroups that other programs on the machine may leave dying while we look.
const DYING_NOISE: f64 = 100.0;

pub(crate) fn of_many_cgroups(diagnosis: &Value) -> Vec<String> {
    let mut unmet = Unmet(diagnosis, Vec::new());
    let first = unmet.findings().next().map(str::to_owned);
    unmet.expect(
        first.as_deref() == Some(MANY_CGROUPS),
        format!("the first finding is {first:?}, not {MANY_CGROUPS}"),
    );
    let share = unmet.explained_share();
    unmet.expect(
        share.is_some_and(|share| share >= EXPLAINED),
        format!("the explained share is {share:?}, less than {EXPLAINED}"),
    );
    unmet.expect_no_stat_walk();
    unmet.1
}

pub(crate) fn of_zombies(diagnosis: &Value, dying: u64) -> Vec<String> {
    let mut unmet = Unmet(diagnosis, Vec::new());
    let outcome = diagnosis["outcome"].as_str();
    unmet.expect(
        outcome == Some("not-hot"),
        format!("the outcome is {outcome:?}, not not-hot"),
    );
    unmet.expect_no_stat_walk();
    let counted = dying_counted(diagnosis);
    unmet.expect(
        counted.is_some_and(|counted| (counted - dying as f64).abs() <= DYING_NOISE),
        format!("{counted:?} dying cgroups were counted, and there are {dying}"),
    );
    unmet.1
}

/// The diagnosis' count of dying memory cgroups.
pub(crate) fn dying_counted(diagnosis: &Value) -> Option<f64> {
    diagnosis["facts"]["cgroup.memory.dying"]["value"].as_f64()
}

/// A diagnosis and what is wrong with it.
struct Unmet<'d>(&'d Value, Vec<String>);

impl<'d> Unmet<'d> {
    fn expect(&mut self, met: bool, otherwise: String) {
        if !met {
            self.1.push(format!("diagnosis: {otherwise}"));
        }
    }

    fn findings(&self) -> impl Iterator<Item = &'d str> {
        let findings = self.0["findings"].as_array().into_iter().flatten();
        findings.filter_map(|finding| finding["id"].as_str())
    }

    fn explained_share(&self) -> Option<f64> {
        let cores = |name: &str| self.0["ledger"][name].as_f64();
        Some(1.0 - cores("unexplained_cores")? / cores("total_cores")?)
    }

    /// This machine's kernel has the fix, and the diagnosis must know.
    fn expect_no_stat_walk(&mut self) {
        let blamed = self.findings().any(|id| id == STAT_WALK);
        self.expect(!blamed, format!("{STAT_WALK} is blamed"));
        let advisories = self.0["advisories"].as_array().into_iter().flatten();
        let status = advisories
            .filter(|advisory| advisory["id"] == STAT_WALK)
            .find_map(|advisory| advisory["status"].as_str());
        self.expect(
            status == Some("fixed"),
            format!("the advisory {STAT_WALK} says {status:?}, not fixed"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "outcome": "cause-found",
            "verdict": "…",
            "findings": [{"id": MANY_CGROUPS, "cores": 0.6, "confidence": "high"}],
            "ledger": {"total_cores": 0.75, "unexplained_cores": 0.1},
            "advisories": [{"id": STAT_WALK, "status": "fixed"}],
        })
    }

    #[test]
    fn a_good_diagnosis_meets_all_expectations() {
        assert_eq!(of_many_cgroups(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_wrong_answer_is_named() {
        let mut wrong = good();
        wrong["findings"] = json!([{"id": STAT_WALK}]);
        wrong["ledger"]["unexplained_cores"] = json!(0.2);
        wrong["advisories"] = json!([]);
        let unmet = of_many_cgroups(&wrong);
        assert_eq!(unmet.len(), 4, "{unmet:#?}");
    }

    #[test]
    fn an_empty_answer_meets_nothing() {
        assert_eq!(of_many_cgroups(&json!({})).len(), 3);
        assert_eq!(of_zombies(&json!({}), 0).len(), 3);
    }

    #[test]
    fn zombies_must_be_counted_and_not_blamed() {
        let mut idle = good();
        idle["outcome"] = json!("not-hot");
        idle["facts"] = json!({"cgroup.memory.dying": {"value": 5020.0}});
        assert_eq!(of_zombies(&idle, 5000), Vec::<String>::new());
        assert_eq!(of_zombies(&idle, 6000).len(), 1);
    }
}
