//! The kernel's answer to AUDIT_LIST_RULES: netlink messages, each with a `struct audit_rule_data`
//! (`<linux/audit.h>`).

use crate::Malformed;
use nodesleuth_model::evidence::AuditRules;

const WHAT: &str = "audit rules";
/// Bytes of `struct nlmsghdr`.
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// The type of the request, and of each rule in the answer.
pub const AUDIT_LIST_RULES: u16 = 1013;
/// Bytes of `struct audit_rule_data` up to its buffer: list, action and number of fields, then mask,
/// fields, values and field flags of 64 words each, then the buffer's length.
const RULE: usize = 4 * (3 + 64 + 3 * 64 + 1);
/// Words of the mask of system calls.
const MASK_WORDS: usize = 64;
const AUDIT_FILTER_EXIT: u32 = 4;
const AUDIT_NEVER: u32 = 0;
/// Fields that tie a rule to a file: AUDIT_INODE, AUDIT_WATCH, AUDIT_DIR. The kernel looks such
/// rules up by file, not at each call.
const OF_A_FILE: [u32; 3] = [102, 105, 107];

/// The message that asks for all rules.
#[must_use]
pub fn request() -> [u8; HEADER] {
    const NLM_F_REQUEST: u16 = 1;
    let mut message = [0; HEADER];
    message[..4].copy_from_slice(&(HEADER as u32).to_ne_bytes());
    message[4..6].copy_from_slice(&AUDIT_LIST_RULES.to_ne_bytes());
    message[6..8].copy_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    message
}

/// What one datagram of the answer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// More is to come.
    More,
    /// That was all.
    Done,
    /// The kernel refused, with this error number.
    Refused(i32),
}

/// Takes one datagram, in the machine's byte order.
///
/// # Errors
/// When a message is shorter than it says or a rule is cut.
pub fn take(mut datagram: &[u8], rules: &mut AuditRules) -> Result<Heard, Malformed> {
    while !datagram.is_empty() {
        let short = || Malformed::whole(WHAT, "a netlink message is cut");
        let length = word(datagram, 0).ok_or_else(short)? as usize;
        let kind = datagram
            .get(4..6)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u16::from_ne_bytes)
            .ok_or_else(short)?;
        // The kernel has padded only what follows another message.
        let body = datagram.get(HEADER..length).ok_or_else(short)?;
        match kind {
            NLMSG_DONE => return Ok(Heard::Done),
            NLMSG_ERROR => {
                let error = word(body, 0).ok_or_else(short)? as i32;
                // 0 acknowledges.
                if error != 0 {
                    return Ok(Heard::Refused(-error));
                }
            }
            AUDIT_LIST_RULES => {
                rules.rules += 1;
                rules.every_call += u64::from(looks_at_every_call(body).ok_or_else(short)?);
            }
            _ => {}
        }
        let next = length.next_multiple_of(4).min(datagram.len());
        datagram = &datagram[next..];
    }
    Ok(Heard::More)
}

fn looks_at_every_call(rule: &[u8]) -> Option<bool> {
    if rule.len() < RULE {
        return None;
    }
    let (list, action, fields) = (word(rule, 0)?, word(rule, 1)?, word(rule, 2)? as usize);
    let mask = 3..3 + MASK_WORDS;
    let of_a_file = (0..fields.min(MASK_WORDS))
        .filter_map(|at| word(rule, mask.end + at))
        .any(|field| OF_A_FILE.contains(&field));
    // Bits of the last word name classes of calls; the kernel clears them when it takes a rule.
    let mut numbers = mask.take(MASK_WORDS - 1);
    let every = numbers.all(|at| word(rule, at) == Some(u32::MAX));
    Some(list == AUDIT_FILTER_EXIT && action != AUDIT_NEVER && every && !of_a_file)
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let bytes = bytes.get(index * 4..index * 4 + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel's `audit_krule_to_data` lays it out.
    fn rule(list: u32, action: u32, mask: u32, field: Option<u32>) -> Vec<u8> {
        let mut words = vec![list, action, u32::from(field.is_some())];
        words.extend([mask; MASK_WORDS]);
        let mut fields = [0; 64];
        fields[0] = field.unwrap_or(0);
        words.extend(fields);
        words.extend([0; 2 * 64 + 1]);
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        message(AUDIT_LIST_RULES, &body)
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = ((HEADER + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    fn all(messages: &[Vec<u8>]) -> (AuditRules, Heard) {
        let mut rules = AuditRules::default();
        let heard = take(&messages.concat(), &mut rules).unwrap();
        (rules, heard)
    }

    #[test]
    fn rules_for_every_call_are_told_from_watches_and_single_calls() {
        let (rules, heard) = all(&[
            rule(AUDIT_FILTER_EXIT, 2, u32::MAX, Some(1)),
            rule(AUDIT_FILTER_EXIT, 2, u32::MAX, Some(105)),
            rule(AUDIT_FILTER_EXIT, 2, 8, None),
            rule(AUDIT_FILTER_EXIT, AUDIT_NEVER, u32::MAX, None),
            rule(5, 2, u32::MAX, None),
            message(NLMSG_DONE, &[0; 4]),
        ]);
        assert_eq!((rules.rules, rules.every_call), (5, 1));
        assert_eq!(heard, Heard::Done);
    }

    #[test]
    fn a_refusal_is_no_empty_list() {
        let (_, heard) = all(&[message(NLMSG_ERROR, &(-1_i32).to_ne_bytes())]);
        assert_eq!(heard, Heard::Refused(1));
        let (_, heard) = all(&[message(NLMSG_ERROR, &0_i32.to_ne_bytes())]);
        assert_eq!(heard, Heard::More);
    }

    #[test]
    fn every_cut_is_malformed() {
        let whole = rule(AUDIT_FILTER_EXIT, 2, u32::MAX, None);
        for length in 1..whole.len() {
            assert!(
                take(&whole[..length], &mut AuditRules::default()).is_err(),
                "{length}"
            );
        }
        let mut short = whole[..HEADER + 8].to_vec();
        short[..4].copy_from_slice(&((HEADER + 8) as u32).to_ne_bytes());
        assert!(take(&short, &mut AuditRules::default()).is_err());
    }
}
