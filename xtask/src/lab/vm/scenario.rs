//! What is done in every guest, and what must come of it: zombies of each kind, each remedy on
//! them, cAdvisor diagnosed among them. What a remedy is expected to free is what `nodesleuth fix`
//! itself says of this kernel (`catalog/remedies/`): here it is held against the kernel.

use serde_json::Value;

use crate::failure::Result;
use crate::lab::vm::CgroupMode;
use crate::lab::vm::steps::{Printed, Step, Transcript};

/// The cgroup in which zombies are made.
const PARENT: &str = "/kubepods";
/// What pins the zombies of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pin {
    /// The worker's word for it.
    worker: &'static str,
    /// Its name in `catalog/remedies/`.
    catalog: &'static str,
    /// Where its files are.
    files: &'static str,
}

const PINS: [Pin; 3] = [READ, WRITTEN, TMPFS];
const READ: Pin = Pin {
    worker: "read",
    catalog: "page-cache",
    files: "/disk/files",
};
const WRITTEN: Pin = Pin {
    worker: "written",
    catalog: "written-files",
    files: "/disk/files",
};
/// Nothing frees them but removing the files, as every trial's end does.
const TMPFS: Pin = Pin {
    worker: "tmpfs",
    catalog: "tmpfs",
    files: "/shm/files",
};
const PLANS: [&str; 4] = [
    "reclaim-subtree",
    "drop-slab",
    "drop-page-cache",
    "drop-all",
];
/// Of more zombies only [`Scenario::few_plans`] are tried: making them takes most of a guest's time.
const MOST_FOR_ALL_TRIALS: usize = 2_000;
/// Until the kernel has released what nothing pins any more.
const RELEASE_SECONDS: u32 = 300;
/// Exit code of `nodesleuth fix`.
const REFUSED: i32 = 2;

/// One remedy tried on zombies of one kind.
#[derive(Debug)]
struct Trial {
    pin: Pin,
    plan: &'static str,
    /// Whether zombies that the remedy leaves are let go, or serve the next one.
    lets_go: bool,
}

impl Trial {
    fn step(&self, kind: &str) -> String {
        format!("{kind}/{}/{}", self.pin.worker, self.plan)
    }
}

/// One guest's work.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) mode: CgroupMode,
    pub(crate) zombies: usize,
    /// Whether this kernel's inodes take their pages along when slab is dropped.
    pub(crate) slab_takes_pages: bool,
}

impl Scenario {
    pub(crate) fn steps(&self) -> Vec<Step> {
        let step = |name: String, command| Step::new(name, command, self.seconds());
        let mut steps = vec![
            Step::new("parent", self.make_parent(), 10),
            step("make/cadvisor".to_owned(), self.make(READ)),
            Step::new("cgroups", "nodesleuth cgroups -o json", 120),
            Step::new("kernel", "nodesleuth kernel --probe -o json", 120),
            Step::new("diagnose", DIAGNOSE, 300),
        ];
        for trial in self.trials() {
            steps.push(step(trial.step("make"), self.make(trial.pin)));
            steps.push(step(trial.step("fix"), fix(trial.plan)));
            if trial.lets_go {
                steps.push(step(trial.step("end"), self.release(trial.pin)));
            }
        }
        steps
    }

    fn trials(&self) -> Vec<Trial> {
        let all = self.zombies <= MOST_FOR_ALL_TRIALS;
        let of_pin = |pin: Pin| {
            let plans = if all { &PLANS } else { self.few_plans(pin) };
            let trial = move |(index, &plan)| Trial {
                pin,
                plan,
                lets_go: all || index + 1 == plans.len(),
            };
            plans.iter().enumerate().map(trial)
        };
        PINS.into_iter().flat_map(of_pin).collect()
    }

    /// First a remedy that must not free them, where this kernel and we have one, so that the same
    /// zombies serve again; then one that must. Nothing frees a tmpfs but removing its files, which is
    /// how every trial ends; on v2 only `drop-all` frees what was just written, and 5.10 cannot reclaim.
    fn few_plans(&self, pin: Pin) -> &'static [&'static str] {
        match self.mode {
            _ if pin == TMPFS => &["drop-all"],
            _ if pin == READ && self.slab_takes_pages => &["drop-page-cache"],
            _ if pin == READ => &["drop-slab", "drop-page-cache"],
            CgroupMode::V1 if self.slab_takes_pages => &["reclaim-subtree"],
            CgroupMode::V1 => &["drop-slab", "reclaim-subtree"],
            CgroupMode::V2 => &["reclaim-subtree", "drop-all"],
        }
    }

    /// Emulated, each zombie takes 4 ms from its file to its removal on a quiet machine, and ten
    /// times that on one that is as busy as ours were.
    fn seconds(&self) -> u64 {
        60 + self.zombies as u64 / 20
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

    /// Zombies, unless those of the trial before are all still there.
    fn make(&self, pin: Pin) -> String {
        let Pin { worker, files, .. } = pin;
        let (count, mount) = (self.zombies, self.mount());
        format!(
            "{}[ $(dying) -eq {count} ] && exit\n\
             let_go {files} || exit\n\
             mkdir -p {files}\n\
             xtask __zombies --maker $$ --count {count} --pin {worker} --home {mount} \
             --parent {mount}{PARENT} --files {files}",
            self.functions()
        )
    }

    /// The trial's files and whatever pins are left go.
    fn release(&self, pin: Pin) -> String {
        format!("{}let_go {}", self.functions(), pin.files)
    }

    /// How many cgroups the kernel counts that are no directories any more, and how they go.
    fn functions(&self) -> String {
        let mount = self.mount();
        let dying = match self.mode {
            CgroupMode::V1 => format!(
                "echo $(($(sed -n 's/^memory\\t[0-9]*\\t\\([0-9]*\\).*/\\1/p' /proc/cgroups) \
                 - $(find {mount} -type d | wc -l)))"
            ),
            CgroupMode::V2 => {
                format!("sed -n 's/^nr_dying_descendants //p' {mount}/cgroup.stat")
            }
        };
        format!(
            "dying() {{ {dying}; }}\n\
             let_go() {{\n\
             rm -rf $1; sync; echo 3 > /proc/sys/vm/drop_caches\n\
             for i in $(seq {RELEASE_SECONDS}); do [ $(dying) -eq 0 ] && return; sleep 1; done\n\
             echo \"$(dying) are still dying\" >&2; return 1\n\
             }}\n"
        )
    }

    /// What was made and what each remedy left, for people.
    pub(crate) fn table(&self, transcript: &Transcript) -> Result<String> {
        let mut table = "\
            | pinned by | plan | dying before | after | verdict | foretold | made in s | fixed in s |\n\
            |---|---|---|---|---|---|---|---|\n".to_owned();
        for trial in self.trials() {
            let fixed = transcript.step(&trial.step("fix"))?;
            let made = transcript.step(&trial.step("make"))?;
            let (pin, plan) = (trial.pin.catalog, trial.plan);
            let row = match Said::of(fixed, pin) {
                Some(said) => format!(
                    "{} | {} | {} | {}",
                    said.before, said.after, said.verdict, said.foretold
                ),
                None => format!(" | | not done (exit code {}) | ", fixed.code),
            };
            let seconds = format!("{:.0} | {:.0}", made.seconds, fixed.seconds);
            table.push_str(&format!("| {pin} | {plan} | {row} | {seconds} |\n"));
        }
        Ok(table)
    }

    /// What did not hold.
    pub(crate) fn unmet(&self, transcript: &Transcript) -> Result<Vec<String>> {
        let mut unmet = Vec::new();
        let failed = |step: &Printed| {
            let why = step.stderr.trim();
            (step.code != 0).then(|| format!("{}: exit code {}: {why}", step.name, step.code))
        };
        unmet.extend(failed(transcript.step("make/cadvisor")?));
        for trial in self.trials() {
            let made = transcript.step(&trial.step("make"))?;
            let fixed = transcript.step(&trial.step("fix"))?;
            unmet.extend(failed(made).or_else(|| {
                let why = self.unmet_of(trial.plan, fixed, trial.pin.catalog)?;
                Some(format!("{}: {why}", fixed.name))
            }));
            if trial.lets_go {
                unmet.extend(failed(transcript.step(&trial.step("end"))?));
            }
        }
        let mut judge = |step: &str, judge: &dyn Fn(&Value) -> Vec<String>| {
            let said = transcript.step(step)?.json();
            unmet.extend(said.map_or_else(|failure| vec![failure.to_string()], |it| judge(&it)));
            Ok(())
        };
        judge("cgroups", &|census| self.unmet_of_census(census))?;
        judge("kernel", &unmet_of_probe)?;
        judge("diagnose", &|diagnosis| self.unmet_of_diagnosis(diagnosis))?;
        Ok(unmet)
    }

    fn unmet_of(&self, plan: &str, fixed: &Printed, pin: &str) -> Option<String> {
        let Some(said) = Said::of(fixed, pin) else {
            let without_file = plan == "reclaim-subtree" && fixed.code == REFUSED;
            let says_why = fixed.stderr.contains("memory.reclaim (since 5.19)")
                && fixed.stderr.contains("nodesleuth fix drop-page-cache");
            return (!(without_file && says_why))
                .then(|| format!("exit code {}: {}", fixed.code, fixed.stderr.trim()));
        };
        if said.before != self.zombies as u64 {
            return Some(format!(
                "{} were counted, not {}",
                said.before, self.zombies
            ));
        }
        let verdicts: &[&str] = match said.foretold.as_str() {
            "all" => &["worked"],
            "most" => &["worked", "partly"],
            "some" => &["worked", "partly", "nothing"],
            "none" => &["nothing"],
            _ => return Some(format!("nothing was foretold ({})", said.foretold)),
        };
        let fits = verdicts.contains(&said.verdict.as_str());
        let code = match said.verdict.as_str() {
            "worked" => 0,
            "partly" => 3,
            _ => 4,
        };
        (!fits || fixed.code != code).then(|| {
            format!(
                "foretold to free {}: {} before, {} after, verdict {}, exit code {}",
                said.foretold, said.before, said.after, said.verdict, fixed.code
            )
        })
    }

    fn unmet_of_census(&self, census: &Value) -> Vec<String> {
        let dying = census["dying"].as_u64();
        if dying == Some(self.zombies as u64) {
            return Vec::new();
        }
        vec![format!(
            "cgroups counted {dying:?} dying, not {}",
            self.zombies
        )]
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
struct Said {
    before: u64,
    after: u64,
    verdict: String,
    /// What the catalogue says of this pin on this kernel.
    foretold: String,
}

impl Said {
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

const DIAGNOSE: &str = "cadvisor -listen_ip 127.0.0.1 -port 18080 -profiling -logtostderr \
-housekeeping_interval=1s -allow_dynamic_housekeeping=false 2>/tmp/cadvisor.log &\n\
sleep 20\n\
nodesleuth diagnose --name cadvisor --window 8s -o json\n\
kill %1; wait";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn among_few_zombies_every_remedy_has_its_own() {
        let trials = scenario().trials();
        assert_eq!(trials.len(), PINS.len() * PLANS.len());
        assert!(trials.iter().all(|trial| trial.lets_go));
    }

    #[test]
    fn among_many_zombies_each_pin_is_tried_once_and_let_go() {
        for mode in [CgroupMode::V1, CgroupMode::V2] {
            let zombies = MOST_FOR_ALL_TRIALS + 1;
            let many = Scenario {
                mode,
                zombies,
                slab_takes_pages: true,
            };
            for pin in PINS {
                let trials = many.trials();
                let of_pin = trials.iter().filter(|it| it.pin.worker == pin.worker);
                let ends: Vec<_> = of_pin.map(|trial| trial.lets_go).collect();
                assert_eq!(ends.iter().filter(|&&ends| ends).count(), 1);
                assert_eq!(ends.last(), Some(&true));
            }
        }
    }

    fn scenario() -> Scenario {
        Scenario {
            mode: CgroupMode::V2,
            zombies: 300,
            slab_takes_pages: false,
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
