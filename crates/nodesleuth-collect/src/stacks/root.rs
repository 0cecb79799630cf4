//! Where stacks begin: the functions that no other calls.

use nodesleuth_parse::symbolize::{Frame, FrameKind};

/// How a stack may go on behind a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rootness {
    /// Somebody has called it.
    Inner,
    /// A stack may end here, or lead on to that of who moved over to this one.
    MayBegin,
    /// Nobody has called it: a thread begins with it, and what the walk finds behind is chance.
    Begins,
}

/// Of Go, below `runtime.`: where goroutines and threads begin.
const GO_BEGINS: &[&str] = &["goexit", "rt0_go", "mstart", "clone"];
/// Where the code that they run moves to another stack.
const GO_MAY_BEGIN: &[&str] = &[
    "main",
    "mstart0",
    "mstart1",
    "mcall",
    "systemstack",
    "systemstack_switch",
    "morestack",
    "asmcgocall",
    "cgocallback",
    "sigtramp",
    "sigreturn",
    "sigreturn__sigaction",
];

/// Where programs and threads of any language begin.
const C_BEGINS: &[&str] = &[
    "_start",
    "clone",
    "__clone",
    "clone3",
    "__clone3",
    "_dl_start_user",
    "_rt0_amd64_linux",
    "_rt0_arm64_linux",
];
/// What those call first, in glibc and in musl.
const C_MAY_BEGIN: &[&str] = &[
    "main",
    "_start_c",
    "__libc_start_main",
    "__libc_start_main_impl",
    "__libc_start_call_main",
    "libc_start_main_stage2",
    "start_thread",
    "start",
    "_dl_start",
    "crosscall2",
    "_rt0_amd64",
];

/// Whether a stack may begin with this call.
pub(super) fn rootness(frame: &Frame) -> Rootness {
    let name = frame.function.as_str();
    let name = name.strip_suffix(".abi0").unwrap_or(name);
    let (begins, may_begin, name) = match (frame.kind, name.strip_prefix("runtime.")) {
        // cgo's assembly has symbols only.
        (FrameKind::Go | FrameKind::C, Some(name)) => (GO_BEGINS, GO_MAY_BEGIN, name),
        (FrameKind::Go | FrameKind::C, None) => (C_BEGINS, C_MAY_BEGIN, name),
        (FrameKind::Kernel | FrameKind::Unknown, _) => return Rootness::Inner,
    };
    match (begins.contains(&name), may_begin.contains(&name)) {
        (true, _) => Rootness::Begins,
        (false, true) => Rootness::MayBegin,
        (false, false) => Rootness::Inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(function: &str, kind: FrameKind) -> Rootness {
        rootness(&Frame {
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
            assert_eq!(root(name, FrameKind::Go), Rootness::Begins, "{name}");
        }
        assert_eq!(root("_start", FrameKind::C), Rootness::Begins);
        for (name, kind) in [
            ("runtime.systemstack.abi0", FrameKind::Go),
            ("start_thread", FrameKind::C),
            ("main", FrameKind::C),
        ] {
            assert_eq!(root(name, kind), Rootness::MayBegin, "{name}");
        }
    }

    #[test]
    fn any_other_function_is_called_by_somebody() {
        for (name, kind) in [
            ("runtime.memmove", FrameKind::Go),
            ("main.main", FrameKind::Go),
            ("memcpy", FrameKind::C),
            ("main", FrameKind::Unknown),
            ("start_thread", FrameKind::Kernel),
        ] {
            assert_eq!(root(name, kind), Rootness::Inner, "{name}");
        }
    }
}
