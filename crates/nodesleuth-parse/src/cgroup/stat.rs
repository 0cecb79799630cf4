//! `cgroup.stat` of a v2 cgroup (since 4.14): `name number` lines,
//! `Documentation/admin-guide/cgroup-v2.rst`.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use std::collections::BTreeMap;

const WHAT: &str = "cgroup.stat";

/// Live and dying cgroups below one cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CgroupStat {
    /// Live ones.
    pub nr_descendants: u64,
    /// Removed ones that still live in the kernel, for whatever controller or reason.
    pub nr_dying_descendants: u64,
    /// Dying ones by controller of the v2 hierarchy (since 6.12): `memory` → count. Empty before;
    /// a controller that is bound to v1 is not there.
    pub nr_dying_subsys: BTreeMap<String, u64>,
}

/// Reads the file.
///
/// # Errors
/// When a line is not a name and a number, or one of the two totals is missing.
pub fn parse(text: &str) -> Result<CgroupStat, Malformed> {
    let (mut live, mut dying) = (None, None);
    let mut nr_dying_subsys = BTreeMap::new();
    for (index, line) in numbered(text) {
        let (name, count) = counter(line).ok_or_else(|| {
            let reason = format!("expected a name and a number, found {}", quoted(line));
            Malformed::line(WHAT, index, reason)
        })?;
        match name {
            "nr_descendants" => live = Some(count),
            "nr_dying_descendants" => dying = Some(count),
            _ => {
                if let Some(controller) = name.strip_prefix("nr_dying_subsys_") {
                    nr_dying_subsys.insert(controller.to_owned(), count);
                }
            }
        }
    }
    let missing = |name: &str| Malformed::whole(WHAT, format!("no {name}"));
    Ok(CgroupStat {
        nr_descendants: live.ok_or_else(|| missing("nr_descendants"))?,
        nr_dying_descendants: dying.ok_or_else(|| missing("nr_dying_descendants"))?,
        nr_dying_subsys,
    })
}

fn counter(line: &str) -> Option<(&str, u64)> {
    let (name, count) = line.split_once(' ')?;
    Some((name, from_text(count.trim())?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Linux 6.18.
    const K618: &str = "\
nr_descendants 40
nr_subsys_cpuset 1
nr_subsys_memory 41
nr_dying_descendants 26000
nr_dying_subsys_cpuset 0
nr_dying_subsys_memory 25998
";

    #[test]
    fn dying_cgroups_are_counted_by_controller() {
        let stat = parse(K618).unwrap();
        assert_eq!(
            (stat.nr_descendants, stat.nr_dying_descendants),
            (40, 26_000)
        );
        assert_eq!(stat.nr_dying_subsys.len(), 2);
        assert_eq!(stat.nr_dying_subsys["memory"], 25_998);
    }

    #[test]
    fn an_old_kernel_has_only_the_totals() {
        let stat = parse("nr_descendants 40\nnr_dying_descendants 7\n").unwrap();
        assert_eq!(stat.nr_dying_descendants, 7);
        assert!(stat.nr_dying_subsys.is_empty());
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        for text in [
            "",
            "nr_descendants 40\n",
            "nr_descendants 40\nnr_dying_desc",
            "nr_descendants -1\nnr_dying_descendants 7\n",
            "nr_descendants 18446744073709551616\nnr_dying_descendants 7\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
