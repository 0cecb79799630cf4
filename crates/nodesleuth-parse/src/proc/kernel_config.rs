//! A kernel's build configuration: `CONFIG_NAME=value` lines of `/boot/config-*` and
//! `/proc/config.gz`.

use crate::number::from_text;

/// `CONFIG_HZ`: timer ticks a second.
#[must_use]
pub fn hz(text: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("CONFIG_HZ="))?;
    from_text(value.trim_end()).filter(|hz| *hz > 0)
}

#[cfg(test)]
mod tests {
    use super::hz;

    #[test]
    fn the_number_is_told_apart_from_its_choices() {
        let text = "# CONFIG_HZ_100 is not set\nCONFIG_HZ_250=y\nCONFIG_HZ=250\n";
        assert_eq!(hz(text), Some(250));
        assert_eq!(hz("CONFIG_HZ_250=y\n"), None);
        assert_eq!(hz("CONFIG_HZ=0\n"), None);
    }
}
