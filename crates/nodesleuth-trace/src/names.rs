//! Names of system calls and errors. The numbers are data: `data/syscalls_ARCH.txt`, made from the
//! kernel's `asm/unistd_64.h` and `asm-generic/unistd.h`, and `data/errors.txt`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A processor architecture whose system calls have names here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

impl Arch {
    /// The architecture that this program was built for.
    pub const fn native() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Aarch64)
        } else {
            None
        }
    }

    /// The name of a system call.
    pub fn name(self, number: u16) -> Option<&'static str> {
        self.names().get(&number).copied()
    }

    /// The number of a system call; `None` when this architecture has none of that name.
    pub fn number(self, name: &str) -> Option<u16> {
        let mut all = self.names().iter();
        all.find(|(_, known)| **known == name)
            .map(|(number, _)| *number)
    }

    /// All system calls, by number.
    pub fn names(self) -> &'static BTreeMap<u16, &'static str> {
        static X86_64: OnceLock<BTreeMap<u16, &str>> = OnceLock::new();
        static AARCH64: OnceLock<BTreeMap<u16, &str>> = OnceLock::new();
        match self {
            Self::X86_64 => {
                X86_64.get_or_init(|| table(include_str!("../data/syscalls_x86_64.txt")))
            }
            Self::Aarch64 => {
                AARCH64.get_or_init(|| table(include_str!("../data/syscalls_aarch64.txt")))
            }
        }
    }
}

/// The name of an error: `ETIMEDOUT` for 110. Also of the kernel's own ones for calls that it
/// begins again after a signal, which programs never see.
pub fn error_name(error: u16) -> Option<&'static str> {
    static NAMES: OnceLock<BTreeMap<u16, &str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| table(include_str!("../data/errors.txt")));
    names.get(&error).copied()
}

fn table(text: &'static str) -> BTreeMap<u16, &'static str> {
    let entry = |line: &'static str| {
        let (number, name) = line.split_once(' ')?;
        Some((number.parse().ok()?, name))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        for (arch, lines) in [
            (Arch::X86_64, include_str!("../data/syscalls_x86_64.txt")),
            (Arch::Aarch64, include_str!("../data/syscalls_aarch64.txt")),
        ] {
            assert_eq!(arch.names().len(), lines.lines().count());
        }
        assert_eq!(table(include_str!("../data/errors.txt")).len(), 138);
    }

    #[test]
    fn numbers_differ_by_architecture_and_errors_do_not() {
        assert_eq!(Arch::X86_64.number("futex"), Some(202));
        assert_eq!(Arch::Aarch64.number("futex"), Some(98));
        assert_eq!(Arch::Aarch64.number("open"), None);
        assert_eq!(Arch::X86_64.name(257), Some("openat"));
        assert_eq!(error_name(110), Some("ETIMEDOUT"));
        assert_eq!(error_name(512), Some("ERESTARTSYS"));
        assert_eq!(error_name(4000), None);
    }
}
