//! `/proc/PID/status`: `Name:\tvalue` lines, `proc_pid_status(5)`. Lines come and go with kernels.

use crate::Malformed;
use crate::malformed::quoted;
use crate::number::{decimal, from_text};
use nodesleuth_model::Kib;
use nodesleuth_model::evidence::Switches;

const WHAT: &str = "/proc/PID/status";

/// The lines that are of use here; `None` where the kernel does not print one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `Name`, the kernel's escapes (`\n`, `\\`) undone.
    pub name: String,
    /// `Tgid`: process id of the process that the thread belongs to.
    pub tgid: Option<u32>,
    /// Columns of `NSpid` (since 4.1): 1 in the reader's PID namespace, one more for each nested.
    pub ns_pid_depth: Option<usize>,
    /// `TracerPid`: process id of strace, gdb …; 0 for none.
    pub tracer_pid: Option<u32>,
    /// `Uid`, second column.
    pub uid_effective: Option<u32>,
    /// `Threads`.
    pub threads: Option<u32>,
    /// `VmHWM`: peak resident memory; absent for kernel threads and zombies.
    pub vm_hwm: Option<Kib>,
    /// `VmRSS`: resident memory; absent for kernel threads and zombies.
    pub vm_rss: Option<Kib>,
    /// `CapEff`: effective capabilities as a bit set.
    pub cap_eff: Option<u64>,
    /// `Seccomp` (since 3.8): 0 off, 1 strict, 2 filters.
    pub seccomp: Option<u32>,
    /// `Seccomp_filters` (since 5.9): filters that run at each system call.
    pub seccomp_filters: Option<u32>,
    /// `Speculation_Store_Bypass` (since 4.17), such as "thread force mitigated".
    pub store_bypass: Option<String>,
    /// `voluntary_ctxt_switches` and `nonvoluntary_ctxt_switches` (since 2.6.23), of this thread
    /// only.
    pub switches: Option<Switches>,
}

/// Reads the file.
///
/// # Errors
/// When there is no `Name` line, or a line that is kept has no number where one belongs.
pub fn parse(text: &str) -> Result<Status, Malformed> {
    let mut status = Status::default();
    let mut named = false;
    for (index, line) in text.lines().enumerate() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let bad = || Malformed::line(WHAT, index, format!("{key} is {}", quoted(value)));
        let small = |column: usize| id(value, column).ok_or_else(bad);
        match key {
            "Name" => {
                status.name = unescaped(value);
                named = true;
            }
            "Tgid" => status.tgid = Some(small(0)?),
            "NSpid" => {
                let columns = value.split_whitespace().count();
                status.ns_pid_depth = Some(columns).filter(|&columns| columns > 0);
            }
            "TracerPid" => status.tracer_pid = Some(small(0)?),
            "Uid" => status.uid_effective = Some(small(1)?),
            "Threads" => status.threads = Some(small(0)?),
            "VmHWM" => status.vm_hwm = Some(kib(value).ok_or_else(bad)?),
            "VmRSS" => status.vm_rss = Some(kib(value).ok_or_else(bad)?),
            "Seccomp" => status.seccomp = Some(small(0)?),
            "Seccomp_filters" => status.seccomp_filters = Some(small(0)?),
            "Speculation_Store_Bypass" => status.store_bypass = Some(value.to_owned()),
            "CapEff" => {
                status.cap_eff = Some(u64::from_str_radix(value, 16).map_err(|_| bad())?);
            }
            _ => {}
        }
    }
    if !named {
        return Err(Malformed::whole(WHAT, "no Name line"));
    }
    status.switches = switches(text.as_bytes());
    Ok(status)
}

/// Only the context switches, without allocating; `None` where either line is missing or no
/// number.
#[must_use]
pub fn switches(bytes: &[u8]) -> Option<Switches> {
    let mut voluntary = None;
    let mut involuntary = None;
    for line in bytes.split(|&byte| byte == b'\n') {
        if let Some(value) = line.strip_prefix(b"voluntary_ctxt_switches:") {
            voluntary = Some(decimal(value.trim_ascii())?);
        } else if let Some(value) = line.strip_prefix(b"nonvoluntary_ctxt_switches:") {
            involuntary = Some(decimal(value.trim_ascii())?);
        }
    }
    Some(Switches {
        voluntary: voluntary?,
        involuntary: involuntary?,
    })
}

fn id(value: &str, column: usize) -> Option<u32> {
    let word = value.split_whitespace().nth(column)?;
    from_text(word).and_then(|number| u32::try_from(number).ok())
}

fn kib(value: &str) -> Option<Kib> {
    from_text(value.strip_suffix("kB")?.trim_end()).map(Kib)
}

fn unescaped(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('\\')) => plain.push('\\'),
            _ => {
                plain.push(character);
                continue;
            }
        }
        characters.next();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Status, parse, switches};
    use nodesleuth_model::Kib;
    use nodesleuth_model::evidence::Switches;

    /// A kubelet on Linux 6.18, shortened.
    const KUBELET: &str = "\
Name:	kubelet
Umask:	0022
State:	S (sleeping)
Tgid:	13512
Ngid:	0
Pid:	13512
PPid:	1
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
NSpid:	13512
VmHWM:	  109404 kB
VmRSS:	  109404 kB
Threads:	13
SigQ:	6/96365
CapEff:	000001fffeffffff
Seccomp:	2
Seccomp_filters:	1
Speculation_Store_Bypass:	thread force mitigated
Cpus_allowed_list:	0-1
voluntary_ctxt_switches:	2308
nonvoluntary_ctxt_switches:	1692
";

    /// A kernel thread on Linux 3.10: no memory, no NSpid.
    const KTHREAD_310: &str = "\
Name:	kthreadd
State:	S (sleeping)
Tgid:	2
Ngid:	0
Pid:	2
PPid:	0
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
FDSize:	64
Groups:	 
Threads:	1
SigQ:	0/31193
CapEff:	0000001fffffffff
voluntary_ctxt_switches:	153
nonvoluntary_ctxt_switches:	0
";

    #[test]
    fn a_kubelet_is_read() {
        let expected = Status {
            name: "kubelet".into(),
            tgid: Some(13512),
            ns_pid_depth: Some(1),
            tracer_pid: Some(0),
            uid_effective: Some(0),
            threads: Some(13),
            vm_hwm: Some(Kib(109_404)),
            vm_rss: Some(Kib(109_404)),
            cap_eff: Some(0x01ff_feff_ffff),
            seccomp: Some(2),
            seccomp_filters: Some(1),
            store_bypass: Some("thread force mitigated".into()),
            switches: Some(Switches {
                voluntary: 2308,
                involuntary: 1692,
            }),
        };
        assert_eq!(parse(KUBELET), Ok(expected));
    }

    #[test]
    fn what_an_old_kernel_does_not_print_is_absent() {
        let status = parse(KTHREAD_310).unwrap();
        assert_eq!((status.vm_rss, status.ns_pid_depth), (None, None));
        assert_eq!(status.switches.unwrap().voluntary, 153);
    }

    #[test]
    fn a_nested_pid_namespace_adds_a_column() {
        let text = "Name:\tsh\nUid:\t1000\t1001\t1000\t1000\nNSpid:\t4242\t17\t1\n";
        let status = parse(text).unwrap();
        assert_eq!(status.ns_pid_depth, Some(3));
        assert_eq!(status.uid_effective, Some(1001));
    }

    #[test]
    fn a_hostile_name_cannot_fake_a_line() {
        let status = parse("Name:\ta\\nTgid:\\\\1\nTgid:\t5\n").unwrap();
        assert_eq!(
            (status.name.as_str(), status.tgid),
            ("a\nTgid:\\1", Some(5))
        );
    }

    #[test]
    fn a_cut_file_is_read_up_to_its_cut_and_an_empty_one_is_malformed() {
        let cut = parse(&KUBELET[..KUBELET.find("NSpid").unwrap()]).unwrap();
        assert_eq!((cut.tgid, cut.switches), (Some(13512), None));
        assert_eq!(
            parse("").unwrap_err().to_string(),
            "/proc/PID/status: no Name line"
        );
    }

    #[test]
    fn absurd_values_are_malformed_with_their_line() {
        for line in [
            "Tgid:\t-1",
            "Tgid:\t4294967296",
            "Uid:\t0",
            "VmRSS:\t12",
            "VmRSS:\t18446744073709551616 kB",
            "CapEff:\txyz",
            "Threads:\t",
        ] {
            let error = parse(&format!("Name:\tx\n{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(2), "{line}");
        }
    }

    #[test]
    fn switches_alone_need_both_lines_and_numbers() {
        assert_eq!(switches(KUBELET.as_bytes()).unwrap().involuntary, 1692);
        assert_eq!(switches(b"voluntary_ctxt_switches:\t1\n"), None);
        assert_eq!(
            switches(b"voluntary_ctxt_switches:\t-1\nnonvoluntary_ctxt_switches:\t1\n"),
            None
        );
    }
}
