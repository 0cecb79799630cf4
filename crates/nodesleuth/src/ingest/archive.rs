//! Gzip and tar, unpacked in memory within the limits; nothing is written to disk.

use super::limits::{Limits, MOST_BYTES_INSIDE};
use super::{Reader, worth};
use flate2::read::MultiGzDecoder;
use nodesleuth_model::bundle::EVIDENCE_FILE;
use std::io::Read;

const GZIP: &[u8] = &[0x1f, 0x8b];
/// Where a tar header has its magic.
const TAR_MAGIC_AT: usize = 257;
/// Compressed formats that are not unpacked, by their first bytes.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (&[0xfd, b'7', b'z', b'X', b'Z'], "xz", "unxz"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "unzstd"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"PK\x03\x04", "zip", "unzip"),
];

/// What bytes turned out to be.
pub(super) enum Unpacked {
    /// No archive.
    Plain,
    /// A tar.
    Tar,
    /// One file that was compressed.
    One(Vec<u8>),
}

/// Recognises compressed files and archives, and unpacks gzip.
pub(super) fn unpack(bytes: &[u8], limits: &mut Limits, most: u64) -> Result<Unpacked, String> {
    if let Some((_, format, tool)) = OTHERS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(format!(
            "{format} is not unpacked here: use {tool} and give what comes out"
        ));
    }
    if bytes.starts_with(GZIP) {
        let inner = limits.read(MultiGzDecoder::new(bytes), most);
        return inner
            .map(Unpacked::One)
            .map_err(|error| format!("gzip: {error}"));
    }
    Ok(match is_tar(bytes) {
        true => Unpacked::Tar,
        false => Unpacked::Plain,
    })
}

pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(TAR_MAGIC_AT..TAR_MAGIC_AT + 5) == Some(b"ustar")
}

/// Whether bytes are a `.tar.gz` whose first member is our evidence.
pub(super) fn is_bundle(bytes: &[u8]) -> bool {
    /// A tar's header.
    const HEADER: u64 = 512;
    if !bytes.starts_with(GZIP) {
        return false;
    }
    let mut head = Vec::new();
    // What is broken behind the head is a broken bundle.
    let _ = MultiGzDecoder::new(bytes)
        .take(HEADER)
        .read_to_end(&mut head);
    let end = head.iter().position(|byte| *byte == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(&head[..end]);
    is_tar(&head) && name.trim_start_matches("./") == EVIDENCE_FILE
}

/// Reads the plain files of a tar. Links, devices and holes are passed over.
pub(super) fn read_tar(reader: &mut Reader<'_>, name: &str, bytes: &[u8]) {
    let files = tar::Archive::new(bytes).entries().map(|entries| {
        let plain = |entry: &Result<tar::Entry<'_, &[u8]>, _>| {
            entry
                .as_ref()
                .is_ok_and(|entry| entry.header().entry_type().is_file())
        };
        entries.filter(plain).count()
    });
    let many = worth::is_many(files.unwrap_or(0));
    let mut archive = tar::Archive::new(bytes);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return reader.warn(format!("{name}: {error}")),
    };
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => return reader.warn(format!("{name}: the archive is broken: {error}")),
        };
        if reader.limits.names_left == 0 || reader.limits.files_left == 0 {
            return reader.warn(format!(
                "{name}: more files than are read; the rest was left out"
            ));
        }
        reader.limits.names_left -= 1;
        let Ok(path) = entry.path().map(|path| path.to_string_lossy().into_owned()) else {
            continue;
        };
        if !entry.header().entry_type().is_file()
            || !worth::reading(&path, many)
            || entry.size() > MOST_BYTES_INSIDE
        {
            continue;
        }
        reader.limits.files_left -= 1;
        let inside = format!("{name}!{}", path.trim_start_matches("./"));
        match reader.limits.read(&mut entry, MOST_BYTES_INSIDE) {
            Ok(bytes) if is_tar(&bytes) => {
                reader.warn(format!("{inside}: an archive in an archive is not opened"))
            }
            Ok(bytes) => {
                let prose = worth::is_prose(&path, many);
                match unpack(&bytes, &mut reader.limits, MOST_BYTES_INSIDE) {
                    Ok(Unpacked::One(inner)) if !is_tar(&inner) => {
                        reader.plain(&inside, &inner, prose)
                    }
                    Ok(Unpacked::Plain) => reader.plain(&inside, &bytes, prose),
                    Ok(_) => {
                        reader.warn(format!("{inside}: an archive in an archive is not opened"))
                    }
                    Err(why) => reader.warn(format!("{inside}: {why}")),
                }
            }
            Err(error) => reader.warn(format!("{inside}: {error}")),
        }
    }
}
