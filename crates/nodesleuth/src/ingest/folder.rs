//! Folders: no symbolic link is followed, only plain files are opened.

use super::limits::{DEEPEST, MOST_BYTES_INSIDE};
use super::{Reader, worth};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Reads the files of a folder and the folders in it, the most telling names first.
pub(super) fn read(reader: &mut Reader<'_>, root: &Path) {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        if !list(reader, &folder, depth, &mut folders, &mut found) {
            break;
        }
    }
    let all = found.len();
    let many = worth::is_many(all);
    found.retain(|path| worth::reading(&path.to_string_lossy(), many));
    if many {
        reader.warn(format!(
            "{}: {} of {all} files were not opened, since their names promise nothing; one that is named itself is read",
            root.display(),
            all - found.len()
        ));
    }
    found.sort();
    for path in found {
        if reader.limits.files_left == 0 {
            reader.warn(format!(
                "{}: more files than are read; the rest was left out",
                root.display()
            ));
            return;
        }
        reader.limits.files_left -= 1;
        let name = path.to_string_lossy();
        match open_plain(&path).and_then(|file| reader.limits.read(file, MOST_BYTES_INSIDE)) {
            Ok(bytes) => reader.bytes(
                &name,
                bytes,
                worth::is_prose(&name, many),
                MOST_BYTES_INSIDE,
            ),
            Err(error) => reader.warn(format!("{name}: {error}")),
        }
    }
}

/// Notes what is in one folder. Returns false when enough names were looked at.
fn list(
    reader: &mut Reader<'_>,
    folder: &Path,
    depth: usize,
    folders: &mut Vec<(PathBuf, usize)>,
    found: &mut Vec<PathBuf>,
) -> bool {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            reader.warn(format!("{}: {error}", folder.display()));
            return true;
        }
    };
    for entry in entries.flatten() {
        if reader.limits.names_left == 0 {
            reader.warn(format!(
                "{}: too many names; the rest was not looked at",
                folder.display()
            ));
            return false;
        }
        reader.limits.names_left -= 1;
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir()
            && depth < DEEPEST
            && !worth::is_hidden(&entry.file_name().to_string_lossy())
        {
            folders.push((entry.path(), depth + 1));
        }
    }
    true
}

/// Opens a plain file; what has its name by now may be another thing.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_RDONLY
        | OFlag::O_NONBLOCK
        | OFlag::O_NOCTTY
        | OFlag::O_CLOEXEC
        | OFlag::O_NOFOLLOW;
    let file = File::from(open(path, flags, Mode::empty())?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no plain file")),
    }
}
