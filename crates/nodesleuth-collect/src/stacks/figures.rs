//! How good the stacks of a profile are.

use std::collections::BTreeMap;
use std::rc::Rc;

/// How many samples there are, and of what kind. Samples are those on a CPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackFigures {
    /// All.
    pub samples: u64,
    /// Their time.
    pub on_cpu_ns: u64,
    /// Of it with the kernel on top.
    pub kernel_ns: u64,
    /// Samples whose stack begins with a function at which stacks begin: `runtime.goexit`, `main`,
    /// the kernel's for a kernel thread.
    pub rooted: u64,
    /// Samples whose stack ends before such a function, in code without frame pointers for example.
    pub broken: u64,
    /// Samples with stacks deeper than the kernel walks.
    pub truncated: u64,
    /// Samples of processes with code whose own stack could not be read.
    pub no_user_stack: u64,
    /// Time off a CPU, where it was asked for.
    pub off_cpu_ns: u64,
    /// How often a thread waited.
    pub off_cpu_count: u64,
    /// Samples whose stack holds an address without a name, by where that is and why.
    pub unresolved: BTreeMap<Unnamed, u64>,
}

/// Code without names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unnamed {
    /// The mapped file, or `[anonymous]` and the like.
    pub module: Rc<str>,
    /// Why there are none.
    pub why: Rc<str>,
}
