//! What a path in a binary says: which module at which version, and the file in it.

use crate::source_link::GO;
use crate::source_link::version::{self, Release};
use std::collections::BTreeMap;

/// Modules whose folder `vendor` is part of their repository.
const WITH_VENDOR: &[&str] = &[
    "k8s.io/kubernetes",
    "github.com/containerd/containerd",
    "github.com/opencontainers/runc",
];

/// Folders directly in the standard library's `src`.
const STANDARD: &[&str] = &[
    "archive",
    "arena",
    "bufio",
    "bytes",
    "cmd",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
    "vendor",
    "weak",
];

/// Whether an import path belongs to Go's standard library.
pub(crate) fn is_standard(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    path != "vendor" && STANDARD.binary_search(&first).is_ok()
}

/// A file in a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Import path, or [`GO`].
    pub(super) module: String,
    pub(super) release: Release,
    /// From the module's root; for Go from `src`.
    pub(super) file: String,
}

type Versions = BTreeMap<String, Release>;

impl Place {
    pub(super) fn of(path: &str, versions: &Versions) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let odd = |part: &str| matches!(part, "" | "." | "..") || part.contains(char::is_control);
        let is_made = path.rsplit('/').next()?.starts_with("_cgo_");
        if is_made || parts.any(odd) {
            return None;
        }
        // A path names its module one way only: where one holds, the others are not tried.
        if path.contains('@') {
            return in_module_cache(path);
        }
        if let Some(file) = in_go_root(path) {
            return Some(Self {
                module: GO.to_owned(),
                release: version_of_root(path).or_else(|| versions.get(GO).cloned())?,
                file: file.to_owned(),
            });
        }
        match path.rsplit_once("/vendor/") {
            Some((outside, inside)) => vendored(outside, inside, versions),
            None => named(path, versions),
        }
    }
}

/// `…/pkg/mod/MODULE@VERSION/FILE`, or the same from its module on (`-trimpath`).
fn in_module_cache(path: &str) -> Option<Place> {
    let inside = path.rsplit_once("/pkg/mod/").map(|(_, rest)| rest);
    let inside = inside.or((!path.starts_with('/')).then_some(path))?;
    let (module, rest) = inside.split_once('@')?;
    let (version, file) = rest.split_once('/')?;
    let module = unescape(module)?;
    if module == "golang.org/toolchain" {
        return toolchain(version, file);
    }
    Some(Place {
        release: version::of_module(&module, version)?,
        module,
        file: file.to_owned(),
    })
}

/// `v0.0.1-go1.22.4.linux-amd64`: Go as a module.
fn toolchain(version: &str, file: &str) -> Option<Place> {
    let number = version.strip_prefix("v0.0.1-go")?;
    let (number, _) = number.rsplit_once('.')?;
    Some(Place {
        module: GO.to_owned(),
        release: version::go(number)?,
        file: file.strip_prefix("src/")?.to_owned(),
    })
}

/// The module cache writes capitals as `!` and the small letter.
fn unescape(module: &str) -> Option<String> {
    let mut name = String::with_capacity(module.len());
    let mut letters = module.chars();
    while let Some(letter) = letters.next() {
        name.push(match letter {
            '!' => letters
                .next()
                .filter(char::is_ascii_lowercase)?
                .to_ascii_uppercase(),
            letter => letter,
        });
    }
    Some(name)
}

/// A file of the standard library, from `src` on: below a folder that is Go's, or from its package
/// on (`-trimpath`).
fn in_go_root(path: &str) -> Option<&str> {
    if !path.starts_with('/') && is_standard(path) && path.contains('/') {
        return Some(path);
    }
    let (root, file) = path.split_once("/src/")?;
    let folder = root.rsplit('/').next()?;
    let is_root = folder == "libexec" || folder == "x64" || folder == "arm64" || is_go(folder);
    (is_root && file.contains('/') && is_standard(file)).then_some(file)
}

/// `go`, `go1.21.3`, `go-1.19`.
fn is_go(folder: &str) -> bool {
    let Some(number) = folder.strip_prefix("go") else {
        return false;
    };
    let number = number.strip_prefix('-').unwrap_or(number);
    number
        .split('.')
        .all(|part| part.is_empty() || version::is_number(part))
}

/// The release a Go root is named by, where that is all of it: `/usr/lib/go-1.19` of Debian may be
/// any 1.19.
fn version_of_root(path: &str) -> Option<Release> {
    let (root, _) = path.split_once("/src/")?;
    let parts: Vec<&str> = root.split('/').collect();
    let number = match parts.as_slice() {
        // Of golang.org/dl.
        [.., "sdk", folder] => folder.strip_prefix("go")?,
        [.., "Cellar", "go", number, "libexec"] => number.split('_').next()?,
        // Of GitHub's runners.
        [.., "hostedtoolcache", "go", number, _] => number,
        [.., folder] => folder
            .strip_prefix("go")
            .filter(|n| n.split('.').count() == 3)?,
        [] => return None,
    };
    version::go(number)
}

/// A file in the folder `vendor` of a known module, else of a module whose own version is known.
fn vendored(outside: &str, inside: &str, versions: &Versions) -> Option<Place> {
    let around = WITH_VENDOR
        .iter()
        .find(|module| ends_with_path(outside, module));
    let known = around.and_then(|module| Some((module, versions.get(*module)?)));
    match known {
        Some((module, release)) => Some(Place {
            module: (*module).to_owned(),
            release: release.clone(),
            file: format!("vendor/{inside}"),
        }),
        None => named(inside, versions).filter(|place| inside.starts_with(&place.module)),
    }
}

fn ends_with_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// A file below a module that the user named: the last place where the path says so, and the
/// longest such module.
fn named(path: &str, versions: &Versions) -> Option<Place> {
    let modules = versions.iter().filter(|(module, _)| *module != GO);
    let found = modules.filter_map(|(module, release)| {
        let at = path.rfind(&format!("{module}/"))?;
        let whole = at == 0 || path[..at].ends_with('/');
        whole.then_some((at, module, release))
    });
    let (at, module, release) = found.max_by_key(|(at, module, _)| (*at, module.len()))?;
    Some(Place {
        module: module.clone(),
        release: release.clone(),
        file: path[at + module.len() + 1..].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_library_is_sorted_and_told_from_other_paths() {
        assert!(STANDARD.is_sorted());
        assert!(is_standard("runtime") && is_standard("net/http"));
        assert!(!is_standard("github.com/x") && !is_standard("main") && !is_standard(""));
    }
}
