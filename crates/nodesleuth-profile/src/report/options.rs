//! What a report is asked for.

use regex_lite::Regex;

/// Which report.
#[derive(Debug, Clone)]
pub enum ReportKind {
    /// `-raw`: the profile as text.
    Raw,
    /// `-top`, `-text`: functions by cost.
    Text,
    /// `-traces`: every sample.
    Traces,
    /// `-tree`: functions with callers and callees.
    Tree,
    /// `-peek`: the same for functions that match.
    Peek(Regex),
    /// `-tags`: labels by cost.
    Tags,
}

/// What counts as one entry of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Granularity {
    /// A function's name.
    #[default]
    Functions,
    /// A function in a file.
    FileFunctions,
    /// A source file.
    Files,
    /// A source line.
    Lines,
    /// An instruction address.
    Addresses,
}

/// Which samples and frames are shown. Expressions match anywhere in names of functions, source
/// files and mapped files.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Only samples with a matching frame.
    pub focus: Option<Regex>,
    /// No samples with a matching frame.
    pub ignore: Option<Regex>,
    /// Without matching frames.
    pub hide: Option<Regex>,
    /// Only matching frames.
    pub show: Option<Regex>,
    /// Nothing above the highest matching frame.
    pub show_from: Option<Regex>,
}

impl Filters {
    /// Those that are set, with their option names, in the order pprof lists them.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&'static str, &Regex)> {
        let all = [
            ("focus", &self.focus),
            ("ignore", &self.ignore),
            ("hide", &self.hide),
            ("show", &self.show),
            ("show_from", &self.show_from),
        ];
        all.into_iter()
            .filter_map(|(name, regex)| Some((name, regex.as_ref()?)))
    }
}

/// All of a report's options; the default is pprof's, except that `node_count` is left open.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// Which report.
    pub kind: ReportKind,
    /// Which samples and frames.
    pub filters: Filters,
    /// What is an entry.
    pub granularity: Granularity,
    /// Counts inlined functions as part of the function they were inlined into.
    pub no_inlines: bool,
    /// Sorts by cumulative cost.
    pub sort_cum: bool,
    /// Most entries shown; 0 for all; `None` for what the kind of report usually has.
    pub node_count: Option<usize>,
    /// Entries below this share of the total are left out.
    pub node_fraction: f64,
    /// Calls below this share of the total are left out.
    pub edge_fraction: f64,
    /// Whether anything is left out at all.
    pub trim: bool,
    /// Takes percentages of what the filters leave.
    pub relative_percentages: bool,
    /// Leaves out the lines that describe the profile.
    pub compact_labels: bool,
    /// Which value, by name or number; empty for the default.
    pub sample_index: String,
    /// Divides by the first value: the mean.
    pub mean: bool,
    /// Unit of values; `minimum` chooses one.
    pub unit: String,
    /// Values are divided by this before they are printed.
    pub divide_by: f64,
    /// Prefixes cut off source files, separated by colons.
    pub trim_path: String,
}

impl ReportOptions {
    /// pprof's defaults for this report.
    pub fn new(kind: ReportKind) -> Self {
        Self {
            kind,
            filters: Filters::default(),
            granularity: Granularity::default(),
            no_inlines: false,
            sort_cum: false,
            node_count: None,
            node_fraction: 0.005,
            edge_fraction: 0.001,
            trim: true,
            relative_percentages: false,
            compact_labels: false,
            sample_index: String::new(),
            mean: false,
            unit: "minimum".to_owned(),
            divide_by: 1.0,
            trim_path: String::new(),
        }
    }
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The profile has no sample types.
    #[error("the profile has no samples")]
    NoSampleTypes,
    /// No value is called so.
    #[error("sample_index {wanted:?} must be one of: {known}")]
    SampleIndex {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// `divide_by` is 0.
    #[error("zero divisor specified")]
    ZeroDivisor,
    /// `-peek` found nothing.
    #[error("no matches found for regexp: {0}")]
    NoMatches(String),
}
