//! Go build information of a binary: `.go.buildinfo`, as `go version -m` reads it.
//!
//! Since Go 1.13. The section survives `strip`; where section headers are gone, it is near the
//! start of the data segment. Module information is there when the binary was built with modules,
//! build settings since Go 1.18.

use super::blob::{Blob, find};
use super::mod_info;
use crate::Malformed;
use crate::elf::{Elf, ElfError};
use crate::ranged_read::RangedRead;
use nodesleuth_model::evidence::GoBuild;
use std::io;

/// Why there is no build information.
#[derive(Debug, thiserror::Error)]
pub enum GoBuildError {
    /// The file does not begin with the ELF magic.
    #[error("not an ELF file")]
    NotElf,
    /// An ELF file without build information: not Go, or older than Go 1.13.
    #[error("no Go build information: not a Go binary, or older than Go 1.13")]
    NotGo,
    /// The file contradicts itself or was cut.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The file could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<ElfError> for GoBuildError {
    fn from(error: ElfError) -> Self {
        match error {
            ElfError::NotElf => Self::NotElf,
            ElfError::Malformed(malformed) => Self::Malformed(malformed),
            ElfError::Io(error) => Self::Io(error),
        }
    }
}

/// Reads the build information of a binary.
///
/// At most about 4 MiB are read even of a file that is not Go, and never more than that is held in
/// memory.
///
/// # Errors
/// See [`GoBuildError`].
pub fn build_info(file: &dyn RangedRead) -> Result<GoBuild, GoBuildError> {
    let elf = Elf::open(file)?;
    let Some(offset) = place(&elf)? else {
        return Err(GoBuildError::NotGo);
    };
    let Blob {
        version,
        module_info,
    } = Blob::read(&elf, offset)?;
    Ok(mod_info::parse(version, &module_info)?)
}

fn place(elf: &Elf<'_>) -> Result<Option<u64>, ElfError> {
    if let Some(section) = elf.section(".go.buildinfo")? {
        return find(elf, section);
    }
    match elf.data_segment()? {
        Some(segment) => find(elf, segment),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{BE32, Fixture, LE64, framed, inline_blob, varint};
    use super::{GoBuildError, build_info};
    use crate::ranged_read::RangedRead;
    use nodesleuth_model::evidence::GoBuild;
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};
    use std::cell::Cell;
    use std::io;

    const TEXT: &str = "path\tk8s.io/kubernetes/cmd/kubelet\nmod\tk8s.io/kubernetes\t(devel)\t\n\
                        dep\tgithub.com/google/cadvisor\tv0.39.3\th1:x=\n";

    fn read(file: &[u8]) -> Result<GoBuild, GoBuildError> {
        build_info(&file)
    }

    /// Every format with and without section headers, with `TEXT` as module information.
    fn good_files() -> Vec<(String, Vec<u8>)> {
        let module_info = framed(TEXT);
        let mut files = Vec::new();
        for kind in [LE64, BE32] {
            for section_headers in [true, false] {
                let kind = Fixture {
                    section_headers,
                    ..kind
                };
                let inline = kind.inline(b"go1.19.8", &module_info);
                files.push((format!("inline, {kind:?}"), inline));
                let pointers = kind.pointers(b"go1.19.8", &module_info);
                files.push((format!("pointers, {kind:?}"), pointers));
            }
        }
        files
    }

    #[test]
    fn every_format_is_read_with_and_without_section_headers() {
        for (kind, file) in good_files() {
            let build = read(&file).unwrap();
            assert_eq!(build.go_version, "go1.19.8", "{kind}");
            assert_eq!(build.path, "k8s.io/kubernetes/cmd/kubelet", "{kind}");
            assert_eq!(build.deps[0].version, "v0.39.3", "{kind}");
        }
    }

    #[test]
    fn a_binary_built_without_modules_has_only_a_version() {
        for file in [LE64.inline(b"go1.20", b""), LE64.pointers(b"go1.13", b"")] {
            let build = read(&file).unwrap();
            assert!(build.go_version.starts_with("go1."));
            assert!(build.path.is_empty() && build.deps.is_empty());
        }
    }

    #[test]
    fn every_cut_file_is_refused_and_never_read_wrongly() {
        for (kind, file) in good_files() {
            for length in 0..file.len() {
                assert!(read(&file[..length]).is_err(), "{kind}, {length} bytes");
            }
        }
    }

    #[test]
    fn without_section_headers_the_blob_is_found_far_into_the_data() {
        let kind = Fixture {
            section_headers: false,
            ..LE64
        };
        let mut data = vec![7; 100 << 10];
        data.extend(inline_blob(b"go1.22.1", b""));
        assert_eq!(read(&kind.file(b"", &data)).unwrap().go_version, "go1.22.1");
    }

    #[test]
    fn magic_that_is_not_aligned_is_a_coincidence() {
        let mut data = vec![0; 8];
        data.extend(inline_blob(b"go1.22.1", b""));
        let result = read(&LE64.file(b"", &data));
        assert!(matches!(result, Err(GoBuildError::NotGo)), "{result:?}");
    }

    #[test]
    fn other_files_are_told_apart() {
        for file in [&b""[..], b"\x7fEL", b"#!/bin/sh\necho hello\n", &[0; 100]] {
            assert!(matches!(read(file), Err(GoBuildError::NotElf)));
        }
        let no_sections = Fixture {
            section_headers: false,
            ..BE32
        };
        for kind in [LE64, BE32, no_sections] {
            let result = read(&kind.file(b"hello", &[0; 100]));
            assert!(matches!(result, Err(GoBuildError::NotGo)), "{result:?}");
        }
    }

    #[test]
    fn absurd_string_lengths_are_refused() {
        for length in [1 << 20, 1 << 40, u64::MAX] {
            let mut blob = inline_blob(b"", b"");
            blob.truncate(32);
            blob.extend(varint(length));
            blob.extend(b"go1.19.8");
            let result = read(&LE64.file(b"", &blob));
            assert!(
                matches!(result, Err(GoBuildError::Malformed(_))),
                "{length}"
            );
        }
        let mut endless = inline_blob(b"", b"");
        endless.truncate(32);
        endless.extend([0xff; 16]);
        assert!(matches!(
            read(&LE64.file(b"", &endless)),
            Err(GoBuildError::Malformed(_))
        ));
    }

    /// Replaces bytes of a good pointer file behind the blob's magic.
    fn with_pointers_changed(at: usize, bytes: &[u8]) -> Result<GoBuild, GoBuildError> {
        let mut file = LE64.pointers(b"go1.15.9", &framed(TEXT));
        let magic = file
            .windows(14)
            .position(|window| window == b"\xff Go buildinf:")
            .unwrap();
        file[magic + at..magic + at + bytes.len()].copy_from_slice(bytes);
        read(&file)
    }

    #[test]
    fn pointers_that_lead_nowhere_are_refused() {
        let nowhere = u64::MAX.to_le_bytes();
        for (what, at, bytes) in [
            ("pointer size", 14, &[3][..]),
            ("relocated later", 16, &[0; 8]),
            ("string header", 16, &nowhere),
            ("string", 32, &nowhere),
            ("length", 40, &nowhere),
        ] {
            let result = with_pointers_changed(at, bytes);
            assert!(matches!(result, Err(GoBuildError::Malformed(_))), "{what}");
        }
        assert!(with_pointers_changed(14, &[8]).is_ok());
    }

    #[test]
    fn an_empty_version_is_refused() {
        for file in [
            LE64.inline(b"", b""),
            LE64.pointers(b"", b""),
            LE64.inline(b"\xff", b""),
        ] {
            assert!(matches!(read(&file), Err(GoBuildError::Malformed(_))));
        }
    }

    #[test]
    fn section_counts_too_large_for_the_header_stand_in_the_first_section() {
        let mut file = LE64.inline(b"go1.19.8", b"");
        let sections = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
        file[60..64].copy_from_slice(&[0, 0, 0xff, 0xff]);
        file[sections + 32] = 4;
        file[sections + 40] = 3;
        assert_eq!(read(&file).unwrap().go_version, "go1.19.8");
    }

    #[test]
    fn absurd_headers_are_refused() {
        let good = LE64.inline(b"go1.19.8", b"");
        for at in [4, 5, 40, 47, 58, 62] {
            let mut file = good.clone();
            file[at] = 0xee;
            let result = read(&file);
            assert!(
                matches!(result, Err(GoBuildError::Malformed(_))),
                "{at}: {result:?}"
            );
        }
    }

    #[test]
    fn broken_build_info_does_no_harm() {
        let good = good_files();
        for mut numbers in crate::mutations::rounds(2000) {
            for (_, file) in &good {
                let _ = read(&numbers.broken(file));
            }
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_behind_the_magic_panic_nothing(
            bytes in vec(any::<u8>(), 0..300), wide in any::<bool>(), big_endian in any::<bool>(),
        ) {
            let mut file = vec![0x7f, b'E', b'L', b'F', 1 + u8::from(wide), 1 + u8::from(big_endian)];
            file.extend(bytes);
            let _ = read(&file);
        }

        #[test]
        fn whatever_version_was_written_is_read_back(
            version in "[!-~]{1,60}", path in "[a-z./]{1,300}", wide in any::<bool>(),
            big_endian in any::<bool>(), inline in any::<bool>(), section_headers in any::<bool>(),
        ) {
            let kind = Fixture { wide, big_endian, section_headers };
            let module_info = framed(&format!("path\t{path}\n"));
            let file = if inline {
                kind.inline(version.as_bytes(), &module_info)
            } else {
                kind.pointers(version.as_bytes(), &module_info)
            };
            let build = read(&file).unwrap();
            assert_eq!((build.go_version, build.path), (version, path));
        }
    }

    /// A file of a gigabyte of zeros behind a good header; counts what is read.
    struct Huge {
        header: Vec<u8>,
        read: Cell<usize>,
    }

    impl RangedRead for Huge {
        fn size(&self) -> u64 {
            1 << 30
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.read.set(self.read.get() + buffer.len());
            buffer.fill(0);
            (&self.header[..]).read_at(offset, buffer)?;
            Ok(buffer.len())
        }
    }

    #[test]
    fn of_a_huge_file_only_a_little_is_read() {
        let kind = Fixture {
            section_headers: false,
            ..LE64
        };
        let mut header = kind.file(b"", b"");
        let file_size = 64 + 56 + 32;
        header[file_size..file_size + 8].copy_from_slice(&(1_u64 << 30).to_le_bytes());
        let huge = Huge {
            header,
            read: Cell::new(0),
        };
        assert!(matches!(build_info(&huge), Err(GoBuildError::NotGo)));
        assert!(huge.read.get() < 5 << 20, "{}", huge.read.get());
    }

    /// A file whose disk is broken.
    struct Broken;

    impl RangedRead for Broken {
        fn size(&self) -> u64 {
            100
        }

        fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    #[test]
    fn a_failing_read_is_passed_on() {
        let error = build_info(&Broken).unwrap_err();
        assert!(matches!(error, GoBuildError::Io(_)));
        assert_eq!(error.to_string(), "permission denied");
    }
}
