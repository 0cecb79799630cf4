//! `/proc/kallsyms`: the kernel's symbols, `ffffffff81e3a4b0 T vfs_read`, those of modules with a
//! tab and `[nfs]` behind. Not sorted; without the right to see addresses they are all zero.
//!
//! Names stay as the kernel prints them, suffixes of compilers included; their normal form is
//! what `nodesleuth-profile` makes of them.

use crate::Malformed;
use crate::malformed::quoted;
use crate::proc::maps::hexadecimal;
use crate::proc::modules::KernelModule;
use std::io::{self, BufRead, Read as _};

const WHAT: &str = "/proc/kallsyms";
/// Kernels have 100,000 to 300,000 functions.
const MOST: usize = 1 << 20;
const LONGEST_NAME: usize = 1 << 10;
const LONGEST_LINE: u64 = 4 << 10;
/// The kernel's own code, as opposed to its modules'.
const KERNEL: u16 = 0;
/// Where the kernel's own code begins and ends.
const START: [&str; 2] = ["_stext", "_text"];
const END: &str = "_etext";

/// Why there are no kernel symbols.
#[derive(Debug, thiserror::Error)]
pub enum KallsymsError {
    /// All addresses are zero.
    #[error(
        "/proc/kallsyms hides its addresses (kptr_restrict): kernel functions have no names; run as root or with CAP_SYSLOG"
    )]
    Restricted,
    /// It does not look like the kernel's symbols.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The kernel's functions by address.
#[derive(Debug, Default)]
pub struct Kallsyms {
    entries: Vec<Entry>,
    names: String,
    /// Names of modules; the first is the kernel itself.
    modules: Vec<Module>,
    start: Option<u64>,
    end: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: u64,
    name: u32,
    length: u16,
    module: u16,
}

#[derive(Debug)]
struct Module {
    name: String,
    /// Addresses of its code, if known.
    range: Option<(u64, u64)>,
}

/// A function of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelSymbol<'k> {
    /// Name, suffixes included.
    pub name: &'k str,
    /// `kernel`, the module's name, or `bpf`.
    pub module: &'k str,
}

impl Kallsyms {
    /// Reads all functions, line by line; some 20 bytes and its name are kept of each.
    ///
    /// # Errors
    /// See [`KallsymsError`].
    pub fn read(mut text: impl BufRead) -> Result<Self, KallsymsError> {
        let mut symbols = Self {
            modules: vec![Module {
                name: "kernel".to_owned(),
                range: None,
            }],
            ..Self::default()
        };
        let (mut line, mut index, mut seen_address) = (String::new(), 0, false);
        while text.by_ref().take(LONGEST_LINE).read_line(&mut line)? > 0 {
            let symbol = symbol(line.trim_end_matches('\n')).ok_or_else(|| {
                let found = format!("expected a symbol, found {}", quoted(&line));
                Malformed::line(WHAT, index, found)
            })?;
            seen_address |= symbol.address != 0;
            symbols.add(&symbol);
            line.clear();
            index += 1;
        }
        if symbols.entries.is_empty() {
            return Err(Malformed::whole(WHAT, "no functions").into());
        }
        if !seen_address {
            return Err(KallsymsError::Restricted);
        }
        // By name, as they stand there: the first listed of several comes first.
        symbols
            .entries
            .sort_unstable_by_key(|entry| (entry.address, entry.name));
        symbols.entries.shrink_to_fit();
        symbols.names.shrink_to_fit();
        Ok(symbols)
    }

    /// Where modules end: an address behind one is then not taken for its last function.
    #[must_use]
    pub fn with_modules(mut self, modules: &[KernelModule]) -> Self {
        for known in modules.iter().filter(|known| known.address != 0) {
            let range = (known.address, known.address.saturating_add(known.size));
            let named = self.modules.iter_mut().skip(1);
            for module in named.filter(|module| module.name == known.name) {
                module.range = Some(range);
            }
        }
        self
    }

    fn add(&mut self, symbol: &Line<'_>) {
        if symbol.module.is_none() {
            if START.contains(&symbol.name) {
                self.start = Some(symbol.address);
            } else if symbol.name == END {
                self.end = Some(symbol.address);
            }
        }
        let fits = symbol.name.len() <= LONGEST_NAME && self.entries.len() < MOST;
        // at zero are per-cpu offsets on old kernels, and everything when hidden
        if !fits || !symbol.is_function {
            return;
        }
        let Some(module) = self.module(symbol.module) else {
            return;
        };
        let Ok(name) = u32::try_from(self.names.len()) else {
            return;
        };
        self.names.push_str(symbol.name);
        self.entries.push(Entry {
            address: symbol.address,
            name,
            length: symbol.name.len() as u16,
            module,
        });
    }

    /// Number of a module. Its symbols stand together, so the last one is nearly always it.
    fn module(&mut self, name: Option<&str>) -> Option<u16> {
        let Some(name) = name else {
            return Some(KERNEL);
        };
        if let Some(found) = self
            .modules
            .iter()
            .skip(1)
            .rposition(|known| known.name == name)
        {
            return u16::try_from(found + 1).ok();
        }
        let number = u16::try_from(self.modules.len()).ok()?;
        self.modules.push(Module {
            name: name.to_owned(),
            range: None,
        });
        Some(number)
    }

    /// How many functions are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The function at an address: the last that begins at or before it. Of several names for one
    /// function the first listed is taken, as the kernel itself does.
    pub fn at(&self, address: u64) -> Option<KernelSymbol<'_>> {
        let end = self
            .entries
            .partition_point(|entry| entry.address <= address);
        let last = self.entries.get(end.checked_sub(1)?)?;
        let first = self
            .entries
            .partition_point(|entry| entry.address < last.address);
        let entry = self.entries.get(first)?;
        let module = self.modules.get(usize::from(entry.module))?;
        if entry.address == 0 || !self.holds(entry.module, address) {
            return None;
        }
        let name = entry.name as usize;
        Some(KernelSymbol {
            name: self.names.get(name..name + usize::from(entry.length))?,
            module: &module.name,
        })
    }

    fn holds(&self, module: u16, address: u64) -> bool {
        if module != KERNEL {
            let range = self.modules[usize::from(module)].range;
            return range.is_none_or(|(start, end)| (start..end).contains(&address));
        }
        self.start.is_none_or(|start| start <= address) && self.end.is_none_or(|end| address < end)
    }
}

/// One line of the file.
struct Line<'l> {
    address: u64,
    is_function: bool,
    name: &'l str,
    module: Option<&'l str>,
}

fn symbol(line: &str) -> Option<Line<'_>> {
    let (address, rest) = line.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ')?;
    let (name, module) = match rest.split_once('\t') {
        Some((name, module)) => (name, Some(module.strip_prefix('[')?.strip_suffix(']')?)),
        None => (rest, None),
    };
    let line = Line {
        address: hexadecimal(address)?,
        is_function: matches!(kind, "t" | "T" | "w" | "W"),
        name,
        module,
    };
    (kind.len() == 1 && !name.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::{Kallsyms, KallsymsError, KernelSymbol};
    use crate::proc::modules;

    const TEXT: &str = "\
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81e3a4b0 T vfs_read
ffffffff81e3a4b0 T vfs_read_alias
ffffffff81e3a700 t memcg_stat_show.isra.0
ffffffff822090c8 T _etext
ffffffff82a00000 D jiffies
ffffffffc0a00000 t nfs_getattr\t[nfs]
ffffffffc0a00100 t nfs_open\t[nfs]
ffffffffc0b01234 t bpf_prog_6deef7357e7b4530_sd_fw_egress\t[bpf]
";

    fn read(text: &str) -> Kallsyms {
        Kallsyms::read(text.as_bytes()).unwrap()
    }

    fn name_at(symbols: &Kallsyms, address: u64) -> Option<(&str, &str)> {
        symbols
            .at(address)
            .map(|KernelSymbol { name, module }| (name, module))
    }

    #[test]
    fn an_address_is_in_the_function_that_begins_before_it() {
        let symbols = read(TEXT);
        for (address, expected) in [
            (0xffff_ffff_81e3_a4b0, ("vfs_read", "kernel")),
            (0xffff_ffff_81e3_a6ff, ("vfs_read", "kernel")),
            (0xffff_ffff_81e3_a700, ("memcg_stat_show.isra.0", "kernel")),
            (0xffff_ffff_c0a0_0050, ("nfs_getattr", "nfs")),
            (
                0xffff_ffff_c0b0_1240,
                ("bpf_prog_6deef7357e7b4530_sd_fw_egress", "bpf"),
            ),
        ] {
            assert_eq!(name_at(&symbols, address), Some(expected), "{address:#x}");
        }
    }

    #[test]
    fn what_is_outside_the_code_has_no_name() {
        let symbols = read(TEXT);
        for address in [0, 1, 0xffff_ffff_8220_90c8, 0xffff_ffff_82a0_0000] {
            assert_eq!(symbols.at(address), None, "{address:#x}");
        }
    }

    #[test]
    fn modules_end_where_they_are_known_to_end() {
        let behind = 0xffff_ffff_c0a0_5000;
        assert_eq!(name_at(&read(TEXT), behind), Some(("nfs_open", "nfs")));
        let modules = modules::parse("nfs 20480 1 - Live 0xffffffffc0a00000\n").unwrap();
        let symbols = read(TEXT).with_modules(&modules);
        assert_eq!(symbols.at(behind), None);
        assert_eq!(name_at(&symbols, behind - 1), Some(("nfs_open", "nfs")));
    }

    #[test]
    fn hidden_addresses_are_noticed() {
        let text = "0000000000000000 T _stext\n0000000000000000 T vfs_read\n";
        let error = Kallsyms::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, KallsymsError::Restricted), "{error}");
    }

    #[test]
    fn other_text_is_refused_with_its_line() {
        for text in ["", "ffffffff81000000 D jiffies\n"] {
            let error = Kallsyms::read(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "/proc/kallsyms: no functions");
        }
        for line in [
            "hello",
            "ffffffff81000000 T ",
            "12 TT a",
            "g T a",
            "1 t a\tnfs",
        ] {
            let error = Kallsyms::read(format!("{TEXT}{line}\n").as_bytes()).unwrap_err();
            assert!(error.to_string().contains("line 11"), "{error}");
        }
    }
}
