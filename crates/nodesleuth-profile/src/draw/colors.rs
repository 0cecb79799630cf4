//! Which colour a box has.

use crate::draw::module_path::module;
use crate::draw::numbers::share;
use crate::draw::palette::{
    CHANGE, HOT, KERNEL, KERNEL_AMONG_HOT, MODULES, PLAIN, RUNTIME, Rgb, SHADES,
};
use crate::symbols::Symbol;

/// By what boxes are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Colors {
    /// One colour for each Go module, the kernel apart; the same in every picture.
    #[default]
    Package,
    /// Warm colours, the kernel in blue.
    Hot,
    /// Blue for less, red for more than before.
    Diff,
}

/// Colours by name: they depend on nothing but the symbol.
pub(crate) fn of_symbol(colors: Colors, symbol: Symbol<'_>) -> Rgb {
    let shade = (hash(symbol.name) % u64::from(SHADES)) as u8;
    match (colors, symbol.is_kernel) {
        (Colors::Hot, true) => KERNEL_AMONG_HOT.lighter(shade),
        (Colors::Hot, false) => pick(&HOT, symbol.name),
        (_, true) => KERNEL.lighter(shade),
        (_, false) => match module(symbol.name).as_deref() {
            Some("runtime") => RUNTIME.lighter(shade),
            Some(module) => pick(&MODULES, module).lighter(shade),
            None => PLAIN.lighter(shade),
        },
    }
}

/// From what it was to what it is, each as a share of its own whole.
pub(crate) fn of_change(before: f64, after: f64) -> Rgb {
    let larger = before.max(after);
    let change = if larger > 0.0 {
        (after - before) / larger
    } else {
        0.0
    };
    let step = match change.abs() {
        same if same < 0.05 => 0,
        little if little < 0.25 => 1,
        more if more < 0.6 => 2,
        _ => 3,
    };
    let middle = CHANGE.len() / 2;
    CHANGE[if change < 0.0 {
        middle - step
    } else {
        middle + step
    }]
}

/// For values with a sign: which way most of it goes.
pub(crate) fn of_sign(positive: i64, negative: i64) -> Rgb {
    let net = share(
        positive.saturating_sub(negative),
        positive.saturating_add(negative),
    );
    of_change((1.0 - net) / 2.0, f64::midpoint(1.0, net))
}

fn pick(from: &[Rgb], name: &str) -> Rgb {
    // The low bits choose the shade.
    from[((hash(name) >> 8) % from.len() as u64) as usize]
}

/// FNV-1a: the same on every machine and in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str, is_kernel: bool) -> Symbol<'_> {
        Symbol {
            name,
            file: None,
            start_line: None,
            is_kernel,
        }
    }

    #[test]
    fn a_module_keeps_its_colour_and_the_kernel_has_its_own() {
        let shades = |rgb: Rgb| {
            (0..SHADES)
                .map(|shade| rgb.lighter(shade))
                .collect::<Vec<_>>()
        };
        let names = [
            "github.com/google/cadvisor/a.F",
            "github.com/google/cadvisor/b.G",
        ];
        let module = pick(&MODULES, "github.com/google/cadvisor");
        for name in names {
            assert!(shades(module).contains(&of_symbol(Colors::Package, symbol(name, false))));
        }
        let kernel = of_symbol(Colors::Package, symbol("vfs_read", true));
        assert!(shades(KERNEL).contains(&kernel));
        let hot = of_symbol(Colors::Hot, symbol("vfs_read", true));
        assert!(shades(KERNEL_AMONG_HOT).contains(&hot));
    }

    #[test]
    fn more_is_red_less_is_blue_and_the_same_is_grey() {
        assert_eq!(of_change(0.5, 0.5), CHANGE[3]);
        assert_eq!(
            (of_change(0.0, 0.1), of_change(0.1, 0.0)),
            (CHANGE[6], CHANGE[0])
        );
        assert_eq!(
            (of_change(0.09, 0.1), of_change(0.1, 0.05)),
            (CHANGE[4], CHANGE[1])
        );
        assert_eq!(of_change(0.0, 0.0), CHANGE[3]);
    }

    #[test]
    fn signs_are_coloured_like_changes() {
        assert_eq!(
            (of_sign(5, 0), of_sign(0, 5), of_sign(3, 3)),
            (CHANGE[6], CHANGE[0], CHANGE[3])
        );
    }
}
