//! The colours themselves, all light enough for black text.

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Rgb {
    pub(crate) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Mixed with white; `step` 0 leaves it as it is.
    pub(crate) fn lighter(self, step: u8) -> Self {
        let mix = |c: u8| c + ((u16::from(255 - c) * u16::from(step) * 22) / 100) as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }
}

/// How many shades of a colour tell functions of one module apart.
pub(crate) const SHADES: u8 = 3;

/// Colours for modules: Paul Tol's "light" scheme, made to be told apart by everybody, without
/// its yellow (Go's runtime), orange (kernel) and grey (unknown).
pub(crate) const MODULES: [Rgb; 6] = [
    Rgb(0x77, 0xaa, 0xdd),
    Rgb(0x99, 0xdd, 0xff),
    Rgb(0x44, 0xbb, 0x99),
    Rgb(0xbb, 0xcc, 0x33),
    Rgb(0xbb, 0xbb, 0x55),
    Rgb(0xff, 0xaa, 0xbb),
];

/// Go's runtime: in every profile, and most often asked for.
pub(crate) const RUNTIME: Rgb = Rgb(0xee, 0xdd, 0x88);

/// Functions of which no module is known.
pub(crate) const PLAIN: Rgb = Rgb(0xcc, 0xcc, 0xcc);

/// The kernel.
pub(crate) const KERNEL: Rgb = Rgb(0xee, 0x88, 0x66);

/// The kernel among warm colours.
pub(crate) const KERNEL_AMONG_HOT: Rgb = Rgb(0x8f, 0xb4, 0xd9);

/// The warm colours that flame graphs have had from the beginning.
pub(crate) const HOT: [Rgb; 6] = [
    Rgb(0xff, 0xd9, 0x5c),
    Rgb(0xff, 0xc2, 0x4b),
    Rgb(0xfd, 0xa9, 0x44),
    Rgb(0xf7, 0x90, 0x45),
    Rgb(0xef, 0x79, 0x4a),
    Rgb(0xe6, 0x68, 0x4f),
];

/// From less to more: blue, grey, red.
pub(crate) const CHANGE: [Rgb; 7] = [
    Rgb(0x43, 0x93, 0xc3),
    Rgb(0x92, 0xc5, 0xde),
    Rgb(0xd1, 0xe5, 0xf0),
    Rgb(0xe8, 0xe8, 0xe8),
    Rgb(0xfd, 0xdb, 0xc7),
    Rgb(0xf4, 0xa5, 0x82),
    Rgb(0xd6, 0x60, 0x4d),
];

/// The whole picture's box.
pub(crate) const ALL: Rgb = Rgb(0xdd, 0xdd, 0xdd);

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG defines it.
    fn luminance(Rgb(r, g, b): Rgb) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn black_text_can_be_read_on_every_colour() {
        let single = [PLAIN, RUNTIME, KERNEL, KERNEL_AMONG_HOT, ALL];
        for rgb in [&MODULES[..], &HOT, &CHANGE, &single].concat() {
            let contrast = (luminance(rgb) + 0.05) / 0.05;
            assert!(contrast >= 4.5, "{} has {contrast}", rgb.hex());
        }
    }

    #[test]
    fn shades_go_towards_white() {
        assert_eq!(KERNEL.lighter(0), KERNEL);
        assert_eq!(KERNEL.lighter(1).hex(), "#f1a287");
    }
}
