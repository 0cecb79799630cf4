//! The kernel's audit rules, asked for through its netlink socket.

use super::shape::{Once, malformed};
use crate::Ctx;
use nodesleuth_model::evidence::AuditRules;
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_parse::audit_rules::{self, Heard};
use nodesleuth_trace::AuditSocket;
use std::io;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(500);
/// A rule takes a little over a kilobyte and may name paths.
const BUFFER_BYTES: usize = 64 << 10;
/// More datagrams than this are no list of rules.
const MOST_DATAGRAMS: usize = 20_000;
const NEED: &str = "CAP_AUDIT_CONTROL in the initial user and PID namespace";

/// Whether some rule looks at every system call.
pub(super) static COLLECTOR: Once<AuditRules> = Once {
    name: "audit",
    read,
    field: |evidence| &mut evidence.audit,
};

fn read(ctx: &Ctx<'_>) -> Result<AuditRules, Missing> {
    if !ctx.node.is_live() {
        let reason = "audit rules are told by a socket of the running kernel only";
        return Err(Missing::new(MissingKind::Unsupported, reason));
    }
    ask().map_err(|error| match error.raw_os_error() {
        // EPERM and ECONNREFUSED: not the initial namespaces, or no right.
        Some(1 | 111) => {
            Missing::new(MissingKind::Permission, format!("audit socket: {error}")).needs(NEED)
        }
        // EPROTONOSUPPORT, EOPNOTSUPP: built without audit.
        Some(93 | 95) => Missing::new(
            MissingKind::Unsupported,
            format!("this kernel has no audit rules: {error}"),
        ),
        _ => Missing::new(MissingKind::Failed, format!("audit socket: {error}")),
    })?
}

/// The outer error is the system's, the inner one is of what it answered.
fn ask() -> io::Result<Result<AuditRules, Missing>> {
    let socket = AuditSocket::open(PATIENCE)?;
    socket.send(&audit_rules::request())?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut rules = AuditRules::default();
    for _ in 0..MOST_DATAGRAMS {
        let got = socket.receive(&mut buffer)?;
        match audit_rules::take(&buffer[..got], &mut rules) {
            Ok(Heard::More) => {}
            Ok(Heard::Done) => return Ok(Ok(rules)),
            Ok(Heard::Refused(number)) => return Err(io::Error::from_raw_os_error(number)),
            Err(error) => return Ok(Err(malformed(error))),
        }
    }
    let reason = "audit socket: the list of rules does not end";
    Ok(Err(Missing::new(MissingKind::Malformed, reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine allows differs; that nothing is taken for zero rules does not.
    #[test]
    fn this_machines_rules_are_read_or_their_absence_has_a_reason() {
        match ask() {
            Ok(Ok(rules)) => assert!(rules.every_call <= rules.rules),
            Ok(Err(missing)) => panic!("not understood: {missing}"),
            Err(error) => assert!(error.raw_os_error().is_some(), "{error}"),
        }
    }
}
