//! What changes from one message to the next, as `*`.

/// Longest template.
const LONGEST: usize = 300;

/// The text with numbers, ids, addresses and generated names as `*`.
pub(super) fn of(text: &str) -> String {
    let mut template = String::with_capacity(text.len().min(LONGEST));
    let mut rest = text;
    while !rest.is_empty() && template.len() < LONGEST {
        let word = word_length(rest);
        if word > 0 {
            push_word(&mut template, &rest[..word]);
            rest = &rest[word..];
        }
        if let Some(c) = rest.chars().next() {
            template.push(if c.is_control() { ' ' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    if !rest.is_empty() {
        template.push('…');
    }
    // Ids of several parts are one.
    while template.contains("*-*") {
        template = template.replace("*-*", "*");
    }
    template
}

/// Letters, digits and underscores; a dot belongs to a number.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let in_word = |at: usize| {
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let byte = bytes[at];
        byte.is_ascii_alphanumeric()
            || byte == b'_'
            || (byte == b'.' && at > 0 && digit(at - 1) && digit(at + 1))
    };
    (0..bytes.len())
        .find(|at| !in_word(*at))
        .unwrap_or(bytes.len())
}

/// A word of letters stays, an id becomes `*`, of others the runs of digits do.
fn push_word(template: &mut String, word: &str) {
    let bytes = word.as_bytes();
    if !bytes.iter().any(u8::is_ascii_digit) {
        template.push_str(word);
        return;
    }
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let hex = bytes.iter().all(u8::is_ascii_hexdigit);
    let address = word.starts_with("0x");
    // Letters and digits mixed over a long run: generated.
    let generated = bytes.len() >= 10 && digits * 4 >= bytes.len();
    if address || generated || (hex && bytes.len() >= 4) {
        push_star(template);
        return;
    }
    let mut in_digits = false;
    for c in word.chars() {
        let digit = c.is_ascii_digit() || (in_digits && c == '.');
        match (digit, in_digits) {
            (true, false) => push_star(template),
            (true, true) => {}
            (false, _) => template.push(c),
        }
        in_digits = digit;
    }
}

fn push_star(template: &mut String) {
    if !template.ends_with('*') {
        template.push('*');
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn ids_and_numbers_become_stars() {
        assert_eq!(
            of(
                "du and find on following dirs took 4.229s: [/var/lib/docker/overlay/7f3a9c1b2d4e5f60]"
            ),
            "du and find on following dirs took *s: [/var/lib/docker/overlay/*]"
        );
        assert_eq!(of("run-r12ab34cd56ef.scope"), "run-*.scope");
        assert_eq!(
            of("futex(0x207a248, FUTEX_WAIT, 0, NULL"),
            "futex(*, FUTEX_WAIT, *, NULL"
        );
        assert_eq!(
            of("pod \"web-1\" is not healthy"),
            "pod \"web-*\" is not healthy"
        );
        assert_eq!(of("pod734aa918-0035-4072-a594-6c914a468636"), "*");
    }

    #[test]
    fn long_text_is_cut() {
        assert!(of(&"word ".repeat(1000)).ends_with('…'));
    }
}
