//! The page.

use super::input::Input;
use super::{Args, ColorChoice};
use crate::failure::Failure;
use nodesleuth_profile::{HtmlError, HtmlOptions, HtmlPage, SourceLinks};

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    check(args)?;
    let (before, after) = match args.diff.as_slice() {
        [before, after] => {
            let before = Input::load(std::slice::from_ref(before))?;
            (Some(before), Input::load(std::slice::from_ref(after))?)
        }
        _ => (None, Input::load(&args.files)?),
    };
    let title = args
        .title
        .clone()
        .unwrap_or_else(|| title(before.as_ref(), &after));
    let options = HtmlOptions {
        title: &title,
        subtitle: args.subtitle.as_deref().unwrap_or_default(),
        notes: &notes(&after),
        before: before.as_ref().map(|input| &input.profile),
        value_index: Some(after.value_index(args.sample_index.as_deref())?),
        inverted: args.inverted,
        links: links(args)?,
    };
    if after.profile.stack_count() == 0 {
        return Err(Failure::usage(
            format!("{}: there are no samples in it", after.name),
            "`nodesleuth pprof -raw FILE` shows everything",
        ));
    }
    let page = HtmlPage::new(&after.profile, &options).map_err(unusable)?;
    super::write(args.out.as_deref(), |out| page.write(out))
}

fn check(args: &Args) -> Result<(), Failure> {
    if args
        .colors
        .is_some_and(|colors| colors != ColorChoice::Package)
    {
        let help = "leave it away: colours are chosen in the page, with --diff also by change";
        return Err(Failure::usage(
            "only --colors package goes with an HTML page",
            help,
        ));
    }
    Ok(())
}

fn title(before: Option<&Input>, after: &Input) -> String {
    match before {
        Some(before) => format!("{} → {}", before.name, after.name),
        None => after.name.clone(),
    }
}

fn notes(input: &Input) -> Vec<String> {
    let added = || vec![format!("{} profiles added up", input.files)];
    if input.files > 1 { added() } else { Vec::new() }
}

fn links(args: &Args) -> Result<SourceLinks, Failure> {
    let mut links = SourceLinks::default();
    for version in &args.version {
        let set = links.set_version(version);
        set.map_err(|error| {
            Failure::usage(
                format!("--version {error}"),
                "leave it away: the page then shows file and line without a link",
            )
        })?;
    }
    Ok(links)
}

fn unusable(error: HtmlError) -> Failure {
    Failure::usage(error.to_string(), "compare profiles of the same kind")
}
