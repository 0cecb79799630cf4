//! What a function is counted with when colours mean packages: its module, more or less.

use crate::draw::module;
use crate::html::kind::Kind;
use crate::names::FrameName;
use crate::source_link::is_standard;
use crate::symbols::Symbol;

/// These have colours of their own in `page/colours.js`.
const KERNEL: &str = "kernel";
const CALLS: &str = "system calls";
const RUNTIME: &str = "Go runtime";
const STANDARD: &str = "Go standard library";
const NATIVE: &str = "native code";

/// The group of a function.
pub(super) fn group(symbol: Symbol<'_>, kind: Kind) -> String {
    match kind {
        Kind::Kernel => KERNEL.to_owned(),
        Kind::Call => CALLS.to_owned(),
        Kind::User => of_user_code(symbol),
    }
}

fn of_user_code(symbol: Symbol<'_>) -> String {
    let name = FrameName::new(symbol.name);
    let Some(go) = name.go() else {
        return native(name.as_str(), symbol.file);
    };
    let is_runtime = go.package == "runtime"
        || go.package.starts_with("runtime/internal/")
        || go.package.starts_with("internal/runtime/");
    match go.package {
        _ if is_runtime => RUNTIME.to_owned(),
        package if is_standard(package) => STANDARD.to_owned(),
        package => module(symbol.name).unwrap_or_else(|| package.to_owned()),
    }
}

/// Not Go, or one of Go's assembly functions, which have no package in their name.
fn native(name: &str, file: Option<&str>) -> String {
    let of_runtime = |file: &str| file.contains("/src/runtime/") || file.contains("/bytealg/");
    if file.is_some_and(of_runtime) {
        return RUNTIME.to_owned();
    }
    // The mapped file stands for a function without a name.
    let is_file = name.starts_with('[') || name == "<unknown>";
    match module(name) {
        Some(space) => space,
        None if is_file => name.to_owned(),
        None => NATIVE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol<'a>(name: &'a str, file: Option<&'a str>) -> Symbol<'a> {
        Symbol {
            name,
            file,
            start_line: None,
            is_kernel: false,
        }
    }

    #[test]
    fn functions_are_grouped_by_module() {
        let cases = [
            ("runtime.mallocgc", RUNTIME),
            ("runtime/internal/atomic.Load", RUNTIME),
            ("internal/runtime/maps.(*Map).Get", RUNTIME),
            ("runtime/pprof.StartCPUProfile", STANDARD),
            ("os.(*File).Read", STANDARD),
            ("net/http.(*Server).Serve", STANDARD),
            ("main.main", "main"),
            (
                "k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager.(*manager).Start",
                "github.com/google/cadvisor",
            ),
            (
                "golang.org/x/net/http2.(*Framer).ReadFrame",
                "golang.org/x/net",
            ),
            ("std::vector<int>::push_back", "std"),
            ("[libc.so.6]", "[libc.so.6]"),
            ("<unknown>", "<unknown>"),
            ("malloc", NATIVE),
        ];
        for (name, expected) in cases {
            assert_eq!(group(symbol(name, None), Kind::User), expected, "{name}");
            assert_eq!(group(symbol(name, None), Kind::Kernel), KERNEL);
        }
    }

    #[test]
    fn assembly_of_go_is_its_runtime() {
        let file = Some("/usr/local/go/src/runtime/asm_amd64.s");
        assert_eq!(group(symbol("aeshashbody", file), Kind::User), RUNTIME);
    }
}
