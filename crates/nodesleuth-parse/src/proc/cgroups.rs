//! `/proc/cgroups` (since 2.6.24): controllers and how many cgroups each has, `cgroups(7)`.
//!
//! The count includes removed cgroups that still live in the kernel: compared with the directories
//! there are, it tells the dying ones of a v1 hierarchy.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::{decimal32, from_text};

const WHAT: &str = "/proc/cgroups";

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// `subsys_name`, such as `memory`.
    pub name: String,
    /// Id of the hierarchy it is bound to; 0 for the v2 hierarchy or none.
    pub hierarchy: u32,
    /// Cgroups in that hierarchy (4.x and later: with this controller), dying ones included.
    pub num_cgroups: u64,
    /// False when switched off, for instance by `cgroup_disable=` on the kernel command line.
    pub enabled: bool,
}

/// Reads the table.
///
/// # Errors
/// When the heading is missing or a line is not four columns.
pub fn parse(text: &str) -> Result<Vec<Controller>, Malformed> {
    let mut lines = numbered(text);
    match lines.next() {
        Some((_, heading)) if heading.starts_with("#subsys_name") => {}
        _ => return Err(Malformed::whole(WHAT, "no #subsys_name heading")),
    }
    lines
        .map(|(index, line)| {
            controller(line).ok_or_else(|| {
                let reason = format!(
                    "expected name, hierarchy, count and 0 or 1, found {}",
                    quoted(line)
                );
                Malformed::line(WHAT, index, reason)
            })
        })
        .collect()
}

fn controller(line: &str) -> Option<Controller> {
    let mut words = line.split_whitespace();
    let controller = Controller {
        name: words.next()?.to_owned(),
        hierarchy: decimal32(words.next()?.as_bytes())?,
        num_cgroups: from_text(words.next()?)?,
        enabled: match words.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        },
    };
    words.next().is_none().then_some(controller)
}

#[cfg(test)]
mod tests {
    use super::{Controller, parse};

    /// Linux 4.15 with 20,000 dying cgroups, shortened.
    const K415: &str = "\
#subsys_name	hierarchy	num_cgroups	enabled
cpu	2	31	1
cpuacct	2	31	1
memory	3	20031	1
hugetlb	0	1	0
";

    #[test]
    fn the_table_is_read() {
        let controllers = parse(K415).unwrap();
        let memory = Controller {
            name: "memory".into(),
            hierarchy: 3,
            num_cgroups: 20_031,
            enabled: true,
        };
        assert_eq!(controllers.len(), 4);
        assert_eq!(controllers[2], memory);
        assert!(!controllers[3].enabled);
    }

    #[test]
    fn a_kernel_without_controllers_prints_only_the_heading() {
        let text = "#subsys_name	hierarchy	num_cgroups	enabled\n";
        assert_eq!(parse(text), Ok(Vec::new()));
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        assert!(parse("").is_err());
        assert!(parse("memory\t3\t20031\t1\n").is_err());
        for line in [
            "memory\t3\t2",
            "memory\t-3\t2\t1",
            "memory\t3\t18446744073709551616\t1",
            "memory\t3\t2\t7",
            "memory\t3\t2\t1\t1",
        ] {
            let error = parse(&format!("{K415}{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(6), "{line:?}");
        }
    }
}
