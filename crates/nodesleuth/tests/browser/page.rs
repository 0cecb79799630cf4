//! Pages in a browser: made from profiles, opened, asked.

use std::path::{Path, PathBuf};

use nodesleuth_profile::{HtmlOptions, HtmlPage, Profile};
use serde_json::Value;
use tempfile::TempDir;

use crate::session::Session;

/// WebDriver's numbers of keys.
pub(crate) mod key {
    pub(crate) const BACKSPACE: &str = "\u{e003}";
    pub(crate) const ENTER: &str = "\u{e007}";
    pub(crate) const ESCAPE: &str = "\u{e00c}";
    pub(crate) const LEFT: &str = "\u{e012}";
    pub(crate) const UP: &str = "\u{e013}";
    pub(crate) const RIGHT: &str = "\u{e014}";
    pub(crate) const DOWN: &str = "\u{e015}";
}

/// A page in a browser.
pub(crate) struct Page {
    pub(crate) browser: Session,
    file: PathBuf,
    cpu_before: f64,
    _folder: TempDir,
}

/// A box as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Box {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) colour: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) depth: u64,
}

impl Page {
    /// Opens the page of a profile; `None` without a browser.
    pub(crate) fn of(profile: &Profile) -> Option<Self> {
        Self::with(profile, &HtmlOptions::default())
    }

    pub(crate) fn with(profile: &Profile, options: &HtmlOptions<'_>) -> Option<Self> {
        let mut page = Vec::new();
        let written = HtmlPage::new(profile, options).expect("it can be drawn");
        written.write(&mut page).expect("memory can be written");
        Self::open("page.html", &page)
    }

    /// Opens a file with this content.
    pub(crate) fn open(name: &str, content: &[u8]) -> Option<Self> {
        if !crate::driver::is_here() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder for the page");
        let file = folder.path().join(name);
        std::fs::write(&file, content).expect("the page can be written");
        let browser = Session::start();
        let cpu_before = browser.cpu();
        browser.open(&file, "");
        Some(Self {
            browser,
            file,
            cpu_before,
            _folder: folder,
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// CPU seconds of the browser before it opened the page.
    pub(crate) fn cpu_before(&self) -> f64 {
        self.cpu_before
    }

    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.browser.eval(expression)
    }

    pub(crate) fn number(&self, expression: &str) -> f64 {
        let value = self.eval(expression);
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    pub(crate) fn text(&self, expression: &str) -> String {
        let value = self.eval(expression);
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// The boxes that are drawn.
    pub(crate) fn boxes(&self) -> Vec<Box> {
        let boxes = self.eval("nodesleuth.chart.boxes()");
        let number = |value: &Value| value.as_f64().expect("a number");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let one = |value: &Value| Box {
            name: text(&value["name"]),
            value: number(&value["value"]),
            colour: text(&value["colour"]),
            x: number(&value["x"]),
            y: number(&value["y"]),
            width: number(&value["width"]),
            height: number(&value["height"]),
            depth: value["depth"].as_u64().expect("a depth"),
        };
        boxes
            .as_array()
            .expect("boxes are a list")
            .iter()
            .map(one)
            .collect()
    }

    /// The only box with this name.
    pub(crate) fn find(&self, name: &str) -> Box {
        let boxes = self.boxes();
        let found: Vec<&Box> = boxes.iter().filter(|b| b.name == name).collect();
        match found.as_slice() {
            [one] => (*one).clone(),
            other => panic!("{} boxes are called {name}: {boxes:#?}", other.len()),
        }
    }

    /// Clicks on the box with this name that is nearest to the root.
    pub(crate) fn click(&self, name: &str) {
        let boxes = self.boxes();
        let found = boxes.iter().find(|b| b.name == name);
        let found = found.unwrap_or_else(|| panic!("no box is called {name}: {boxes:#?}"));
        let (x, y) = (found.x + found.width / 2.0, found.y + found.height / 2.0);
        self.browser.click(x, y);
    }

    /// The selected function's name in the panel.
    pub(crate) fn selected(&self) -> String {
        self.text("document.querySelector('#details h2').textContent")
    }

    /// The name and value of the box that fills the width, outermost first.
    pub(crate) fn zoomed_to(&self) -> String {
        let zoom = self.number("nodesleuth.state.zoom");
        let name = format!(
            "nodesleuth.model.profile.functions[nodesleuth.model.graph(nodesleuth.state).tree.fn[{zoom}]]"
        );
        self.text(&format!("({name} || {{name: 'all'}}).name"))
    }

    /// The price beside the search field.
    pub(crate) fn found(&self) -> String {
        self.text("document.getElementById('found').textContent")
    }

    /// Chooses an option of one of the lists.
    pub(crate) fn choose(&self, key: &str, value: &str) {
        self.eval(&format!(
            "[...document.querySelectorAll('#choices label')].filter((label) => label.textContent.startsWith('{key} ')).map((label) => {{\
             const list = label.querySelector('select'); list.value = '{value}'; list.onchange(); }}).length"
        ));
    }
}

/// A profile with so many distinct stacks, each so deep; the same every time.
pub(crate) fn large(samples: u64, depth: usize) -> Profile {
    let names: Vec<String> = (0..2_000)
        .map(|n| {
            format!(
                "example.com/module{}/package{}.(*Type).Method{n}",
                n % 17,
                n % 131
            )
        })
        .collect();
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        // A linear congruential generator: its high digits are random enough.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let stacks: Vec<(Vec<&str>, i64)> = (0..samples)
        .map(|_| {
            // Callers have few callees near the root, and many near the leaf.
            let mut stack = vec![names[0].as_str()];
            for level in 1..depth {
                let choice = next(if level < 12 { 2 } else { 6 });
                stack.push(&names[(level * 61 + choice * 7) % names.len()]);
            }
            (stack, 10_000_000)
        })
        .collect();
    Profile::from_stacks(nodesleuth_profile::ValueType::CPU, stacks)
}
