//! What a server says when it refuses: plain text from a kubelet, a JSON `Status` from an API
//! server (`kubectl proxy` passes it on).

/// Texts are cut here.
const SHOWN_CHARACTERS: usize = 300;
/// The member of `Status` that is written for people.
const MESSAGE: &str = "\"message\":";

/// The sentence for people: the message of a `Status`, else the first line that says something.
pub(super) fn said(body: &str) -> String {
    let status = body
        .trim_start()
        .starts_with('{')
        .then(|| message(body))
        .flatten();
    let text = status.unwrap_or_else(|| first_line(body).to_owned());
    text.chars().take(SHOWN_CHARACTERS).collect()
}

fn first_line(text: &str) -> &str {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The first string called `message`. A JSON parser would have to be told about every other member
/// and would refuse a body that was cut; the API server writes this one plainly.
fn message(body: &str) -> Option<String> {
    let after = body[body.find(MESSAGE)? + MESSAGE.len()..]
        .trim_start()
        .strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = after.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => text.push(escaped(&mut characters)?),
            other => text.push(other),
        }
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        'n' | 't' | 'r' | 'b' | 'f' => ' ',
        'u' => {
            let digits: String = characters.by_ref().take(4).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?).unwrap_or('?')
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_servers_message_is_told_as_it_is_meant() {
        let body = r#"{
  "kind": "Status",
  "message": "error trying to reach service: read tcp 10.0.0.1:45516-\u003e10.0.0.1:10250: \"x\"",
  "code": 500
}"#;
        assert_eq!(
            said(body),
            r#"error trying to reach service: read tcp 10.0.0.1:45516->10.0.0.1:10250: "x""#
        );
    }

    #[test]
    fn plain_text_gives_its_first_line_and_cut_json_too() {
        assert_eq!(
            said("\n  Debug endpoints are disabled.\nmore"),
            "Debug endpoints are disabled."
        );
        assert_eq!(said("{\"message\": \"cut"), "{\"message\": \"cut");
        assert_eq!(said(""), "");
        assert_eq!(said(&"x".repeat(1000)).len(), SHOWN_CHARACTERS);
    }
}
