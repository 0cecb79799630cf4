//! Which system calls are wanted: names and groups, in strace's notation.

use nodesleuth_trace::Arch;
use nodesleuth_trace::decode::{class, classes};
use std::collections::BTreeSet;

/// Numbers of system calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers(pub(super) BTreeSet<u16>);

/// `futex,openat`, `%file`, `!%memory,futex`, `trace=read` as numbers.
pub(super) fn numbers(text: &str) -> Result<Numbers, String> {
    let arch = Arch::native().ok_or("system calls of this architecture are not known")?;
    numbers_of(arch, text)
}

fn numbers_of(arch: Arch, text: &str) -> Result<Numbers, String> {
    let text = text.strip_prefix("trace=").unwrap_or(text);
    let (without, list) = match text.strip_prefix('!') {
        Some(list) => (true, list),
        None => (false, text),
    };
    let mut named = BTreeSet::new();
    for part in list.split(',') {
        named.extend(members(arch, part.trim())?);
    }
    let all = arch.names().keys().copied();
    let wanted: BTreeSet<u16> = match without {
        true => all.filter(|number| !named.contains(number)).collect(),
        false => named,
    };
    match wanted.is_empty() {
        true => Err("that leaves no system call".to_owned()),
        false => Ok(Numbers(wanted)),
    }
}

fn members(arch: Arch, part: &str) -> Result<BTreeSet<u16>, String> {
    if let Some(name) = part.strip_prefix('%') {
        return class(arch, name).ok_or_else(|| {
            let known: Vec<String> = classes().map(|name| format!("%{name}")).collect();
            format!("there is no group {part:?}; there are {}", known.join(", "))
        });
    }
    if part == "all" {
        return Ok(arch.names().keys().copied().collect());
    }
    match arch.number(part) {
        Some(number) => Ok(BTreeSet::from([number])),
        None if other(arch).number(part).is_some() => Err(format!(
            "this machine's architecture has no system call {part:?}"
        )),
        None => Err(format!(
            "there is no system call {part:?}; write names such as futex,openat, groups such as \
             %file, or !futex for all but one"
        )),
    }
}

fn other(arch: Arch) -> Arch {
    match arch {
        Arch::X86_64 => Arch::Aarch64,
        Arch::Aarch64 => Arch::X86_64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Result<BTreeSet<u16>, String> {
        numbers_of(Arch::X86_64, text).map(|numbers| numbers.0)
    }

    fn number(name: &str) -> u16 {
        Arch::X86_64.number(name).unwrap()
    }

    #[test]
    fn names_and_groups_become_numbers() {
        let two = BTreeSet::from([number("futex"), number("openat")]);
        assert_eq!(wanted("futex, openat"), Ok(two.clone()));
        assert_eq!(wanted("trace=futex,openat"), Ok(two));
        let files = wanted("%file,futex").unwrap();
        assert!(files.contains(&number("openat")) && files.contains(&number("futex")));
        assert!(!files.contains(&number("read")));
    }

    #[test]
    fn an_exclamation_mark_leaves_everything_behind_it_out() {
        let rest = wanted("!futex,%file").unwrap();
        assert!(!rest.contains(&number("futex")) && !rest.contains(&number("openat")));
        assert!(rest.contains(&number("read")));
        assert!(wanted("!all").unwrap_err().contains("leaves no"));
    }

    #[test]
    fn a_wrong_name_is_named() {
        assert!(wanted("futex,fotex").unwrap_err().contains("\"fotex\""));
        assert!(wanted("%fule").unwrap_err().contains("%file, %desc"));
        assert!(wanted("").is_err() && wanted("futex,").is_err());
        let missing = numbers_of(Arch::Aarch64, "open").unwrap_err();
        assert!(
            missing.contains("architecture has no system call"),
            "{missing}"
        );
    }
}
