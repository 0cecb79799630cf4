//! 300 nodes behind the real API server: Node objects that lead to stand-ins for kubelets, which
//! answer what this cluster's own kubelet answers. Every tenth fails, in ten ways.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bounded::Running;
use crate::failure::{Result, While};
use crate::interrupt;
use crate::lab::cluster::build;
use crate::lab::cluster::network::ADDRESS;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::{Judged, Scenario, Trial};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "fleet: all at once",
        run: |trial| watch(trial, NODES),
    },
    Scenario {
        name: "fleet: 50 at once",
        run: |trial| watch(trial, 50),
    },
];

const NODES: u16 = 300;
const FIRST_PORT: u16 = 20_000;
const LABEL: &str = "lab=stand-in";
const WINDOW: Duration = Duration::from_secs(20);
/// What a run may take beyond its windows.
const ROOM: f64 = 0.25;
const MEMORY_LIMIT_KIB: u64 = 300 * 1024;
const RUN_LIMIT: Duration = Duration::from_secs(400);
/// What stand-ins answer; a name of each is the file that holds it.
const PAGES: [&str; 8] = [
    "healthz",
    "metrics",
    "metrics/cadvisor",
    "stats/summary",
    "configz",
    "pods",
    "debug/pprof/profile?seconds=5",
    "debug/pprof/goroutine?debug=2",
];

fn watch(trial: &Trial<'_>, in_flight: u16) -> Result<Judged> {
    let pages = trial.record_pages()?;
    let stand_ins = trial.stand_ins(&pages)?;
    trial.add_nodes()?;
    let watched = trial
        .wait_for_stand_ins()
        .and_then(|()| trial.watch_fleet(in_flight));
    let removed = trial
        .cluster
        .patient_kubectl(&["delete", "nodes", "--selector", LABEL]);
    drop(stand_ins);
    let run = watched?;
    removed?;
    Ok(run.judge(in_flight))
}

/// A run over all stand-ins.
struct Run {
    code: Option<i32>,
    took: Duration,
    peak_kib: u64,
    report: String,
    errors: String,
}

impl Run {
    fn judge(&self, in_flight: u16) -> Judged {
        let rounds = NODES.div_ceil(in_flight);
        let allowed = WINDOW.mul_f64(f64::from(rounds) * (1.0 + ROOM));
        let named = (0..NODES)
            .filter(|index| self.report.contains(&node_name(*index)))
            .count();
        let mut judged = Judged {
            said: format!(
                "{named} nodes in the report, {:.1} s for {rounds} × {} s, {} MB",
                self.took.as_secs_f64(),
                WINDOW.as_secs(),
                self.peak_kib / 1024,
            ),
            ..Judged::default()
        };
        judged.expect(
            self.code == Some(0),
            format!("exit code {:?}\n{}", self.code, self.errors),
        );
        judged.expect(
            named == usize::from(NODES),
            format!("{named} of {NODES} nodes named"),
        );
        judged.expect(
            self.took <= allowed,
            format!("longer than {:.0} s", allowed.as_secs_f64()),
        );
        judged.expect(self.peak_kib < MEMORY_LIMIT_KIB, "more than 300 MB");
        judged
    }
}

fn node_name(index: u16) -> String {
    format!("stand-in-{index:03}")
}

impl Trial<'_> {
    /// What the real kubelet answers, one file a page.
    fn record_pages(&self) -> Result<PathBuf> {
        let folder = self.folder.join("pages");
        fs::create_dir_all(&folder).doing(|| format!("making {}", folder.display()))?;
        for page in PAGES {
            let name = page.split('?').next().unwrap_or(page).replace('/', "_");
            let file = folder.join(name).display().to_string();
            let url = format!("/api/v1/nodes/{NODE}/proxy/{page}");
            // Through a shell: a profile is no text.
            self.wait_for(&["sh", "-c", &format!("kubectl get --raw '{url}' > '{file}'")])?;
        }
        Ok(folder)
    }

    fn stand_ins(&self, pages: &std::path::Path) -> Result<Running> {
        let program = build::program(self.cluster.places(), "standins")?;
        let pki = self.cluster.places().state().join("pki");
        let file = |name: &str| pki.join(name).display().to_string();
        self.background(&[
            &program.display().to_string(),
            ADDRESS,
            &FIRST_PORT.to_string(),
            &NODES.to_string(),
            &file("apiserver.crt"),
            &file("apiserver.key"),
            &pages.display().to_string(),
        ])
    }

    /// Until the last one that answers does.
    fn wait_for_stand_ins(&self) -> Result<()> {
        let page = format!("/api/v1/nodes/{}/proxy/healthz", node_name(NODES - 2));
        self.wait_for(&["kubectl", "get", "--raw", &page])
    }

    fn add_nodes(&self) -> Result<()> {
        let nodes: Vec<_> = (0..NODES)
            .map(|index| node_object(&node_name(index), ADDRESS, FIRST_PORT + index))
            .collect();
        self.create(&json!({ "apiVersion": "v1", "kind": "List", "items": nodes }))
    }

    /// Creates what this object says.
    pub(crate) fn create(&self, object: &Value) -> Result<()> {
        let file = self.folder.join("object.json");
        fs::write(&file, object.to_string()).doing(|| format!("writing {}", file.display()))?;
        let file = file.display().to_string();
        self.cluster
            .patient_kubectl(&["create", "--filename", &file])
            .map(drop)
    }

    fn watch_fleet(&self, in_flight: u16) -> Result<Run> {
        let streams = ["report", "errors"].map(|name| self.folder.join(name));
        let open =
            |path: &PathBuf| fs::File::create(path).doing(|| format!("making {}", path.display()));
        let window = format!("{}s", WINDOW.as_secs());
        let in_flight = in_flight.to_string();
        let words = [
            "diagnose",
            "--selector",
            LABEL,
            "--window",
            &window,
            "--in-flight",
            &in_flight,
        ];
        let mut command = self.nodesleuth(&words);
        command
            .args(["-o", "json"])
            .stdin(Stdio::null())
            .stdout(open(&streams[0])?)
            .stderr(open(&streams[1])?);
        let began = Instant::now();
        let mut running = Running::start(&mut command)?;
        let mut peak_kib = 0;
        let mut status = None;
        interrupt::wait_until(RUN_LIMIT, || {
            peak_kib = peak_kib.max(peak_of(running.pid()).unwrap_or(0));
            status = running.ended()?;
            Ok(status.is_some())
        })?;
        let text = |path: &PathBuf| {
            fs::read_to_string(path).doing(|| format!("reading {}", path.display()))
        };
        Ok(Run {
            code: status.and_then(|status| status.code()),
            took: began.elapsed(),
            peak_kib,
            report: text(&streams[0])?,
            errors: text(&streams[1])?,
        })
    }
}

/// A Node that leads to this kubelet port, and is ready as far as anybody knows.
pub(crate) fn node_object(name: &str, address: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "labels": { "lab": "stand-in" } },
        "status": {
            "addresses": [{ "type": "InternalIP", "address": address }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
            "conditions": [{ "type": "Ready", "status": "True" }],
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.18.44",
                "osImage": "lab", "containerRuntimeVersion": "containerd://1.6.20",
                "kubeletVersion": "v1.20.2", "kubeProxyVersion": "v1.20.2",
                "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

/// The most memory that a process ever had, as long as it lives.
fn peak_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
