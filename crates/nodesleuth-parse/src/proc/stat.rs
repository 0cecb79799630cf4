//! `/proc/stat`: the machine's CPU time, `proc_stat(5)`.

use crate::Malformed;
use crate::malformed::quoted;
use crate::number::{decimal32, from_text};
use nodesleuth_model::Ticks;
use nodesleuth_model::evidence::MachineCpu;
use std::collections::BTreeMap;

const WHAT: &str = "/proc/stat";

/// Reads the file. CPU columns are kept as they are: ten since 2.6.33, fewer before.
///
/// # Errors
/// When one of the lines that are kept is missing (the file was cut) or not numbers.
pub fn parse(text: &str) -> Result<MachineCpu, Malformed> {
    let mut total = None;
    let mut idle = BTreeMap::new();
    let (mut switches, mut forks, mut running, mut blocked) = (None, None, None, None);
    for (index, line) in text.lines().enumerate() {
        let (key, values) = line.split_once(' ').unwrap_or((line, ""));
        let single = || number(values, index);
        match key {
            "cpu" => total = Some(columns(values, index)?),
            "ctxt" => switches = Some(single()?),
            "processes" => forks = Some(single()?),
            "procs_running" => running = Some(single()?),
            "procs_blocked" => blocked = Some(single()?),
            _ => {
                if let Some(cpu) = one_cpu(key) {
                    idle.insert(cpu, idle_of(&columns(values, index)?));
                }
            }
        }
    }
    let missing = |line: &str| Malformed::whole(WHAT, format!("no {line} line"));
    Ok(MachineCpu {
        total: total.ok_or_else(|| missing("cpu"))?,
        cpus: u32::try_from(idle.len()).unwrap_or(u32::MAX),
        idle,
        context_switches: switches.ok_or_else(|| missing("ctxt"))?,
        forks: forks.ok_or_else(|| missing("processes"))?,
        running: running.ok_or_else(|| missing("procs_running"))?,
        blocked: blocked.ok_or_else(|| missing("procs_blocked"))?,
    })
}

fn one_cpu(key: &str) -> Option<u32> {
    decimal32(key.strip_prefix("cpu")?.as_bytes())
}

/// Idle, and idle while storage is waited for: the fourth and fifth column.
fn idle_of(columns: &[Ticks]) -> Ticks {
    let idle = columns.iter().skip(3).take(2);
    Ticks(idle.fold(0, |sum, ticks| sum.saturating_add(ticks.0)))
}

fn columns(values: &str, index: usize) -> Result<Vec<Ticks>, Malformed> {
    let columns: Vec<Ticks> = values
        .split_whitespace()
        .map(|word| number(word, index).map(Ticks))
        .collect::<Result<_, _>>()?;
    if columns.len() < 4 {
        return Err(Malformed::line(
            WHAT,
            index,
            "expected at least user, nice, system and idle time",
        ));
    }
    Ok(columns)
}

fn number(word: &str, index: usize) -> Result<u64, Malformed> {
    from_text(word.trim()).ok_or_else(|| {
        let reason = format!("expected a number, found {}", quoted(word));
        Malformed::line(WHAT, index, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::Ticks;

    /// Linux 4.15, one CPU; the intr line shortened.
    const K415: &str = "\
cpu  1666 0 15090 43689 19 0 334 0 0 0
cpu0 1666 0 15090 43689 19 0 334 0 0 0
intr 153358 152027 0 0 0 423 0 0 0 1 0
ctxt 817658
btime 1795450373
processes 20975
procs_running 1
procs_blocked 0
softirq 264046 0 145713 0 66 0 0 0 0 0 118267
";

    #[test]
    fn an_old_kernel_is_read() {
        let cpu = parse(K415).unwrap();
        let total: Vec<u64> = cpu.total.iter().map(|ticks| ticks.0).collect();
        assert_eq!(total, [1666, 0, 15090, 43689, 19, 0, 334, 0, 0, 0]);
        assert_eq!(
            (cpu.cpus, cpu.context_switches, cpu.forks),
            (1, 817_658, 20_975)
        );
        assert_eq!((cpu.running, cpu.blocked), (1, 0));
    }

    #[test]
    fn every_cpu_is_counted_and_fewer_columns_stay_fewer() {
        let text = K415.replace(
            "cpu0 1666 0 15090 43689 19 0 334 0 0 0\n",
            "cpu0 1 2 3 4\ncpu1 1 2 3 4 5 6 7\ncpu63 1 2 3 4\n",
        );
        let text = text.replace("cpu  1666 0 15090 43689 19 0 334 0 0 0", "cpu  3 6 9 12");
        let cpu = parse(&text).unwrap();
        assert_eq!(cpu.cpus, 3);
        assert_eq!((cpu.idle[&1], cpu.idle[&63]), (Ticks(9), Ticks(4)));
        assert_eq!(cpu.total, [Ticks(3), Ticks(6), Ticks(9), Ticks(12)]);
    }

    #[test]
    fn every_cut_is_malformed() {
        let end = K415.find("softirq").unwrap();
        for length in (0..end - 2).filter(|&length| K415.is_char_boundary(length)) {
            assert!(parse(&K415[..length]).is_err(), "{length}");
        }
        assert_eq!(
            parse("").unwrap_err().to_string(),
            "/proc/stat: no cpu line"
        );
    }

    #[test]
    fn absurd_numbers_are_malformed_with_their_line() {
        for (from, to, line) in [
            ("ctxt 817658", "ctxt -1", 4),
            ("processes 20975", "processes 18446744073709551616", 6),
            ("cpu  1666 0", "cpu  1666 x", 1),
            ("cpu  1666 0 15090 43689 19 0 334 0 0 0", "cpu  1 2 3", 1),
        ] {
            let error = parse(&K415.replace(from, to)).unwrap_err();
            assert_eq!(error.line, Some(line), "{to}");
        }
    }
}
