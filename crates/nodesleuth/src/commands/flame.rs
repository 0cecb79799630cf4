//! `nodesleuth flame`: stacks of any format as a picture, as folded text, or as one profile.

mod compared;
mod html;
mod input;
mod output_kind;
mod refusals;
mod svg;
mod taken;
mod words;

use super::cluster_profile::ProfileArgs;
use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output;
use compared::Compared;
use input::Input;
use nodesleuth_profile::{Folded, GoRegex, StackFilter, fold_with, stackcollapse_go};
pub(crate) use output_kind::OutputKind;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
pub(crate) use taken::Taken;

/// Draw stacks as a flame graph, compare two, merge many.
///
/// Reads profiles of Go (.pb.gz), folded stacks and whatever else `nodesleuth pprof` reads; the
/// format is told from the content. Several files are added up.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Profiles or stacks; `-` is standard input.
    #[arg(
        value_name = "FILE",
        required_unless_present_any = ["diff", "node", "pod"],
        conflicts_with_all = ["node", "pod"]
    )]
    files: Vec<OsString>,

    /// Compare two files: widths are those of AFTER, colours say what grew. As folded text, each
    /// line ends with both weights.
    #[arg(
        long,
        num_args = 2,
        value_names = ["BEFORE", "AFTER"],
        conflicts_with_all = ["files", "node", "pod"]
    )]
    diff: Vec<OsString>,

    /// The new file to write (0600; never overwrites): .svg, .html, .folded or .pb.gz.
    /// Without it the result goes to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// What to write, if the name of --out does not say it [default: svg].
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<OutputKind>,

    /// Which value: its name or number, as the profile lists them [default: the profile's own].
    #[arg(long, value_name = "NAME|N")]
    sample_index: Option<String>,

    /// Only stacks with a function, source file or binary that matches.
    #[arg(long, value_name = "RE", value_parser = regex)]
    focus: Option<GoRegex>,

    /// No stacks with a function, source file or binary that matches.
    #[arg(long, value_name = "RE", value_parser = regex)]
    ignore: Option<GoRegex>,

    /// Merge from the leaf: callers stand on the functions they call.
    #[arg(long)]
    reverse: bool,

    /// Roots at the top.
    #[arg(long)]
    inverted: bool,

    /// Leave out boxes narrower than so many pixels of 1180, or percent of the whole (`0.1%`).
    /// [default: 0.5]
    #[arg(long, value_name = "PX", value_parser = words::min_width)]
    min_width: Option<f64>,

    /// The headline of the picture.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// What stands below it, instead of totals and times.
    #[arg(long, value_name = "TEXT")]
    subtitle: Option<String>,

    /// By what boxes are coloured [default: package; diff with --diff].
    #[arg(long, value_enum, value_name = "BY")]
    colors: Option<ColorChoice>,

    /// A version you know, for links to source lines in HTML pages: k8s.io/kubernetes=v1.20.4,
    /// go=1.15.8. Without it only files whose path holds their version are linked.
    #[arg(long, value_name = "MODULE=VERSION")]
    version: Vec<String>,

    /// Folded text exactly as a script makes it, its mistakes included.
    #[arg(long, value_enum, value_name = "SCRIPT")]
    compat: Option<Compat>,

    #[command(flatten)]
    from_cluster: ProfileArgs,
}

/// By what boxes are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ColorChoice {
    /// One colour for each Go module, the kernel apart.
    Package,
    /// Warm colours, the kernel in blue.
    Hot,
    /// Blue for less, red for more.
    Diff,
}

/// Scripts whose output can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Compat {
    /// FlameGraph's stackcollapse-go.pl on the text of `go tool pprof -raw`.
    StackcollapseGo,
}

pub(crate) fn run(mut args: Args) -> Result<(), Failure> {
    let kind = OutputKind::choose(&args)?;
    refusals::check(&args, kind)?;
    if args.out.is_none() && kind.is_for_files() && io::stdout().is_terminal() {
        let help = "name a file with --out, or redirect standard output";
        return Err(Failure::usage(
            format!("{kind} is nothing for a terminal"),
            help,
        ));
    }
    // Before this is dropped all is drawn.
    let fetched = args.from_cluster.fetch()?;
    let file = fetched.as_ref().map(|fetched| fetched.path().into());
    args.files.extend(file);
    let args = &args;
    match kind {
        OutputKind::Svg => svg::run(args),
        OutputKind::Html => html::run(args),
        OutputKind::Folded => folded(args),
        OutputKind::Pprof => pprof(args),
    }
}

fn folded(args: &Args) -> Result<(), Failure> {
    if let [before, after] = args.diff.as_slice() {
        return folded_two(args, &Compared::load(args, before, after)?);
    }
    let input = Input::load(&args.files)?;
    if args.compat.is_some() {
        let Input { profile, name, .. } = input;
        let text = stackcollapse_go(profile).map_err(|error| {
            let help = "leave --compat away: all values and inlined functions are kept then";
            Failure::usage(format!("{name}: {error}"), help)
        })?;
        return write(args.out.as_deref(), |out| out.write_all(text.as_bytes()));
    }
    folded_one(args, &input)
}

fn folded_two(args: &Args, compared: &Compared) -> Result<(), Failure> {
    let rows = &compared.rows;
    write(args.out.as_deref(), |out| rows.write_folded(out))
}

fn folded_one(args: &Args, input: &Input) -> Result<(), Failure> {
    let value = input.value_index(args.sample_index.as_deref())?;
    let filter = StackFilter::new(&input.profile, args.focus.as_ref(), args.ignore.as_ref());
    let folded: Folded = fold_with(&input.profile, value, args.reverse, |stack| {
        filter.keeps(stack)
    });
    if folded.is_empty() {
        return Err(input.nothing_left(value, args));
    }
    write(args.out.as_deref(), |out| folded.write(out))
}

fn pprof(args: &Args) -> Result<(), Failure> {
    let input = Input::load(&args.files)?;
    write(args.out.as_deref(), |out| {
        nodesleuth_profile::write(&input.profile, out)
    })
}

/// Writes a result to a new file, or to standard output.
fn write(
    path: Option<&Path>,
    fill: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(path) = path else {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        fill(&mut out)?;
        return Ok(out.flush()?);
    };
    let file = NewFile::create(path).map_err(|error| Failure::file("create", path, error))?;
    file.write_with(fill)
        .map_err(|error| Failure::file("write", path, error))?;
    output::note(&format!("wrote {}\n", path.display()));
    Ok(())
}

fn regex(text: &str) -> Result<GoRegex, String> {
    GoRegex::new(text).map_err(|error| error.to_string())
}
