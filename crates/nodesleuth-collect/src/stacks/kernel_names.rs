//! The kernel's functions by address, read when the first is to be named.

use crate::Node;
use nodesleuth_parse::proc::kallsyms::{Kallsyms, KallsymsError};
use nodesleuth_parse::proc::modules;
use nodesleuth_parse::symbolize::{Frame, kernel_frame};
use std::cell::OnceCell;
use std::fs::File;
use std::io::BufReader;

/// The kernel's symbols of a node.
#[derive(Debug)]
pub(super) struct KernelNames<'n> {
    node: &'n Node,
    symbols: OnceCell<Result<Kallsyms, String>>,
}

impl<'n> KernelNames<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        Self {
            node,
            symbols: OnceCell::new(),
        }
    }

    pub(super) fn frame(&self, address: u64) -> Frame {
        let symbols = self.symbols.get_or_init(|| read(self.node));
        kernel_frame(address, symbols.as_ref().ok())
    }

    /// Why kernel functions have no names; `None` as long as nobody has asked for one.
    pub(super) fn problem(&self) -> Option<&str> {
        self.symbols.get()?.as_ref().err().map(String::as_str)
    }
}

fn read(node: &Node) -> Result<Kallsyms, String> {
    let told = |error: KallsymsError| match error {
        KallsymsError::Io(error) => format!("/proc/kallsyms: {error}"),
        other => other.to_string(),
    };
    let file = File::open(node.path("/proc/kallsyms")).map_err(|error| told(error.into()))?;
    let symbols = Kallsyms::read(BufReader::with_capacity(1 << 16, file)).map_err(told)?;
    // Without it, what follows a module's last function is taken for it; all else is as good.
    let modules = node.text("/proc/modules").ok();
    let modules = modules.and_then(|text| modules::parse(&text).ok());
    Ok(symbols.with_modules(&modules.unwrap_or_default()))
}
