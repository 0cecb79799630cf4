//! Which system calls are wanted.

use nodesleuth_trace::Arch;

/// Numbers of system calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers(pub(super) Vec<u16>);

/// `futex,openat` as numbers.
pub(super) fn numbers(text: &str) -> Result<Numbers, String> {
    let arch = Arch::native().ok_or("system calls of this architecture are not known")?;
    let number = |name: &str| {
        let known = arch.number(name.trim());
        known.ok_or_else(|| format!("there is no system call {name:?}"))
    };
    text.split(',')
        .map(number)
        .collect::<Result<_, _>>()
        .map(Numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_and_a_wrong_one_is_named() {
        let two = numbers("futex, openat").unwrap();
        assert_eq!(two.0.len(), 2);
        assert!(numbers("futex,fotex").unwrap_err().contains("\"fotex\""));
        assert!(numbers("").is_err());
    }
}
