//! What counting costs everybody else on the node, and whether it is worth that.

use super::plan::TracePlan;
use nodesleuth_model::evidence::TraceTax;
use nodesleuth_model::{Cores, Missing, MissingKind, Nanos};
use nodesleuth_trace::{Cost, Figures, Summary};

/// What BPF on raw tracepoints adds to a call of a process that is not watched (measured on 6.18),
/// where it could not be measured on this node.
const USUAL_NS: f64 = 163.0;
/// Others may lose this share of the node's CPUs, unless told otherwise.
const MOST_OF_NODE: f64 = 0.01;

/// The prediction for a longer capture, from a first look.
pub(super) fn predict(look: &Summary) -> TraceTax {
    let seconds = (look.length_ns as f64 / 1e9).max(1e-9);
    let rate = bystander_calls(look) as f64 / seconds;
    let per_call = per_call_ns(&look.cost);
    TraceTax {
        bystander_rate: rate,
        per_call: Nanos(per_call as u64),
        predicted_cores: Cores(rate * per_call / 1e9),
        ..TraceTax::default()
    }
}

/// The same with what the capture really cost.
pub(super) fn with_real(mut tax: TraceTax, capture: &Summary) -> TraceTax {
    let seconds = (capture.length_ns as f64 / 1e9).max(1e-9);
    tax.bystander_calls = bystander_calls(capture);
    let cost = tax.bystander_calls as f64 * per_call_ns(&capture.cost) / 1e9;
    tax.real_cores = Cores(cost / seconds);
    tax
}

/// Refuses a capture that would cost others too much.
pub(super) fn allow(tax: &TraceTax, plan: TracePlan, cpus: u32) -> Result<(), Missing> {
    let most = MOST_OF_NODE * f64::from(cpus);
    if plan.whatever_it_costs() || tax.predicted_cores.0 <= most {
        return Ok(());
    }
    let reason = format!(
        "other processes make {:.0} system calls a second: counting would cost them {} cores at \
         {} each, more than 1% of this node's {cpus} CPUs",
        tax.bystander_rate, tax.predicted_cores, tax.per_call
    );
    Err(Missing::new(MissingKind::OverBudget, reason)
        .needs("--trace-for 3s, which does it all the same"))
}

fn bystander_calls(summary: &Summary) -> u64 {
    let Figures::Counted { totals, .. } = &summary.figures else {
        return 0;
    };
    let own = totals
        .iter()
        .map(|total| total.calls)
        .fold(0, u64::saturating_add);
    summary.cost.node_calls.unwrap_or(0).saturating_sub(own)
}

fn per_call_ns(cost: &Cost) -> f64 {
    let measured = cost.call_during_ns.zip(cost.call_before_ns);
    let more = measured.map(|(during, before)| during - before);
    more.filter(|more| *more > 0.0).unwrap_or(USUAL_NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::fake_summary;
    use std::time::Duration;

    fn look(node_calls: u64) -> Summary {
        let mut look = fake_summary(200_000_000, &[("read", 1_000)]);
        look.cost = Cost {
            node_calls: Some(node_calls),
            call_before_ns: Some(100.0),
            call_during_ns: Some(200.0),
        };
        look
    }

    #[test]
    fn only_calls_of_others_are_a_tax() {
        let tax = predict(&look(41_000));
        assert_eq!(tax.bystander_rate, 200_000.0);
        assert_eq!(tax.per_call, Nanos(100));
        assert!((tax.predicted_cores.0 - 0.02).abs() < 1e-9);
        assert!((with_real(tax, &look(21_000)).real_cores.0 - 0.01).abs() < 1e-9);
    }

    #[test]
    fn it_is_refused_above_one_percent_of_the_node_unless_asked_for() {
        let tax = predict(&look(41_200));
        let refused = allow(&tax, TracePlan::Polite, 2).unwrap_err();
        assert_eq!(refused.kind, MissingKind::OverBudget);
        assert!(
            refused.reason.contains("0.020 cores at 100 ns"),
            "{refused}"
        );
        assert!(refused.to_string().contains("--trace-for"), "{refused}");
        assert_eq!(allow(&tax, TracePlan::Polite, 4), Ok(()));
        let asked = TracePlan::For(Duration::from_secs(1));
        assert_eq!(allow(&tax, asked, 2), Ok(()));
        assert_eq!(allow(&predict(&look(40_800)), TracePlan::Polite, 2), Ok(()));
    }

    #[test]
    fn a_measurement_drowned_in_noise_is_replaced_by_the_usual_price() {
        let mut look = look(41_000);
        look.cost.call_during_ns = Some(90.0);
        assert_eq!(predict(&look).per_call, Nanos(163));
    }
}
