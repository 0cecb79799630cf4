//! What is done in every guest, and what must come of it: zombies of each kind, each remedy on
//! them, cAdvisor diagnosed among them. What a remedy is expected to free is what `nodesleuth fix`
//! itself says of this kernel (`catalog/remedies/`): here it is held against the kernel.

use serde_json::Value;

use crate::failure::Result;
use crate::lab::vm::CgroupMode;
use crate::lab::vm::steps::{Printed, Step, Transcript};

/// The cgroup in which zombies are made.
const PARENT: &str = "/kubepods";
/// What pins the zombies of a trial: the worker's word for it, ours in `catalog/remedies/`, and
/// where its files are.
const PINS: [(&str, &str, &str); 3] = [
    ("read", "page-cache", "/disk/files"),
    ("written", "written-files", "/disk/files"),
    ("tmpfs", "tmpfs", "/shm/files"),
];
const PLANS: [&str; 4] = [
    "reclaim-subtree",
    "drop-slab",
    "drop-page-cache",
    "drop-all",
];
/// Exit codes of `nodesleuth fix`.
const REFUSED: i32 = 2;

/// One guest's work.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) mode: CgroupMode,
    pub(crate) zombies: usize,
}

impl Scenario {
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::new("parent", self.make_parent(), 10)];
        for (pin, _, files) in PINS {
            for plan in PLANS {
                steps.push(Step::new(
                    format!("make/{pin}/{plan}"),
                    self.make(pin, files),
                    self.seconds(),
                ));
                steps.push(Step::new(
                    format!("fix/{pin}/{plan}"),
                    fix(plan),
                    self.seconds(),
                ));
                steps.push(Step::new(
                    format!("end/{pin}/{plan}"),
                    release(files),
                    self.seconds(),
                ));
            }
        }
        let (pin, _, files) = PINS[0];
        steps.push(Step::new(
            "make/cadvisor",
            self.make(pin, files),
            self.seconds(),
        ));
        steps.push(Step::new("cgroups", "nodesleuth cgroups -o json", 120));
        steps.push(Step::new(
            "kernel",
            "nodesleuth kernel --probe -o json",
            120,
        ));
        steps.push(Step::new("diagnose", DIAGNOSE, 300));
        steps
    }

    /// Emulated, each zombie takes a few milliseconds.
    fn seconds(&self) -> u64 {
        60 + self.zombies as u64 / 50
    }

    fn mount(&self) -> &'static str {
        match self.mode {
            CgroupMode::V1 => "/sys/fs/cgroup/memory",
            CgroupMode::V2 => "/sys/fs/cgroup",
        }
    }

    fn make_parent(&self) -> String {
        let parent = format!("{}{PARENT}", self.mount());
        match self.mode {
            CgroupMode::V1 => format!("mkdir {parent}"),
            CgroupMode::V2 => {
                format!("mkdir {parent} && echo +memory > {parent}/cgroup.subtree_control")
            }
        }
    }

    /// Zombies, and how many of all cgroups the kernel then counts as dying.
    fn make(&self, pin: &str, files: &str) -> String {
        let mount = self.mount();
        format!(
            "mkdir -p {files}\n\
             xtask __zombies --maker $$ --count {} --pin {pin} --home {mount} \
             --parent {mount}{PARENT} --files {files}",
            self.zombies
        )
    }

    /// What was made and what each remedy left, for people.
    pub(crate) fn table(&self, transcript: &Transcript) -> Result<String> {
        let mut table = "| pinned by | plan | dying before | after | verdict | foretold |\n|---|---|---|---|---|---|\n".to_owned();
        for (pin, name, _) in PINS {
            for plan in PLANS {
                let step = transcript.step(&format!("fix/{pin}/{plan}"))?;
                let row = match Trial::of(step, name) {
                    Some(trial) => format!(
                        "{} | {} | {} | {}",
                        trial.before, trial.after, trial.verdict, trial.foretold
                    ),
                    None => format!("| | not done (exit code {}) | ", step.code),
                };
                table.push_str(&format!("| {name} | {plan} | {row} |\n"));
            }
        }
        Ok(table)
    }

    /// What did not hold.
    pub(crate) fn unmet(&self, transcript: &Transcript) -> Result<Vec<String>> {
        let mut unmet = Vec::new();
        for (pin, name, _) in PINS {
            for plan in PLANS {
                let made = transcript.step(&format!("make/{pin}/{plan}"))?;
                let fixed = transcript.step(&format!("fix/{pin}/{plan}"))?;
                if made.code != 0 {
                    unmet.push(format!("{}: {}", made.name, made.stderr.trim()));
                } else if let Some(why) = self.unmet_of(plan, fixed, name) {
                    unmet.push(format!("{}: {why}", fixed.name));
                }
            }
        }
        unmet.extend(self.unmet_of_census(&transcript.step("cgroups")?.json()?));
        unmet.extend(unmet_of_probe(&transcript.step("kernel")?.json()?));
        unmet.extend(self.unmet_of_diagnosis(&transcript.step("diagnose")?.json()?));
        Ok(unmet)
    }

    fn unmet_of(&self, plan: &str, fixed: &Printed, pin: &str) -> Option<String> {
        let Some(trial) = Trial::of(fixed, pin) else {
            let without_file = plan == "reclaim-subtree" && fixed.code == REFUSED;
            let says_why = fixed.stderr.contains("memory.reclaim (since 5.19)")
                && fixed.stderr.contains("nodesleuth fix drop-page-cache");
            return (!(without_file && says_why))
                .then(|| format!("exit code {}: {}", fixed.code, fixed.stderr.trim()));
        };
        if trial.before != self.zombies as u64 {
            return Some(format!(
                "{} were counted, not {}",
                trial.before, self.zombies
            ));
        }
        let verdicts: &[&str] = match trial.foretold.as_str() {
            "all" => &["worked"],
            "most" => &["worked", "partly"],
            "some" => &["worked", "partly", "nothing"],
            "none" => &["nothing"],
            _ => return Some(format!("nothing was foretold ({})", trial.foretold)),
        };
        let fits = verdicts.contains(&trial.verdict.as_str());
        let code = match trial.verdict.as_str() {
            "worked" => 0,
            "partly" => 3,
            _ => 4,
        };
        (!fits || fixed.code != code).then(|| {
            format!(
                "foretold to free {}: {} before, {} after, verdict {}, exit code {}",
                trial.foretold, trial.before, trial.after, trial.verdict, fixed.code
            )
        })
    }

    fn unmet_of_census(&self, census: &Value) -> Option<String> {
        let dying = census["dying"].as_u64();
        (dying != Some(self.zombies as u64))
            .then(|| format!("cgroups counted {dying:?} dying, not {}", self.zombies))
    }

    /// On these kernels dying cgroups cost no CPU: cAdvisor is not to be excused with them.
    fn unmet_of_diagnosis(&self, diagnosis: &Value) -> Vec<String> {
        let mut unmet = Vec::new();
        let dying = diagnosis["facts"]["cgroup.memory.dying"]["value"].as_f64();
        if dying.is_none_or(|dying| dying < self.zombies as f64) {
            unmet.push(format!("diagnose counted {dying:?} dying cgroups"));
        }
        let findings = diagnosis["findings"].as_array();
        let blamed = |id: &str| findings.is_some_and(|all| all.iter().any(|one| one["id"] == id));
        if diagnosis["target"]["comm"] != "cadvisor" {
            unmet.push(format!("diagnose looked at {}", diagnosis["target"]));
        }
        if blamed("memory-stat-walk") {
            unmet.push("diagnose blames dying cgroups".to_owned());
        }
        unmet
    }
}

/// Both kernels have the hierarchical counters, and reading them among zombies shows it.
fn unmet_of_probe(kernel: &Value) -> Vec<String> {
    let problems = kernel["problems"].as_array();
    ["memory-stat-walk", "numa-stat-walk"]
        .into_iter()
        .filter_map(|id| {
            let problem = problems?.iter().find(|problem| problem["id"] == id);
            let status = problem.map_or(&Value::Null, |problem| &problem["status"]);
            (status != "fixed").then(|| format!("kernel --probe: {id} is {status}"))
        })
        .collect()
}

/// What one fix said.
struct Trial {
    before: u64,
    after: u64,
    verdict: String,
    /// What the catalogue says of this pin on this kernel.
    foretold: String,
}

impl Trial {
    /// None if nothing was done.
    fn of(step: &Printed, pin: &str) -> Option<Self> {
        let json = step.json().ok()?;
        let expected = json["expected"].as_array()?;
        let row = expected.iter().find(|row| row["pin"] == pin)?;
        Some(Self {
            before: json["before"]["dying"].as_u64()?,
            after: json["after"]["dying"].as_u64()?,
            verdict: json["verdict"].as_str()?.to_owned(),
            foretold: row["effect"].as_str()?.to_owned(),
        })
    }
}

/// Pressure is not asked for: the guest has one emulated CPU and is always under some.
fn fix(plan: &str) -> String {
    let subtree = match plan {
        "reclaim-subtree" => format!(" --subtree {PARENT}"),
        _ => String::new(),
    };
    format!("nodesleuth fix {plan} --yes --although-fast --max-pressure 100{subtree} -o json")
}

/// The guest's files and whatever pins are left go.
fn release(files: &str) -> String {
    format!("rm -rf {files}; sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1")
}

const DIAGNOSE: &str = "cadvisor -listen_ip 127.0.0.1 -port 18080 -profiling -logtostderr \
-housekeeping_interval=1s -allow_dynamic_housekeeping=false 2>/tmp/cadvisor.log &\n\
sleep 20\n\
nodesleuth diagnose --name cadvisor --window 8s -o json\n\
kill %1";

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario() -> Scenario {
        Scenario {
            mode: CgroupMode::V2,
            zombies: 300,
        }
    }

    fn fixed(after: u64, verdict: &str, effect: &str, code: i32) -> Printed {
        Printed {
            stdout: serde_json::json!({
                "expected": [{ "pin": "page-cache", "effect": effect }],
                "before": { "dying": 300 },
                "after": { "dying": after },
                "verdict": verdict,
            })
            .to_string(),
            code,
            ..Printed::default()
        }
    }

    #[test]
    fn a_remedy_has_to_do_what_was_foretold_and_say_so() {
        let unmet = |step: &Printed| scenario().unmet_of("drop-all", step, "page-cache");
        assert_eq!(unmet(&fixed(0, "worked", "all", 0)), None);
        assert_eq!(unmet(&fixed(300, "nothing", "none", 4)), None);
        assert!(unmet(&fixed(300, "nothing", "all", 4)).is_some());
        assert!(unmet(&fixed(0, "worked", "none", 0)).is_some());
        assert!(unmet(&fixed(0, "worked", "all", 4)).is_some());
        assert!(unmet(&fixed(0, "worked", "unknown", 0)).is_some());
    }

    #[test]
    fn a_refusal_has_to_say_why_and_what_is_next() {
        let refusal = Printed {
            stderr: "error: reclaim-subtree: this kernel has no memory.reclaim (since 5.19), …\n\
                     help: next: `nodesleuth fix drop-page-cache`"
                .to_owned(),
            code: REFUSED,
            ..Printed::default()
        };
        let unmet = |plan| scenario().unmet_of(plan, &refusal, "page-cache");
        assert_eq!(unmet("reclaim-subtree"), None);
        assert!(unmet("drop-all").is_some());
    }
}
