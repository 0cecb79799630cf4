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
    /// By module the samples whose stack holds an address of it without a name.
    pub unresolved: BTreeMap<Rc<str>, u64>,
}
