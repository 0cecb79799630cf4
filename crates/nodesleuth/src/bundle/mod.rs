//! Bundles: `evidence.json` and the raw profiles in one `.tar.gz` or folder.

mod read;
mod write;

pub(crate) use read::{Bundle, from_bytes, read};
pub(crate) use write::{Writer, archive};

use crate::commands::TOOL;
use nodesleuth_analyze::{Catalog, LoadedProfile};
use nodesleuth_model::evidence::ProfileRecord;
use nodesleuth_model::{Diagnosis, Evidence};
use nodesleuth_profile::{Limits, Profile};

/// Reads the raw profiles and analyses. A profile that cannot be read is a warning, since the
/// rest of the evidence still counts.
pub(crate) fn diagnose(
    evidence: &Evidence,
    raw: &[(String, Vec<u8>)],
    catalog: &Catalog,
) -> Diagnosis {
    let mut warnings = Vec::new();
    let mut read: Vec<(ProfileRecord, Profile)> = Vec::new();
    for record in &evidence.profiles {
        let Some((_, bytes)) = raw.iter().find(|(name, _)| *name == record.file) else {
            warnings.push(format!(
                "{}: named in the evidence, not in the bundle",
                record.file
            ));
            continue;
        };
        match nodesleuth_profile::open(bytes.as_slice(), &Limits::default()) {
            Ok(opened) => read.push((record.clone(), opened.profile)),
            Err(error) => warnings.push(format!("{}: {error}", record.source)),
        }
    }
    let loaded: Vec<LoadedProfile<'_>> = read
        .iter()
        .map(|(record, profile)| LoadedProfile { record, profile })
        .collect();
    let mut diagnosis = nodesleuth_analyze::analyze(evidence, &loaded, catalog, TOOL);
    diagnosis.warnings.splice(0..0, warnings);
    diagnosis
}
