//! `/proc/net/tcp` and `/proc/net/tcp6`: one socket a line,
//! `Documentation/networking/proc_net_tcp.rst`.
//!
//! Addresses are 32-bit words in hexadecimal, printed in the machine's byte order; little-endian
//! is assumed, and of big-endian machines only the plain loopback address is recognised.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;

const WHAT: &str = "/proc/net/tcp";
/// `TCP_LISTEN`.
const LISTENING: &str = "0A";

/// A socket that waits for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// TCP port.
    pub port: u16,
    /// Socket inode, as in `socket:[123]` of `/proc/PID/fd`.
    pub inode: u64,
    /// Only reachable from the machine itself (127.0.0.0/8, ::1).
    pub loopback: bool,
    /// Bound to every address.
    pub any: bool,
}

/// Reads the listening sockets of either file.
///
/// # Errors
/// When the heading is missing or a line is not a socket.
pub fn listening(text: &str) -> Result<Vec<Listener>, Malformed> {
    let mut lines = numbered(text);
    match lines.next() {
        Some((_, heading)) if heading.trim_start().starts_with("sl ") => {}
        _ => return Err(Malformed::whole(WHAT, "no heading")),
    }
    let mut listeners = Vec::new();
    for (index, line) in lines {
        let socket = socket(line).ok_or_else(|| {
            Malformed::line(
                WHAT,
                index,
                format!("expected a socket, found {}", quoted(line)),
            )
        })?;
        listeners.extend(socket);
    }
    Ok(listeners)
}

/// `None`: not a socket; `Some(None)`: one that does not listen.
fn socket(line: &str) -> Option<Option<Listener>> {
    let mut words = line.split_whitespace();
    words.next()?.strip_suffix(':')?;
    let (address, port) = words.next()?.split_once(':')?;
    let state = words.nth(1)?;
    let inode = from_text(words.nth(5)?)?;
    let hexadecimal = address.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hexadecimal || !matches!(address.len(), 8 | 32) || port.len() != 4 {
        return None;
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    Some((state == LISTENING).then(|| Listener {
        port,
        inode,
        loopback: is_loopback(address),
        any: address.bytes().all(|byte| byte == b'0'),
    }))
}

fn is_loopback(address: &str) -> bool {
    const V4_IN_V6: &str = "0000000000000000FFFF0000";
    const V6: [&str; 2] = [
        "00000000000000000000000001000000",
        "00000000000000000000000000000001",
    ];
    let v4 = address.strip_prefix(V4_IN_V6).unwrap_or(address);
    match v4.len() {
        8 => v4.ends_with("7F") || v4 == "7F000001",
        _ => V6.contains(&address),
    }
}

#[cfg(test)]
mod tests {
    use super::{Listener, listening};

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:46B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 58957 1 000000000429032b 100 0 0 10 0                     
   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1153 1 00000000c03250d1 100 0 0 10 0                      
   2: 0F02000A:0016 0202000A:C1A2 01 00000000:00000000 02:000A7214 00000000     0        0 20017 2 0000000000000000 20 4 31 10 -1
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:46B1 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 58958 1 00000000e62543c1 100 0 0 10 0
   1: 00000000000000000000000001000000:46B3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 58956 1 000000004ce56d83 100 0 0 10 0
   2: 00000000000000000000000000000000:46B0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 58959 1 00000000e573da49 100 0 0 10 0
   3: 000080FE00000000FF005450EFBEADDE:280A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0
";

    fn listener(port: u16, inode: u64, loopback: bool, any: bool) -> Listener {
        Listener {
            port,
            inode,
            loopback,
            any,
        }
    }

    #[test]
    fn connections_are_not_listeners() {
        let expected = [
            listener(18098, 58957, true, false),
            listener(2024, 1153, false, true),
        ];
        assert_eq!(listening(TCP).unwrap(), expected);
    }

    #[test]
    fn version_six_has_two_kinds_of_loopback() {
        let expected = [
            listener(18097, 58958, true, false),
            listener(18099, 58956, true, false),
            listener(18096, 58959, false, true),
            listener(10250, 7, false, false),
        ];
        assert_eq!(listening(TCP6).unwrap(), expected);
    }

    #[test]
    fn a_big_endian_machines_loopback_is_recognised() {
        let text = TCP.replace("0100007F", "7F000001");
        assert!(listening(&text).unwrap()[0].loopback);
        let other = TCP.replace("0100007F", "7F00A8C0");
        assert!(!listening(&other).unwrap()[0].loopback);
    }

    #[test]
    fn a_heading_alone_is_no_listener_and_nothing_is_malformed() {
        assert_eq!(listening(TCP.lines().next().unwrap()), Ok(Vec::new()));
        assert!(listening("").is_err());
    }

    #[test]
    fn cut_and_absurd_lines_are_malformed_with_their_line() {
        for (from, to) in [
            ("0100007F:46B2", "0100007F"),
            ("0100007F:46B2", "0100007G:46B2"),
            ("0100007F:46B2", "01007F:46B2"),
            ("0100007F:46B2", "0100007F:146B2"),
            ("58957", "-1"),
            ("58957", "18446744073709551616"),
        ] {
            assert_eq!(
                listening(&TCP.replace(from, to)).unwrap_err().line,
                Some(2),
                "{to}"
            );
        }
        let cut = &TCP[..TCP.find("58957").unwrap()];
        assert_eq!(listening(cut).unwrap_err().line, Some(2));
    }
}
