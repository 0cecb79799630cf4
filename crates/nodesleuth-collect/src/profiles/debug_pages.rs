//! Goroutines and heap, from the server that the CPU profile came from.

use super::address::{Source, sibling};
use super::fetch::fetch;
use super::goroutines::goroutines_of;
use super::heap::heap_of;
use crate::Collected;
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::{Missing, MissingKind, Observed};
use std::time::Duration;

/// Which of them are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DebugPages {
    /// `/debug/pprof/goroutine`.
    pub goroutines: bool,
    /// `/debug/pprof/heap`.
    pub heap: bool,
}

/// Counting goroutines stops the program for a moment; a busy one takes a while to get there.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

/// Asks for what is wanted beside the first of these that is an address.
pub(crate) fn add(sources: &[String], wanted: DebugPages, collected: &mut Collected) {
    let address = sources.iter().find_map(|text| match Source::of(text) {
        Source::Http(address) => Some(address),
        Source::File(_) | Source::OtherScheme(_) => None,
    });
    let address = address.as_deref();
    if wanted.goroutines {
        let page = page(address, "goroutine", goroutines_of, &mut collected.profiles);
        collected.evidence.goroutines = page;
    }
    if wanted.heap {
        collected.evidence.heap = page(address, "heap", heap_of, &mut collected.profiles);
    }
}

fn page<T>(
    cpu_profile: Option<&str>,
    name: &str,
    understand: impl FnOnce(&[u8]) -> Result<T, Missing>,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Observed<T> {
    let address = cpu_profile.and_then(|address| sibling(address, name));
    let Some(address) = address else {
        let reason =
            "no address of a CPU profile (…/debug/pprof/profile) is given beside which it could be";
        return Observed::Unavailable(Missing::new(MissingKind::Unsupported, reason));
    };
    let fetched = fetch(&address, GIVE_UP_AFTER);
    kept(fetched, name, understand, files)
}

/// What a page says, or why there is none; a page that was understood joins the files of the
/// bundle under this name.
pub fn kept<T>(
    bytes: Result<Vec<u8>, Missing>,
    name: &str,
    understand: impl FnOnce(&[u8]) -> Result<T, Missing>,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Observed<T> {
    let understood = bytes.and_then(|bytes| {
        let value = understand(&bytes)?;
        files.push((format!("{PROFILES_DIR}/{name}.pb.gz"), bytes));
        Ok(value)
    });
    understood.into()
}
