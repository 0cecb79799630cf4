//! The parent that is going to be killed: this program again, with a demo running.

use crate::machine::{Machine, binary};
use nodesleuth_act::demo::{Demo, Plan};
use nodesleuth_collect::Node;
use nodesleuth_model::Pid;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

pub(crate) const COMMAND: &str = "play-parent";

/// Sets a demo up and waits to be killed. Arguments: root of the node, cgroups, files.
pub(crate) fn play(arguments: &[String]) -> ExitCode {
    let [root, cgroups, files] = arguments else {
        return ExitCode::from(2);
    };
    let root = Path::new(root);
    let plan = Plan {
        cgroups: cgroups.parse().unwrap(),
        files: files.parse().unwrap(),
        force: true,
        ..Machine::plan_at(root)
    };
    let demo = Demo::set_up_as(&Node::at(root), &binary(), &plan, &say).unwrap();
    say(&format!("agent {}", demo.agent_pid()));
    say(&format!("guardian {}", demo.guardian_pid().unwrap()));
    std::thread::sleep(Duration::from_secs(60));
    ExitCode::FAILURE
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// A parent as the test sees it.
pub(crate) struct Parent {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Parent {
    pub(crate) fn start(root: &Path, cgroups: usize, files: usize) -> Self {
        let mut child = Command::new(binary())
            .arg(COMMAND)
            .arg(root)
            .args([cgroups.to_string(), files.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Self { child, says }
    }

    /// Waits for a line that begins like this and returns its rest.
    pub(crate) fn hear(&mut self, beginning: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(
                self.says.read_line(&mut line).unwrap() > 0,
                "no line {beginning:?}"
            );
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
        }
    }

    pub(crate) fn hear_pid(&mut self, who: &str) -> Pid {
        Pid(self.hear(&format!("{who} ")).parse().unwrap())
    }

    pub(crate) fn kill_9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
