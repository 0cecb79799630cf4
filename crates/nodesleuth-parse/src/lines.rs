//! The lines of a text with their numbers.

/// Lines that are not blank, with their index counted from zero. Kernels print no blank lines,
/// but text that people paste has some.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn blank_lines_are_left_out_and_still_counted() {
        let lines: Vec<_> = numbered("a\r\n\n \nb\n\n").collect();
        assert_eq!(lines, [(0, "a"), (3, "b")]);
    }
}
