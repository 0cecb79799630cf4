//! What a report is asked for.

use crate::go_regex::GoRegex;
use crate::report::tag_filter::TagFilter;

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
    Peek(GoRegex),
    /// `-tags`: labels by cost.
    Tags,
    /// `-comments`: the profile's comments.
    Comments,
    /// `-proto`: the profile, as a file.
    Proto,
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
    pub focus: Option<GoRegex>,
    /// No samples with a matching frame.
    pub ignore: Option<GoRegex>,
    /// Without matching frames.
    pub hide: Option<GoRegex>,
    /// Only matching frames.
    pub show: Option<GoRegex>,
    /// Nothing above the highest matching frame.
    pub show_from: Option<GoRegex>,
    /// Nothing below the lowest matching function.
    pub prune_from: Option<GoRegex>,
    /// Only samples with such labels.
    pub tag_focus: Option<TagFilter>,
    /// No samples with such labels.
    pub tag_ignore: Option<TagFilter>,
    /// Only labels with such keys.
    pub tag_show: Option<GoRegex>,
    /// No labels with such keys.
    pub tag_hide: Option<GoRegex>,
}

impl Filters {
    /// Those that are set, with their option names, in the order pprof lists them; it does not
    /// list `prune_from`.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("focus", self.focus.as_ref().map(GoRegex::as_str)),
            ("ignore", self.ignore.as_ref().map(GoRegex::as_str)),
            ("hide", self.hide.as_ref().map(GoRegex::as_str)),
            ("show", self.show.as_ref().map(GoRegex::as_str)),
            ("show_from", self.show_from.as_ref().map(GoRegex::as_str)),
            ("tagfocus", self.tag_focus.as_ref().map(TagFilter::as_str)),
            ("tagignore", self.tag_ignore.as_ref().map(TagFilter::as_str)),
            ("tagshow", self.tag_show.as_ref().map(GoRegex::as_str)),
            ("taghide", self.tag_hide.as_ref().map(GoRegex::as_str)),
        ];
        all.into_iter()
            .filter_map(|(name, written)| Some((name, written?)))
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
    /// Tells columns of a source line apart, where lines are.
    pub show_columns: bool,
    /// Sorts by cumulative cost.
    pub sort_cum: bool,
    /// Most entries shown; 0 for all; `None` for what the kind of report usually has.
    pub node_count: Option<usize>,
    /// Entries below this share of the total are left out.
    pub node_fraction: f64,
    /// Calls below this share of the total are left out.
    pub edge_fraction: f64,
    /// Leaves out entries that became cheaper, in differences.
    pub drop_negative: bool,
    /// Keys of labels whose values become frames: the first is the new root.
    pub tag_root: Vec<String>,
    /// Likewise: the last is the new leaf.
    pub tag_leaf: Vec<String>,
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
            show_columns: false,
            sort_cum: false,
            node_count: None,
            node_fraction: 0.005,
            edge_fraction: 0.001,
            drop_negative: false,
            tag_root: Vec::new(),
            tag_leaf: Vec::new(),
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
