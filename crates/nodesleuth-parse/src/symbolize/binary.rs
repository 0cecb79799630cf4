//! The symbols of one binary or library.

use super::frame::{Frame, FrameKind};
use crate::Malformed;
use crate::elf::{self, Elf, ElfError, Image, LoadMap, Relocations, Symbols};
use crate::go::pclntab::{self, Found};
use crate::page_cache::PageCache;
use crate::ranged_read::RangedRead;
use std::cell::OnceCell;
use std::io;

/// `EM_386` and `EM_X86_64`.
const X86: [u16; 2] = [3, 62];

/// Why a binary has no symbols that could be looked up.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// The file does not begin with the ELF magic.
    #[error("not an ELF file")]
    NotElf,
    /// The file contradicts itself or was cut.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The file could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<ElfError> for BinaryError {
    fn from(error: ElfError) -> Self {
        match error {
            ElfError::NotElf => Self::NotElf,
            ElfError::Malformed(malformed) => Self::Malformed(malformed),
            ElfError::Io(error) => Self::Io(error),
        }
    }
}

/// An opened binary. Its Go function table is kept in memory (eight bytes a function), ELF symbols
/// are read when the first is needed, everything else through a cache of at most 8 MiB.
#[derive(Debug)]
pub struct Binary<'f> {
    file: PageCache<'f>,
    map: LoadMap,
    relocations: Option<Relocations>,
    go: Found,
    build_id: Option<String>,
    symbols: OnceCell<Option<Symbols>>,
}

impl<'f> Binary<'f> {
    /// Reads the headers and, if it is there, the Go function table.
    ///
    /// # Errors
    /// See [`BinaryError`].
    pub fn open(file: Box<dyn RangedRead + 'f>) -> Result<Self, BinaryError> {
        let file = PageCache::new(file);
        let elf = Elf::open(&file)?;
        let map = LoadMap::read(&elf)?;
        let relocations = Relocations::find(&file, &map);
        let image = Image {
            file: &file,
            map: &map,
            relocations: relocations.as_ref(),
        };
        let go = pclntab::find(&elf, &image)?;
        let build_id = elf::build_id(&image);
        Ok(Self {
            map,
            relocations,
            go,
            build_id,
            symbols: OnceCell::new(),
            file,
        })
    }

    /// The GNU build id in hexadecimal digits.
    pub fn build_id(&self) -> Option<&str> {
        self.build_id.as_deref()
    }

    /// How many functions its Go table has; `None` without a table that can be trusted.
    pub fn go_functions(&self) -> Option<usize> {
        match &self.go {
            Found::Table(table) => Some(table.len()),
            Found::NotGo | Found::Unreadable => None,
        }
    }

    /// Whether it is a Go binary whose table is missing or contradicts itself.
    pub fn has_unreadable_go_table(&self) -> bool {
        matches!(self.go, Found::Unreadable)
    }

    /// Whether calls that Go's compiler inlined are found; where not, they look like calls of the
    /// function they were inlined into.
    pub fn inlining_is_known(&self) -> bool {
        match &self.go {
            Found::Table(table) => table.inlining_is_known(),
            Found::NotGo | Found::Unreadable => false,
        }
    }

    /// The address that a byte of the file was linked for. A process may have it elsewhere: the
    /// offset is what its memory map tells.
    pub fn address(&self, offset: u64) -> Option<u64> {
        self.map.address(offset)
    }

    /// The calls that the instruction at a linked address is part of, the outermost first; `None`
    /// if no table knows it. A return address belongs to the instruction before it.
    pub fn frames(&self, address: u64, module: &str) -> Option<Vec<Frame>> {
        self.go_frames(address, module)
            .or_else(|| Some(vec![self.symbol_frame(address, module)?]))
    }

    /// Whether the word on top of the stack is where the function at a linked address returns to.
    ///
    /// So it is before a function has made its frame, behind it, and all through small functions that
    /// make none. A walk over frame pointers then misses who called it. Known for Go on x86 only, where
    /// calls leave the address on the stack; `false` where it is not known.
    pub fn returns_to_top(&self, address: u64) -> bool {
        let Found::Table(table) = &self.go else {
            return false;
        };
        X86.contains(&self.map.machine) && table.stack_depth(&self.image(), address) == Some(0)
    }

    fn image(&self) -> Image<'_> {
        Image {
            file: &self.file,
            map: &self.map,
            relocations: self.relocations.as_ref(),
        }
    }

    fn go_frames(&self, address: u64, module: &str) -> Option<Vec<Frame>> {
        let Found::Table(table) = &self.go else {
            return None;
        };
        let frames = table.lookup(&self.image(), address)?;
        let named = frames.into_iter().map(|frame| Frame {
            function: frame.function,
            file: frame.file,
            line: frame.line,
            inlined: frame.inlined,
            module: module.to_owned(),
            kind: FrameKind::Go,
        });
        Some(named.collect())
    }

    fn symbol_frame(&self, address: u64, module: &str) -> Option<Frame> {
        let read = || Symbols::read(&Elf::open(&self.file).ok()?).ok();
        let symbols = self.symbols.get_or_init(read).as_ref()?;
        Some(Frame {
            function: symbols.at(&self.file, address)?,
            file: None,
            line: None,
            inlined: false,
            module: module.to_owned(),
            kind: FrameKind::C,
        })
    }
}
