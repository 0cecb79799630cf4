//! Facts about how long a kubelet takes to answer.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::KubeletPage;
use nodesleuth_model::{Missing, MissingKind};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "kubelet.pages.slowest_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Longest time that one of the kubelet's pages of metrics and statistics took, or was \
              waited for in vain.",
        derive: |input| {
            let page = slowest_page(input)?;
            number(page.took.seconds(), &page.path)
        },
    },
    FactDef {
        name: "kubelet.pages.slowest",
        kind: FactType::Text,
        unit: "",
        doc: "Path of that page.",
        derive: |input| {
            let page = slowest_page(input)?;
            text(&page.path, "answer times of the kubelet's pages")
        },
    },
    FactDef {
        name: "kubelet.pages.unanswered",
        kind: FactType::Text,
        unit: "",
        doc: "Pages that the kubelet did not answer in their time.",
        derive: unanswered,
    },
];

/// Pages that a kubelet puts together itself, which takes the longer the more it follows.
fn slowest_page<'a>(input: &Input<'a>) -> Result<&'a KubeletPage, Missing> {
    let is_own = |path: &str| path.starts_with("/metrics") || path.starts_with("/stats");
    let pages = input.evidence.kubelet_pages.iter();
    let slowest = pages
        .filter(|page| is_own(&page.path))
        .max_by_key(|page| page.took);
    slowest.ok_or_else(|| absent("no page of a kubelet was asked for"))
}

fn unanswered(input: &Input<'_>) -> Derived {
    let in_vain = |page: &&KubeletPage| {
        let missing = page.missing.as_ref();
        missing.is_some_and(|missing| missing.kind == MissingKind::TimedOut)
    };
    let pages = input.evidence.kubelet_pages.iter().filter(in_vain);
    let mut pages: Vec<String> = pages
        .map(|page| format!("{} ({:.0} s)", page.path, page.took.seconds()))
        .collect();
    pages.dedup();
    match pages.is_empty() {
        true => Err(absent("all came in time")),
        false => text(pages.join(", "), "answer times of the kubelet's pages"),
    }
}
