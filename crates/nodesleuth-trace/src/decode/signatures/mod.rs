//! What each system call's arguments are: one line for each call or for several alike. A call that
//! is not here is printed with its registers in hexadecimal.

mod events;
mod files;
mod memory;
mod network;
mod process;
mod time;

use super::kind::{Arguments, Signature};

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Signature> {
    [
        events::CALLS,
        files::CALLS,
        memory::CALLS,
        network::CALLS,
        process::CALLS,
        time::CALLS,
    ]
    .into_iter()
    .flatten()
}

/// How many arguments of a call are looked at to show it, at most; all of one that is not known.
pub(crate) fn arguments_shown(name: &str) -> u8 {
    let known = all().find(|signature| signature.names.contains(&name));
    match known.map(|signature| signature.arguments) {
        Some(Arguments::Fixed(kinds)) => kinds.len() as u8,
        Some(Arguments::By(most, _)) => most,
        None => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arch;
    use crate::captures;
    use crate::decode::kind::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_a_system_call_and_stands_once() {
        let mut seen = BTreeSet::new();
        for name in all().flat_map(|signature| signature.names) {
            assert!(seen.insert(*name), "{name} stands twice");
            let known = Arch::X86_64.number(name).or(Arch::Aarch64.number(name));
            assert!(known.is_some(), "{name} is no system call");
        }
    }

    #[test]
    fn whoever_prints_memory_has_it_captured_at_the_right_moment() {
        let mut missing = Vec::new();
        for signature in all() {
            let Arguments::Fixed(kinds) = signature.arguments else {
                continue;
            };
            for name in signature.names {
                let slots = captures::of(name);
                for (index, kind) in kinds.iter().enumerate() {
                    let range = match kind {
                        Kind::Path | Kind::Text => 0..4,
                        Kind::Sent(_) | Kind::In(_) | Kind::Listed(..) => 0..2,
                        Kind::Received | Kind::Out(_) | Kind::Found(_) | Kind::Left(_) => 2..4,
                        _ => continue,
                    };
                    let mut captured = slots[range].iter().flatten();
                    let found = captured.any(|slot| usize::from(slot.pointer) == index);
                    if !found {
                        missing.push(format!("{name}: argument {index}"));
                    }
                }
            }
        }
        assert_eq!(missing, [""; 0], "not captured");
    }
}
