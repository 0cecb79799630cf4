//! fdinfo of a fanotify descriptor: one `fanotify` line a mark, with its mask in hexadecimal
//! (`Documentation/filesystems/proc.rst`, since 3.8).

/// Events for which others wait until they are allowed: FAN_OPEN_PERM, FAN_ACCESS_PERM,
/// FAN_OPEN_EXEC_PERM of `<linux/fanotify.h>`.
const PERMISSION: u64 = 0x0001_0000 | 0x0002_0000 | 0x0004_0000;

/// How many marks make others wait for an answer.
#[must_use]
pub fn permission_marks(fdinfo: &str) -> u64 {
    let marks = fdinfo.lines().filter(|line| line.starts_with("fanotify "));
    let asks = marks.filter(|line| mask(line).is_some_and(|mask| mask & PERMISSION != 0));
    asks.count() as u64
}

fn mask(line: &str) -> Option<u64> {
    let mut words = line.split_ascii_whitespace();
    let mask = words.find_map(|word| word.strip_prefix("mask:"))?;
    u64::from_str_radix(mask, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::permission_marks;

    #[test]
    fn only_marks_that_ask_are_counted() {
        // Linux 6.18; the first line tells the flags of fanotify_init.
        let text = "pos:\t0\nflags:\t02\nmnt_id:\t16\nino:\t1050\n\
            fanotify flags:4 event-flags:0\n\
            fanotify mnt_id:12 mflags:0 mask:10000 ignored_mask:0\n\
            fanotify ino:4f969 sdev:800013 mflags:0 mask:3b ignored_mask:40000 fhandle-bytes:8\n\
            fanotify sdev:fd00 mflags:0 mask:40020 ignored_mask:0\n";
        assert_eq!(permission_marks(text), 2);
        assert_eq!(
            permission_marks("fanotify flags:4 event-flags:0\nfanotify mask:zz\n"),
            0
        );
    }
}
