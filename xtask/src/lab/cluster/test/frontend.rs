//! A front end between nodesleuth and the API server, as cluster managers have them: the server is
//! found below a path, and a connection on which nothing moves for a minute is cut.

use std::time::Duration;

use crate::bounded::Running;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::build;
use crate::lab::cluster::network::ADDRESS;
use crate::lab::cluster::pki::{NODE, SERVER};
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
    // kubectl takes a raw path from the server's root on, whatever the kubeconfig says.
    let ready = format!("{PREFIX}/readyz");
    let page = format!("{PREFIX}/api/v1/nodes/{NODE}/proxy/debug/pprof/profile?seconds=70");
    let get = ["kubectl", "--kubeconfig", &kubeconfig, "get", "--raw"];
    trial.wait_for(&[&get[..], &[&ready]].concat())?;
    let cut = trial
        .cluster
        .patient_kubectl(&[&get[1..], &[&page]].concat());
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
    let report = answer.json()?;
    let total = report["ledger"]["total_cores"].as_f64();
    judged.expect(total.is_some(), format!("no total: {}", report["verdict"]));
    let notes = report["not_checked"].to_string();
    judged.expect(
        notes.contains("slices"),
        format!("the profile was not taken in slices: {notes}"),
    );
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
