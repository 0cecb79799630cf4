//! What is written: told by the name of the file, or by `--format`.

use super::Args;
use crate::failure::Failure;
use std::fmt;
use std::path::Path;

/// Kinds of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputKind {
    /// A picture for any browser.
    Svg,
    /// A page with the picture, tables and more.
    Html,
    /// Lines of `frame;frame weight`.
    Folded,
    /// A profile for `nodesleuth pprof` and `go tool pprof`, in gzip.
    Pprof,
}

impl OutputKind {
    /// What `--format` says, else the name of `--out`, else a picture.
    pub(super) fn choose(args: &Args) -> Result<Self, Failure> {
        if let Some(kind) = args.format {
            return Ok(kind);
        }
        match &args.out {
            None if args.compat.is_some() => Ok(Self::Folded),
            None => Ok(Self::Svg),
            Some(path) => Self::of_path(path, ", or say --format"),
        }
    }

    /// What the name of a file says; `or_else` is what can be done besides naming it otherwise.
    pub(crate) fn of_path(path: &Path, or_else: &str) -> Result<Self, Failure> {
        Self::of_name(path).ok_or_else(|| {
            let what = format!("{}: the name does not say what to write", path.display());
            let help = format!("end it with .svg, .html, .folded, .txt or .pb.gz{or_else}");
            Failure::usage(what, help)
        })
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let kinds = [
            (".svg", Self::Svg),
            (".html", Self::Html),
            (".htm", Self::Html),
            (".folded", Self::Folded),
            (".txt", Self::Folded),
            (".pb.gz", Self::Pprof),
        ];
        let ends = |(ending, _): &&(&str, Self)| name.ends_with(ending);
        kinds.iter().find(ends).map(|(_, kind)| *kind)
    }

    /// Whether it is drawn.
    pub(super) fn is_picture(self) -> bool {
        matches!(self, Self::Svg | Self::Html)
    }

    /// Whether people cannot read it on a terminal.
    pub(super) fn is_for_files(self) -> bool {
        self != Self::Folded
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Svg => "an SVG picture",
            Self::Html => "an HTML page",
            Self::Folded => "folded text",
            Self::Pprof => "a pprof file",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_it_is() {
        let of = |name: &str| OutputKind::of_name(Path::new(name));
        assert_eq!(of("a/b.SVG"), Some(OutputKind::Svg));
        assert_eq!(of("x.pb.gz"), Some(OutputKind::Pprof));
        assert_eq!((of("x.gz"), of("x"), of("..")), (None, None, None));
    }
}
