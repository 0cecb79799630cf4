//! What each remedy frees on which kernel: measured, and data (`catalog/remedies/`).

use crate::Catalog;
use crate::kernel::{Release, version_of};
use nodesleuth_model::diagnosis::AdvisoryStatus;
use nodesleuth_model::evidence::{CgroupVersion, DyingMemory};
use serde::{Deserialize, Serialize};

/// One remedy, as its TOML file says it. `nodesleuth fix ID` carries it out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemedyEntry {
    /// What is typed.
    pub id: String,
    /// What it does, in one line.
    pub title: String,
    /// Cheapest first; the next one is offered when this one cannot be carried out.
    pub order: u32,
    /// What it may cost or break.
    pub risk: String,
    /// How long it takes, from measurements.
    pub duration: String,
    /// Which dying cgroups it frees, by what pins them.
    #[serde(default)]
    pub frees: Vec<Frees>,
}

/// What it frees of one kind, on some kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frees {
    /// What pins the cgroup.
    pub pin: Pin,
    /// How much of it goes.
    pub effect: Effect,
    /// Mainline releases from this on.
    #[serde(default)]
    pub from: Option<String>,
    /// Mainline releases before this.
    #[serde(default)]
    pub below: Option<String>,
    /// Only on this version of cgroups.
    #[serde(default)]
    pub cgroup: Option<CgroupVersion>,
    /// Only on kernels that have this defect (an id of `catalog/kernel/`).
    #[serde(default)]
    pub with: Option<String>,
    /// Only on kernels that do not have it.
    #[serde(default)]
    pub without: Option<String>,
    /// What was measured.
    pub measured: String,
}

/// What keeps a removed memory cgroup in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// Page cache of files that were read.
    PageCache,
    /// Page cache of files that were written, or whose access time was.
    WrittenFiles,
    /// Dentries and inodes that were looked up.
    Slab,
    /// Inodes and metadata of files that were created.
    CreatedFiles,
    /// Files on a tmpfs, shared memory.
    Tmpfs,
}

/// How much of it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// All but a handful.
    All,
    /// More than half.
    Most,
    /// Less than half.
    Some,
    /// Next to none.
    None,
    /// Nothing of this kind pins cgroups on such a kernel.
    PinsNothing,
    /// Not measured on such a kernel.
    Unknown,
}

/// What is to be expected on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// What pins.
    pub pin: Pin,
    /// How much of it goes.
    pub effect: Effect,
    /// What that rests on.
    pub measured: String,
}

impl Pin {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::PageCache,
        Self::WrittenFiles,
        Self::Slab,
        Self::CreatedFiles,
        Self::Tmpfs,
    ];

    /// How to say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PageCache => "page cache of files that were read",
            Self::WrittenFiles => "page cache of files that were written",
            Self::Slab => "dentries and inodes that were looked up",
            Self::CreatedFiles => "inodes of files that were created",
            Self::Tmpfs => "files on a tmpfs",
        }
    }
}

impl Effect {
    /// How to say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "frees all",
            Self::Most => "frees most",
            Self::Some => "frees some",
            Self::None => "frees none",
            Self::PinsNothing => "pins nothing on this kernel",
            Self::Unknown => "not measured on such a kernel",
        }
    }

    /// Whether it is worth doing for this.
    #[must_use]
    pub fn helps(self) -> bool {
        matches!(self, Self::All | Self::Most)
    }
}

impl RemedyEntry {
    /// What it frees on a kernel, one row for each pin; empty for remedies of another kind.
    #[must_use]
    pub fn expectations(
        &self,
        catalog: &Catalog,
        release: Option<&Release>,
        version: Option<CgroupVersion>,
    ) -> Vec<Expectation> {
        if self.frees.is_empty() {
            return Vec::new();
        }
        let fits = |row: &&Frees| release.is_some_and(|it| row.fits(catalog, it, version));
        let of = |pin| self.frees.iter().filter(fits).find(|row| row.pin == pin);
        Pin::ALL
            .into_iter()
            .map(|pin| match of(pin) {
                Some(row) => Expectation {
                    pin,
                    effect: row.effect,
                    measured: row.measured.clone(),
                },
                None => Expectation {
                    pin,
                    effect: Effect::Unknown,
                    measured: String::new(),
                },
            })
            .collect()
    }

    /// Whether it frees what can pin cgroups on this node.
    #[must_use]
    pub fn helps(
        &self,
        catalog: &Catalog,
        release: &Release,
        version: Option<CgroupVersion>,
        held: Option<&DyingMemory>,
    ) -> bool {
        self.expectations(catalog, Some(release), version)
            .iter()
            .any(|expected| expected.effect.helps() && may_pin(expected.pin, held))
    }
}

impl Frees {
    fn fits(&self, catalog: &Catalog, release: &Release, version: Option<CgroupVersion>) -> bool {
        let from = self.from.as_deref();
        let below = self.below.as_deref();
        let has = |defect: &str, status| {
            let entry = catalog.kernel.iter().find(|entry| entry.id == defect);
            entry.is_some_and(|entry| entry.judge(release).0 == status)
        };
        let (with, without) = (self.with.as_deref(), self.without.as_deref());
        from.is_none_or(|from| release.base >= version_of(from))
            && below.is_none_or(|below| release.base < version_of(below))
            && self.cgroup.is_none_or(|wanted| version == Some(wanted))
            && with.is_none_or(|defect| has(defect, AdvisoryStatus::Affected))
            && without.is_none_or(|defect| has(defect, AdvisoryStatus::Fixed))
    }
}

/// What dying cgroups hold is page cache and tmpfs; slab and inodes are in no such sum and can
/// always be there.
fn may_pin(pin: Pin, held: Option<&DyingMemory>) -> bool {
    match (pin, held) {
        (Pin::PageCache | Pin::WrittenFiles, Some(held)) => held.holders.iter().any(|holder| {
            let shmem = holder.shmem.map_or(0, |bytes| bytes.0);
            holder.bytes.is_none_or(|bytes| bytes.0 > shmem)
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Bytes;
    use nodesleuth_model::evidence::DyingHolder;

    const V1: Option<CgroupVersion> = Some(CgroupVersion::V1);
    const V2: Option<CgroupVersion> = Some(CgroupVersion::V2);

    fn effect(plan: &str, pin: Pin, kernel: &str, version: Option<CgroupVersion>) -> Effect {
        let catalog = Catalog::built_in().unwrap();
        let release = Release::parse(kernel, &catalog.families).unwrap();
        let remedy = catalog.remedy(plan).unwrap();
        let rows = remedy.expectations(&catalog, Some(&release), version);
        rows.iter().find(|row| row.pin == pin).unwrap().effect
    }

    /// Rows of facts/kernel.md, section 4, and of the guests in docs/lab.md.
    #[test]
    fn the_table_says_what_was_measured() {
        use Effect::{All, Most, None, PinsNothing, Some, Unknown};
        let table = [
            (
                "drop-page-cache",
                Pin::PageCache,
                "4.15.0-213-generic",
                V1,
                All,
            ),
            (
                "drop-page-cache",
                Pin::PageCache,
                "6.8.0-31-generic",
                V2,
                All,
            ),
            (
                "drop-page-cache",
                Pin::WrittenFiles,
                "6.8.0-31-generic",
                V2,
                Some,
            ),
            (
                "drop-page-cache",
                Pin::WrittenFiles,
                "5.10.0-32-cloud-amd64",
                V1,
                All,
            ),
            ("drop-page-cache", Pin::Slab, "4.15.0-213-generic", V1, None),
            (
                "drop-page-cache",
                Pin::CreatedFiles,
                "5.4.0-216-generic",
                V1,
                Most,
            ),
            ("drop-slab", Pin::PageCache, "5.4.0-216-generic", V1, None),
            ("drop-slab", Pin::PageCache, "5.15.0-25-generic", V1, Some),
            (
                "drop-slab",
                Pin::PageCache,
                "6.1.0-50-cloud-amd64",
                V1,
                None,
            ),
            (
                "reclaim-subtree",
                Pin::WrittenFiles,
                "6.1.0-50-cloud-amd64",
                V1,
                All,
            ),
            (
                "reclaim-subtree",
                Pin::WrittenFiles,
                "6.1.0-50-cloud-amd64",
                V2,
                Some,
            ),
            (
                "reclaim-subtree",
                Pin::PageCache,
                "5.10.0-32-cloud-amd64",
                V2,
                None,
            ),
            ("drop-slab", Pin::Slab, "4.15.0-213-generic", V1, Most),
            ("drop-slab", Pin::Slab, "5.4.0-216-generic", V1, PinsNothing),
            ("drop-slab", Pin::Slab, "4.18.0-80.el8.x86_64", V1, Most),
            (
                "drop-slab",
                Pin::Slab,
                "4.18.0-193.28.1.el8_2.x86_64",
                V1,
                PinsNothing,
            ),
            ("drop-all", Pin::WrittenFiles, "6.8.0-31-generic", V2, All),
            ("drop-all", Pin::CreatedFiles, "5.15.0-25-generic", V2, Most),
            ("drop-all", Pin::Tmpfs, "5.15.0-25-generic", V1, None),
            (
                "reclaim-subtree",
                Pin::PageCache,
                "5.4.0-216-generic",
                V1,
                All,
            ),
            (
                "reclaim-subtree",
                Pin::PageCache,
                "6.8.0-31-generic",
                V2,
                All,
            ),
            (
                "reclaim-subtree",
                Pin::Slab,
                "4.15.0-213-generic",
                V1,
                Unknown,
            ),
            ("reclaim-subtree", Pin::Tmpfs, "6.18.44-fc-v669", V1, None),
        ];
        for (plan, pin, kernel, version, expected) in table {
            assert_eq!(
                effect(plan, pin, kernel, version),
                expected,
                "{plan} of {pin:?} on {kernel} {version:?}"
            );
        }
    }

    #[test]
    fn no_kernel_fits_two_rows_of_one_pin_and_nothing_is_promised_for_an_unknown_one() {
        let catalog = Catalog::built_in().unwrap();
        let kernels = [
            "3.10.0-1127.el7.x86_64",
            "4.4.0-21-generic",
            "4.15.0-20-generic",
            "4.18.0-80.el8.x86_64",
            "4.18.0-240.el8.x86_64",
            "4.19.0-27-amd64",
            "5.2.0",
            "5.3.0",
            "5.4.0-216-generic",
            "5.9.0",
            "5.10.0-32-cloud-amd64",
            "5.15.0-25-generic",
            "6.1.0-50-cloud-amd64",
            "6.8.0-31-generic",
            "6.18.44",
            "7.1.0",
        ];
        for remedy in &catalog.remedies {
            for kernel in kernels {
                let release = Release::parse(kernel, &catalog.families).unwrap();
                for version in [V1, V2] {
                    for pin in Pin::ALL {
                        let rows = remedy.frees.iter();
                        let rows = rows
                            .filter(|row| row.pin == pin && row.fits(&catalog, &release, version));
                        assert!(
                            rows.count() <= 1,
                            "{} {pin:?} {kernel} {version:?}",
                            remedy.id
                        );
                    }
                }
            }
            let unknown = remedy.expectations(&catalog, None, V1);
            assert!(unknown.iter().all(|row| row.effect == Effect::Unknown));
        }
    }

    #[test]
    fn a_remedy_helps_only_with_what_is_there() {
        let catalog = Catalog::built_in().unwrap();
        let kernel = |text| Release::parse(text, &catalog.families).unwrap();
        let helps = |plan: &str, release: &Release, held| {
            catalog
                .remedy(plan)
                .unwrap()
                .helps(&catalog, release, V1, held)
        };
        assert!(helps("drop-slab", &kernel("4.15.0-20-generic"), None));
        assert!(!helps("drop-slab", &kernel("6.1.0-50-cloud-amd64"), None));
        let tmpfs_alone = DyingMemory {
            holders: vec![DyingHolder {
                bytes: Some(Bytes(4096)),
                shmem: Some(Bytes(4096)),
                ..DyingHolder::default()
            }],
            ..DyingMemory::default()
        };
        let reclaim = |held| helps("reclaim-subtree", &kernel("6.1.0-50-cloud-amd64"), held);
        assert!(reclaim(None) && !reclaim(Some(&tmpfs_alone)));
    }
}
