//! What `nodesleuth syscalls --files -o json` must say about a real cAdvisor: whose files it reads,
//! and that the time of its reads is accounted for.

use serde_json::Value;

/// How much of the time that reads take on a CPU must be billed to a file with a name.
const ACCOUNTED: f64 = 0.9;
/// How many of the stacks at calls about files must reach the function that began them.
const ROOTED: f64 = 0.95;
/// How far two measurements of the same cAdvisor, one after the other, may be apart.
const APART: f64 = 0.35;
/// Beginnings of the names of files that it must have read in some cgroup.
const MUST_BE_READ: [&str; 2] = ["memory.", "cpu"];

/// A sentence for each expectation that is not met.
pub(super) fn unmet(capture: &Value) -> Vec<String> {
    let mut unmet = Vec::new();
    match accounted(capture) {
        Some(part) => {
            eprintln!(
                "lab: {:.1} % of its read time is billed to files",
                part * 100.0
            );
            if part < ACCOUNTED {
                unmet.push(format!(
                    "{part:.3} of its read time has a file, not {ACCOUNTED}"
                ));
            }
        }
        None => unmet.push("no read was counted, or none has a file".to_owned()),
    }
    for beginning in MUST_BE_READ {
        if !reads(capture).any(|read| is_of_a_cgroup(read, beginning)) {
            unmet.push(format!("no file {beginning}* of a cgroup was read"));
        }
    }
    unmet
}

/// What `nodesleuth profile --files -o json` must say: who reads the memory statistics, and for whom.
pub(super) fn unmet_by_function(files: &Value) -> Vec<String> {
    let readers = files["readers"].as_array().into_iter().flatten();
    let mut stat = readers.filter(|reader| {
        let file = reader["file"].as_str().unwrap_or_default();
        reader["syscall"] == "read" && file.ends_with("/memory.stat")
    });
    let is_known = |reader: &Value| {
        let told = |key: &str| reader[key].as_str().unwrap_or_default();
        told("function").ends_with("libcontainer/cgroups/fs.(*MemoryGroup).GetStats")
            && told("caller").contains("cadvisor")
            && reader["cost"]["calls"].as_u64() > Some(0)
    };
    let mut unmet = Vec::new();
    if !stat.any(is_known) {
        unmet.push("profile --files does not say that GetStats reads memory.stat".to_owned());
    }
    let share = |of: &str| files["stacks"][of].as_f64();
    let rooted = share("rooted")
        .zip(share("all"))
        .map(|(rooted, all)| rooted / all);
    if rooted.is_none_or(|rooted| rooted < ROOTED) {
        unmet.push(format!(
            "profile --files: {rooted:?} of its stacks have a root"
        ));
    }
    unmet
}

/// What `nodesleuth cgroups --readers -o json` must say: this cAdvisor's bill for cgroup files, by
/// file, and the same as what `nodesleuth syscalls --files` says of it.
pub(super) fn unmet_by_reader(readers: &Value, capture: &Value, pid: u32) -> Vec<String> {
    let found = &readers["readers"]["value"];
    let of_pid = |rows: &str| {
        let rows = found[rows].as_array().cloned().unwrap_or_default();
        rows.into_iter().filter(move |row| row["pid"] == pid)
    };
    let Some(said) = of_pid("watched").find_map(|row| row["cgroup_cores"].as_f64()) else {
        return vec!["cgroups --readers did not watch cAdvisor".to_owned()];
    };
    let mut unmet = Vec::new();
    let by_file: f64 = of_pid("readers")
        .filter_map(|row| row["cores"].as_f64())
        .sum();
    if (by_file - said).abs() > said * 1e-6 {
        unmet.push(format!("its files cost {by_file:.4} cores, not {said:.4}"));
    }
    match cores_for_cgroup_files(capture) {
        Some(billed) => {
            eprintln!("lab: {said:.3} cores for cgroup files by --readers, {billed:.3} by --files");
            if (said - billed).abs() > APART * said.max(billed) {
                unmet.push(format!(
                    "cgroups --readers says {said:.3} cores for cgroup files, syscalls --files {billed:.3}"
                ));
            }
        }
        None => unmet.push("syscalls --files bills no cgroup file".to_owned()),
    }
    unmet
}

/// Cores in all calls about files of cgroups.
fn cores_for_cgroup_files(capture: &Value) -> Option<f64> {
    let seconds = capture["window_seconds"].as_f64().filter(|it| *it > 0.0)?;
    let totals = capture["files"]["totals"].as_array()?;
    let of_cgroups = totals.iter().filter(|total| {
        let path = total["path"].as_str().unwrap_or_default();
        path.starts_with("/sys/fs/cgroup/")
    });
    let nanos: f64 = of_cgroups.filter_map(|it| it["on_cpu_ns"].as_f64()).sum();
    (nanos > 0.0).then_some(nanos / 1e9 / seconds)
}

/// The part of the reads' time on a CPU that is billed to files whose path is known.
fn accounted(capture: &Value) -> Option<f64> {
    let calls = capture["syscalls"].as_array()?;
    let read = calls.iter().find(|call| call["name"] == "read")?;
    let billed = reads(capture).filter(|read| read["path"].is_string());
    let billed: Option<f64> = billed.map(|read| read["on_cpu_ns"].as_f64()).sum();
    let all = read["on_cpu_ns"].as_f64().filter(|ns| *ns > 0.0)?;
    Some(billed? / all)
}

/// What was billed for reads.
fn reads(capture: &Value) -> impl Iterator<Item = &Value> {
    let calls = capture["syscalls"].as_array().into_iter().flatten();
    let mut reads = calls.filter(|call| call["name"] == "read");
    let number = reads.next().map(|call| &call["number"]);
    let totals = capture["files"]["totals"].as_array().into_iter().flatten();
    totals.filter(move |total| Some(&total["number"]) == number)
}

fn is_of_a_cgroup(read: &Value, beginning: &str) -> bool {
    let path = read["path"].as_str().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("/sys/fs/cgroup/") && name.starts_with(beginning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn capture(memory_ns: u64) -> Value {
        json!({
            "syscalls": [{"name": "read", "number": 0, "on_cpu_ns": 1000}],
            "files": {"totals": [
                {"path": "/sys/fs/cgroup/memory/a/memory.stat", "number": 0, "on_cpu_ns": memory_ns},
                {"path": "/sys/fs/cgroup/cpuacct/a/cpuacct.usage", "number": 0, "on_cpu_ns": 100},
                {"path": null, "number": 0, "on_cpu_ns": 50},
                {"path": "/sys/fs/cgroup/memory/a/memory.stat", "number": 257, "on_cpu_ns": 9000},
            ]},
        })
    }

    #[test]
    fn only_reads_of_known_files_are_accounted() {
        assert_eq!(unmet(&capture(800)), Vec::<String>::new());
        assert_eq!(unmet(&capture(799)).len(), 1);
    }

    #[test]
    fn the_reader_of_memory_stat_must_be_known() {
        let mut files = json!({
            "readers": [{
                "function": "github.com/opencontainers/runc/libcontainer/cgroups/fs.(*MemoryGroup).GetStats",
                "caller": "github.com/google/cadvisor/container/libcontainer.(*Handler).GetStats",
                "file": "/sys/fs/cgroup/memory/**/memory.stat",
                "syscall": "read",
                "cost": {"calls": 7},
            }],
            "stacks": {"all": 100, "rooted": 99},
        });
        assert_eq!(unmet_by_function(&files), Vec::<String>::new());
        files["readers"][0]["function"] = json!("syscall.Read");
        assert_eq!(unmet_by_function(&files).len(), 1);
        assert_eq!(unmet_by_function(&json!({})).len(), 2);
    }

    #[test]
    fn readers_and_files_must_agree_and_rows_add_up() {
        let files = json!({"window_seconds": 5.0, "files": {"totals": [
            {"path": "/sys/fs/cgroup/memory/a/memory.stat", "on_cpu_ns": 1_000_000_000},
            {"path": "/etc/passwd", "on_cpu_ns": 9_000_000_000_u64},
        ]}});
        let readers = |row: f64, sum: f64| {
            json!({"readers": {"value": {
                "watched": [{"pid": 7, "cgroup_cores": sum}],
                "readers": [{"pid": 7, "cores": row}, {"pid": 8, "cores": 3.0}],
            }}})
        };
        let unmet = |row, sum| unmet_by_reader(&readers(row, sum), &files, 7);
        assert_eq!(unmet(0.22, 0.22), Vec::<String>::new());
        assert_eq!(unmet(0.1, 0.22).len(), 1, "rows that were left out");
        assert_eq!(unmet(0.4, 0.4).len(), 1, "twice what was billed");
        assert_eq!(unmet_by_reader(&json!({}), &files, 7).len(), 1);
    }

    #[test]
    fn an_empty_answer_meets_nothing() {
        assert_eq!(unmet(&json!({})).len(), 3);
    }
}
