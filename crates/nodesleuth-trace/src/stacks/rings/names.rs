//! Names of threads: told by records, or read once.

use std::collections::HashMap;
use std::fs;

#[derive(Debug, Default)]
pub(super) struct Names(HashMap<u32, String>);

impl Names {
    /// A thread has this name from now on.
    pub(super) fn set(&mut self, tid: u32, comm: &[u8]) {
        let comm = String::from_utf8_lossy(comm).into_owned();
        self.0.insert(tid, comm);
    }

    /// It has ended: its id may be given to another thread.
    pub(super) fn forget(&mut self, tid: u32) {
        self.0.remove(&tid);
    }

    /// A thread's name; its process's when it is gone already, empty when that is gone too.
    pub(super) fn of(&mut self, tgid: u32, tid: u32) -> String {
        let name = self.0.get(&tid).cloned();
        name.or_else(|| self.read(tid, &format!("/proc/{tgid}/task/{tid}/comm")))
            .or_else(|| self.0.get(&tgid).cloned())
            .or_else(|| self.read(tgid, &format!("/proc/{tgid}/comm")))
            .unwrap_or_default()
    }

    fn read(&mut self, id: u32, path: &str) -> Option<String> {
        let name = fs::read(path).ok()?;
        self.set(id, name.trim_ascii_end());
        self.0.get(&id).cloned()
    }
}
