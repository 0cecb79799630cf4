//! A front end between nodesleuth and the API server, as cluster managers have them: the server is
//! found below a path, and a connection on which nothing moves for a minute is cut.

use std::time::Duration;

use crate::bounded::Running;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::build;
use crate::lab::cluster::network::ADDRESS;
use crate::lab::cluster::pki::{NODE, SERVER};
use crate::lab::cluster::test::verdicts::expect_report;
use crate::lab::cluster::test::{Judged, Scenario, Trial};

pub(crate) const ALL: &[Scenario] = &[Scenario {
    name: "front end that cuts",
    run: long_window,
}];

const PORT: u16 = 7443;
const PREFIX: &str = "/k8s/clusters/c-lab";
const CUTS_AFTER: &str = "60s";
/// Longer than a connection may be silent.
const WINDOW: &str = "80s";
const START_LIMIT: Duration = Duration::from_secs(20);
const ADMIN: &str = "token-of-admin";

/// A profile of the whole window cannot be had in one request.
fn long_window(trial: &Trial<'_>) -> Result<Judged> {
    let front = format!("https://{ADDRESS}:{PORT}{PREFIX}");
    let running = trial.front_end()?;
    let kubeconfig = trial.kubeconfig_of(&front, ADMIN)?;
    let kubeconfig = kubeconfig.display().to_string();
    trial.wait_for(&[
        "kubectl",
        "--kubeconfig",
        &kubeconfig,
        "get",
        "--raw",
        "/readyz",
    ])?;
    let page = format!("/api/v1/nodes/{NODE}/proxy/debug/pprof/profile?seconds=70");
    let cut = trial
        .cluster
        .patient_kubectl(&["--kubeconfig", &kubeconfig, "get", "--raw", &page]);
    let mut judged = Judged::default();
    judged.expect(
        cut.is_err(),
        "the front end does not cut a silent connection",
    );
    let words = [
        "diagnose",
        "--kubeconfig",
        &kubeconfig,
        "--node",
        NODE,
        "--window",
        WINDOW,
    ];
    let answer = trial.ask(&[&words[..], &["-o", "json"]].concat())?;
    drop(running);
    judged.said = format!("window {WINDOW}: {:.0} s", answer.took.as_secs_f64());
    expect_report(&mut judged, &answer)?;
    Ok(judged)
}

impl Trial<'_> {
    fn front_end(&self) -> Result<Running> {
        let program = build::program(self.cluster.places(), "frontend")?;
        let pki = self.cluster.places().state().join("pki");
        let file = |name: &str| pki.join(name).display().to_string();
        let listen = format!("{ADDRESS}:{PORT}");
        self.background(&[
            &program.display().to_string(),
            &listen,
            PREFIX,
            SERVER,
            &file("ca.crt"),
            &file("apiserver.crt"),
            &file("apiserver.key"),
            CUTS_AFTER,
        ])
    }

    /// Waits until a command in the cluster's network succeeds.
    pub(crate) fn wait_for(&self, words: &[&str]) -> Result<()> {
        let succeeds = interrupt::wait_until(START_LIMIT, || {
            Ok(self.background(words)?.wait(START_LIMIT)?.success())
        })?;
        if succeeds {
            Ok(())
        } else {
            Err(Failure::new(words.join(" "), "does not succeed in time"))
        }
    }
}
