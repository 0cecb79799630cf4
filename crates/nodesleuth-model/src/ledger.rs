//! The ledger: the target's CPU time split into parts that add up.

use crate::units::Cores;
use serde::{Deserialize, Serialize};

/// The target's CPU over the window, split in several ways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// User + kernel + waited-for children, from the kernel's own accounting.
    pub total_cores: Cores,
    /// What no finding explains.
    pub unexplained_cores: Cores,
    /// The splits; the parts of each add up to the total.
    pub views: Vec<LedgerView>,
}

/// One way to split the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerView {
    /// `owner`, `mode`, `threads`, `kernel-functions` or `calls`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Largest first.
    pub parts: Vec<LedgerPart>,
    /// What to know when reading it, for instance how well two sources agree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One part of the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerPart {
    /// Stable id, such as `cadvisor-housekeeping`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Its price.
    pub cores: Cores,
    /// What of it was spent in each part of the kernel, largest first; where stacks of the
    /// machine were sampled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kernel: Vec<KernelShare>,
    /// How much of it findings claim, by finding id, largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

/// How much of a part was spent in one part of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelShare {
    /// Id in the view `kernel-functions`, such as `kernel:rstat-flush`.
    pub part: String,
    /// Its price.
    pub cores: Cores,
}

/// How much of a part one finding claims.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claim {
    /// The finding's id.
    pub finding: String,
    /// What it takes of the part.
    pub cores: Cores,
}

impl LedgerPart {
    /// What no finding has claimed of this part; never negative.
    #[must_use]
    pub fn unclaimed(&self) -> Cores {
        let claimed: f64 = self.claims.iter().map(|claim| claim.cores.0).sum();
        Cores((self.cores.0 - claimed).max(0.0))
    }
}

impl Ledger {
    /// Explained share of the total, 0 to 1; 0 when nothing was burnt.
    #[must_use]
    pub fn explained_share(&self) -> f64 {
        if self.total_cores.0 <= 0.0 {
            return 0.0;
        }
        (1.0 - self.unexplained_cores.0 / self.total_cores.0).clamp(0.0, 1.0)
    }

    /// The view with this id.
    #[must_use]
    pub fn view(&self, id: &str) -> Option<&LedgerView> {
        self.views.iter().find(|view| view.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_target_has_nothing_explained() {
        assert_eq!(Ledger::default().explained_share(), 0.0);
    }

    #[test]
    fn a_part_claimed_twice_over_has_nothing_left() {
        let claim = |cores| Claim {
            finding: "a".into(),
            cores: Cores(cores),
        };
        let part = LedgerPart {
            cores: Cores(0.5),
            claims: vec![claim(0.4), claim(0.4)],
            ..LedgerPart::default()
        };
        assert_eq!(part.unclaimed(), Cores(0.0));
    }
}
