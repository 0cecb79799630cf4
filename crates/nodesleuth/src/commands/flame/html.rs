//! The page.

use super::input::Input;
use super::{Args, ColorChoice, words};
use crate::failure::Failure;
use nodesleuth_profile::{HtmlError, HtmlOptions, HtmlPage, SourceLinks, value_text};

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    check(args)?;
    let (before, after) = match args.diff.as_slice() {
        [before, after] => {
            let [before, after] = Input::load_two(before, after)?;
            (Some(before), after)
        }
        _ => (None, Input::load(&args.files)?),
    };
    draw(args, before, after, links(args)?)
}

/// The page of what is in memory.
pub(super) fn draw(
    args: &Args,
    mut before: Option<Input>,
    mut after: Input,
    links: SourceLinks,
) -> Result<(), Failure> {
    let value = after.value_index(args.sample_index.as_deref())?;
    let mut notes = notes(&after);
    notes.extend(filter(args, &mut after, value));
    if let Some(before) = &mut before {
        before.retain(args);
    }
    let title = args
        .title
        .clone()
        .unwrap_or_else(|| title(before.as_ref(), &after));
    let options = HtmlOptions {
        title: &title,
        subtitle: args.subtitle.as_deref().unwrap_or_default(),
        notes: &notes,
        before: before.as_ref().map(|input| &input.profile),
        value_index: Some(value),
        inverted: args.inverted,
        reversed: args.reverse,
        links,
    };
    if after.profile.stack_count() == 0 {
        return Err(after.nothing_left(value, args));
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

/// Leaves out what is not wanted; says how much is left.
fn filter(args: &Args, input: &mut Input, value: usize) -> Option<String> {
    let filters = words::filters(args)?;
    let all = input.profile.magnitude(value);
    input.retain(args);
    let left = input.profile.magnitude(value);
    let share = 100.0 * left as f64 / (all as f64).max(1.0);
    let what = value_text(left, input.value_type(value).unit);
    Some(format!(
        "{filters}: only stacks that pass are shown, {what} or {share:.1}% of all"
    ))
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
