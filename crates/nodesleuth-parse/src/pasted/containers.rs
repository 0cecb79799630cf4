//! CPU of containers and pods: `docker stats`, `crictl stats`, `kubectl top pod`.

use super::clean::Lines;
use super::numbers::plain;
use super::sink::{Sink, counted};
use nodesleuth_model::evidence::pasted::{ProcessUsage, UsageTool};

/// Rows of one table that are kept.
const MOST: usize = 2_000;

/// Where a table has its columns.
struct Table {
    name: &'static str,
    /// Words before the CPU; the first is the name, or with `docker stats` an id and perhaps a name.
    before: usize,
}

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let Some(table) = table(lines.get(at)) else {
        return 0;
    };
    let mut rows = Vec::new();
    let taken = lines.while_true(at + 1, |line| {
        let row = row(line, &table);
        rows.extend(row);
        rows.len() <= MOST && row_is_there(line, &table)
    });
    if rows.is_empty() {
        return 0;
    }
    sink.block(table.name, at, counted(rows.len(), "container"));
    let file = sink.file;
    let usages = rows.into_iter().map(|(comm, cores)| ProcessUsage {
        file,
        tool: UsageTool::Top,
        comm,
        cores: Some(cores),
        intervals: 1,
        ..ProcessUsage::default()
    });
    sink.evidence().pasted.processes.extend(usages);
    1 + taken
}

fn table(header: &str) -> Option<Table> {
    let words: Vec<&str> = header.split_whitespace().collect();
    let of = |name, before| Some(Table { name, before });
    match words.as_slice() {
        ["CONTAINER", "CPU", "%", ..] => of("docker stats", 1),
        ["CONTAINER", "ID", "NAME", "CPU", "%", ..] => of("docker stats", 2),
        ["NAME", "CPU", "%", ..] => of("docker stats", 1),
        ["CONTAINER", "CPU", "%CPU", ..] | ["NAME", "CPU(cores)", ..] => of("kubectl top", 1),
        ["NAMESPACE", "NAME", "CPU(cores)", ..] => of("kubectl top", 2),
        _ => None,
    }
}

fn row_is_there(line: &str, table: &Table) -> bool {
    row(line, table).is_some()
}

/// `68e20776129f  638.20%  42 MiB/500 MiB`, `fluent-bit-sphqq  117m  16Mi`.
fn row(line: &str, table: &Table) -> Option<(String, f64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let cores = cores(words.get(table.before)?)?;
    // An id says whose it is and nothing else.
    let name = words.get(table.before.checked_sub(1)?)?;
    let is_id = name.len() >= 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = if is_id {
        "a container"
    } else {
        without_random_end(name)
    };
    Some((name.to_owned(), cores))
}

/// `638.20%`, `117m`, `2` of CPUs.
fn cores(word: &str) -> Option<f64> {
    let of = |end: char, factor: f64| Some(plain(word.strip_suffix(end)?)? * factor);
    of('%', 0.01)
        .or_else(|| of('m', 0.001))
        .or_else(|| plain(word))
}

/// `fluent-bit` of `fluent-bit-sphqq`: what a daemon set or replica set hangs on.
fn without_random_end(name: &str) -> &str {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    match name.rsplit_once('-') {
        Some((begin, end)) if end.len() == 5 && end.bytes().all(|b| LETTERS.contains(&b)) => begin,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::testing::read;

    /// Names and thousandths of a CPU.
    fn usages(text: &str) -> Vec<(String, f64)> {
        let processes = read(text).evidence.pasted.processes;
        let usage = |usage: &super::ProcessUsage| {
            let thousandths = (usage.cores.unwrap() * 1000.0).round();
            (usage.comm.clone(), thousandths)
        };
        processes.iter().map(usage).collect()
    }

    #[test]
    fn containers_of_docker_and_pods_of_kubectl() {
        let docker = "CONTAINER           CPU %   MEM USAGE/LIMIT     MEM %\n\
                      68e20776129f        0.00%   1.082 MiB/500 MiB   0.22%\n\
                      7b31946e2c1e        638.20% 42 MiB/500 MiB      8.40%\n";
        let of = |cores| ("a container".to_owned(), cores);
        assert_eq!(usages(docker), [of(0.0), of(6382.0)]);
        let named = "CONTAINER ID   NAME       CPU %     MEM USAGE / LIMIT\n\
                     7b31946e2c1e   cadvisor   50.00%    42MiB / 500MiB\n";
        assert_eq!(usages(named), [("cadvisor".to_owned(), 500.0)]);
        let pods = "NAME               CPU(cores)   MEMORY(bytes)\n\
                    fluent-bit-sphqq   117m         16Mi\n";
        assert_eq!(usages(pods), [("fluent-bit".to_owned(), 117.0)]);
    }
}
