//! What makes the kubelet work: clients that read its metrics without pause, pods with probes.

use std::process::Stdio;

use crate::bounded::Running;
use crate::failure::Result;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::Trial;
use crate::parent;

const PROXY_PORT: &str = "8001";
const PODS_LIMIT: &str = "180s";

/// Programs in the cluster's network that end with this value.
#[derive(Debug)]
pub(crate) struct Load {
    _running: Vec<Running>,
}

impl Trial<'_> {
    /// A program in the cluster's network that ends with us, whatever happens to us.
    pub(crate) fn background(&self, words: &[&str]) -> Result<Running> {
        let mut command = parent::dying_with_us(parent::OURSELVES);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["__in-cluster", "--"])
            .args(words)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env(
                "PATH",
                format!("{}:{path}", self.cluster.places().search_path()),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Running::start(&mut command)
    }

    /// Clients that read this page of the kubelet one time after the other.
    pub(crate) fn hammer(&self, clients: usize, page: &str) -> Result<Load> {
        let busybox = self.cluster.places().debian().join("bin/busybox");
        let busybox = busybox.display().to_string();
        let port = format!("--port={PROXY_PORT}");
        let mut running = vec![self.background(&["kubectl", "proxy", &port])?];
        let url = format!("http://127.0.0.1:{PROXY_PORT}/api/v1/nodes/{NODE}/proxy/{page}");
        let read = [busybox.as_str(), "wget", "-q", "-O", "/dev/null", &url];
        self.wait_for(&read)?;
        for _ in 0..clients {
            let forever = format!("while :; do {}; done", read.join(" "));
            running.push(self.background(&["sh", "-c", &forever])?);
        }
        Ok(Load { _running: running })
    }

    /// Runs a workload of the repository until its pods are ready, then `work`, and removes it.
    pub(crate) fn with_workload<T>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let file = self
            .cluster
            .places()
            .config(&format!("workloads/{name}.yaml"));
        let file = file.display().to_string();
        self.cluster.kubectl(&["apply", "--filename", &file])?;
        let deployment = format!("deployment/{name}");
        let timeout = format!("--timeout={PODS_LIMIT}");
        let worked = self
            .cluster
            .patient_kubectl(&["rollout", "status", &deployment, &timeout])
            .and_then(|_| work());
        let words = ["delete", "--wait=true", &timeout, "--filename", &file];
        let removed = self.cluster.patient_kubectl(&words);
        let worked = worked?;
        removed.map(|_| worked)
    }
}
