//! Names of bits and of values, and how they are printed.

use std::fmt::Write as _;

/// Named values of one kind of argument.
#[derive(Debug)]
pub(super) struct Set {
    /// What stands for a value that has no name: `O_???`.
    pub(super) unknown: &'static str,
    /// Bits of the value that hold one number, and the names of its values.
    pub(super) field: Field,
    /// Names of bits, in the order in which they are printed. One that stands for several bits
    /// comes before those that it includes.
    pub(super) bits: &'static [(u64, &'static str)],
}

/// Bits that hold one number.
#[derive(Debug)]
pub(super) struct Field {
    /// Which bits.
    pub(super) mask: u64,
    /// The names of values.
    pub(super) names: &'static [(u64, &'static str)],
}

impl Set {
    /// Values of which one holds.
    pub(super) const fn choice(
        unknown: &'static str,
        names: &'static [(u64, &'static str)],
    ) -> Self {
        let mask = u32::MAX as u64;
        Self::mixed(unknown, mask, names, &[])
    }

    /// Bits of which any may be set.
    pub(super) const fn flags(unknown: &'static str, bits: &'static [(u64, &'static str)]) -> Self {
        Self::mixed(unknown, 0, &[], bits)
    }

    /// A number in some bits, and bits that may be set beside it.
    pub(super) const fn mixed(
        unknown: &'static str,
        mask: u64,
        names: &'static [(u64, &'static str)],
        bits: &'static [(u64, &'static str)],
    ) -> Self {
        Self {
            unknown,
            field: Field { mask, names },
            bits,
        }
    }

    /// The name of one value.
    pub(super) fn name(&self, value: u64) -> Option<&'static str> {
        let named = |names: &[(u64, &'static str)]| {
            let found = names.iter().find(|(known, _)| *known == value);
            found.map(|(_, name)| *name)
        };
        named(self.field.names).or_else(|| named(self.bits))
    }

    /// `F_GETFL`, or `0x4d /* F_??? */`.
    pub(super) fn write_choice(&self, value: u64, out: &mut String) {
        match self.name(value) {
            Some(name) => out.push_str(name),
            None => self.write_unknown(value, out),
        }
    }

    /// `O_RDWR|O_CLOEXEC`, `O_RDWR|0x40000000`, `0`, or `0x4d /* O_??? */`.
    pub(super) fn write_flags(&self, value: u64, out: &mut String) {
        let from = out.len();
        let mut rest = self.write_field(value, out);
        for (bits, name) in self.bits {
            if rest & bits == *bits {
                separate(from, out);
                out.push_str(name);
                rest &= !bits;
            }
        }
        match (rest, out.len() > from) {
            (0, true) => {}
            (0, false) => out.push('0'),
            (rest, true) => {
                let _ = write!(out, "|{rest:#x}");
            }
            (rest, false) => self.write_unknown(rest, out),
        }
    }

    /// Prints the field's value if it has a name, and returns what is left of the value.
    fn write_field(&self, value: u64, out: &mut String) -> u64 {
        let number = value & self.field.mask;
        let found = self.field.names.iter().find(|(known, _)| *known == number);
        match found {
            Some((_, name)) => {
                out.push_str(name);
                value & !self.field.mask
            }
            None => value,
        }
    }

    fn write_unknown(&self, value: u64, out: &mut String) {
        let _ = match self.unknown {
            "" => write!(out, "{value:#x}"),
            unknown => write!(out, "{value:#x} /* {unknown} */"),
        };
    }
}

fn separate(from: usize, out: &mut String) {
    if out.len() > from {
        out.push('|');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: Set = Set::mixed(
        "O_???",
        3,
        &[(0, "O_RDONLY"), (1, "O_WRONLY"), (2, "O_RDWR")],
        &[(0x30, "O_BOTH"), (0x10, "O_ONE"), (0x20, "O_TWO")],
    );
    const FLAGS: Set = Set::flags("F_???", &[(1, "F_ONE")]);

    fn flags(set: &Set, value: u64) -> String {
        let mut out = String::new();
        set.write_flags(value, &mut out);
        out
    }

    #[test]
    fn a_field_comes_first_and_a_name_for_several_bits_hides_theirs() {
        assert_eq!(flags(&MIXED, 0), "O_RDONLY");
        assert_eq!(flags(&MIXED, 0x32), "O_RDWR|O_BOTH");
        assert_eq!(flags(&MIXED, 0x21), "O_WRONLY|O_TWO");
    }

    #[test]
    fn bits_without_a_name_are_never_lost() {
        assert_eq!(flags(&MIXED, 0x43), "0x43 /* O_??? */");
        assert_eq!(flags(&MIXED, 0x12 | 1 << 40), "O_RDWR|O_ONE|0x10000000000");
        assert_eq!(flags(&FLAGS, 0), "0");
        assert_eq!(flags(&FLAGS, 8), "0x8 /* F_??? */");
        let mut out = String::new();
        FLAGS.write_choice(8, &mut out);
        assert_eq!(out, "0x8 /* F_??? */");
    }
}
