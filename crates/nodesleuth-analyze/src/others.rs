//! Other processes that are hot too: several victims at once mean a shared kernel cause.

use crate::cpu::process_cores;
use crate::input::Input;
use nodesleuth_model::agents;
use nodesleuth_model::diagnosis::HotProcess;

/// How many are named.
const MOST: usize = 10;

/// Hot processes other than the target and the collector, most cores first.
pub(crate) fn hot(input: &Input<'_>) -> Vec<HotProcess> {
    let (Ok(host), Some(window)) = (input.host(), input.evidence.processes.value()) else {
        return Vec::new();
    };
    let target = input.target().ok().map(|target| target.pid);
    let seconds = window.seconds();
    let mut rows: Vec<HotProcess> = Vec::new();
    for after in &window.after.value.processes {
        let Some(before) = window.before.value.by_pid(after.pid) else {
            continue;
        };
        let ours = Some(after.pid) == target || Some(after.pid) == host.collector_pid;
        if ours || before.start != after.start {
            continue;
        }
        let (cores, kernel_cores) = process_cores(host, before, after, seconds);
        if cores.0 >= input.catalog.thresholds.other_hot_cores {
            rows.push(HotProcess {
                pid: after.pid,
                comm: after.comm.clone(),
                cores,
                kernel_cores,
                known_agent: agents::by_comm(&after.comm).is_some(),
            });
        }
    }
    rows.sort_by(|a, b| b.cores.0.total_cmp(&a.cores.0).then(a.pid.cmp(&b.pid)));
    rows.truncate(MOST);
    rows
}
