//! The pod as it is asked for: privileged, short-lived, known as ours, and no burden to the node.

use super::{AnswerBy, PodRun};
use serde_json::{Value, json};

/// Its only container.
pub(super) const CONTAINER: &str = "agent";
/// Where an image has the binary (`deploy/image`).
const BINARY: &str = "/nodesleuth";
/// The hidden command.
const COMMAND: &str = "__pod-agent";
/// What finds all pods of ours.
pub(super) const SELECTOR: &str = "app.kubernetes.io/managed-by=nodesleuth";
pub(super) const OWNER: &str = "nodesleuth.io/owner";
/// What the agent may use: less would disturb the measurement, more the node.
const CPU_LIMIT: &str = "1";
const MEMORY_LIMIT: &str = "512Mi";

/// What an exec stream runs.
pub(super) fn exec_command(run: &PodRun) -> Vec<String> {
    command("collect", run)
}

fn command(what: &str, run: &PodRun) -> Vec<String> {
    let words = [BINARY, COMMAND, what].map(str::to_owned);
    words.into_iter().chain(run.options.words.clone()).collect()
}

/// The object. Each line is there for a reason:
/// - `nodeName`: no scheduler, so a cordoned or full node is no obstacle; `tolerations`: nor is a tainted one.
/// - `privileged` and `hostPID`: the agent enters the mount namespace of a process of the host, and
///   so reads cgroups, tracefs, BTF and binaries where a local run does; no hostPath volume is needed.
/// - `hostNetwork`: a sick node may be unable to give a pod a network; none is used.
/// - no service-account token, no environment of services: it talks to nobody.
/// - requests of 0 reserve nothing, limits bound what it can take.
/// - `activeDeadlineSeconds` ends it even if everybody forgets it, `restartPolicy` keeps it ended.
pub(super) fn object(run: &PodRun) -> Value {
    let options = &run.options;
    let command = match options.by {
        // The work itself is begun by an exec stream, whose end ends it.
        AnswerBy::Exec => {
            let seconds = run.deadline_seconds().to_string();
            [BINARY, COMMAND, "wait", &seconds]
                .map(str::to_owned)
                .to_vec()
        }
        AnswerBy::Logs => command("log", run),
    };
    let mut spec = json!({
        "nodeName": run.node,
        "hostPID": true,
        "hostNetwork": true,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "activeDeadlineSeconds": run.deadline_seconds(),
        "tolerations": [{ "operator": "Exists" }],
        "containers": [{
            "name": CONTAINER,
            "image": options.image,
            "imagePullPolicy": "IfNotPresent",
            "command": command,
            "securityContext": { "privileged": true, "runAsUser": 0 },
            "resources": {
                "requests": { "cpu": "0", "memory": "0" },
                "limits": { "cpu": CPU_LIMIT, "memory": MEMORY_LIMIT },
            },
        }],
    });
    if let Some(secret) = &options.pull_secret {
        spec["imagePullSecrets"] = json!([{ "name": secret }]);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": run.name,
            "namespace": run.namespace,
            "labels": {
                "app.kubernetes.io/name": "nodesleuth",
                "app.kubernetes.io/managed-by": "nodesleuth",
                OWNER: label_value(&options.owner),
            },
        },
        "spec": spec,
    })
}

/// Labels hold at most 63 letters, digits, `-`, `_` and `.`, and letters or digits at both ends.
fn label_value(text: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
        true => c,
        false => '-',
    };
    let value: String = text.chars().map(plain).take(63).collect();
    value.trim_matches(['-', '_', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::tests::run;

    #[test]
    fn the_pod_is_bounded_and_has_no_token() {
        let run = run(AnswerBy::Exec);
        let pod = object(&run);
        let spec = &pod["spec"];
        assert_eq!(spec["nodeName"], "node-a");
        assert_eq!(spec["automountServiceAccountToken"], false);
        assert_eq!(spec["restartPolicy"], "Never");
        // Time to start, to work, and a minute.
        assert_eq!(spec["activeDeadlineSeconds"], 120 + 20 + 60);
        let container = &spec["containers"][0];
        assert_eq!(container["resources"]["requests"]["cpu"], "0");
        assert_eq!(container["resources"]["limits"]["memory"], "512Mi");
        assert_eq!(
            container["command"],
            json!(["/nodesleuth", "__pod-agent", "wait", "200"])
        );
        assert!(spec.get("imagePullSecrets").is_none() && spec.get("volumes").is_none());
        assert_eq!(pod["metadata"]["labels"][OWNER], "host.example-17");
        assert!(
            SELECTOR.ends_with(
                pod["metadata"]["labels"]["app.kubernetes.io/managed-by"]
                    .as_str()
                    .unwrap()
            )
        );
    }

    #[test]
    fn where_exec_is_forbidden_the_first_process_does_the_work() {
        let mut run = run(AnswerBy::Logs);
        run.options.pull_secret = Some("registry".to_owned());
        let spec = &object(&run)["spec"];
        assert_eq!(
            spec["containers"][0]["command"],
            json!(["/nodesleuth", "__pod-agent", "log", "--window", "15s"])
        );
        assert_eq!(spec["imagePullSecrets"], json!([{ "name": "registry" }]));
    }

    #[test]
    fn an_owner_becomes_a_label() {
        assert_eq!(label_value("Büro PC:1"), "B-ro-PC-1");
        assert_eq!(label_value(&"x".repeat(100)).len(), 63);
        assert_eq!(label_value("--.a.--"), "a");
    }
}
