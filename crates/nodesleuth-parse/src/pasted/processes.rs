//! CPU of processes and threads (pidstat, top, ps), and of the machine (top, mpstat, vmstat, sar).

use super::clean::Lines;
use super::columns::{Columns, Row};
use super::numbers::{clock, larger, plain};
use super::sink::Sink;
use nodesleuth_model::Pid;
use nodesleuth_model::evidence::pasted::{FileId, MachineUsage, ProcessUsage, UsageTool};
use std::collections::HashMap;

/// Processes of one table that are kept.
const MOST: usize = 2_000;
const LONGEST_COMMAND: usize = 200;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if let Some(usage) = machine_line(lines.get(at)) {
        push_machine(sink, at, usage);
        return 1;
    }
    let taken = machine_table(lines, at, sink);
    if taken > 0 {
        return taken;
    }
    let Some(tool) = header_of(lines.get(at)) else {
        return 0;
    };
    let mut table = Table::default();
    let mut columns = Columns::of(lines.get(at));
    let mut taken = 1;
    let mut last = 1;
    for line in lines.from(at + 1) {
        taken += 1;
        if header_of(line).is_some() {
            columns = Columns::of(line);
            last = taken;
        } else if let Some(usage) = columns.row(line).and_then(|row| usage(&row, tool)) {
            table.add(ProcessUsage {
                file: sink.file,
                ..usage
            });
            last = taken;
        } else if let Some(usage) = machine_line(line) {
            push_machine(sink, at + taken - 1, usage);
            last = taken;
        } else if !(line.trim().is_empty() || is_between(line)) {
            break;
        }
    }
    let rows = table.finish();
    if rows.is_empty() {
        return 0;
    }
    let name = match tool {
        UsageTool::Pidstat => "pidstat",
        UsageTool::Top => "top",
        _ => "ps",
    };
    sink.block(
        name,
        at,
        format!("CPU of {} processes or threads", rows.len()),
    );
    sink.evidence().pasted.processes.extend(rows);
    last
}

/// Lines of top between its tables.
fn is_between(line: &str) -> bool {
    let begins = [
        "Tasks:", "Threads:", "KiB ", "MiB ", "GiB ", "Mem:", "Swap:", "Linux ", "...",
    ];
    begins.iter().any(|begin| line.trim().starts_with(begin))
}

fn header_of(line: &str) -> Option<UsageTool> {
    let columns = Columns::of(line);
    if !matches!(
        columns.last(),
        "COMMAND" | "Command" | "CMD" | "COMM" | "CMDLINE" | "ARGS"
    ) {
        return None;
    }
    if columns.has("%usr") || columns.has("%user") {
        return Some(UsageTool::Pidstat);
    }
    let cpu = columns.has("%CPU") || columns.has("PCPU") || columns.has("CPU%");
    match (cpu, columns.has("TIME+")) {
        (true, true) => Some(UsageTool::Top),
        (true, false) => Some(UsageTool::Ps),
        // Without CPU its command lines still tell what runs.
        _ if columns.is_upper() => Some(UsageTool::Ps),
        _ => None,
    }
}

fn usage(row: &Row<'_, '_>, tool: UsageTool) -> Option<ProcessUsage> {
    let number = |names: &[&str]| {
        row.get(names)
            .and_then(|word| plain(word.trim_end_matches('%')))
    };
    let percent = number(&["%CPU", "PCPU", "CPU%"]);
    if percent.is_none() && row.has(&["%CPU", "PCPU", "CPU%"]) {
        return None;
    }
    let share = |names: &[&str]| number(names).map(|percent| percent / 100.0);
    let tgid = row.get(&["TGID"]);
    let words = row.rest();
    let first = words.first()?;
    let is_thread = tgid == Some("-") || first.starts_with("|__");
    let pid = row
        .get(&["PID", "TGID"])
        .filter(|word| *word != "-")
        .or_else(|| row.get(&["TID", "LWP"]));
    let state = row.get(&["S", "STAT"]).and_then(|word| word.chars().next());
    let seconds = row.get(&["TIME+", "TIME", "CPUTIME"]).and_then(clock);
    Some(ProcessUsage {
        tool,
        comm: comm(first),
        pid: pid.and_then(|word| word.parse().ok()).map(Pid),
        is_thread,
        cores: percent.map(|percent| percent / 100.0),
        user_cores: share(&["%usr", "%user"]),
        kernel_cores: share(&["%system", "%sys"]),
        peak_cores: percent.map(|percent| percent / 100.0),
        intervals: 1,
        state,
        cpu_seconds: seconds,
        command: (words.len() > 1).then(|| command(words)),
        ..ProcessUsage::default()
    })
}

/// The process name in a command line: `/usr/bin/kubelet`, `[kswapd0]`, `|__kubelet`, `sshd:`.
fn comm(word: &str) -> String {
    let word = word
        .trim_start_matches("|__")
        .trim_start_matches(['`', '-', '\\', '_', '+']);
    let word = word.trim_end_matches(':');
    let inner = word
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'));
    let inner = inner.map(|name| match name.starts_with("kworker") {
        true => name,
        false => name.split('/').next().unwrap_or(name),
    });
    inner
        .unwrap_or_else(|| word.rsplit('/').next().unwrap_or(word))
        .to_owned()
}

/// A command line without what looks like a secret.
fn command(words: &[&str]) -> String {
    const SECRET: &[&str] = &["token", "pass", "secret", "key", "auth", "credential"];
    let mut kept = String::new();
    for word in words {
        let lower = word.to_ascii_lowercase();
        let secret = SECRET.iter().any(|part| lower.contains(part));
        let word = match word.split_once('=') {
            Some((flag, _)) if secret => flag,
            _ => word,
        };
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
        if kept.len() > LONGEST_COMMAND {
            kept.push_str(" …");
            break;
        }
    }
    kept
}

#[derive(Default)]
struct Table {
    rows: Vec<ProcessUsage>,
    known: HashMap<(Option<Pid>, String, bool), usize>,
}

impl Table {
    /// One interval more; sums until [`Table::finish`].
    fn add(&mut self, usage: ProcessUsage) {
        let key = (usage.pid, usage.comm.clone(), usage.is_thread);
        let Some(at) = self.known.get(&key) else {
            if self.rows.len() < MOST {
                self.rows.push(usage);
                self.known.insert(key, self.rows.len() - 1);
            }
            return;
        };
        let row = &mut self.rows[*at];
        let add = |sum: &mut Option<f64>, more: Option<f64>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0.0) + more);
            }
        };
        add(&mut row.cores, usage.cores);
        add(&mut row.user_cores, usage.user_cores);
        add(&mut row.kernel_cores, usage.kernel_cores);
        row.peak_cores = larger(row.peak_cores, usage.peak_cores);
        row.cpu_seconds = usage.cpu_seconds.or(row.cpu_seconds);
        row.intervals += 1;
    }

    fn finish(self) -> Vec<ProcessUsage> {
        let mut rows = self.rows;
        for row in &mut rows {
            let intervals = f64::from(row.intervals.max(1));
            for sum in [&mut row.cores, &mut row.user_cores, &mut row.kernel_cores] {
                *sum = sum.map(|sum| sum / intervals);
            }
        }
        rows
    }
}

fn push_machine(sink: &mut Sink<'_>, at: usize, usage: MachineUsage) {
    let file = sink.file;
    let tool = usage.tool.clone();
    sink.evidence()
        .pasted
        .machine
        .push(MachineUsage { file, ..usage });
    sink.block(&tool, at, "CPU or load of the machine");
}

/// `%Cpu(s): 49.7 us, 30.1 sy, …` of top, `load average: 1, 2, 3` of top and uptime.
fn machine_line(line: &str) -> Option<MachineUsage> {
    let line = line.trim();
    if let Some((_, loads)) = line
        .split_once("load average: ")
        .or_else(|| line.split_once("load averages: "))
    {
        let is_head =
            line.contains(" up ") || line.starts_with("top - ") || line.starts_with("load average");
        let load: Vec<f64> = loads
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .map_while(plain)
            .collect();
        return (is_head && !load.is_empty()).then(|| MachineUsage {
            tool: if line.starts_with("top - ") {
                "top"
            } else {
                "uptime"
            }
            .to_owned(),
            load,
            ..MachineUsage::default()
        });
    }
    let rest = line.strip_prefix('%').unwrap_or(line);
    let (_, rest) = rest.strip_prefix("Cpu")?.split_once(':')?;
    let mut usage = MachineUsage {
        tool: "top".to_owned(),
        ..MachineUsage::default()
    };
    let mut any = false;
    for part in rest.split(',') {
        let part = part.trim();
        let end = part
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(part.len());
        let Some(share) = plain(&part[..end]).map(|percent| percent / 100.0) else {
            continue;
        };
        any |= set(
            &mut usage,
            part[end..].trim_start_matches(['%', ' ']),
            share,
        );
    }
    any.then_some(usage)
}

/// Stores a share under the name of its column. Returns whether the name is known.
fn set(usage: &mut MachineUsage, name: &str, share: f64) -> bool {
    let slot = match name {
        "us" | "%usr" | "%user" => &mut usage.user,
        "sy" | "%sys" | "%system" => &mut usage.system,
        "id" | "%idle" => &mut usage.idle,
        "wa" | "%iowait" => &mut usage.iowait,
        "si" | "%soft" => &mut usage.softirq,
        "st" | "%steal" => &mut usage.steal,
        _ => return false,
    };
    *slot = Some(share);
    true
}

/// mpstat, sar and iostat (`%idle` among the columns), vmstat (`r b swpd … us sy id wa`).
fn machine_table(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let columns = Columns::of(lines.get(at).trim().trim_start_matches("avg-cpu:"));
    let vmstat = columns.has("swpd") && columns.has("us") && columns.has("id");
    if !(vmstat || columns.has("%idle")) {
        return 0;
    }
    let is_row = |line: &str| !line.trim().is_empty() && columns.row(line).is_some();
    let mut rows = Vec::new();
    let taken = 1 + lines.while_true(at + 1, is_row);
    for line in lines.from(at + 1).take(taken - 1) {
        let Some(row) = columns.row(line) else {
            continue;
        };
        // One CPU is not the machine; the last "Average" is the mean of all before.
        let cpu = row.get(&["CPU"]);
        if cpu.is_some_and(|cpu| cpu != "all") {
            continue;
        }
        if row.first().starts_with("Average") {
            rows.clear();
        }
        rows.push(shares(&row));
    }
    // vmstat's first row is the mean since boot.
    if vmstat && rows.len() > 1 {
        rows.remove(0);
    }
    if rows.is_empty() {
        return 0;
    }
    let mut usage = mean(&rows);
    usage.tool = if vmstat { "vmstat" } else { "mpstat" }.to_owned();
    push_machine(sink, at, usage);
    taken
}

fn shares(row: &Row<'_, '_>) -> MachineUsage {
    const NAMES: &[&[&str]] = &[
        &["us", "%usr", "%user"],
        &["sy", "%sys", "%system"],
        &["id", "%idle"],
        &["wa", "%iowait"],
        // vmstat's `si` is swap.
        &["%soft"],
        &["st", "%steal"],
    ];
    let mut usage = MachineUsage::default();
    for names in NAMES {
        if let Some(percent) = row.get(names).and_then(plain) {
            set(&mut usage, names[0], percent / 100.0);
        }
    }
    usage
}

fn mean(rows: &[MachineUsage]) -> MachineUsage {
    let of = |pick: fn(&MachineUsage) -> Option<f64>| {
        let values: Vec<f64> = rows.iter().filter_map(pick).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    MachineUsage {
        file: FileId::default(),
        user: of(|row| row.user),
        system: of(|row| row.system),
        idle: of(|row| row.idle),
        iowait: of(|row| row.iowait),
        softirq: of(|row| row.softirq),
        steal: of(|row| row.steal),
        ..MachineUsage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pasted::testing::read;

    #[test]
    fn pidstat_with_threads_is_averaged_over_its_intervals() {
        let ingested = read(
            "15:53:50      UID      TGID       TID    %usr %system  %guest   %wait    %CPU   CPU  Command\n\
             15:54:18        0     13512         -   50.00   30.00    0.00    6.54   80.00     1  kubelet\n\
             15:54:18        0         -     13513   10.00    0.00    0.00    6.54   10.00     1  |__kubelet\n\n\
             15:54:18      UID      TGID       TID    %usr %system  %guest   %wait    %CPU   CPU  Command\n\
             15:54:48        0     13512         -   70.00   30.00    0.00    6.54  100.00     1  kubelet\n",
        );
        let [process, thread] = ingested.evidence.pasted.processes.as_slice() else {
            panic!("{:?}", ingested.evidence.pasted.processes)
        };
        assert_eq!(
            (process.cores, process.peak_cores, process.intervals),
            (Some(0.9), Some(1.0), 2)
        );
        assert_eq!(
            (process.kernel_cores, process.pid),
            (Some(0.3), Some(Pid(13512)))
        );
        assert!(thread.is_thread);
    }

    #[test]
    fn top_with_its_head() {
        let ingested = read(
            "top - 15:54:18 up 3 days,  2:01,  1 user,  load average: 44.29, 40.00, 38.10\n\
             Tasks: 300 total,   2 running\n\
             %Cpu(s):  5.5 us, 90.5 sy,  0.0 ni,  3.0 id,  1.0 wa,  0.0 hi,  0.0 si,  0.0 st\n\
             KiB Mem : 1000 total\n\n\
             \x20 PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND\n\
             \x20 123 root      20   0 1175000  80000  30000 S 224.7  1.0  22098:09 hyperkube kubelet --token=x\n\
             \x20  44 root      20   0       0      0      0 R  91.7  0.0   1:02.50 [kswapd0]\n",
        );
        let pasted = &ingested.evidence.pasted;
        assert_eq!(pasted.machine[0].load, [44.29, 40.0, 38.1]);
        assert_eq!(
            (pasted.machine[1].system, pasted.machine[1].idle),
            (Some(0.905), Some(0.03))
        );
        let names: Vec<_> = pasted
            .processes
            .iter()
            .map(|row| (row.comm.as_str(), row.cores))
            .collect();
        assert_eq!(
            names,
            [("hyperkube", Some(2.247)), ("kswapd0", Some(0.917))]
        );
        assert_eq!(
            pasted.processes[0].command.as_deref(),
            Some("hyperkube kubelet --token")
        );
    }

    #[test]
    fn ps_mpstat_and_vmstat() {
        let ingested = read(
            "USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n\
             root         1 50.0  0.1 190000  5000 ?        Ss   Jan01 100:00 /usr/lib/systemd/systemd --switched-root\n\n\
             15:00:00     CPU    %usr   %nice    %sys %iowait    %irq   %soft  %steal   %idle\n\
             15:00:01     all    1.00    0.00   50.00   21.50    0.00    2.00    0.00   16.30\n\
             15:00:01       0    9.00    0.00    9.00    0.00    0.00    0.00    0.00    0.00\n\n\
             \x20r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n\
             \x201  0      0 100000   1000  20000    0    0     0     0  100  200 10 20 70  0  0\n\
             \x201  0      0 100000   1000  20000    0    0     0     0  100  200 30 40 30  0  0\n",
        );
        let pasted = &ingested.evidence.pasted;
        assert_eq!(pasted.processes[0].comm, "systemd");
        assert_eq!(
            (pasted.machine[0].system, pasted.machine[0].softirq),
            (Some(0.5), Some(0.02))
        );
        assert_eq!(pasted.machine[1].user, Some(0.3));
    }
}
