//! What code each process had mapped, from its memory map and from what the kernel tells.

use super::code::{Code, Identity, Image};
use super::exec_file::ExecFile;
use super::open_code::OpenCode;
use crate::Node;
use nodesleuth_parse::proc::maps;
use nodesleuth_trace::stacks::TaskEvent;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A process's id, and how often it had become another program.
pub(super) type ImageId = (u32, u32);
/// Ancestors of a process that are named.
const MOST_ANCESTORS: usize = 16;

/// A program that a process ran.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    /// Name of the process.
    pub(super) name: String,
    /// Who started it, if that happened while we watched.
    pub(super) parent: Option<ImageId>,
    /// Shared with those that were forked from it.
    image: Rc<Image>,
    /// When its memory map was read, CLOCK_MONOTONIC; `None`: it is only known from events.
    read_ns: Option<u64>,
}

/// All processes that were seen.
#[derive(Debug)]
pub(super) struct Processes<'n> {
    node: &'n Node,
    open: OpenCode<'n>,
    programs: HashMap<ImageId, Program>,
    latest: HashMap<u32, u32>,
}

impl<'n> Processes<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        Self {
            node,
            open: OpenCode::new(node),
            programs: HashMap::new(),
            latest: HashMap::new(),
        }
    }

    pub(super) fn node(&self) -> &'n Node {
        self.node
    }

    /// Reads the memory map of a process and opens what it has mapped.
    pub(super) fn read(&mut self, pid: u32, now_ns: u64) {
        let exec = self.latest.get(&pid).copied().unwrap_or(0);
        let Ok(text) = self.node.text(&format!("/proc/{pid}/maps")) else {
            return;
        };
        let name = self.node.text(&format!("/proc/{pid}/comm"));
        let program = self.programs.entry((pid, exec)).or_default();
        if let Ok(name) = name {
            name.trim_end_matches('\n').clone_into(&mut program.name);
        }
        program.read_ns = Some(now_ns);
        let code = maps::parse(&text).unwrap_or_default();
        for code in code.into_iter().filter_map(Code::of_mapping) {
            self.add((pid, exec), code);
        }
    }

    /// Reads those that run.
    pub(super) fn read_all(&mut self, now_ns: u64) {
        let names = self.node.names("/proc").unwrap_or_default();
        for pid in names.iter().filter_map(|name| name.parse().ok()) {
            self.read(pid, now_ns);
        }
    }

    /// Reads a process again, for libraries that it has mapped since. Does nothing if it has become
    /// another program meanwhile, of which nobody told.
    pub(super) fn read_again(&mut self, pid: u32) {
        let exec = self.latest.get(&pid).copied().unwrap_or(0);
        let Some(program) = self.programs.get(&(pid, exec)) else {
            return;
        };
        let Some(first) = program.image.code.first().cloned() else {
            return;
        };
        let Ok(text) = self.node.text(&format!("/proc/{pid}/maps")) else {
            return;
        };
        let now = maps::parse(&text).unwrap_or_default();
        let code: Vec<Code> = now.into_iter().filter_map(Code::of_mapping).collect();
        let is_same_program = Image { code: code.clone() }.has(&first);
        if is_same_program {
            code.into_iter()
                .for_each(|code| self.add((pid, exec), code));
        }
    }

    /// Takes what happened since the last time. What was mapped is opened at once: the process may
    /// be short-lived.
    pub(super) fn follow(&mut self, events: &[TaskEvent]) {
        for event in events {
            match event {
                TaskEvent::Started {
                    tgid, exec, parent, ..
                } => self.started(*tgid, *exec, *parent),
                TaskEvent::Exec {
                    time_ns,
                    tgid,
                    exec,
                    comm,
                } => self.became(*tgid, *exec, comm, *time_ns),
                TaskEvent::Mapped {
                    tgid,
                    exec,
                    addresses,
                    offset,
                    file,
                    path,
                    ..
                } => self.add(
                    (*tgid, *exec),
                    Code::of_event(addresses, *offset, file, path),
                ),
                TaskEvent::Exited { .. } => {}
            }
        }
    }

    /// A fork has the code of its parent.
    fn started(&mut self, tgid: u32, exec: u32, parent: u32) {
        let parent = (parent, self.latest.get(&parent).copied().unwrap_or(0));
        let of_parent = self.programs.get(&parent).cloned().unwrap_or_default();
        let program = Program {
            parent: Some(parent),
            read_ns: None,
            ..of_parent
        };
        self.latest.insert(tgid, exec);
        self.programs.insert((tgid, exec), program);
    }

    fn became(&mut self, tgid: u32, exec: u32, name: &str, time_ns: u64) {
        let before = (tgid, self.latest.get(&tgid).copied().unwrap_or(0));
        let old = self.programs.get(&before);
        let parent = old.and_then(|program| program.parent);
        // The map that was read as that of the program before was already that of this one.
        let read_late =
            old.is_some_and(|program| program.read_ns.is_some_and(|read| read > time_ns));
        let mut program = match read_late {
            true => self.programs.remove(&before).unwrap_or_default(),
            false => Program::default(),
        };
        name.clone_into(&mut program.name);
        program.parent = parent;
        self.latest.insert(tgid, exec);
        self.programs.insert((tgid, exec), program);
    }

    fn add(&mut self, id: ImageId, mut code: Code) {
        let program = self.programs.entry(id).or_default();
        if program.image.has(&code) {
            return;
        }
        code.file = self.open.hold(id.0, &code);
        Rc::make_mut(&mut program.image).code.push(code);
    }

    pub(super) fn program(&self, id: ImageId) -> Option<&Program> {
        self.programs.get(&id)
    }

    /// The names of a process and of those that started it, the first of them first.
    pub(super) fn line(&self, id: ImageId) -> Vec<&str> {
        let mut line = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next.filter(|_| line.len() < MOST_ANCESTORS) {
            let Some(program) = self.programs.get(&id) else {
                break;
            };
            line.push(program.name.as_str());
            next = program.parent;
        }
        line.reverse();
        line
    }

    /// The file that code is of, if it was opened.
    pub(super) fn file<'s>(&'s self, code: &'s Code) -> Option<&'s Rc<ExecFile>> {
        match code.file.as_ref()? {
            Ok(file) => Some(file),
            Err(_) => self.open.opened_for_another(code),
        }
    }

    /// The opened files of some programs.
    pub(super) fn files_of(&self, of: &BTreeSet<ImageId>) -> impl Iterator<Item = &ExecFile> {
        let programs = of.iter().filter_map(|id| self.programs.get(id));
        let code = programs.flat_map(|program| &program.image.code);
        code.filter_map(|code| Some(&**code.file.as_ref()?.as_ref().ok()?))
    }
}

impl Program {
    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    /// Kernel threads run no code of their own.
    pub(super) fn has_code(&self) -> bool {
        let real = |code: &Code| code.identity != Identity::NoFile;
        self.image.code.iter().any(real)
    }
}
