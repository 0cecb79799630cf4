//! A picture of a profile as one HTML file: a page that needs no network, drawn on a canvas.
//!
//! The page (in `page/`: markup, style and scripts, put together here) is always the same; what it
//! shows is data in base64, written by `encode.rs` and read by `page/data.js`. So no name of a
//! function can become markup. Without JavaScript the page is a table of the most expensive
//! functions.

mod base64;
mod columns;
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
use crate::profile::Profile;
use crate::source_link::SourceLinks;

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
    /// Known versions, for links to source lines.
    pub links: SourceLinks,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
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
    /// Writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the page. The same profiles and options give the same bytes.
///
/// ```
/// use nodesleuth_profile::{HtmlOptions, Profile, ValueType, html};
///
/// let profile = Profile::from_stacks(ValueType::CPU, [(vec!["main", "</script>"], 20)]);
/// let options = HtmlOptions { title: "kubelet", ..HtmlOptions::default() };
/// let mut page = Vec::new();
/// html(&profile, &options, &mut page)?;
/// assert!(String::from_utf8(page).unwrap().contains("&lt;/script&gt;"));
/// # Ok::<(), nodesleuth_profile::HtmlError>(())
/// ```
///
/// # Errors
/// If there is no sample type to show, or `out` fails.
pub fn html(
    profile: &Profile,
    options: &HtmlOptions<'_>,
    out: impl Write,
) -> Result<(), HtmlError> {
    let columns = Columns::of(profile, options)?;
    page::write(&columns, options, out)?;
    Ok(())
}
