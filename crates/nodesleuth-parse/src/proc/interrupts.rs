//! `/proc/interrupts`: a heading of CPUs, then one row an interrupt with a count for each of them.
//!
//! Only timers and rescheduling are kept. x86 calls the rows `LOC` and `RES`; ARM counts its timer
//! in a numbered row whose last word is `arch_timer`, and rescheduling as `IPI0`.

use crate::Malformed;
use crate::number::{decimal32, from_text};
use nodesleuth_model::evidence::Interrupts;

const WHAT: &str = "/proc/interrupts";

/// Reads the rows that are kept. Rows of total counts (`ERR`, `MIS`) have one column only and are
/// passed over, like all others.
///
/// # Errors
/// When there is no heading of CPUs, no timer row, or a row that is kept has too few counts.
pub fn parse(text: &str) -> Result<Interrupts, Malformed> {
    let mut lines = text.lines().enumerate();
    let heading = lines.next().map_or("", |(_, heading)| heading);
    let cpus = heading.split_ascii_whitespace().map(|word| {
        let number = word.strip_prefix("CPU")?;
        decimal32(number.as_bytes())
    });
    let cpus: Option<Vec<u32>> = cpus.collect();
    let cpus = cpus
        .filter(|cpus| !cpus.is_empty())
        .ok_or_else(|| Malformed::whole(WHAT, "no heading of CPUs"))?;
    let mut found = Interrupts::default();
    for (index, line) in lines {
        let Some((name, rest)) = line.split_once(':') else {
            continue;
        };
        let into = match name.trim() {
            "LOC" => &mut found.timer,
            "RES" | "IPI0" => &mut found.rescheduling,
            _ if rest.trim_end().ends_with("arch_timer") => &mut found.timer,
            _ => continue,
        };
        let counts = rest
            .split_ascii_whitespace()
            .take(cpus.len())
            .map(from_text);
        let counts: Vec<u64> = counts
            .collect::<Option<_>>()
            .filter(|counts: &Vec<u64>| counts.len() == cpus.len())
            .ok_or_else(|| {
                Malformed::line(WHAT, index, format!("expected {} counts", cpus.len()))
            })?;
        add(into, counts);
    }
    if found.timer.is_empty() {
        return Err(Malformed::whole(WHAT, "no row of timer interrupts"));
    }
    found.cpus = cpus;
    Ok(found)
}

/// ARM can have more than one timer row (`arch_timer` of the machine and of a guest).
fn add(into: &mut Vec<u64>, counts: Vec<u64>) {
    if into.is_empty() {
        *into = counts;
        return;
    }
    for (sum, count) in into.iter_mut().zip(counts) {
        *sum = sum.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Linux 6.18 on x86, shortened.
    const X86: &str = "           CPU0       CPU1       
 24:          1          0  IO-APIC   5-edge      ACPI:Ged
NMI:          0          0   Non-maskable interrupts
LOC:   29881463   32163606   Local timer interrupts
RES:    2510512    2244047   Rescheduling interrupts
ERR:          0
";

    /// Linux 5.10 on ARM, shortened; CPU 1 is off line.
    const ARM: &str = "           CPU0       CPU2       
 11:     123456     234567     GICv3  27 Level     arch_timer
IPI0:       321        654       Rescheduling interrupts
Err:          0
";

    #[test]
    fn timers_and_rescheduling_of_both_architectures_are_read() {
        let x86 = parse(X86).unwrap();
        assert_eq!(x86.timer, [29_881_463, 32_163_606]);
        assert_eq!(x86.rescheduling, [2_510_512, 2_244_047]);
        let arm = parse(ARM).unwrap();
        assert_eq!((arm.cpus, arm.timer), (vec![0, 2], vec![123_456, 234_567]));
        assert_eq!(arm.rescheduling, [321, 654]);
    }

    #[test]
    fn what_is_cut_is_malformed() {
        for (text, line) in [
            ("", None),
            ("CPU0 CPU1\n", None),
            ("LOC: 1 2\n", None),
            ("CPU0 CPU1\nLOC: 1\n", Some(2)),
            ("CPU0 CPU1\nLOC: 1 Local\n", Some(2)),
            ("CPU0 CPUx\nLOC: 1 2\n", None),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
