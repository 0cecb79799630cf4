//! Names of C functions, which the kernel's are.

use std::borrow::Cow;

/// Suffixes of GCC and clang for copies and pieces of a function, with whether a number must
/// follow; it always may.
const SUFFIXES: &[(&str, bool)] = &[
    ("isra", true),
    ("constprop", true),
    ("part", true),
    ("cold", false),
    ("llvm", true),
    ("lto_priv", true),
    ("localalias", false),
];

/// Before `sys_` or `compat_sys_`, for the same system call.
const ENTRIES: &[&str] = &[
    "__x64_",
    "__ia32_",
    "__x32_",
    "__arm64_",
    "__riscv_",
    "__s390x_",
    "__s390_",
    "__powerpc_",
    "__se_",
    "__do_",
];

/// Instead of `sys_`, in kernels before 4.17.
const OLD_ENTRIES: &[&str] = &["SyS_", "SYSC_"];

/// The normal form, if this is a C function.
pub(super) fn normalize(name: &str) -> Option<Cow<'_, str>> {
    let mut parts = name.split('.');
    let symbol = parts.next().filter(|symbol| is_identifier(symbol))?;
    are_suffixes(parts).then(|| system_call(symbol))
}

fn are_suffixes<'a>(parts: impl Iterator<Item = &'a str>) -> bool {
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let Some((_, needs_number)) = SUFFIXES.iter().find(|(suffix, _)| *suffix == part) else {
            return false;
        };
        let has_number = parts.next_if(|next| is_number(next)).is_some();
        if *needs_number && !has_number {
            return false;
        }
    }
    true
}

fn system_call(symbol: &str) -> Cow<'_, str> {
    for entry in ENTRIES {
        if let Some(call) = symbol.strip_prefix(entry)
            && (call.starts_with("sys_") || call.starts_with("compat_sys_"))
        {
            return Cow::Borrowed(call);
        }
    }
    match OLD_ENTRIES
        .iter()
        .find_map(|entry| symbol.strip_prefix(entry))
    {
        Some(call) => Cow::Owned(format!("sys_{call}")),
        None => Cow::Borrowed(symbol),
    }
}

fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    !text.is_empty() && !text.as_bytes()[0].is_ascii_digit() && text.bytes().all(allowed)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_dotted_names_are_not_c() {
        for name in [
            "main.main",
            "f.isra",
            "f.func1",
            "f.isra.x",
            "a/b",
            "f g",
            "",
            ".cold",
        ] {
            assert_eq!(normalize(name), None, "{name}");
        }
    }

    #[test]
    fn a_prefix_without_a_system_call_stays() {
        for name in ["__do_page_fault", "__x64_setup", "SyS", "__se_"] {
            assert_eq!(normalize(name).unwrap(), name);
        }
    }
}
