//! The picture as text: head, boxes, labels, legend, script.

use std::io::{self, Write};

use crate::draw::colors::{Colors, of_change, of_sign, of_symbol};
use crate::draw::hover::Hover;
use crate::draw::label::label;
use crate::draw::layout::{Layout, Placed, UNITS};
use crate::draw::legend::{legend, omissions};
use crate::draw::palette::{ALL, Rgb};
use crate::draw::svg::{Lanes, SvgOptions};
use crate::draw::xml::{Escaped, shown_name};
use crate::stack_rows::StackRows;

const WIDTH: usize = 1200;
const MARGIN: usize = 10;
/// From one level to the next, and between lines of text.
const LINE: usize = 16;
/// Of the monospaced font, in pixels.
const COLUMN: f64 = 7.25;

const STYLE: &str = include_str!("flame.css");
const SCRIPT: &str = include_str!("flame.js");

/// A picture about to be written.
#[derive(Debug)]
pub(crate) struct Page<'p> {
    rows: &'p StackRows,
    options: &'p SvgOptions<'p>,
    layout: &'p Layout,
    hover: Hover<'p>,
    /// Where the boxes begin.
    top: usize,
}

impl<'p> Page<'p> {
    /// Width of the boxes together, in pixels.
    pub(crate) const INNER_WIDTH: f64 = (WIDTH - 2 * MARGIN) as f64;

    pub(crate) fn new(
        rows: &'p StackRows,
        options: &'p SvgOptions<'p>,
        layout: &'p Layout,
    ) -> Self {
        Self {
            rows,
            options,
            layout,
            hover: Hover::new(options, layout),
            top: 48 + LINE * (options.subtitle.lines().count() + 1),
        }
    }

    pub(crate) fn write(&self, mut out: impl Write) -> io::Result<()> {
        let notes = omissions(self.rows, self.options, self.layout);
        let below = self.top + self.boxes_height() + LINE + 4;
        let height = below + LINE * (notes.len() + 2);
        self.head(&mut out, height)?;
        self.boxes(&mut out)?;
        self.labels(&mut out)?;
        self.legend(&mut out, below)?;
        for (line, note) in notes.iter().enumerate() {
            let y = below + LINE * (line + 1);
            writeln!(
                out,
                "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>",
                Escaped(note)
            )?;
        }
        writeln!(out, "<script><![CDATA[\n{SCRIPT}]]></script>\n</svg>")
    }

    /// Rows of boxes, the one for all included.
    fn levels(&self) -> usize {
        self.layout.levels + 1
    }

    fn boxes_height(&self) -> usize {
        self.levels() * LINE
    }

    /// Top edge of a level; 0 is the one for all.
    fn y(&self, level: usize) -> usize {
        match self.options.inverted {
            true => level * LINE,
            false => (self.levels() - 1 - level) * LINE,
        }
    }

    fn head(&self, out: &mut impl Write, height: usize) -> io::Result<()> {
        let title = Escaped(self.options.title);
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" class=\"flame\" \
             role=\"img\" aria-label=\"{title}\">"
        )?;
        writeln!(out, "<title>{title}</title>\n<style>{STYLE}</style>")?;
        writeln!(
            out,
            "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>"
        )?;
        writeln!(
            out,
            "<text class=\"title\" x=\"{MARGIN}\" y=\"26\">{title}</text>"
        )?;
        for (line, text) in self.options.subtitle.lines().enumerate() {
            let y = 46 + LINE * line;
            writeln!(
                out,
                "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>",
                Escaped(text)
            )?;
        }
        let y = self.top - 8;
        writeln!(out, "<text class=\"path\" x=\"{MARGIN}\" y=\"{y}\"></text>")
    }

    fn boxes(&self, out: &mut impl Write) -> io::Result<()> {
        let height = self.boxes_height();
        writeln!(
            out,
            "<svg class=\"boxes\" x=\"{MARGIN}\" y=\"{}\" width=\"{}\" height=\"{height}\" \
             viewBox=\"0 0 {UNITS} {height}\" preserveAspectRatio=\"none\">",
            self.top,
            Self::INNER_WIDTH
        )?;
        let mut known = vec![None; self.rows.symbol_count()];
        let title = format!("all\n{}", Escaped(&self.hover.of_all()));
        self.rect(out, 0, (0, UNITS as u64), (ALL, false), &title)?;
        for placed in &self.layout.boxes {
            let symbol = self.rows.symbol(placed.symbol);
            let name = shown_name(symbol.name);
            let title = format!(
                "{}\n{}",
                Escaped(&name),
                Escaped(&self.hover.of(placed, symbol))
            );
            let color = match self.color_of_change(placed) {
                Some(color) => color,
                None => *known[placed.symbol.index()]
                    .get_or_insert_with(|| of_symbol(self.options.colors, symbol)),
            };
            let look = (color, placed.is_inline);
            self.rect(
                out,
                placed.depth + 1,
                self.layout.place(placed),
                look,
                &title,
            )?;
        }
        writeln!(out, "</svg>")
    }

    fn rect(
        &self,
        out: &mut impl Write,
        level: usize,
        (x, width): (u64, u64),
        (color, is_inline): (Rgb, bool),
        title: &str,
    ) -> io::Result<()> {
        let class = if is_inline { "class=\"inline\" " } else { "" };
        writeln!(
            out,
            "<rect {class}x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\" fill=\"{}\"><title>{title}</title></rect>",
            self.y(level),
            LINE - 1,
            color.hex()
        )
    }

    /// `None` if the colour depends on the function only.
    fn color_of_change(&self, placed: &Placed) -> Option<Rgb> {
        match (self.options.colors, self.options.lanes) {
            (Colors::Diff, Lanes::Signed) => Some(of_sign(placed.totals[0], placed.totals[1])),
            (Colors::Diff, Lanes::BeforeAfter) => {
                let [before, after] = self.hover.shares(placed);
                Some(of_change(before, after))
            }
            (Colors::Package | Colors::Hot, _) => None,
        }
    }

    /// For those who have no scripts; the script makes its own.
    fn labels(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "<g class=\"labels\" transform=\"translate({MARGIN} {})\">",
            self.top
        )?;
        self.label(out, 0, (0, UNITS as u64), "all", false)?;
        for placed in &self.layout.boxes {
            let name = self.rows.symbol(placed.symbol).name;
            let place = self.layout.place(placed);
            self.label(out, placed.depth + 1, place, name, placed.is_inline)?;
        }
        writeln!(out, "</g>")
    }

    fn label(
        &self,
        out: &mut impl Write,
        level: usize,
        (x, width): (u64, u64),
        name: &str,
        is_inline: bool,
    ) -> io::Result<()> {
        let pixels = |units: u64| units as f64 * Self::INNER_WIDTH / UNITS;
        let columns = ((pixels(width) - 6.0) / COLUMN).max(0.0) as usize;
        let Some(label) = label(name, columns) else {
            return Ok(());
        };
        let class = if is_inline { " class=\"inline\"" } else { "" };
        let (x, y) = (pixels(x) + 3.0, self.y(level) + 12);
        writeln!(
            out,
            "<text{class} x=\"{x:.1}\" y=\"{y}\">{}</text>",
            Escaped(&label)
        )
    }

    fn legend(&self, out: &mut impl Write, y: usize) -> io::Result<()> {
        let mut x = MARGIN;
        for entry in legend(self.rows, self.options, self.layout) {
            for swatch in &entry.swatches {
                let fill = swatch.hex();
                writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"12\" fill=\"{fill}\"/>",
                    y - 10
                )?;
                x += 15;
            }
            x += if entry.swatches.is_empty() { 0 } else { 4 };
            writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\">{}</text>",
                Escaped(&entry.words)
            )?;
            x += (entry.words.chars().count() as f64 * COLUMN) as usize + 20;
        }
        Ok(())
    }
}
