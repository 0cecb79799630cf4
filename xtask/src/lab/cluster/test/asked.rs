//! Asking the nodesleuth that is tried, as a user of the cluster.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bounded;
use crate::failure::{Result, While};
use crate::lab::cluster::pki::{self, SERVER};
use crate::lab::cluster::test::Trial;

/// The longest that any run may take; also how a run that hangs is found.
const LIMIT: Duration = Duration::from_secs(240);

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).doing(|| {
            let said = bounded::last_lines(&self.stderr, 8);
            format!("reading its report (exit code {:?})\n{said}\n", self.code)
        })
    }
}

impl Trial<'_> {
    pub(crate) fn nodesleuth(&self, words: &[&str]) -> Command {
        let mut command = self.cluster.command(self.binary);
        command.args(words);
        command
    }

    /// As somebody who may do everything.
    pub(crate) fn ask(&self, words: &[&str]) -> Result<Answer> {
        self.answer_of(&mut self.nodesleuth(words))
    }

    /// As the user whom this token stands for.
    pub(crate) fn ask_as(&self, token: &str, words: &[&str]) -> Result<Answer> {
        let mut command = self.nodesleuth(words);
        command.env("KUBECONFIG", self.kubeconfig_of(SERVER, token)?);
        self.answer_of(&mut command)
    }

    /// For the API server, or a front end with a certificate of the same authority.
    pub(crate) fn kubeconfig_of(&self, server: &str, token: &str) -> Result<PathBuf> {
        let path = self.folder.join("kubeconfig");
        let authority = self.cluster.places().state().join("pki/ca.crt");
        pki::write_kubeconfig(&path, (server, &authority), &json!({ "token": token }))?;
        Ok(path)
    }

    fn answer_of(&self, command: &mut Command) -> Result<Answer> {
        let began = Instant::now();
        let output = bounded::output(command, LIMIT)?;
        Ok(Answer {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
            took: began.elapsed(),
        })
    }
}
