//! Files of any kind to evidence: what is given is opened, unpacked and read within limits.

mod archive;
mod facts;
mod folder;
mod limits;
mod worth;

pub(crate) use facts::StatedFact;

use crate::bundle::{self, Bundle};
use crate::failure::Failure;
use limits::{Limits, MOST_BYTES_NAMED};
use nodesleuth_model::Evidence;
use nodesleuth_model::bundle::EVIDENCE_FILE;
use nodesleuth_parse::pasted::Ingested;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Standard input, as an argument.
const STDIN: &str = "-";

/// What came of all files that were given.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) evidence: Evidence,
    pub(crate) profiles: Vec<(String, Vec<u8>)>,
    pub(crate) warnings: Vec<String>,
}

/// Reads files, folders, archives and bundles, in any mix.
pub(crate) fn read(
    paths: &[PathBuf],
    kind: Option<&str>,
    stated: &[StatedFact],
) -> Result<Collected, Failure> {
    let mut reader = Reader {
        into: Ingested::default(),
        limits: Limits::default(),
        kind,
        has_bundle: false,
        warnings: Vec::new(),
    };
    for path in paths {
        reader.argument(path)?;
    }
    facts::add(&mut reader.into.evidence, stated);
    reader.finish()
}

/// Reads one file after the other into one evidence.
pub(crate) struct Reader<'k> {
    into: Ingested,
    limits: Limits,
    kind: Option<&'k str>,
    has_bundle: bool,
    warnings: Vec<String>,
}

impl Reader<'_> {
    /// What the user named: it must be there and be readable.
    fn argument(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.to_string_lossy().into_owned();
        if name == STDIN {
            let bytes = self.limits.read(io::stdin().lock(), MOST_BYTES_NAMED);
            let bytes = bytes.map_err(|error| Failure::file("read", path, error))?;
            self.bytes("-", bytes, true, MOST_BYTES_NAMED);
            return Ok(());
        }
        let about = std::fs::metadata(path).map_err(|error| Failure::file("read", path, error))?;
        if about.is_dir() {
            if path.join(EVIDENCE_FILE).is_file() {
                return self.bundle(path, bundle::read(path)?);
            }
            folder::read(self, path);
            return Ok(());
        }
        let file = File::open(path).map_err(|error| Failure::file("read", path, error))?;
        let bytes = self
            .limits
            .read(file, MOST_BYTES_NAMED)
            .map_err(|error| Failure::file("read", path, error))?;
        if archive::is_bundle(&bytes) {
            return self.bundle(path, bundle::from_bytes(path, &bytes)?);
        }
        self.bytes(&name, bytes, true, MOST_BYTES_NAMED);
        Ok(())
    }

    /// A bundle among other files is the beginning of the evidence.
    fn bundle(&mut self, path: &Path, bundle: Bundle) -> Result<(), Failure> {
        self.warnings.extend(bundle.warnings);
        if self.has_bundle
            || self.into.evidence.host.value().is_some()
            || !self.into.profiles.is_empty()
        {
            let help = "name the bundle first, and no second one";
            return Err(Failure::bundle(
                path,
                "a bundle cannot be added to what was read before it",
                help,
            ));
        }
        self.has_bundle = true;
        let pasted = std::mem::take(&mut self.into.evidence.pasted);
        self.into.evidence = bundle.evidence;
        self.into.evidence.pasted = pasted;
        self.into.profiles = bundle.profiles;
        Ok(())
    }

    /// Bytes of a file or of a member of an archive; compressed ones and archives are unpacked.
    fn bytes(&mut self, name: &str, bytes: Vec<u8>, prose: bool, most: u64) {
        match archive::unpack(&bytes, &mut self.limits, most) {
            Ok(archive::Unpacked::Plain) => self.plain(name, &bytes, prose),
            Ok(archive::Unpacked::One(inner)) => {
                drop(bytes);
                match archive::is_tar(&inner) {
                    true => archive::read_tar(self, name, &inner),
                    false => self.plain(name, &inner, prose),
                }
            }
            Ok(archive::Unpacked::Tar) => archive::read_tar(self, name, &bytes),
            Err(why) => self.warn(format!("{name}: {why}")),
        }
    }

    fn plain(&mut self, name: &str, bytes: &[u8], prose: bool) {
        self.into.read(name, bytes, self.kind, prose);
    }

    /// Says something once; of many alike only the first ones.
    fn warn(&mut self, what: String) {
        /// Enough to see what is wrong.
        const MOST: usize = 50;
        if self.warnings.len() < MOST {
            self.warnings.push(what);
        }
    }

    fn finish(mut self) -> Result<Collected, Failure> {
        self.into.finish();
        let Ingested {
            evidence, profiles, ..
        } = self.into;
        let taken = evidence
            .pasted
            .files
            .iter()
            .any(|file| !file.blocks.is_empty());
        if !(taken || self.has_bundle || !evidence.pasted.stated.is_empty()) {
            let ignored = || {
                let mut files = evidence.pasted.files.iter();
                files.find_map(|file| Some(format!("{}: {}", file.name, file.ignored.first()?)))
            };
            let why = self.warnings.first().cloned().or_else(ignored);
            let what = match why {
                Some(why) => format!("nothing in these files was understood ({why})"),
                None => "nothing in these files was understood: they are empty".to_owned(),
            };
            let help = "give outputs of perf, strace, top, pidstat, go tool pprof, logs, /proc files or a ticket's text; --as KIND names the format";
            return Err(Failure::usage(what, help));
        }
        Ok(Collected {
            evidence,
            profiles,
            warnings: self.warnings,
        })
    }
}

impl Limits {
    /// Reads to the end, at most `most` bytes, or says that there is more.
    fn read(&mut self, from: impl Read, most: u64) -> io::Result<Vec<u8>> {
        let most = self.bytes_left.min(most);
        let mut bytes = Vec::new();
        from.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            let said = format!(
                "it is larger than {} MiB, or all files together are",
                most >> 20
            );
            return Err(io::Error::other(said));
        }
        self.bytes_left -= bytes.len() as u64;
        Ok(bytes)
    }
}
