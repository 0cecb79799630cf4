//! A picture of a profile as one HTML file: a page that needs no network, drawn on a canvas.
//!
//! The page (in `page/`: markup, style and scripts, put together here) is always the same; what it
//! shows is data in base64, written by `encode.rs` and read by `page/data.js`. So no name of a
//! function can become markup. Without JavaScript the page is a table of the most expensive
//! functions.

mod base64;
mod columns;
mod cut;
mod dictionary;
mod encode;
mod escape;
mod facts;
mod group;
mod kind;
mod lines;
mod page;
mod table;

use std::io::{self, Write};

use crate::html::columns::Columns;
use crate::html::cut::Cut;
use crate::profile::Profile;
use crate::source_link::SourceLinks;
use crate::stack_rows::StackRows;

/// What a page is made of besides the profile.
#[derive(Debug, Clone, Default)]
pub struct HtmlOptions<'a> {
    /// Heading, for example the name of the file.
    pub title: &'a str,
    /// A line below it; may be empty.
    pub subtitle: &'a str,
    /// What a reader should know, one sentence each.
    pub notes: &'a [String],
    /// A profile to compare with: the page then shows what changed since.
    pub before: Option<&'a Profile>,
    /// The sample type that is shown first; the profile's default if `None`.
    pub value_index: Option<usize>,
    /// Roots at the top when it is opened.
    pub inverted: bool,
    /// Merged from the leaf when it is opened: callers stand on the functions they call.
    pub reversed: bool,
    /// Known versions, for links to source lines.
    pub links: SourceLinks,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HtmlError {
    /// There is nothing to draw.
    #[error("the profile has no sample types, so there is nothing to draw")]
    NoSampleTypes,
    /// Nothing can be compared.
    #[error("the two profiles have no sample type in common: {after} against {before}")]
    NoCommonType {
        /// Those of the profile.
        after: String,
        /// Those of the one before.
        before: String,
    },
}

/// A page that can be written.
#[derive(Debug)]
pub struct HtmlPage<'p> {
    columns: Columns<'p>,
    rows: StackRows,
    cut: Cut,
    options: &'p HtmlOptions<'p>,
}

impl<'p> HtmlPage<'p> {
    /// The page of a profile.
    ///
    /// ```
    /// use nodesleuth_profile::{HtmlOptions, HtmlPage, Profile, ValueType};
    ///
    /// let profile = Profile::from_stacks(ValueType::CPU, [(vec!["main", "</script>"], 20)]);
    /// let options = HtmlOptions { title: "kubelet", ..HtmlOptions::default() };
    /// let mut page = Vec::new();
    /// HtmlPage::new(&profile, &options)?.write(&mut page)?;
    /// assert!(String::from_utf8(page)?.contains("&lt;/script&gt;"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no sample type to show.
    pub fn new(profile: &'p Profile, options: &'p HtmlOptions<'p>) -> Result<Self, HtmlError> {
        let columns = Columns::of(profile, options)?;
        let rows = columns.rows();
        Ok(Self {
            cut: Cut::of(&rows),
            columns,
            rows,
            options,
        })
    }

    /// Writes it. The same profiles and options give the same bytes.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        page::write(self, out)
    }
}
