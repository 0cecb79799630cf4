//! Where a function runs: in user code, in the kernel, or at the border between them.

use crate::names::FrameName;
use crate::stack_rows::StackRows;
use crate::symbols::Symbol;

/// As `page/colours.js` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User = 0,
    Kernel = 1,
    /// User code whose own time is the kernel's: a system call of Go's runtime.
    Call = 2,
}

/// By which a program of the kernel is entered. Anything called from there is the kernel too.
const ENTRIES: &[&str] = &[
    "entry_SYSCALL_64",
    "entry_SYSENTER",
    "entry_INT80",
    "do_syscall_64",
    "system_call_fastpath",
    "asm_exc_",
    "asm_sysvec_",
    "asm_common_interrupt",
    "el0_svc",
    "el0t_64_",
    "ret_from_fork",
    "__x64_sys_",
    "__ia32_sys_",
    "__arm64_sys_",
];

/// Functions of Go that are one system call, or jump to it.
const CALLS: &[&str] = &[
    "syscall.Syscall",
    "syscall.Syscall6",
    "syscall.RawSyscall",
    "syscall.RawSyscall6",
    "syscall.rawSyscallNoError",
    "syscall.rawVforkSyscall",
    "runtime/internal/syscall.Syscall6",
    "internal/runtime/syscall.Syscall6",
    "internal/runtime/syscall/linux.Syscall6",
    "golang.org/x/sys/unix.Syscall",
    "golang.org/x/sys/unix.Syscall6",
    "golang.org/x/sys/unix.RawSyscall",
    "golang.org/x/sys/unix.RawSyscall6",
    "runtime.clone",
    "runtime.epollctl",
    "runtime.epollwait",
    "runtime.futex",
    "runtime.madvise",
    "runtime.mincore",
    "runtime.nanosleep",
    "runtime.osyield",
    "runtime.read",
    "runtime.rtsigprocmask",
    "runtime.setitimer",
    "runtime.sigaltstack",
    "runtime.sysMmap",
    "runtime.sysMunmap",
    "runtime.tgkill",
    "runtime.timer_settime",
    "runtime.usleep",
    "runtime.write1",
];

/// The kind of each symbol. One without a mark of its own is the kernel's if it only occurs below
/// an entry of the kernel: folded text often has no marks.
pub(super) fn kinds(rows: &StackRows) -> Vec<Kind> {
    let entries: Vec<bool> = each(rows, |symbol| is_entry(symbol.name));
    let (mut inside, mut outside) = (vec![false; entries.len()], vec![false; entries.len()]);
    for row in rows.stacks() {
        let mut entered = false;
        for symbol in row.symbols() {
            entered |= entries[symbol.index()];
            let seen = if entered { &mut inside } else { &mut outside };
            seen[symbol.index()] = true;
        }
    }
    let only_inside = inside
        .iter()
        .zip(outside)
        .map(|(inside, outside)| *inside && !outside);
    let kind = |(symbol, below): (Symbol<'_>, bool)| kind_of(symbol, below);
    symbols(rows).zip(only_inside).map(kind).collect()
}

fn kind_of(symbol: Symbol<'_>, below_entry: bool) -> Kind {
    let name = FrameName::new(symbol.name);
    if symbol.is_kernel || (below_entry && name.go().is_none()) {
        Kind::Kernel
    } else if CALLS.contains(&name.as_str()) {
        Kind::Call
    } else {
        Kind::User
    }
}

fn is_entry(name: &str) -> bool {
    ENTRIES.iter().any(|entry| name.starts_with(entry))
}

fn each<T>(rows: &StackRows, of: impl Fn(Symbol<'_>) -> T) -> Vec<T> {
    symbols(rows).map(of).collect()
}

fn symbols(rows: &StackRows) -> impl Iterator<Item = Symbol<'_>> {
    rows.symbol_ids().map(|id| rows.symbol(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::profile::Profile;

    fn kinds_of(stacks: &[&[&'static str]]) -> Vec<(String, Kind)> {
        let stacks = stacks.iter().map(|stack| (stack.iter().copied(), 1));
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut rows = StackRows::builder(1);
        rows.add(&profile, |stack, values| values[0] = stack.values()[0]);
        let rows = rows.finish();
        let names = symbols(&rows).map(|symbol| symbol.name.to_owned());
        names.zip(kinds(&rows)).collect()
    }

    #[test]
    fn what_the_kernels_entry_calls_is_the_kernel() {
        let found = kinds_of(&[
            &[
                "main.main",
                "syscall.Syscall",
                "entry_SYSCALL_64_after_hwframe",
                "vfs_read",
                "memcpy",
            ],
            &["main.main", "memcpy"],
            &["main.main", "runtime.futex.abi0"],
            &["worker", "shrink_slab_[k]"],
        ]);
        let of = |name: &str| found.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind);
        assert_eq!(of("vfs_read"), Some(Kind::Kernel));
        assert_eq!(of("entry_SYSCALL_64_after_hwframe"), Some(Kind::Kernel));
        assert_eq!(of("shrink_slab_[k]"), Some(Kind::Kernel));
        // Also run by user code.
        assert_eq!(of("memcpy"), Some(Kind::User));
        assert_eq!(of("syscall.Syscall"), Some(Kind::Call));
        assert_eq!(of("runtime.futex.abi0"), Some(Kind::Call));
        assert_eq!(of("main.main"), Some(Kind::User));
    }
}
