//! Tiny ELF files with build information, made by hand for the tests.

/// What kind of file to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixture {
    pub(super) wide: bool,
    pub(super) big_endian: bool,
    /// False as after `sstrip`: only segments tell what is where.
    pub(super) section_headers: bool,
}

pub(super) const LE64: Fixture = Fixture {
    wide: true,
    big_endian: false,
    section_headers: true,
};
pub(super) const BE32: Fixture = Fixture {
    wide: false,
    big_endian: true,
    section_headers: true,
};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const RODATA: u64 = 0x40_0000;
const DATA: u64 = 0x60_0000;
/// Bytes behind every segment that only exist once it is loaded.
const BSS: u64 = 16;
const NAMES: &[u8] = b"\0.text\0.go.buildinfo\0.shstrtab\0";

/// Module information between its markers.
pub(super) fn framed(text: &str) -> Vec<u8> {
    [
        b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6",
        text.as_bytes(),
        b"\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2",
    ]
    .concat()
}

/// A length as Go writes it.
pub(super) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The inline format (since Go 1.18), as it stands in the data.
pub(super) fn inline_blob(version: &[u8], module_info: &[u8]) -> Vec<u8> {
    let mut blob = [MAGIC, &[8, 2]].concat();
    blob.resize(32, 0);
    for string in [version, module_info] {
        blob.extend(varint(string.len() as u64));
        blob.extend(string);
    }
    blob
}

impl Fixture {
    /// A file in the inline format.
    pub(super) fn inline(&self, version: &[u8], module_info: &[u8]) -> Vec<u8> {
        self.file(b"", &inline_blob(version, module_info))
    }

    /// A file in the pointer format (before Go 1.18): string headers in data, text in rodata.
    ///
    /// Without module information its string header is not in the file but in `.bss`, as in
    /// Debian's binaries, which are built without modules.
    pub(super) fn pointers(&self, version: &[u8], module_info: &[u8]) -> Vec<u8> {
        let size = self.pointer();
        let mut data = [MAGIC, &[size as u8, u8::from(self.big_endian)]].concat();
        self.push(&mut data, DATA + 32, size);
        self.push(&mut data, DATA + 32 + 2 * size as u64, size);
        data.resize(32, 0);
        let mut address = RODATA;
        for string in [version, module_info] {
            if string.is_empty() {
                break;
            }
            self.push(&mut data, address, size);
            self.push(&mut data, string.len() as u64, size);
            address += string.len() as u64;
        }
        self.file(&[version, module_info].concat(), &data)
    }

    /// A file with these bytes in its read-only and its data segment.
    pub(super) fn file(&self, rodata: &[u8], data: &[u8]) -> Vec<u8> {
        let (header, segment) = if self.wide { (64, 56) } else { (52, 32) };
        let rodata_at = header + 2 * segment;
        let data_at = (rodata_at + rodata.len()).next_multiple_of(16);
        let names_at = data_at + data.len();
        let sections_at = (names_at + NAMES.len()).next_multiple_of(8);

        let mut file = self.header(header, sections_at);
        self.segment(&mut file, 4, (rodata_at, RODATA, rodata.len()));
        self.segment(&mut file, 6, (data_at, DATA, data.len()));
        file.extend(rodata);
        file.resize(data_at, 0);
        file.extend(data);
        if self.section_headers {
            file.extend(NAMES);
            file.resize(sections_at, 0);
            self.section(&mut file, 0, 0, (0, 0, 0));
            self.section(&mut file, 1, 1, (rodata_at, RODATA, rodata.len()));
            self.section(&mut file, 7, 1, (data_at, DATA, data.len()));
            self.section(&mut file, 21, 3, (names_at, 0, NAMES.len()));
        }
        file
    }

    fn pointer(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn push(&self, bytes: &mut Vec<u8>, number: u64, size: usize) {
        if self.big_endian {
            bytes.extend(&number.to_be_bytes()[8 - size..]);
        } else {
            bytes.extend(&number.to_le_bytes()[..size]);
        }
    }

    fn header(&self, length: usize, sections_at: usize) -> Vec<u8> {
        let order = if self.big_endian { 2 } else { 1 };
        let mut bytes = [&b"\x7fELF"[..], &[1 + u8::from(self.wide), order, 1]].concat();
        bytes.resize(16, 0);
        let (sections_at, sections) = if self.section_headers {
            (sections_at, 4)
        } else {
            (0, 0)
        };
        let segment_length = if self.wide { 56 } else { 32 };
        let section_length = if self.wide { 64 } else { 40 };
        let native = self.pointer();
        for (number, size) in [
            (2, 2),
            (62, 2),
            (1, 4),
            (RODATA, native),
            (length as u64, native),
            (sections_at as u64, native),
            (0, 4),
            (length as u64, 2),
            (segment_length, 2),
            (2, 2),
            (section_length, 2),
            (sections, 2),
            (3, 2),
        ] {
            self.push(&mut bytes, number, size);
        }
        assert_eq!(bytes.len(), length);
        bytes
    }

    fn segment(
        &self,
        file: &mut Vec<u8>,
        flags: u64,
        (offset, address, size): (usize, u64, usize),
    ) {
        let native = self.pointer();
        self.push(file, 1, 4);
        if self.wide {
            self.push(file, flags, 4);
        }
        let loaded = size as u64 + BSS;
        for number in [offset as u64, address, address, size as u64, loaded] {
            self.push(file, number, native);
        }
        if !self.wide {
            self.push(file, flags, 4);
        }
        self.push(file, 16, native);
    }

    fn section(
        &self,
        file: &mut Vec<u8>,
        name: u64,
        kind: u64,
        (offset, address, size): (usize, u64, usize),
    ) {
        let native = self.pointer();
        for (number, size) in [
            (name, 4),
            (kind, 4),
            (0, native),
            (address, native),
            (offset as u64, native),
            (size as u64, native),
            (0, 4),
            (0, 4),
            (16, native),
            (0, native),
        ] {
            self.push(file, number, size);
        }
    }
}
