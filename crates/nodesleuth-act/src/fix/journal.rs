//! What a fix is about to do, on disk before it does it, so that one that was interrupted is told
//! at the next start.

use super::Step;
use crate::ActError;
use crate::identity::Identity;
use crate::name::BootTag;
use nodesleuth_collect::Node;
use nodesleuth_model::{Pid, Ticks};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the state of remedies is, as the node names it.
pub const FOLDER: &str = "/var/lib/nodesleuth";
const FILE: &str = "fix.json";
/// A record is small; more is not ours.
const MAX_BYTES: u64 = 64 << 20;

/// One fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Id of the plan.
    pub plan: String,
    /// When it began, nanoseconds since the Unix epoch.
    pub began_unix_nanos: u64,
    /// In which boot.
    boot: String,
    /// By whom.
    pid: u32,
    start_ticks: u64,
    /// What it was to do.
    pub steps: Vec<Step>,
    /// How many of the steps are done.
    pub done: usize,
    /// Whether the next one had begun.
    pub begun: bool,
}

impl Record {
    /// The step that had begun and not ended.
    #[must_use]
    pub fn unfinished(&self) -> Option<&Step> {
        self.begun.then(|| self.steps.get(self.done)).flatten()
    }
}

/// What the journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No fix was interrupted.
    Nothing,
    /// One is at work.
    AtWork(Record),
    /// One was interrupted.
    Interrupted(Record),
    /// A file that is not a record.
    Unreadable(String),
}

/// A journal that belongs to us until it is closed or we die.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    record: Record,
}

/// What an earlier fix left in this folder (a path of the node).
///
/// # Errors
/// When it cannot be read, or `/proc` does not say which boot this is.
pub fn look(node: &Node, folder: &str) -> Result<Found, ActError> {
    let path = node.path(folder).join(FILE);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        other => other.map_err(ActError::read(&path))?,
    };
    if text.len() as u64 > MAX_BYTES {
        return Ok(Found::Unreadable("it is larger than any record".to_owned()));
    }
    let record: Record = match serde_json::from_slice(&text) {
        Ok(record) => record,
        Err(error) => return Ok(Found::Unreadable(error.to_string())),
    };
    let owner = Identity {
        pid: Pid(record.pid),
        start: Ticks(record.start_ticks),
    };
    let same_boot = record.boot == BootTag::current(node)?.to_string();
    // The live /proc also when a test's node is elsewhere: processes are this machine's.
    Ok(if same_boot && owner.is_alive(&Node::live()) {
        Found::AtWork(record)
    } else {
        Found::Interrupted(record)
    })
}

/// Forgets what an interrupted fix left; says whether there was something. The record of a fix at
/// work stays.
///
/// # Errors
/// As [`look`], and when it cannot be removed.
pub fn forget(node: &Node, folder: &str) -> Result<bool, ActError> {
    if matches!(look(node, folder)?, Found::Nothing | Found::AtWork(_)) {
        return Ok(false);
    }
    let path = node.path(folder).join(FILE);
    fs::remove_file(&path).map_err(ActError::remove(&path))?;
    Ok(true)
}

impl Journal {
    /// Writes down what is to be done; what an interrupted fix left is replaced.
    ///
    /// # Errors
    /// When another fix is at work, or it cannot be written.
    pub fn open(
        node: &Node,
        folder: &str,
        (plan, steps): (&str, &[Step]),
        began_unix_nanos: u64,
    ) -> Result<Self, ActError> {
        if let Found::AtWork(record) = look(node, folder)? {
            return Err(ActError::FixAtWork {
                plan: record.plan,
                pid: Pid(record.pid),
            });
        }
        let me = Identity::of(&Node::live(), Pid(std::process::id()))
            .map_err(|error| ActError::read(error.path)(error.source))?;
        let place = node.path(folder);
        make_folder(&place).map_err(ActError::make(&place))?;
        let journal = Self {
            path: place.join(FILE),
            record: Record {
                plan: plan.to_owned(),
                began_unix_nanos,
                boot: BootTag::current(node)?.to_string(),
                pid: std::process::id(),
                start_ticks: me.map_or(0, |me| me.start.0),
                steps: steps.to_vec(),
                done: 0,
                begun: false,
            },
        };
        journal.write()?;
        Ok(journal)
    }

    /// A step begins.
    ///
    /// # Errors
    /// When it cannot be written; then the step must not be done.
    pub fn begin(&mut self, step: usize) -> Result<(), ActError> {
        self.record.done = step;
        self.record.begun = true;
        self.write()
    }

    /// The step that had begun has ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&mut self) -> Result<(), ActError> {
        self.record.done += 1;
        self.record.begun = false;
        self.write()
    }

    /// All is done and told.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub fn close(self) -> Result<(), ActError> {
        fs::remove_file(&self.path).map_err(ActError::remove(&self.path))
    }

    /// A new file under another name, on disk before it takes the old one's place.
    fn write(&self) -> Result<(), ActError> {
        let written = || -> io::Result<()> {
            let partial = self
                .path
                .with_extension(format!("{}.tmp", std::process::id()));
            match fs::remove_file(&partial) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&partial)?;
            file.write_all(&serde_json::to_vec(&self.record)?)?;
            file.sync_all()?;
            fs::rename(&partial, &self.path)?;
            let folder = self.path.parent().unwrap_or(Path::new("/"));
            File::open(folder)?.sync_all()
        };
        written().map_err(ActError::make(&self.path))
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::fake_node;

    const STEPS: [Step; 2] = [Step::DropCaches { what: 1 }, Step::DropCaches { what: 2 }];

    fn open(node: &Node) -> Result<Journal, ActError> {
        Journal::open(node, FOLDER, ("drop-all", &STEPS), 7)
    }

    #[test]
    fn a_fix_at_work_keeps_another_one_out_and_a_closed_one_leaves_nothing() {
        let (_folder, node) = fake_node();
        let mut journal = open(&node).unwrap();
        journal.begin(0).unwrap();
        assert!(matches!(look(&node, FOLDER).unwrap(), Found::AtWork(_)));
        let refused = open(&node).unwrap_err().to_string();
        assert!(refused.contains("drop-all"), "{refused}");
        assert!(!forget(&node, FOLDER).unwrap());
        journal.end().unwrap();
        journal.close().unwrap();
        assert_eq!(look(&node, FOLDER).unwrap(), Found::Nothing);
    }

    #[test]
    fn what_a_dead_owner_left_is_told_with_the_step_that_had_begun() {
        let (_folder, node) = fake_node();
        let mut journal = open(&node).unwrap();
        journal.begin(0).unwrap();
        journal.end().unwrap();
        journal.begin(1).unwrap();
        journal.record.start_ticks += 1;
        journal.write().unwrap();
        let Found::Interrupted(record) = look(&node, FOLDER).unwrap() else {
            panic!("not interrupted");
        };
        assert_eq!(record.unfinished(), Some(&Step::DropCaches { what: 2 }));
        assert_eq!((record.done, record.began_unix_nanos), (1, 7));
        assert!(forget(&node, FOLDER).unwrap());
        assert_eq!(look(&node, FOLDER).unwrap(), Found::Nothing);
    }

    #[test]
    fn a_record_of_another_boot_is_of_nobody() {
        let (_folder, node) = fake_node();
        let mut journal = open(&node).unwrap();
        journal.record.boot = "00000000".to_owned();
        journal.write().unwrap();
        assert!(matches!(
            look(&node, FOLDER).unwrap(),
            Found::Interrupted(_)
        ));
        open(&node).unwrap();
    }

    #[test]
    fn rubbish_is_told_and_can_be_forgotten() {
        let (_folder, node) = fake_node();
        let place = node.path(FOLDER);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(FILE), "{\"plan\":").unwrap();
        assert!(matches!(look(&node, FOLDER).unwrap(), Found::Unreadable(_)));
        assert!(forget(&node, FOLDER).unwrap());
    }

    #[test]
    fn without_a_place_for_it_nothing_is_begun() {
        let (_folder, node) = fake_node();
        fs::create_dir_all(node.path("/var/lib")).unwrap();
        fs::write(node.path(FOLDER), "a file").unwrap();
        assert!(open(&node).is_err());
    }
}
