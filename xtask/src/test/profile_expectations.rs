//! What `nodesleuth profile` must say about a real cAdvisor that follows many cgroups. Each check gives a
//! sentence for every expectation that is not met.

use serde_json::Value;

/// How many of the samples must have a stack whose root has a name.
const ROOTED: f64 = 0.95;
/// How far the sampled time may be from the kernel's own account.
const OFF: f64 = 0.03;
/// How much of the CPU must be seen in one stack from the goroutine through housekeeping down to the
/// kernel's files of cgroups.
const HOUSEKEEPING: f64 = 0.1;
/// Functions of the kernel that make files of cgroups, and what they call.
const CGROUP_FILES: [&str; 6] = [
    "kernfs_",
    "cgroup",
    "memcg_",
    "mem_cgroup_",
    "seq_",
    "cpuacct_",
];

/// From the JSON and from the folded stacks of one run.
pub(crate) fn of(profile: &Value, folded: &str) -> Vec<String> {
    let mut unmet = Vec::new();
    let mut expect = |met: bool, otherwise: String| {
        if !met {
            unmet.push(format!("profile: {otherwise}"));
        }
    };
    let number = |pointer: &str| profile.pointer(pointer).and_then(Value::as_f64);
    let part = |some: Option<f64>, all: Option<f64>| Some(some? / all?);
    let rooted = part(number("/samples/rooted"), number("/samples/all"));
    expect(
        rooted.is_some_and(|rooted| rooted >= ROOTED),
        format!("{rooted:?} of the stacks have a root, less than {ROOTED}"),
    );
    let accounted = part(
        number("/cpu/sampled_seconds"),
        number("/cpu/accounted_seconds"),
    );
    expect(
        accounted.is_some_and(|accounted| (accounted - 1.0).abs() <= OFF),
        format!(
            "the sampled time is {accounted:?} of the kernel's account, off by more than {OFF}"
        ),
    );
    let whole = housekeeping(folded);
    expect(
        whole.is_some_and(|whole| whole >= HOUSEKEEPING),
        format!(
            "{whole:?} of the time is in whole stacks of housekeeping, less than {HOUSEKEEPING}"
        ),
    );
    unmet
}

/// The part of the time in stacks that begin with a goroutine, go through cAdvisor's housekeeping and end
/// in the kernel's files of cgroups.
fn housekeeping(folded: &str) -> Option<f64> {
    let (mut some, mut all) = (0.0, 0.0);
    for line in folded.lines() {
        let (stack, weight) = line.rsplit_once(' ')?;
        let weight: f64 = weight.parse().ok()?;
        all += weight;
        let mut frames = stack.split(';');
        let begins = frames.next() == Some("runtime.goexit");
        let keeps_house = frames.any(|frame| frame.contains("housekeeping"));
        let is_file = |frame: &str| CGROUP_FILES.iter().any(|part| frame.starts_with(part));
        if begins && keeps_house && frames.any(is_file) {
            some += weight;
        }
    }
    (all > 0.0).then(|| some / all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FOLDED: &str = "\
runtime.goexit;manager.(*containerData).housekeeping;os.ReadFile;vfs_read;kernfs_fop_read_iter 70
runtime.goexit;manager.(*containerData).housekeeping;runtime.mallocgc 30
";

    fn good() -> Value {
        json!({
            "samples": { "all": 1000, "rooted": 990 },
            "cpu": { "sampled_seconds": 9.9, "accounted_seconds": 10.0 },
        })
    }

    #[test]
    fn a_good_profile_meets_all_expectations() {
        assert_eq!(of(&good(), FOLDED), Vec::<String>::new());
        assert_eq!(housekeeping(FOLDED), Some(0.7));
    }

    #[test]
    fn each_shortcoming_is_named() {
        let mut bad = good();
        bad["samples"]["rooted"] = json!(900);
        bad["cpu"]["sampled_seconds"] = json!(9.0);
        let broken = FOLDED.replace("runtime.goexit", "[broken stack]");
        assert_eq!(of(&bad, &broken).len(), 3);
        assert_eq!(of(&json!({}), "").len(), 3);
    }
}
