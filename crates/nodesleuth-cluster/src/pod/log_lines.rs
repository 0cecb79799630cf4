//! A bundle as lines of a container's log, for clusters where exec is forbidden: numbered, so that
//! a lost line is found out, with the sum of all at the end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Crc;

/// Bytes of the bundle in one line: runtimes split lines of 16 KiB and more.
const BYTES_IN_A_LINE: usize = 6_000;
const PIECE: &str = "@bundle ";
const END: &str = "@bundle-end ";

/// The lines that carry a bundle.
pub fn bundle_as_lines(bundle: &[u8]) -> impl Iterator<Item = String> + '_ {
    let pieces = bundle.chunks(BYTES_IN_A_LINE).enumerate();
    let pieces = pieces.map(|(at, piece)| format!("{PIECE}{at} {}", STANDARD.encode(piece)));
    let count = bundle.len().div_ceil(BYTES_IN_A_LINE);
    let end = format!("{END}{count} {} {:08x}", bundle.len(), sum(bundle));
    pieces.chain([end])
}

fn sum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The bundle that a log carries, or why it does not.
pub(super) fn bundle_of(log: &str) -> Result<Vec<u8>, String> {
    let mut bundle = Vec::new();
    let mut next = 0_usize;
    for line in log.lines() {
        if let Some(piece) = line.strip_prefix(PIECE) {
            let (at, text) = piece.split_once(' ').unwrap_or((piece, ""));
            if at.parse() != Ok(next) {
                return Err(format!("line {next} of the bundle is missing in the log"));
            }
            let bytes = STANDARD.decode(text.trim_end());
            bundle.extend(bytes.map_err(|error| format!("line {next} of the bundle: {error}"))?);
            next += 1;
        } else if let Some(end) = line.strip_prefix(END) {
            let expected = format!("{next} {} {:08x}", bundle.len(), sum(&bundle));
            return match end.trim_end() == expected {
                true => Ok(bundle),
                false => Err(format!(
                    "the bundle in the log does not add up: {expected} came, {} was sent",
                    end.trim_end()
                )),
            };
        }
    }
    Err(match next {
        0 => "there is no bundle in the log".to_owned(),
        _ => format!("the log ends after line {next} of the bundle"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..3 * BYTES_IN_A_LINE + 17).map(|_| next()).collect()
    }

    #[test]
    fn a_log_gives_back_what_was_put_into_it() {
        for bundle in [bundle(), Vec::new()] {
            let mut log = "@nodesleuth stage x\n".to_owned();
            for line in bundle_as_lines(&bundle) {
                assert!(line.len() < 16 << 10);
                log.push_str(&format!("{line}\n@nodesleuth alive\n"));
            }
            assert_eq!(bundle_of(&log), Ok(bundle));
        }
    }

    #[test]
    fn what_was_lost_or_changed_is_found_out() {
        let lines: Vec<String> = bundle_as_lines(&bundle()).collect();
        let log = |lines: &[String]| lines.join("\n");
        let without = |at: usize| {
            let mut lines = lines.clone();
            lines.remove(at);
            bundle_of(&log(&lines)).unwrap_err()
        };
        assert!(without(0).contains("line 0"));
        assert!(without(2).contains("line 2"));
        assert!(without(3).contains("does not add up"), "{}", without(3));
        assert!(without(lines.len() - 1).contains("ends after line 4"));
        let mut changed = lines.clone();
        changed.swap(1, 2);
        assert!(bundle_of(&log(&changed)).is_err());
        let mut changed = lines.clone();
        let piece = changed[1].replace('A', "B");
        assert_ne!(piece, changed[1]);
        changed[1] = piece;
        assert!(
            bundle_of(&log(&changed))
                .unwrap_err()
                .contains("does not add up")
        );
        assert!(bundle_of("").unwrap_err().contains("no bundle"));
    }
}
