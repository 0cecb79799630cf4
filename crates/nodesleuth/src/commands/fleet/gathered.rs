//! What has come of the nodes so far. Evidence is let go once it is analysed and saved: only a line
//! and, added up, the stacks are kept.

use crate::bundle;
use crate::commands::flame::Taken;
use crate::failure::Failure;
use crate::new_file::NewFile;
use nodesleuth_analyze::{Catalog, fleet_node};
use nodesleuth_cluster::FleetResult;
use nodesleuth_collect::Collected;
use nodesleuth_model::fleet::{FailedNode, FleetNode};
use nodesleuth_profile::{Limits, MergeError, Merger, SourceLinks, open};
use std::path::{Path, PathBuf};

/// What has come of the nodes so far.
pub(super) struct Gathered<'a> {
    folder: Option<&'a Path>,
    pub(super) nodes: Vec<FleetNode>,
    pub(super) failed: Vec<FailedNode>,
    pub(super) stacks: Stacks,
    /// What could not be saved.
    pub(super) complaints: Vec<Failure>,
}

/// Stacks of hot nodes and of others, added up.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    hot: Sum,
    others: Sum,
}

#[derive(Debug, Default)]
struct Sum {
    merger: Merger,
    count: usize,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(folder: Option<&'a Path>) -> Self {
        Self {
            folder,
            nodes: Vec::new(),
            failed: Vec::new(),
            stacks: Stacks::default(),
            complaints: Vec::new(),
        }
    }

    pub(super) fn done(&self) -> usize {
        self.nodes.len() + self.failed.len()
    }

    /// Takes one node in; returns what to say of it.
    pub(super) fn add(&mut self, looked_at: LookedAt) -> String {
        let node = match looked_at.outcome {
            Ok(node) => node,
            Err(failed) => {
                let line = format!("{}: {}", failed.name, failed.why);
                self.failed.push(failed);
                return line;
            }
        };
        self.complaints.extend(looked_at.complaint);
        if self.folder.is_some()
            && let Err(error) = self.stacks.add(&node, &looked_at.profiles)
        {
            let what = format!("{}: its stacks cannot be added up: {error}", node.name);
            self.complaints
                .push(Failure::usage(what, "they are in its bundle"));
        }
        let line = format!("{}: {}", node.name, node.verdict);
        self.nodes.push(node);
        line
    }
}

/// One node, analysed and saved: what of it is kept.
pub(super) struct LookedAt {
    outcome: Result<FleetNode, FailedNode>,
    /// Its raw profiles, where they will be added up.
    profiles: Vec<(String, Vec<u8>)>,
    /// Why it could not be saved.
    complaint: Option<Failure>,
}

impl LookedAt {
    /// Analyses what came of a node, and saves it where a folder is wanted.
    pub(super) fn of(result: FleetResult, catalog: &Catalog, folder: Option<&Path>) -> Self {
        let FleetResult { name, seen } = result;
        let collected = match seen {
            Ok(seen) => seen.checked(),
            Err(refusal) => {
                let failed = FailedNode {
                    name,
                    why: refusal.to_string(),
                    help: refusal.help().to_owned(),
                };
                return Self {
                    outcome: Err(failed),
                    profiles: Vec::new(),
                    complaint: None,
                };
            }
        };
        let diagnosis = bundle::diagnose(&collected.evidence, &collected.profiles, catalog);
        let node = fleet_node(&name, &collected.evidence, &diagnosis);
        let saved = folder.map(|folder| save(&folder.join(format!("{name}.tar.gz")), &collected));
        Self {
            outcome: Ok(node),
            profiles: folder.map_or_else(Vec::new, |_| collected.profiles),
            complaint: saved.and_then(Result::err),
        }
    }
}

fn save(path: &Path, collected: &Collected) -> Result<(), Failure> {
    bundle::Writer::create(path)?.write(collected)
}

impl Stacks {
    fn add(&mut self, node: &FleetNode, profiles: &[(String, Vec<u8>)]) -> Result<(), MergeError> {
        let sum = match node.is_hot() {
            true => &mut self.hot,
            false => &mut self.others,
        };
        for (_, bytes) in profiles.iter().filter(|(name, _)| is_of_cpu(name)) {
            // What is no profile is told in the node's own report.
            if let Ok(opened) = open(bytes.as_slice(), &Limits::default()) {
                sum.merger.add(&opened.profile)?;
                sum.count += 1;
            }
        }
        Ok(())
    }

    /// Writes both sums, and the picture that compares an average hot node with an average other
    /// one.
    pub(super) fn write(self, folder: &Path) -> Result<(), Failure> {
        let Self { hot, others } = self;
        let (hot, others) = (hot.average()?, others.average()?);
        for (average, name) in [(&hot, "hot.pb.gz"), (&others, "others.pb.gz")] {
            if let Some(profile) = average {
                write(&folder.join(name), profile)?;
            }
        }
        let (Some(hot), Some(others)) = (&hot, &others) else {
            return Ok(());
        };
        let picture: PathBuf = folder.join("hot-against-others.svg");
        let taken = Taken {
            profile: hot,
            name: "an average hot node",
            before: Some((others, "an average other node")),
            links: &SourceLinks::default(),
        };
        taken.write(&picture)
    }
}

/// Goroutines and heap are no CPU time.
fn is_of_cpu(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.starts_with("cpu")
}

impl Sum {
    /// Of so many nodes one.
    fn average(self) -> Result<Option<nodesleuth_profile::Profile>, Failure> {
        if self.count == 0 {
            return Ok(None);
        }
        let mut one = Merger::new();
        let sum = self.merger.finish();
        one.add_scaled(&sum, 1.0 / self.count as f64)
            .map_err(|error| {
                Failure::usage(
                    format!("stacks cannot be averaged: {error}"),
                    "each node's are in its bundle",
                )
            })?;
        Ok(Some(one.finish()))
    }
}

fn write(path: &Path, profile: &nodesleuth_profile::Profile) -> Result<(), Failure> {
    let file = NewFile::create(path).map_err(|error| Failure::file("create", path, error))?;
    file.write_with(|out| nodesleuth_profile::write(profile, out))
        .map_err(|error| Failure::file("write", path, error))
}
