//! The head of a log line: when, who, how bad; and the message behind it.

use super::numbers::time_of_day;

/// A log line, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct LogLine<'t> {
    /// Seconds of the day, or since boot.
    pub(super) seconds: Option<f64>,
    /// Program, or source file.
    pub(super) component: Option<&'t str>,
    pub(super) severity: Option<char>,
    pub(super) message: &'t str,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl<'t> LogLine<'t> {
    /// `None` when the line does not begin as log lines do.
    pub(super) fn parse(line: &'t str) -> Option<Self> {
        let line = line.trim();
        let outer = klog(line)
            .or_else(|| syslog(line))
            .or_else(|| iso(line))
            .or_else(|| kernel(line))
            .or_else(|| logfmt(line))
            .or_else(|| json(line))
            .or_else(|| source_file(line))
            .or_else(|| program(line))?;
        Some(outer.with_inner())
    }

    /// A message may begin with a head of its own: klog inside the journal.
    fn with_inner(self) -> Self {
        let message = self.message.trim_start();
        let inner = klog(message)
            .or_else(|| iso(message))
            .or_else(|| kernel(message))
            .or_else(|| logfmt(message))
            .or_else(|| json(message))
            .or_else(|| source_file(message));
        let Some(inner) = inner else {
            return Self { message, ..self };
        };
        Self {
            seconds: self.seconds.or(inner.seconds),
            component: self.component.or(inner.component),
            severity: inner.severity.or(self.severity),
            message: inner.message.trim(),
        }
    }
}

/// Whether it begins as klog's lines do: `E1123 16:30:41.366251   12571 manager.go:949] …`.
pub(super) fn klog(line: &str) -> Option<LogLine<'_>> {
    let bytes = line.as_bytes();
    let severity = *bytes.first()?;
    let head = bytes.get(1..5)?;
    if !b"IWEF".contains(&severity)
        || !head.iter().all(u8::is_ascii_digit)
        || bytes.get(5) != Some(&b' ')
    {
        return None;
    }
    let (head, message) = line.split_once("] ").or_else(|| line.split_once(']'))?;
    let mut words = head.split_whitespace().skip(1);
    let seconds = words.next().and_then(time_of_day);
    let source = words.last();
    Some(LogLine {
        seconds,
        component: source.and_then(|source| source.split(':').next()),
        severity: Some(char::from(severity)),
        message: message.trim(),
    })
}

/// `Nov 23 16:30:41 node1 kubelet[123]: …`, also without the host.
fn syslog(line: &str) -> Option<LogLine<'_>> {
    let month = line.get(..3)?;
    if !MONTHS.contains(&month) {
        return None;
    }
    let rest = line[3..].trim_start();
    let (day, rest) = rest.split_once(' ')?;
    if day.is_empty() || day.len() > 2 || !day.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (time, rest) = rest.trim_start().split_once(' ')?;
    let seconds = Some(time_of_day(time)?);
    Some(match behind_host(rest) {
        Some((component, message)) => LogLine {
            seconds,
            component: Some(component),
            severity: None,
            message,
        },
        None => LogLine {
            seconds,
            message: rest,
            ..LogLine::default()
        },
    })
}

/// `node1 kubelet[123]: message` or `kubelet[123]: message`.
fn behind_host(rest: &str) -> Option<(&str, &str)> {
    let (head, message) = rest.split_once(": ").or_else(|| rest.split_once(':'))?;
    let mut words = head.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let program = second.unwrap_or(first);
    let name = program.split(['[', '(']).next()?;
    is_program(name).then_some((name, message))
}

fn is_program(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./@".contains(c))
}

/// `2020-01-01T12:00:00.123Z …`, `2020-01-01 12:00:00,123 …`.
fn iso(line: &str) -> Option<LogLine<'_>> {
    let line = line.strip_prefix('[').unwrap_or(line);
    let bytes = line.as_bytes();
    let is_date = bytes.len() > 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[..4].iter().all(u8::is_ascii_digit);
    if !is_date || !matches!(bytes[10], b'T' | b' ') {
        return None;
    }
    let behind = line.get(11..)?;
    let end = behind
        .find(|c: char| !(c.is_ascii_digit() || ":.,".contains(c)))
        .unwrap_or(behind.len());
    let seconds = time_of_day(behind[..end].trim_end_matches(['.', ',']))?;
    let zone = behind[end..]
        .find([' ', '\t'])
        .map_or(behind.len(), |at| end + at);
    let rest = behind[zone..].trim_start();
    let found = behind_host(rest);
    let (severity, message) =
        severity_word(found.map_or(rest, |(_, message)| message).trim_start());
    Some(LogLine {
        seconds: Some(seconds),
        component: found.map(|(program, _)| program),
        severity,
        message,
    })
}

fn severity_word(message: &str) -> (Option<char>, &str) {
    let (word, rest) = message.split_once([' ', '\t']).unwrap_or((message, ""));
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
    match bare.to_ascii_lowercase().as_str() {
        "error" | "err" | "erro" => (Some('E'), rest.trim_start()),
        "warning" | "warn" => (Some('W'), rest.trim_start()),
        "info" | "notice" | "debug" => (Some('I'), rest.trim_start()),
        "fatal" | "panic" | "crit" => (Some('F'), rest.trim_start()),
        _ => (None, message),
    }
}

/// `[12345.678901] message` of the kernel, with an optional `kernel:` before.
fn kernel(line: &str) -> Option<LogLine<'_>> {
    let line = line.strip_prefix("kernel:").map_or(line, str::trim_start);
    let (time, message) = line.strip_prefix('[')?.split_once(']')?;
    let time = time.trim();
    let plain = time.contains('.') && time.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Some(LogLine {
        seconds: Some(plain.then(|| time.parse().ok())??),
        component: Some("kernel"),
        severity: None,
        message: message.trim_start(),
    })
}

/// `time="2020-01-01T12:00:00Z" level=error msg="…"`, also with other keys first.
fn logfmt(line: &str) -> Option<LogLine<'_>> {
    let begins = ["time=", "ts=", "level=", "t="]
        .iter()
        .any(|key| line.starts_with(key));
    if !begins {
        return None;
    }
    let at = line.find("msg=")?;
    let message = line[at + 4..].trim();
    let time = value_of(line, "time=").or_else(|| value_of(line, "ts="));
    let level = value_of(line, "level=").unwrap_or("");
    Some(LogLine {
        seconds: time.and_then(|time| time_of_day(time.get(11..19)?)),
        component: None,
        severity: severity_word(level).0,
        message,
    })
}

fn value_of<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let rest = &line[line.find(key)? + key.len()..];
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(' ').next(),
    }
}

/// `{"level":"warn","ts":"2020-01-01T12:00:00Z","msg":"…"}`.
fn json(line: &str) -> Option<LogLine<'_>> {
    if !(line.starts_with("{\"") && line.ends_with('}')) {
        return None;
    }
    let of = |key: &str| value_of(line, key);
    let message = of("\"msg\":").or_else(|| of("\"message\":"))?;
    let time = of("\"ts\":").or_else(|| of("\"time\":")).unwrap_or("");
    Some(LogLine {
        seconds: time.get(11..19).and_then(time_of_day),
        component: None,
        severity: severity_word(of("\"level\":").unwrap_or("")).0,
        // What stands behind the message is part of what was logged.
        message: &line[line.find(message)?..],
    })
}

/// `fsHandler.go:131] du and find on following dirs took 4.2s`.
fn source_file(line: &str) -> Option<LogLine<'_>> {
    let (head, message) = line.split_once(']')?;
    let (file, number) = head.trim_start_matches(['.', ' ', '…']).rsplit_once(':')?;
    let is_file = [".go", ".c", ".cc", ".py", ".rs"]
        .iter()
        .any(|end| file.ends_with(end));
    let is_line = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let file = file.rsplit(' ').next().unwrap_or(file);
    (is_file && is_line).then(|| LogLine {
        component: Some(file),
        message: message.trim(),
        ..LogLine::default()
    })
}

/// `systemd[1]: run-….mount: Deactivated successfully.`
fn program(line: &str) -> Option<LogLine<'_>> {
    let (head, message) = line.split_once("]: ")?;
    let (name, pid) = head.split_once('[')?;
    let is_pid = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    (is_pid && is_program(name)).then(|| LogLine {
        component: Some(name),
        message,
        ..LogLine::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (Option<f64>, Option<&str>, Option<char>, &str) {
        let line = LogLine::parse(line).unwrap();
        (line.seconds, line.component, line.severity, line.message)
    }

    #[test]
    fn every_kind_of_head() {
        assert_eq!(
            parse("W1123 00:00:41.5   12571 manager.go:949] Error getting"),
            (Some(41.5), Some("manager.go"), Some('W'), "Error getting")
        );
        assert_eq!(
            parse("Nov  3 00:01:00 node1 kubelet[12]: E1103 00:01:00.1 12 a.go:1] PLEG"),
            (Some(60.0), Some("kubelet"), Some('E'), "PLEG")
        );
        assert_eq!(
            parse("2020-01-01T00:00:02.5Z node1 dockerd[1]: x y"),
            (Some(2.5), Some("dockerd"), None, "x y")
        );
        assert_eq!(
            parse("2020-01-01 00:00:02,500 ERROR it broke"),
            (Some(2.5), None, Some('E'), "it broke")
        );
        assert_eq!(
            parse("[  123.5] watchdog: BUG"),
            (Some(123.5), Some("kernel"), None, "watchdog: BUG")
        );
        assert_eq!(
            parse("time=\"2020-01-01T00:00:03Z\" level=error msg=\"get state\" id=1"),
            (Some(3.0), None, Some('E'), "\"get state\" id=1")
        );
        assert_eq!(
            parse("fsHandler.go:131] du and find took 4s"),
            (None, Some("fsHandler.go"), None, "du and find took 4s")
        );
        assert_eq!(
            parse("systemd[1]: x.mount: Succeeded."),
            (None, Some("systemd"), None, "x.mount: Succeeded.")
        );
        let json =
            parse(r#"{"level":"warn","ts":"2020-01-01T00:00:03Z","msg":"slow","took":"1s"}"#);
        assert_eq!((json.0, json.2), (Some(3.0), Some('W')));
        assert!(json.3.starts_with("slow"));
    }

    #[test]
    fn prose_has_no_head() {
        for line in [
            "May be the kubelet: it is slow",
            "see [1]: a link",
            "In 2020 it began.",
            "[x] done",
            "error: none",
        ] {
            assert_eq!(LogLine::parse(line), None, "{line}");
        }
    }
}
