//! All processes at one moment, each by its `/proc/PID/stat`.

use super::ids;
use crate::Node;
use nix::unistd::{SysconfVar, sysconf};
use nodesleuth_model::Missing;
use nodesleuth_model::MissingKind;
use nodesleuth_model::evidence::ProcessTable;
use nodesleuth_parse::proc::pid_stat;
use std::fs::File;
use std::io::{self, Read};

/// A `stat` line is well under this, also with the longest name.
const LINE_BYTES: usize = 4096;

/// Reads them. Those that end meanwhile, or whose line cannot be understood, are left out.
pub(super) fn read(node: &Node) -> Result<ProcessTable, Missing> {
    let mut pids = Vec::new();
    ids::list(&node.path("/proc"), &mut pids)
        .map_err(|error| Missing::new(MissingKind::Failed, format!("/proc: {error}")))?;
    let page_size = page_size();
    let mut line = Vec::with_capacity(LINE_BYTES);
    let mut table = ProcessTable::default();
    for pid in pids {
        if read_line(node, pid, &mut line).is_err() {
            continue;
        }
        if let Ok(process) = pid_stat::parse(&line, page_size) {
            table.total_threads = table.total_threads.saturating_add(process.threads);
            table.processes.push(process);
        }
    }
    table.total = u32::try_from(table.processes.len()).unwrap_or(u32::MAX);
    match table.total {
        0 => Err(Missing::new(
            MissingKind::Failed,
            "/proc: it shows no process",
        )),
        _ => Ok(table),
    }
}

fn read_line(node: &Node, pid: u32, line: &mut Vec<u8>) -> io::Result<()> {
    line.clear();
    let file = File::open(node.path(format!("/proc/{pid}/stat")))?;
    file.take(LINE_BYTES as u64).read_to_end(line)?;
    Ok(())
}

fn page_size() -> u64 {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok())
        .unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;
    use crate::tasks::fake_tasks::stat;
    use nodesleuth_model::Pid;

    #[test]
    fn names_with_parentheses_are_read_and_broken_lines_left_out() {
        let fake = FakeNode::new()
            .file("/proc/7/stat", &stat(7, "a) (b", 5, 6))
            .file("/proc/8/stat", "8 (cut off) S 1 8")
            .folder("/proc/9");
        let table = read(&fake.node).unwrap();
        assert_eq!((table.total, table.total_threads), (1, 1));
        assert_eq!(table.by_pid(Pid(7)).unwrap().comm, "a) (b");
    }

    #[test]
    fn a_folder_without_processes_is_not_an_empty_table() {
        let fake = FakeNode::new().folder("/proc");
        assert_eq!(read(&fake.node).unwrap_err().kind, MissingKind::Failed);
    }
}
