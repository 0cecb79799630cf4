//! Where stacks begin: the functions that no other calls.

use nodesleuth_parse::symbolize::{Frame, FrameKind};

/// Of Go, below `runtime.`: where goroutines and threads begin, and where the code that they run
/// moves to another stack, which is as far as frame pointers lead.
const GO: &[&str] = &[
    "goexit",
    "main",
    "rt0_go",
    "mstart",
    "mstart0",
    "mstart1",
    "mcall",
    "systemstack",
    "systemstack_switch",
    "morestack",
    "asmcgocall",
    "cgocallback",
    "clone",
    "sigtramp",
    "sigreturn",
    "sigreturn__sigaction",
];

/// Of other languages: entries of programs and of threads, in glibc and in musl.
const C: &[&str] = &[
    "main",
    "_start",
    "_start_c",
    "__libc_start_main",
    "__libc_start_main_impl",
    "__libc_start_call_main",
    "libc_start_main_stage2",
    "start_thread",
    "start",
    "clone",
    "__clone",
    "clone3",
    "__clone3",
    "_dl_start_user",
    "_dl_start",
    "crosscall2",
    "_rt0_amd64",
    "_rt0_amd64_linux",
    "_rt0_arm64_linux",
];

/// Whether a stack may begin with this call.
pub(super) fn is_root(frame: &Frame) -> bool {
    let name = frame.function.as_str();
    let name = name.strip_suffix(".abi0").unwrap_or(name);
    let of_go = name
        .strip_prefix("runtime.")
        .is_some_and(|name| GO.contains(&name));
    match frame.kind {
        FrameKind::Go => of_go || C.contains(&name) || name == "main.main",
        // cgo's assembly has symbols only.
        FrameKind::C => of_go || C.contains(&name),
        FrameKind::Kernel | FrameKind::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(function: &str, kind: FrameKind) -> bool {
        is_root(&Frame {
            function: function.to_owned(),
            file: None,
            line: None,
            inlined: false,
            module: String::new(),
            kind,
        })
    }

    #[test]
    fn stacks_begin_where_threads_do() {
        for name in ["runtime.goexit", "runtime.goexit.abi0", "runtime.mstart"] {
            assert!(root(name, FrameKind::Go), "{name}");
        }
        assert!(root("start_thread", FrameKind::C));
        assert!(root("main", FrameKind::C));
    }

    #[test]
    fn any_other_function_is_called_by_somebody() {
        assert!(!root("runtime.memmove", FrameKind::Go));
        assert!(!root("main.work", FrameKind::Go));
        assert!(!root("memcpy", FrameKind::C));
        assert!(!root("main", FrameKind::Unknown));
        assert!(!root("start_thread", FrameKind::Kernel));
    }
}
