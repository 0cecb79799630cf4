//! To which module a function belongs, so that a subsystem has one colour.

use crate::names::{FrameName, GoName};

/// Hosts whose modules are `host/owner/repository`, or `golang.org/x/repository`.
const FORGES: [&str; 4] = ["github.com", "gitlab.com", "bitbucket.org", "golang.org"];

/// The Go module as far as its path tells (`github.com/google/cadvisor`, `k8s.io/client-go`), the
/// first element of a package of Go's own (`net`), the crate or namespace of names with `::`.
/// `None` for names without any, such as C functions.
pub(crate) fn module(name: &str) -> Option<String> {
    let frame = FrameName::new(name);
    match frame.go() {
        Some(GoName { package, .. }) => Some(module_of_package(package).to_owned()),
        None => namespace(frame.as_str()).map(str::to_owned),
    }
}

fn module_of_package(package: &str) -> &str {
    let host = package.split('/').next().unwrap_or(package);
    let elements = match host {
        host if FORGES.contains(&host) => 3,
        host if host.contains('.') => 2,
        _ => 1,
    };
    let end = package.match_indices('/').nth(elements - 1);
    end.map_or(package, |(end, _)| &package[..end])
}

fn namespace(name: &str) -> Option<&str> {
    let (first, _) = name.split_once("::")?;
    let first = first.trim_start_matches(['<', '&', '*']);
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    (!first.is_empty() && first.chars().all(plain)).then_some(first)
}

/// The name without the folders of its package: `kubelet.(*Kubelet).syncLoop`.
pub(crate) fn short_name(name: &str) -> &str {
    // Type arguments, receivers and C++ signatures may hold paths of their own.
    let end = name.find(['(', '[', '<', ' ']).unwrap_or(name.len());
    match name[..end].rfind('/') {
        Some(at) if !name.starts_with('/') => &name[at + 1..],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_one_module_share_it() {
        let cases = [
            (
                "github.com/google/cadvisor/manager.(*containerData).housekeeping",
                Some("github.com/google/cadvisor"),
            ),
            (
                "k8s.io/kubernetes/vendor/k8s.io/client-go/tools/cache.(*Reflector).Run",
                Some("k8s.io/client-go"),
            ),
            (
                "k8s.io/kubernetes/pkg/kubelet.Run",
                Some("k8s.io/kubernetes"),
            ),
            (
                "golang.org/x/net/http2.(*Framer).ReadFrame",
                Some("golang.org/x/net"),
            ),
            ("net/http.(*conn).serve", Some("net")),
            ("runtime.mallocgc", Some("runtime")),
            ("main.main", Some("main")),
            ("std::vector<int>::push_back", Some("std")),
            (
                "<alloc::string::String as core::fmt::Write>::write_str",
                Some("alloc"),
            ),
            ("memcg_stat_show", None),
            ("[libc.so.6]", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(module(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn short_names_keep_the_package() {
        let cases = [
            (
                "k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop",
                "kubelet.(*Kubelet).syncLoop",
            ),
            (
                "slices.Sort[go.shape.[]k8s.io/api.Pod]",
                "slices.Sort[go.shape.[]k8s.io/api.Pod]",
            ),
            ("operator/(a/b)", "(a/b)"),
            ("/usr/bin/kubelet", "/usr/bin/kubelet"),
            ("read", "read"),
        ];
        for (name, expected) in cases {
            assert_eq!(short_name(name), expected);
        }
    }
}
