//! Names of Go functions: `path/to/package.(*Receiver).Function.func1`.

use std::borrow::Cow;

/// The parts of a Go function's name.
///
/// Go does not mark value receivers, so `pkg.T.Method` is told from a closure `pkg.f.func1` by
/// the closure's name only. When a closure was inlined into another function, newer compilers
/// print `pkg.outer.inner.func1`, which looks like a method of `outer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoName<'a> {
    /// Import path, for example `k8s.io/kubernetes/pkg/kubelet`.
    pub package: &'a str,
    /// The type it is a method of.
    pub receiver: Option<GoReceiver<'a>>,
    /// The function or method, with closures: `GetStats`, `Run.func1.2`, `init.0`, `Get-fm`.
    pub function: &'a str,
}

/// The type a method belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoReceiver<'a> {
    /// Its name, without type arguments.
    pub name: &'a str,
    /// Whether it is `(*T)`.
    pub is_pointer: bool,
}

impl<'a> GoName<'a> {
    /// Splits a normal form whose package path has the given length.
    pub(super) fn split(name: &'a str, package_length: usize) -> Option<Self> {
        let (package, rest) = name.split_at_checked(package_length)?;
        let rest = rest.strip_prefix('.')?;
        let (receiver, function) = split_receiver(rest);
        Some(Self {
            package,
            receiver,
            function,
        })
    }
}

fn split_receiver(rest: &str) -> (Option<GoReceiver<'_>>, &str) {
    if let Some((name, function)) = rest.strip_prefix("(*").and_then(|r| r.split_once(").")) {
        return (
            Some(GoReceiver {
                name,
                is_pointer: true,
            }),
            function,
        );
    }
    match rest.split_once('.') {
        Some((name, function)) if !is_closure(function) => (
            Some(GoReceiver {
                name,
                is_pointer: false,
            }),
            function,
        ),
        _ => (None, rest),
    }
}

/// `func1`, `func1.2`, `gowrap1`, `deferwrap2`, `0` as in `init.0`, `.func1` as in `glob..func1`.
fn is_closure(function: &str) -> bool {
    let first = function.split(['.', '-']).next().unwrap_or_default();
    let kinds = ["func", "gowrap", "deferwrap"];
    let number = kinds
        .iter()
        .find_map(|kind| first.strip_prefix(kind))
        .unwrap_or(first);
    number.bytes().all(|b| b.is_ascii_digit())
}

/// The normal form and the length of its package path, if this looks like a Go function.
pub(super) fn normalize(name: &str) -> Option<(Cow<'_, str>, usize)> {
    let text = without_type_arguments(name);
    let text = match text
        .strip_suffix(".abi0")
        .or(text.strip_suffix(".abiinternal"))
    {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => text,
    };
    let package = package_length(&text)?;
    let path = &text[..package];
    let start = path.rfind("/vendor/").map(|at| at + "/vendor/".len());
    let start = start
        .or(path.starts_with("vendor/").then_some("vendor/".len()))
        .unwrap_or(0);
    if !path.contains('%') {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
            Cow::Owned(text) => Cow::Owned(text[start..].to_owned()),
        };
        return Some((text, package - start));
    }
    let path = unescape(&path[start..]);
    Some((
        Cow::Owned(format!("{path}{}", &text[package..])),
        path.len(),
    ))
}

/// Up to the first dot after the last slash.
fn package_length(name: &str) -> Option<usize> {
    let element = name.rfind('/').map_or(0, |slash| slash + 1);
    let length = element + name[element..].find('.')?;
    let is_path = |c: char| c.is_alphanumeric() || "_-./~%+@".contains(c);
    let plausible = length > element
        && length + 1 < name.len()
        && name[..length].chars().all(is_path)
        && !name.contains([' ', ';', '"']);
    plausible.then_some(length)
}

/// Removes `[...]` and `[go.shape.int]` after an identifier. Unbalanced brackets stay.
fn without_type_arguments(name: &str) -> Cow<'_, str> {
    let mut rest = name;
    let mut kept = String::new();
    while let Some(open) = rest.find('[') {
        let (before, bracket) = rest.split_at(open);
        let after_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        match closing(bracket) {
            Some(close) if after_word && close > 1 => {
                kept.push_str(before);
                rest = &bracket[close + 1..];
            }
            _ => return Cow::Borrowed(name),
        }
    }
    match kept.is_empty() {
        true => Cow::Borrowed(name),
        false => Cow::Owned(kept + rest),
    }
}

/// Where the bracket that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// `%2e` is a dot. What is no escape, or would give invalid text, stays.
fn unescape(path: &str) -> String {
    let bytes = path.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::FrameName;

    /// Raw name, package, receiver (with `*` for a pointer), function.
    const CASES: &[(&str, &str, &str, &str)] = &[
        ("runtime.main", "runtime", "", "main"),
        (
            "k8s.io/kubernetes/pkg/kubelet.(*Kubelet).Run",
            "k8s.io/kubernetes/pkg/kubelet",
            "*Kubelet",
            "Run",
        ),
        (
            "a.io/vendor/b.io/c.(*T[...]).M.func1.2",
            "b.io/c",
            "*T",
            "M.func1.2",
        ),
        (
            "gopkg.in/yaml%2ev3.(*parser).parse",
            "gopkg.in/yaml.v3",
            "*parser",
            "parse",
        ),
        (
            "gopkg.in/yaml%2ev3.Unmarshal",
            "gopkg.in/yaml.v3",
            "",
            "Unmarshal",
        ),
        ("time.Time.String", "time", "Time", "String"),
        ("time.Time.String-fm", "time", "Time", "String-fm"),
        ("main.f.func1", "main", "", "f.func1"),
        ("main.f.func1-range1", "main", "", "f.func1-range1"),
        ("main.f.gowrap2", "main", "", "f.gowrap2"),
        ("main.init.0", "main", "", "init.0"),
        ("main.glob..func1", "main", "", "glob..func1"),
        ("syscall.RawSyscall6.abi0", "syscall", "", "RawSyscall6"),
    ];

    #[test]
    fn names_are_split_into_their_parts() {
        for (raw, package, receiver, function) in CASES {
            let name = FrameName::new(raw);
            let go = name.go().unwrap_or_else(|| panic!("{raw} is Go"));
            let found = go.receiver.map(|r| (r.is_pointer, r.name));
            let expected = match receiver.strip_prefix('*') {
                Some(name) => Some((true, name)),
                None => Some((false, *receiver)).filter(|_| !receiver.is_empty()),
            };
            assert_eq!(
                (go.package, found, go.function),
                (*package, expected, *function),
                "{raw}"
            );
        }
    }

    #[test]
    fn other_names_have_no_parts() {
        for raw in [
            "vfs_read",
            "f.isra.0",
            "std::sort",
            "[vdso]",
            "a b.c",
            ".x",
            "x.",
            "a/b",
        ] {
            assert_eq!(FrameName::new(raw).go(), None, "{raw}");
        }
    }

    #[test]
    fn brackets_that_are_no_type_arguments_stay() {
        for name in ["m.F[", "m.F]", "m.F[[]", "m.[x]", "m.F[]"] {
            assert_eq!(without_type_arguments(name), name);
        }
    }
}
