//! Where a tracepoint's fields are, from its `format` file: sizes differ between kernels.

/// Number and fields of a cgroup tracepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The tracepoint's number.
    pub(super) id: u16,
    /// Number of the hierarchy.
    pub(super) root: Field,
    /// The cgroup's id.
    pub(super) cgroup: Field,
    /// Where its path is: offset and length.
    pub(super) path: Field,
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    offset: usize,
    size: usize,
}

impl Format {
    /// Reads the file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let id = text.lines().find_map(|line| line.strip_prefix("ID:"))?;
        Some(Self {
            id: id.trim().parse().ok()?,
            root: field(text, "int root")?,
            cgroup: field(text, "int id").or_else(|| field(text, "u64 id"))?,
            path: field(text, "__data_loc char[] path")?,
        })
    }
}

/// A line such as `field:int root; offset:8; size:4; signed:1;`.
fn field(text: &str, declaration: &str) -> Option<Field> {
    let lines = text.lines().map(str::trim);
    let mut parts = lines
        .filter_map(|line| line.strip_prefix("field:"))
        .map(|line| line.split(';').map(str::trim))
        .find(|parts| parts.clone().next() == Some(declaration))?;
    let mut number = |name: &str| {
        let part = parts.find(|part| part.starts_with(name))?;
        part[name.len()..].parse().ok()
    };
    let (offset, size) = (number("offset:")?, number("size:")?);
    matches!(size, 4 | 8).then_some(Field { offset, size })
}

impl Field {
    /// The number there.
    pub(super) fn number(self, raw: &[u8]) -> Option<u64> {
        let bytes = raw.get(self.offset..self.offset.checked_add(self.size)?)?;
        match bytes.len() {
            4 => Some(u64::from(u32::from_ne_bytes(bytes.try_into().ok()?))),
            _ => Some(u64::from_ne_bytes(bytes.try_into().ok()?)),
        }
    }

    /// The text that the number there points to: length in the upper half, offset in the lower.
    pub(super) fn text(self, raw: &[u8]) -> Option<String> {
        let location = self.number(raw)?;
        let (offset, length) = (location & 0xffff, (location >> 16) & 0xffff);
        let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
        let bytes = raw.get(offset..offset + length)?;
        let bytes = bytes.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Linux 6.18.
    pub(in super::super) const K618: &str = "\
name: cgroup_mkdir
ID: 544
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:int root;	offset:8;	size:4;	signed:1;
	field:int level;	offset:12;	size:4;	signed:1;
	field:u64 id;	offset:16;	size:8;	signed:0;
	field:__data_loc char[] path;	offset:24;	size:4;	signed:0;

print fmt: \"root=%d id=%llu level=%d path=%s\", REC->root, REC->id, REC->level, __get_str(path)
";

    #[test]
    fn fields_are_where_the_kernel_says() {
        let format = Format::parse(K618).unwrap();
        assert_eq!(format.id, 544);
        assert_eq!(
            format.cgroup,
            Field {
                offset: 16,
                size: 8
            }
        );
        let old = K618.replace("u64 id;	offset:16;	size:8", "int id;	offset:12;	size:4");
        let format = Format::parse(&old).unwrap();
        assert_eq!(
            format.cgroup,
            Field {
                offset: 12,
                size: 4
            }
        );
    }

    #[test]
    fn cut_and_absurd_files_are_refused() {
        assert_eq!(Format::parse(""), None);
        assert_eq!(Format::parse(&K618[..200]), None);
        assert_eq!(Format::parse(&K618.replace("ID: 544", "ID: 70000")), None);
        assert_eq!(Format::parse(&K618.replace("size:8", "size:80")), None);
    }

    #[test]
    fn a_path_outside_of_the_record_is_none() {
        let field = Field { offset: 0, size: 4 };
        assert_eq!(field.text(&0xffff_ffff_u32.to_ne_bytes()), None);
        assert_eq!(field.text(&[1, 2]), None);
    }
}
