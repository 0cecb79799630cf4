//! What Go said of addresses, beside what we say.

use std::fmt;

/// A call as a stack trace has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// How the two agree.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) same: usize,
    /// Of these, how many are in inlined calls.
    pub(crate) inlined: usize,
    /// Padding between functions: no line, and no name of ours.
    pub(crate) padding: usize,
    pub(crate) different: Vec<String>,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            same,
            inlined,
            padding,
            different,
        } = self;
        let count = different.len();
        write!(
            f,
            "{same} same ({inlined} in inlined calls), {padding} in padding, {count} different"
        )?;
        different
            .iter()
            .take(20)
            .try_for_each(|one| write!(f, "\n  {one}"))
    }
}

/// Compares every line: address, then function, file and line of each call, the innermost first.
pub(crate) fn compare(answers: &str, ours: impl Fn(u64) -> Vec<Call>) -> Compared {
    let mut compared = Compared::default();
    for line in answers.lines() {
        let (address, calls) = line.split_once('\t').unwrap();
        let theirs = theirs(calls);
        let mut ours = ours(u64::from_str_radix(address, 16).unwrap());
        // until Go 1.19 the runtime took the first name of all for none
        if let ([ours], [theirs]) = (&mut ours[..], &theirs[..])
            && theirs.function.is_empty()
            && theirs.line > 0
        {
            ours.function.clear();
        }
        if ours == theirs {
            compared.same += 1;
            compared.inlined += usize::from(ours.len() > 1);
        } else if ours.is_empty() && theirs.len() == 1 && theirs[0].line == 0 {
            compared.padding += 1;
        } else {
            let different = format!("{address}: Go {theirs:?}, ours {ours:?}");
            compared.different.push(different);
        }
    }
    compared
}

fn theirs(calls: &str) -> Vec<Call> {
    let fields: Vec<_> = calls.split('\t').collect();
    let calls = fields.chunks_exact(3).map(|call| Call {
        function: call[0].to_owned(),
        file: call[1].trim_start_matches('?').to_owned(),
        // -1 is how debug/gosym says that there is none
        line: call[2].parse().unwrap_or(0),
    });
    calls.collect()
}
