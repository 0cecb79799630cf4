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
    catalog: &'a Catalog,
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
    pub(super) fn new(catalog: &'a Catalog, folder: Option<&'a Path>) -> Self {
        Self {
            catalog,
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
    pub(super) fn add(&mut self, result: FleetResult) -> String {
        let FleetResult { name, collected } = result;
        let collected = match collected {
            Ok(collected) => collected,
            Err(refusal) => {
                let line = format!("{name}: {refusal}");
                self.failed.push(FailedNode {
                    name,
                    why: refusal.to_string(),
                    help: refusal.help().to_owned(),
                });
                return line;
            }
        };
        let diagnosis = bundle::diagnose(&collected.evidence, &collected.profiles, self.catalog);
        let node = fleet_node(&name, &collected.evidence, &diagnosis);
        if let Some(folder) = self.folder {
            self.save(&folder.join(format!("{name}.tar.gz")), &collected);
            let added = self.stacks.add(&node, &collected);
            if let Err(error) = added {
                let what = format!("{name}: its stacks cannot be added up: {error}");
                self.complaints
                    .push(Failure::usage(what, "they are in its bundle"));
            }
        }
        let line = format!("{name}: {}", diagnosis.verdict);
        self.nodes.push(node);
        line
    }

    fn save(&mut self, path: &Path, collected: &Collected) {
        let saved = bundle::Writer::create(path).and_then(|writer| writer.write(collected));
        self.complaints.extend(saved.err());
    }
}

impl Stacks {
    fn add(&mut self, node: &FleetNode, collected: &Collected) -> Result<(), MergeError> {
        let sum = match node.is_hot() {
            true => &mut self.hot,
            false => &mut self.others,
        };
        for (_, bytes) in &collected.profiles {
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
