//! `nodesleuth clean`: what interrupted runs left on this machine, or in a cluster.

use super::clean_cluster::{self, PodsArgs};
use super::cluster_choice::ClusterArgs;
use crate::failure::Failure;
use crate::output;
use nodesleuth_act::clean;
use nodesleuth_act::fix::journal::{self, Found};
use nodesleuth_collect::Node;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only list what would be removed.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    pods: PodsArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.pods.cluster {
        return clean_cluster::run(&args.pods, &args.cluster, args.dry_run);
    }
    if let Some(option) = args.cluster.given() {
        return Err(Failure::usage(
            format!("{option} says which cluster, and this machine is cleaned"),
            "add --cluster to remove pods there, or leave the option away",
        ));
    }
    let search = clean::find_orphans(&Node::live())?;
    for path in &search.in_use {
        output::note(&format!(
            "{}: its owner still runs, left alone\n",
            path.display()
        ));
    }
    for error in &search.not_searched {
        output::note(&format!("not searched: {error}\n"));
    }
    let had_record = forget_fix(args)?;
    if search.orphans.is_empty() && had_record {
        return Ok(());
    }
    if search.orphans.is_empty() {
        return output::print("nothing to clean\n");
    }
    let mut stayed = 0;
    for orphan in &search.orphans {
        let path = orphan.path().display();
        if args.dry_run {
            output::print_lines(&format!("would remove {path}\n"))?;
            continue;
        }
        let removal = clean::remove(orphan);
        output::print_lines(&format!("{path}: {} entries removed\n", removal.removed))?;
        stayed += removal.left;
        for leftover in &removal.leftovers {
            output::note(&format!("  still there: {leftover}\n"));
        }
    }
    if stayed == 0 {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{stayed} entries could not be removed"),
        "see the messages above; processes may still be in a cgroup, or root is needed",
    ))
}

/// The record of a fix that was interrupted; whether there was one.
fn forget_fix(args: &Args) -> Result<bool, Failure> {
    let node = Node::live();
    let place = journal::FOLDER;
    let found = match journal::look(&node, place) {
        Ok(found) => found,
        Err(error) => {
            output::note(&format!("not searched: {error}\n"));
            return Ok(false);
        }
    };
    let what = match found {
        Found::Nothing => return Ok(false),
        Found::AtWork(record) => {
            output::note(&format!(
                "{place}: fix {} is at work, left alone\n",
                record.plan
            ));
            return Ok(false);
        }
        Found::Interrupted(record) => format!("the record of an interrupted fix ({})", record.plan),
        Found::Unreadable(_) => "a record of a fix that cannot be read".to_owned(),
    };
    if args.dry_run {
        output::print_lines(&format!("would forget {what} in {place}\n"))?;
    } else {
        journal::forget(&node, place)?;
        output::print_lines(&format!("forgot {what} in {place}\n"))?;
    }
    Ok(true)
}
