//! A file of code, opened while a process has it mapped and held open since: it still names
//! addresses when it has been deleted or replaced, and its inode number is nobody else's.

use crate::ranged_file::RangedFile;
use nodesleuth_model::evidence::GoBuild;
use nodesleuth_parse::go::build_info;
use nodesleuth_parse::symbolize::Binary;
use std::cell::{OnceCell, RefCell};

/// A held file; its tables are read when the first address is to be named.
#[derive(Debug)]
pub(super) struct ExecFile {
    file: RefCell<Option<RangedFile>>,
    read: OnceCell<Read>,
}

/// What was read of it.
#[derive(Debug)]
struct Read {
    /// Its symbols, or why there are none.
    binary: Result<Binary<'static>, String>,
    /// What Go recorded of its build.
    go: Option<GoBuild>,
}

impl ExecFile {
    pub(super) fn of(file: RangedFile) -> Self {
        Self {
            file: RefCell::new(Some(file)),
            read: OnceCell::new(),
        }
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| match self.file.take() {
            Some(file) => Read {
                go: build_info(&file).ok(),
                binary: Binary::open(Box::new(file)).map_err(|error| error.to_string()),
            },
            // Initialised once, so it has not been taken before.
            None => Read {
                binary: Err("it was not opened".to_owned()),
                go: None,
            },
        })
    }

    pub(super) fn binary(&self) -> Option<&Binary<'static>> {
        self.read().binary.as_ref().ok()
    }

    /// What Go recorded of the build, if any address in the file was to be named.
    pub(super) fn go_if_read(&self) -> Option<&GoBuild> {
        self.read.get()?.go.as_ref()
    }

    pub(super) fn build_id(&self) -> Option<&str> {
        self.binary()?.build_id()
    }
}
