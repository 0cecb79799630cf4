//! What a function is counted with when colours mean packages: its module, more or less.

use std::borrow::Cow;

use crate::html::kind::Kind;
use crate::names::FrameName;
use crate::source_link::is_standard;
use crate::symbols::Symbol;

/// These have colours of their own in `page/colours.js`.
const KERNEL: &str = "kernel";
const RUNTIME: &str = "runtime";
const STANDARD: &str = "Go standard library";

/// Hosts whose import paths have a repository in the third part.
const HOSTS_WITH_OWNERS: &[&str] = &["github.com", "gitlab.com", "bitbucket.org", "golang.org"];

/// The group of a function.
pub(super) fn group(symbol: Symbol<'_>, kind: Kind) -> String {
    if kind == Kind::Kernel {
        return KERNEL.to_owned();
    }
    let name = FrameName::new(symbol.name);
    match name.go() {
        Some(go) => module(go.package).into_owned(),
        None => native(&name, symbol.file),
    }
}

fn module(package: &str) -> Cow<'_, str> {
    let first = package.split('/').next().unwrap_or(package);
    if first == "runtime" || package.starts_with("internal/runtime/") {
        return RUNTIME.into();
    }
    if is_standard(package) {
        return STANDARD.into();
    }
    let parts = match first {
        first if HOSTS_WITH_OWNERS.contains(&first) => 3,
        first if first.contains('.') => 2,
        _ => 1,
    };
    let ends = package.match_indices('/').map(|(at, _)| at);
    let end = ends.chain([package.len()]).nth(parts - 1);
    package[..end.unwrap_or(package.len())].into()
}

/// Not Go, or one of Go's assembly functions, which have no package in their name.
fn native(name: &FrameName<'_>, file: Option<&str>) -> String {
    let text = name.as_str();
    if file
        .is_some_and(|file| file.contains("/src/runtime/") || file.contains("/internal/bytealg/"))
    {
        return RUNTIME.to_owned();
    }
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    match text.split_once("::") {
        Some((space, _)) if !space.is_empty() && space.chars().all(plain) => space.to_owned(),
        None if text.starts_with('[') || text.starts_with('<') => text.to_owned(),
        _ => "native code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_grouped_by_module() {
        let cases = [
            ("runtime.mallocgc", "runtime"),
            ("runtime/internal/atomic.Load", "runtime"),
            ("internal/runtime/syscall.Syscall6", "runtime"),
            ("os.(*File).Read", "Go standard library"),
            ("net/http.(*Server).Serve", "Go standard library"),
            ("main.main", "main"),
            (
                "k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager.(*manager).Start",
                "github.com/google/cadvisor",
            ),
            (
                "k8s.io/kubernetes/pkg/kubelet.(*Kubelet).Run",
                "k8s.io/kubernetes",
            ),
            (
                "golang.org/x/net/http2.(*Framer).ReadFrame",
                "golang.org/x/net",
            ),
            ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"),
            ("github.com/beorn7/perks.F", "github.com/beorn7/perks"),
            ("std::vector<int>::push_back", "std"),
            ("<T as Foo>::bar", "native code"),
            ("[libc.so.6]", "[libc.so.6]"),
            ("<unknown>", "<unknown>"),
            ("malloc", "native code"),
        ];
        for (name, expected) in cases {
            let symbol = Symbol {
                name,
                file: None,
                start_line: None,
                is_kernel: false,
            };
            assert_eq!(group(symbol, Kind::User), expected, "{name}");
            assert_eq!(group(symbol, Kind::Kernel), "kernel");
        }
    }

    #[test]
    fn assembly_of_go_is_its_runtime() {
        let symbol = Symbol {
            name: "aeshashbody",
            file: Some("/usr/local/go/src/runtime/asm_amd64.s"),
            start_line: None,
            is_kernel: false,
        };
        assert_eq!(group(symbol, Kind::User), "runtime");
    }
}
