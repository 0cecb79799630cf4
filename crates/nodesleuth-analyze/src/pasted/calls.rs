//! System calls in tables and logs.

use super::PastedView;
use nodesleuth_model::evidence::pasted::{CallTime, PastedCalls};

/// What tables and logs say of a system call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallSeen {
    /// Its largest share of a table's time, 0 to 1, and what kind of time that is.
    pub share: Option<(f64, CallTime)>,
    /// Most calls of a table or log.
    pub calls: Option<u64>,
    /// Most failing calls.
    pub errors: Option<u64>,
    /// Calls a second, where the length is known.
    pub rate: Option<f64>,
    /// Its share of all calls of the table or log that has it most, 0 to 1.
    pub share_of_calls: Option<f64>,
    /// The file.
    pub file: String,
}

impl PastedView<'_> {
    /// A call of this name in any table or log; `None` when none has it.
    #[must_use]
    pub fn call(&self, name: &str) -> Option<CallSeen> {
        let mut seen: Option<CallSeen> = None;
        for table in &self.pasted.calls {
            let Some(call) = table.call(name) else {
                continue;
            };
            let known = seen.get_or_insert_with(|| CallSeen {
                file: self.name(table.file).to_owned(),
                ..CallSeen::default()
            });
            if let Some(share) = call.share {
                let larger = known.share.is_none_or(|(most, _)| share > most);
                if larger {
                    known.share = Some((share, table.time));
                }
            }
            known.calls = known.calls.max(call.calls);
            known.errors = known.errors.max(call.errors);
            raise(&mut known.rate, rate(table, call.calls));
            raise(&mut known.share_of_calls, share_of_calls(table, call.calls));
        }
        seen
    }

    /// Whether there is any table or log of system calls.
    #[must_use]
    pub fn has_calls(&self) -> bool {
        !self.pasted.calls.is_empty()
    }
}

fn rate(table: &PastedCalls, calls: Option<u64>) -> Option<f64> {
    let length = table.length_seconds.filter(|length| *length > 0.0)?;
    Some(calls? as f64 / length)
}

fn share_of_calls(table: &PastedCalls, calls: Option<u64>) -> Option<f64> {
    let total = table.total_calls().filter(|total| *total > 0)?;
    Some(calls? as f64 / total as f64)
}

fn raise(largest: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value {
        *largest = Some(largest.map_or(value, |known| known.max(value)));
    }
}
