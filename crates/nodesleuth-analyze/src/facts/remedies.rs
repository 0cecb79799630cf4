//! Facts about remedies: which of them free what can pin dying cgroups on this node.

use super::{Derived, FactDef, FactType, absent, flag};
use crate::input::Input;
use crate::kernel::Release;
use nodesleuth_model::evidence::CgroupCensus;

pub(super) const FACTS: &[FactDef] = &[
    helps(
        "remedy.reclaim-subtree.helps",
        "Whether reclaiming a subtree frees what can pin dying cgroups on this node, as measured on such kernels.",
        |input| judged(input, "reclaim-subtree"),
    ),
    helps(
        "remedy.drop-slab.helps",
        "The same of dropping dentries and inodes.",
        |input| judged(input, "drop-slab"),
    ),
    helps(
        "remedy.drop-page-cache.helps",
        "The same of dropping the page cache.",
        |input| judged(input, "drop-page-cache"),
    ),
    helps(
        "remedy.drop-all.helps",
        "The same of dropping all three.",
        |input| judged(input, "drop-all"),
    ),
];

const fn helps(
    name: &'static str,
    doc: &'static str,
    derive: fn(&Input<'_>) -> Derived,
) -> FactDef {
    FactDef {
        name,
        kind: FactType::Flag,
        unit: "",
        doc,
        derive,
    }
}

fn judged(input: &Input<'_>, id: &str) -> Derived {
    let remedy = input.catalog.remedy(id);
    let remedy = remedy.ok_or_else(|| absent("not in the catalogue of remedies"))?;
    let text = &input.host()?.kernel_release;
    let release = Release::parse(text, &input.catalog.families)
        .ok_or_else(|| absent("the kernel release cannot be understood"))?;
    let census = input.evidence.cgroups.value();
    let memory = census.and_then(CgroupCensus::memory);
    let version = memory.map(|memory| memory.version);
    let held = input.evidence.dying_memory.value();
    flag(
        remedy.helps(input.catalog, &release, version, held),
        format!("catalog/remedies/{id}.toml"),
    )
}
