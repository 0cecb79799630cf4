//! The roles in `deploy/rbac` are enough, and nothing in them is too much: each right taken away in
//! turn is missed, by name.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::asked::Answer;
use crate::lab::cluster::test::pod_image::IMAGE;
use crate::lab::cluster::test::{Judged, Scenario, Trial};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "rights of api mode",
        run: api_mode,
    },
    Scenario {
        name: "rights of pod mode",
        run: pod_mode,
    },
];

/// A file of roles, and what is done with them.
struct Mode {
    roles: &'static str,
    /// Where its roles are valid that are not cluster roles.
    namespace: Option<&'static str>,
    /// Command lines that need all of its rights together.
    uses: Vec<Vec<String>>,
    /// Which of them needs this right.
    use_of: fn(&Right) -> usize,
}

/// Whom the file leaves to be replaced.
const PLACEHOLDER: &str = "SOMEBODY";
const USER: &str = "reader";
const TOKEN: &str = "token-of-reader";
const WINDOW: &str = "2s";
/// Authorizers hear of a changed role a moment later.
const HEARD_LIMIT: Duration = Duration::from_secs(20);

/// One verb on one resource, and where in the file it stands.
#[derive(Debug, Clone)]
struct Right {
    object: usize,
    rule: usize,
    resource: String,
    verb: String,
}

fn api_mode(trial: &Trial<'_>) -> Result<Judged> {
    let label = format!("kubernetes.io/hostname={NODE}");
    let diagnose =
        |which: [&str; 2]| words(&[&["diagnose", "--window", WINDOW], &which[..]].concat());
    trial.try_mode(&Mode {
        roles: "deploy/rbac/api.yaml",
        namespace: None,
        uses: vec![diagnose(["--node", NODE]), diagnose(["--selector", &label])],
        // What needs `list` looks for nodes; everything else needs one node's name.
        use_of: |right| usize::from(right.verb == "list"),
    })
}

fn pod_mode(trial: &Trial<'_>) -> Result<Judged> {
    trial.image.import(trial.cluster)?;
    let namespace = "nodesleuth";
    let by_pod = [
        "diagnose", "--window", WINDOW, "--node", NODE, "--via", "pod",
    ];
    let place = ["--image", IMAGE, "--namespace", namespace];
    let diagnose = [&by_pod[..], &place].concat();
    trial.try_mode(&Mode {
        roles: "deploy/rbac/pod.yaml",
        namespace: Some(namespace),
        uses: vec![
            words(&diagnose),
            words(&[&diagnose[..], &["--via-logs"]].concat()),
            words(&["clean", "--cluster", "--dry-run", "--namespace", namespace]),
        ],
        use_of: |right| match (right.verb.as_str(), right.resource.as_str()) {
            ("list", _) => 2,
            (_, "pods/log") => 1,
            _ => 0,
        },
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn rights(objects: &[Value]) -> Vec<Right> {
    let strings = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    let mut found = Vec::new();
    for (object, content) in objects.iter().enumerate() {
        for (rule, content) in content["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            for resource in strings(&content["resources"]) {
                for verb in strings(&content["verbs"]) {
                    let resource = resource.clone();
                    found.push(Right {
                        object,
                        rule,
                        resource,
                        verb,
                    });
                }
            }
        }
    }
    found
}

/// The same roles with one right less; what else its rule grants stays.
fn without(objects: &[Value], right: &Right) -> Vec<Value> {
    let mut objects = objects.to_vec();
    let Some(rules) = objects[right.object]["rules"].as_array_mut() else {
        return objects;
    };
    let mut alone = rules.remove(right.rule);
    let mut others = alone.clone();
    let differ = |list: &Value, from: &str| -> Value {
        let kept = list
            .as_array()
            .into_iter()
            .flatten()
            .filter(|value| *value != from);
        kept.cloned().collect()
    };
    others["resources"] = differ(&others["resources"], &right.resource);
    alone["resources"] = json!([right.resource]);
    alone["verbs"] = differ(&alone["verbs"], &right.verb);
    let is_left = |rule: &Value| {
        ["resources", "verbs"]
            .iter()
            .all(|name| rule[name].as_array().is_some_and(|list| !list.is_empty()))
    };
    rules.extend([others, alone].into_iter().filter(is_left));
    objects
}

/// Whether a message names this right as missing, and not one whose name only begins so.
fn misses(message: &str, name: &str) -> bool {
    let endings = [":", " here", " is needed"];
    endings
        .iter()
        .any(|ending| message.contains(&format!("{name}{ending}")))
}

impl Trial<'_> {
    fn try_mode(&self, mode: &Mode) -> Result<Judged> {
        let objects = self.roles(mode.roles)?;
        let rights = rights(&objects);
        if rights.is_empty() {
            return Err(Failure::new(
                format!("reading {}", mode.roles),
                "no right in it",
            ));
        }
        let judged = self.try_rights(mode, &objects, &rights);
        self.cluster.patient_kubectl(&[
            "delete",
            "--ignore-not-found",
            "--filename",
            &self.roles_file().display().to_string(),
        ])?;
        judged
    }

    fn try_rights(&self, mode: &Mode, objects: &[Value], rights: &[Right]) -> Result<Judged> {
        let mut judged = Judged {
            said: format!("{} rights", rights.len()),
            ..Judged::default()
        };
        self.apply_roles(objects)?;
        for right in rights {
            self.wait_until_may(mode, right, true)?;
        }
        for words in &mode.uses {
            let answer = self.use_rights(words)?;
            judged.expect(
                answer.code == Some(0) && !answer.stderr.contains("no right to"),
                format!(
                    "all rights are not enough for {}:\n{}",
                    words.join(" "),
                    answer.stderr.trim()
                ),
            );
        }
        for right in rights {
            interrupt::check()?;
            self.apply_roles(&without(objects, right))?;
            self.wait_until_may(mode, right, false)?;
            let answer = self.use_rights(&mode.uses[(mode.use_of)(right)])?;
            let name = format!("{} {}", right.verb, right.resource);
            judged.expect(
                misses(&answer.stderr, &name),
                format!(
                    "without {name:?} nothing misses it:\n{}",
                    answer.stderr.trim()
                ),
            );
        }
        Ok(judged)
    }

    /// The objects of a file, for our user.
    fn roles(&self, file: &str) -> Result<Vec<Value>> {
        let file = self.root.join(file).display().to_string();
        let words = [
            "create",
            "--dry-run=client",
            "--output",
            "json",
            "--filename",
            &file,
        ];
        let text = self.cluster.kubectl(&words)?.replace(PLACEHOLDER, USER);
        let objects = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        objects
            .collect::<std::result::Result<_, _>>()
            .doing(|| format!("reading {file}"))
    }

    fn roles_file(&self) -> PathBuf {
        self.folder.join("roles.json")
    }

    fn apply_roles(&self, objects: &[Value]) -> Result<()> {
        let file = self.roles_file();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        std::fs::write(&file, list.to_string()).doing(|| format!("writing {}", file.display()))?;
        let words = ["apply", "--filename", &file.display().to_string()];
        self.cluster.kubectl(&words).map(drop)
    }

    fn wait_until_may(&self, mode: &Mode, right: &Right, wanted: bool) -> Result<()> {
        let (resource, sub) = right
            .resource
            .split_once('/')
            .unwrap_or((&right.resource, ""));
        let (user, sub) = (format!("--as={USER}"), format!("--subresource={sub}"));
        let place = match mode.namespace {
            Some(namespace) => format!("--namespace={namespace}"),
            None => "--all-namespaces".to_owned(),
        };
        let words = [
            "kubectl",
            "auth",
            "can-i",
            &right.verb,
            resource,
            &sub,
            &user,
            &place,
        ];
        let heard = interrupt::wait_until(HEARD_LIMIT, || {
            let may = self.background(&words)?.wait(HEARD_LIMIT)?.success();
            Ok(may == wanted)
        })?;
        if heard {
            Ok(())
        } else {
            let why = format!(
                "{USER} may still be {}",
                if wanted { "refused" } else { "served" }
            );
            Err(Failure::new(words.join(" "), why))
        }
    }

    fn use_rights(&self, words: &[String]) -> Result<Answer> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.ask_as(TOKEN, &words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> Vec<Value> {
        vec![
            json!({ "rules": [{ "resources": ["nodes", "pods"], "verbs": ["get", "list"] }] }),
            json!({ "subjects": [] }),
        ]
    }

    #[test]
    fn every_verb_on_every_resource_is_a_right() {
        let names: Vec<_> = rights(&roles())
            .iter()
            .map(|right| format!("{} {}", right.verb, right.resource))
            .collect();
        assert_eq!(names, ["get nodes", "list nodes", "get pods", "list pods"]);
    }

    #[test]
    fn a_right_is_missed_only_by_its_whole_name() {
        assert!(misses(
            "note: no right to get nodes: the Node object",
            "get nodes"
        ));
        assert!(misses(
            "error: you may not get nodes/proxy here: all",
            "get nodes/proxy"
        ));
        assert!(misses(
            "help: the right to list nodes is needed for this",
            "list nodes"
        ));
        assert!(!misses(
            "error: you may not get nodes/proxy here: all",
            "get nodes"
        ));
    }

    #[test]
    fn one_right_is_taken_and_all_others_stay() {
        let all = rights(&roles());
        for taken in &all {
            let left = rights(&without(&roles(), taken));
            let has = |right: &Right| {
                left.iter()
                    .any(|other| other.resource == right.resource && other.verb == right.verb)
            };
            assert!(!has(taken), "{taken:?} stayed");
            assert_eq!(left.len(), all.len() - 1, "{left:?}");
        }
    }
}
