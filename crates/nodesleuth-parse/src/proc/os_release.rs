//! `/etc/os-release`: shell-like `NAME="value"` lines, `os-release(5)`.

use nodesleuth_model::evidence::OsRelease;

/// Reads the three names that are kept; a missing one is empty, as the format allows.
#[must_use]
pub fn parse(text: &str) -> OsRelease {
    let mut os = OsRelease::default();
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else {
            continue;
        };
        match key {
            "ID" => os.id = unquoted(value),
            "VERSION_ID" => os.version_id = unquoted(value),
            "PRETTY_NAME" => os.pretty_name = unquoted(value),
            _ => {}
        }
    }
    os
}

fn unquoted(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(plain) = inner('\'') {
        return plain.to_owned();
    }
    let mut plain = String::new();
    let mut characters = inner('"').unwrap_or(value).chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::evidence::OsRelease;

    fn os(id: &str, version_id: &str, pretty_name: &str) -> OsRelease {
        OsRelease {
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            pretty_name: pretty_name.to_owned(),
        }
    }

    #[test]
    fn quoted_and_bare_values_are_read() {
        let debian = "\
PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"
NAME=\"Debian GNU/Linux\"
VERSION_ID=\"12\"
ID=debian
HOME_URL=\"https://www.debian.org/\"
";
        let expected = os("debian", "12", "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(parse(debian), expected);
    }

    #[test]
    fn single_quotes_and_escapes_are_undone() {
        let text = "ID='centos'\n# ID=x\nVERSION_ID=\"7\"\nPRETTY_NAME=\"a \\\"b\\\" \\$c\"\n";
        assert_eq!(parse(text), os("centos", "7", "a \"b\" $c"));
    }

    #[test]
    fn rolling_distributions_have_no_version_and_rubbish_says_nothing() {
        assert_eq!(parse("ID=arch\n").version_id, "");
        assert_eq!(parse(""), OsRelease::default());
        assert_eq!(parse("ID=\"deb"), os("\"deb", "", ""));
        assert_eq!(parse("ID=\"\n").id, "\"");
    }
}
