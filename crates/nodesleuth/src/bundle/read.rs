//! Reading a bundle from anywhere: limits, clear refusals, newer schemas noticed.

use crate::failure::Failure;
use flate2::read::GzDecoder;
use nodesleuth_model::bundle::{EVIDENCE_FILE, PROFILES_DIR};
use nodesleuth_model::{Evidence, SchemaVersion};
use serde::Deserialize;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Unpacked bytes of a whole bundle; more is a bomb or not ours.
const MAX_UNPACKED: u64 = 512 << 20;
/// Files in a bundle.
const MAX_FILES: usize = 1_000;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A bundle, read.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    pub(crate) evidence: Evidence,
    /// Raw profiles: name in the bundle and bytes.
    pub(crate) profiles: Vec<(String, Vec<u8>)>,
    /// All files with their sizes.
    pub(crate) files: Vec<(String, u64)>,
    /// What to know about it.
    pub(crate) warnings: Vec<String>,
}

/// Reads a bundle: a `.tar.gz` or an unpacked folder.
pub(crate) fn read(path: &Path) -> Result<Bundle, Failure> {
    let about = fs::metadata(path).map_err(|error| Failure::file("read", path, error))?;
    let files = if about.is_dir() {
        from_folder(path)?
    } else {
        from_archive(path)?
    };
    understand(path, files)
}

type Files = Vec<(String, Vec<u8>)>;

fn from_folder(path: &Path) -> Result<Files, Failure> {
    let mut files = Vec::new();
    let mut left = MAX_UNPACKED;
    for folder in ["", PROFILES_DIR] {
        let place = path.join(folder);
        let Ok(entries) = fs::read_dir(&place) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let wanted = folder == PROFILES_DIR || name == EVIDENCE_FILE;
            if !wanted || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let file = File::open(entry.path());
            let file = file.map_err(|error| Failure::file("read", &entry.path(), error))?;
            let bytes = read_limited(file, &mut left)
                .map_err(|error| Failure::file("read", &entry.path(), error))?;
            let name = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            files.push((name, bytes));
        }
    }
    files.sort();
    Ok(files)
}

fn from_archive(path: &Path) -> Result<Files, Failure> {
    let mut file = File::open(path).map_err(|error| Failure::file("read", path, error))?;
    let mut magic = Vec::new();
    (&mut file)
        .take(GZIP_MAGIC.len() as u64)
        .read_to_end(&mut magic)
        .map_err(|error| Failure::file("read", path, error))?;
    if magic != GZIP_MAGIC {
        let reason = "this is not a bundle: it does not begin as a .tar.gz does";
        let help = "give a file that `nodesleuth collect --out` or `diagnose --save` wrote";
        return Err(Failure::bundle(path, reason, help));
    }
    // A pipe cannot be read twice.
    let whole = magic.as_slice().chain(file);
    unpack(whole).map_err(|error| not_unpacked(path, &error))
}

fn not_unpacked(path: &Path, error: &io::Error) -> Failure {
    let (reason, help) = match error.kind() {
        io::ErrorKind::UnexpectedEof => (
            "the bundle is cut off: its end is missing".to_owned(),
            "copy it again, and compare sizes or checksums",
        ),
        _ => (
            format!("the bundle cannot be unpacked: {error}"),
            "copy or collect it again",
        ),
    };
    Failure::bundle(path, reason, help)
}

/// Reads a bundle from the bytes of its `.tar.gz`; `path` is where they came from.
pub(crate) fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Bundle, Failure> {
    let files = unpack(bytes).map_err(|error| not_unpacked(path, &error))?;
    understand(path, files)
}

fn unpack(file: impl Read) -> io::Result<Files> {
    let mut files = Vec::new();
    let mut left = MAX_UNPACKED;
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    for entry in archive.entries()? {
        let entry = entry?;
        let name = entry
            .path()?
            .to_string_lossy()
            .trim_start_matches("./")
            .to_owned();
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let declared = entry.size();
        let bytes = read_limited(entry, &mut left)?;
        if (bytes.len() as u64) < declared {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        files.push((name, bytes));
        if files.len() > MAX_FILES {
            return Err(io::Error::other(format!("more than {MAX_FILES} files")));
        }
    }
    // What follows the last entry must unpack too: it carries the checksum.
    io::copy(&mut archive.into_inner().take(left), &mut io::sink())?;
    Ok(files)
}

fn read_limited(from: impl Read, left: &mut u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let got = from.take(*left + 1).read_to_end(&mut bytes)? as u64;
    if got > *left {
        let limit = MAX_UNPACKED >> 20;
        return Err(io::Error::other(format!(
            "it unpacks to more than {limit} MiB"
        )));
    }
    *left -= got;
    Ok(bytes)
}

fn understand(path: &Path, files: Files) -> Result<Bundle, Failure> {
    let sizes = files
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
        .collect();
    let Some((_, json)) = files.iter().find(|(name, _)| name == EVIDENCE_FILE) else {
        let reason = format!("there is no {EVIDENCE_FILE} in it");
        let help = "give a bundle that `nodesleuth collect` or `diagnose --save` wrote";
        return Err(Failure::bundle(path, reason, help));
    };
    let (evidence, warnings) = evidence(path, json)?;
    let in_profiles = |name: &str| name.starts_with(PROFILES_DIR);
    let profiles = files
        .iter()
        .filter(|(name, _)| in_profiles(name))
        .cloned()
        .collect();
    Ok(Bundle {
        evidence,
        profiles,
        files: sizes,
        warnings,
    })
}

#[derive(Deserialize)]
struct OnlySchema {
    schema: SchemaVersion,
}

fn evidence(path: &Path, json: &[u8]) -> Result<(Evidence, Vec<String>), Failure> {
    let malformed = |error: serde_json::Error| {
        let help = "collect it again, or report this with the bundle's first lines";
        Failure::bundle(
            path,
            format!("{EVIDENCE_FILE} cannot be understood: {error}"),
            help,
        )
    };
    let found = serde_json::from_slice::<OnlySchema>(json)
        .map_err(malformed)?
        .schema;
    let known = SchemaVersion::CURRENT;
    if found.major > known.major {
        let reason = format!("its schema is {found}, and this nodesleuth reads up to {known}");
        return Err(Failure::bundle(
            path,
            reason,
            "analyse it with a newer nodesleuth",
        ));
    }
    let evidence: Evidence = serde_json::from_slice(json).map_err(malformed)?;
    let mut warnings = Vec::new();
    if found > known {
        let given: Value = serde_json::from_slice(json).map_err(malformed)?;
        let kept = serde_json::to_value(&evidence).map_err(malformed)?;
        let mut unknown = Vec::new();
        unknown_fields(&given, &kept, String::new(), &mut unknown);
        warnings.push(format!(
            "the bundle's schema {found} is newer than {known}; not understood: {}",
            if unknown.is_empty() {
                "nothing".to_owned()
            } else {
                unknown.join(", ")
            }
        ));
    }
    Ok((evidence, warnings))
}

/// Fields that did not survive reading and writing.
fn unknown_fields(given: &Value, kept: &Value, at: String, unknown: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                let place = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                match kept.get(name) {
                    Some(kept) => unknown_fields(value, kept, place, unknown),
                    // Empty and absent values are left out when writing.
                    None if value.is_null() || value == &Value::Array(Vec::new()) => {}
                    None => unknown.push(place),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) => {
            for (given, kept) in given.iter().zip(kept).take(1) {
                unknown_fields(given, kept, format!("{at}[]"), unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle;
    use nodesleuth_analyze::Catalog;
    use nodesleuth_collect::Collected;

    /// `float_roundtrip` of serde_json: without it one number in ten comes back one bit off.
    #[test]
    fn numbers_survive_writing_and_reading() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::built_in().unwrap();
        for at in 1..200_u32 {
            let mut evidence = Evidence::default();
            evidence.window.requested_seconds = f64::from(at) / 49.0 * 1e-3;
            let diagnosis = |evidence| bundle::diagnose(evidence, &[], &catalog);
            let before = nodesleuth_report::json(&diagnosis(&evidence));
            let path = folder.path().join(format!("{at}.tar.gz"));
            let collected = Collected {
                evidence: evidence.clone(),
                profiles: Default::default(),
            };
            let writer = bundle::Writer::create(&path).unwrap();
            writer.write(&collected).unwrap();
            let bundle = read(&path).unwrap();
            assert_eq!(bundle.evidence, evidence);
            assert_eq!(
                nodesleuth_report::json(&diagnosis(&bundle.evidence)),
                before
            );
        }
    }
}
