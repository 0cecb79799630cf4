//! Whose a cgroup is: the systemd unit, the pod, the CronJob, as far as the node itself says it.
//!
//! The kubelet's folders `/var/log/pods/NAMESPACE_NAME_UID` tell a pod's name; a CronJob's pods are
//! called after it, the minute and five letters.

use super::tally::Tally;
use crate::Node;
use nodesleuth_model::evidence::GrowthGroup;
use regex_lite::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const LOGS: &str = "/var/log/pods";
const UNITS: [&str; 5] = [".service", ".scope", ".mount", ".socket", ".swap"];

/// A pod's uid in a cgroup's path, `-` or `_` between its parts.
#[expect(clippy::unwrap_used, reason = "a constant; the tests use it")]
static UID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})").unwrap()
});
/// Of a CronJob's pod: the scheduled minute (8 digits, or 10 of a second in old versions).
#[expect(clippy::unwrap_used, reason = "a constant; the tests use it")]
static CRON: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^(.+)-(?:[0-9]{8}|[0-9]{10})-[a-z0-9]{5}$").unwrap());

/// Pods by uid, as namespace and name.
#[derive(Default)]
pub(super) struct Pods {
    known: BTreeMap<String, (String, String)>,
}

impl Pods {
    /// Looks for names of pods that have turned up and are not known.
    pub(super) fn look(&mut self, node: &Node, tally: &Tally) {
        let unknown = tally
            .examples()
            .filter_map(uid)
            .any(|uid| !self.known.contains_key(&uid));
        if unknown {
            self.read(node);
        }
    }

    /// Says whose a group's example is.
    pub(super) fn name(&mut self, node: &Node, group: &mut GrowthGroup) {
        group.unit = unit(&group.example);
        let Some(uid) = uid(&group.example) else {
            return;
        };
        if !self.known.contains_key(&uid) {
            self.read(node);
        }
        if let Some((namespace, name)) = self.known.get(&uid) {
            group.pod = Some(format!("{namespace}/{name}"));
            let job = CRON.captures(name).and_then(|found| found.get(1));
            group.cron_job = job.map(|job| format!("{namespace}/{}", job.as_str()));
        }
    }

    /// A node without a kubelet has no such folder.
    fn read(&mut self, node: &Node) {
        for folder in node.names(LOGS).unwrap_or_default() {
            let mut parts = folder.splitn(3, '_');
            if let (Some(namespace), Some(name), Some(uid)) =
                (parts.next(), parts.next(), parts.next())
            {
                let uid = uid.replace('_', "-");
                self.known
                    .insert(uid, (namespace.to_owned(), name.to_owned()));
            }
        }
    }
}

fn uid(path: &str) -> Option<String> {
    let found = UID.captures(path)?.get(1)?;
    Some(found.as_str().replace('_', "-"))
}

/// The lowest component that is a unit with processes of its own.
fn unit(path: &str) -> Option<String> {
    let is_unit = |name: &&str| UNITS.iter().any(|end| name.ends_with(end));
    path.rsplit('/').find(is_unit).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    fn named(path: &str) -> GrowthGroup {
        let fake = FakeNode::new()
            .folder(&format!(
                "{LOGS}/batch_report-28392840-x7k2p_0d6e3cb5-7c1a-4a57-9d0e-3f4f5a6b7c8d"
            ))
            .folder(&format!(
                "{LOGS}/web_shop-6d4cf56db6-abcde_1d6e3cb5-7c1a-4a57-9d0e-3f4f5a6b7c8d"
            ));
        let mut group = GrowthGroup {
            example: path.to_owned(),
            ..GrowthGroup::default()
        };
        Pods::default().name(&fake.node, &mut group);
        group
    }

    #[test]
    fn a_pod_is_known_by_its_uid_in_either_driver_s_spelling() {
        for path in [
            "/kubepods/besteffort/pod0d6e3cb5-7c1a-4a57-9d0e-3f4f5a6b7c8d/abc",
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0d6e3cb5_7c1a_4a57_9d0e_3f4f5a6b7c8d.slice",
        ] {
            let group = named(path);
            assert_eq!(group.pod.as_deref(), Some("batch/report-28392840-x7k2p"));
            assert_eq!(group.cron_job.as_deref(), Some("batch/report"));
        }
        let plain = named("/kubepods/pod1d6e3cb5-7c1a-4a57-9d0e-3f4f5a6b7c8d");
        assert_eq!(plain.pod.as_deref(), Some("web/shop-6d4cf56db6-abcde"));
        assert_eq!(plain.cron_job, None);
    }

    #[test]
    fn a_unit_is_the_lowest_one_with_processes() {
        let of = |path| named(path).unit;
        assert_eq!(
            of("/system.slice/cron.service").as_deref(),
            Some("cron.service")
        );
        assert_eq!(
            of("/system.slice/run-r9f.scope/inner").as_deref(),
            Some("run-r9f.scope")
        );
        assert_eq!(of("/user.slice"), None);
    }
}
