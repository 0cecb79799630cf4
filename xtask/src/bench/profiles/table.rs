//! Programs side by side: CPU, peak memory, and how often ours fits into theirs.

use crate::bench::cpu::median;
use crate::bench::usage::Usage;
use crate::failure::Result;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// A program and how to run it once.
pub(crate) struct Contestant<'a> {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn() -> Result<Usage> + 'a>,
}

/// Medians of one program's runs.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    name: String,
    pub(crate) cpu: f64,
    pub(crate) peak_mebibytes: f64,
}

/// Runs all in turns; ours is the first.
pub(crate) fn measure(contestants: &[Contestant<'_>], repeats: usize) -> Result<Vec<Row>> {
    let mut usages = vec![Vec::new(); contestants.len()];
    for _ in 0..repeats {
        for (contestant, usages) in contestants.iter().zip(&mut usages) {
            usages.push((contestant.run)()?);
        }
    }
    let rows = contestants.iter().zip(&usages);
    Ok(rows
        .map(|(contestant, usages)| Row {
            name: contestant.name.clone(),
            cpu: median(usages.iter().map(|usage| usage.cpu())),
            peak_mebibytes: median(usages.iter().map(|u| u.peak_bytes as f64 / MEBIBYTE)),
        })
        .collect())
}

pub(crate) fn print(rows: &[Row]) -> String {
    let mut text = "| command | CPU | peak memory | CPU / ours |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        text.push_str(&format!(
            "| {} | {:.3} s | {:.0} MiB | {:.1} |\n",
            row.name,
            row.cpu,
            row.peak_mebibytes,
            row.cpu / rows[0].cpu
        ));
    }
    text
}
