//! Files of `/proc`, as a whole or in pieces, and `uname`, os-release and the like: they fill the
//! fields of the evidence that a collector would fill.

use super::clean::Lines;
use super::sink::Sink;
use crate::proc::{cgroups, dentry_state, loadavg, os_release, pressure, slabinfo, uname};
use nodesleuth_model::evidence::{
    CgroupCensus, CgroupVersion, DyingCount, Hierarchy, Host, KernelSettings, Pressure, SlabCache,
    SlabInfo,
};
use nodesleuth_model::{Bytes, Kib, Observed};

/// Slab caches that are kept.
const KEPT_CACHES: usize = 60;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    const FILES: &[fn(&Lines<'_>, usize, &mut Sink<'_>) -> usize] = &[
        take_meminfo,
        take_slabinfo,
        take_slabtop,
        take_cgroups,
        take_pressure,
        take_dentry_state,
        take_loadavg,
        take_os_release,
        take_uname,
        take_sysstat,
    ];
    FILES
        .iter()
        .map(|take| take(lines, at, sink))
        .find(|taken| *taken > 0)
        .unwrap_or(0)
}

/// The value of a field, made if it is not there yet.
pub(super) fn known<T: Default>(field: &mut Observed<T>) -> &mut T {
    if field.value().is_none() {
        *field = Observed::Value(T::default());
    }
    match field {
        Observed::Value(value) => value,
        Observed::NotRequested | Observed::Unavailable(_) => unreachable!("it was just set"),
    }
}

pub(super) fn host<'s>(sink: &'s mut Sink<'_>) -> &'s mut Host {
    known(&mut sink.evidence().host)
}

pub(super) fn settings<'s>(sink: &'s mut Sink<'_>) -> &'s mut KernelSettings {
    known(&mut sink.evidence().kernel)
}

/// The lines from `at` on that hold, as one text.
fn region(lines: &Lines<'_>, at: usize, holds: impl FnMut(&str) -> bool) -> (String, usize) {
    let count = lines.while_true(at, holds);
    let text: Vec<&str> = lines.from(at).take(count).map(str::trim).collect();
    (text.join("\n") + "\n", count)
}

fn take_meminfo(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    const FIELDS: &[&str] = &[
        "MemTotal",
        "MemFree",
        "MemAvailable",
        "Slab",
        "SReclaimable",
        "SUnreclaim",
        "Cached",
        "Buffers",
        "Percpu",
        "KernelStack",
        "PageTables",
        "Shmem",
        "AnonPages",
    ];
    // A piece need not have the fields that a whole file has.
    let field = |line: &str| {
        let (name, rest) = line.trim().split_once(':')?;
        let mut words = rest.split_whitespace();
        let size: u64 = words.next()?.parse().ok()?;
        let unit = words.next();
        let is_field =
            !name.contains(' ') && unit.is_none_or(|unit| unit == "kB") && words.next().is_none();
        is_field.then(|| (name.to_owned(), unit.map(|_| Kib(size))))
    };
    let begins = field(lines.get(at));
    if !begins.is_some_and(|(name, size)| size.is_some() && FIELDS.contains(&name.as_str())) {
        return 0;
    }
    let found: Vec<_> = lines.from(at).map_while(field).collect();
    sink.block("/proc/meminfo", at, format!("{} fields", found.len()));
    let taken = found.len();
    let fields = &mut known(&mut sink.evidence().meminfo).fields;
    for (name, size) in found {
        // A second paste adds what the first did not have.
        if let Some(size) = size {
            fields.entry(name).or_insert(size);
        }
    }
    taken
}

fn take_slabinfo(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = lines.get(at).trim();
    let is_row = |line: &str| line.contains(" : tunables ");
    if !(first.starts_with("slabinfo - version") || first.starts_with("# name ") || is_row(first)) {
        return 0;
    }
    let count = lines.while_true(at, |line| {
        is_row(line) || line.contains("slabinfo -") || line.trim().starts_with("# name")
    });
    // Sorted by size, people put that in front: `87038.4 KiB  dentry  …`.
    let bare = |line: &str| match line.split_once("iB ") {
        Some((size, rest))
            if size
                .trim_end_matches(['K', 'M', 'G'])
                .trim()
                .parse::<f64>()
                .is_ok() =>
        {
            rest.trim().to_owned()
        }
        _ => line.trim().to_owned(),
    };
    let rows: Vec<String> = lines
        .from(at)
        .take(count)
        .filter(|line| is_row(line))
        .map(bare)
        .collect();
    let text = format!("slabinfo - version: 2.1\n# name\n{}\n", rows.join("\n"));
    match slabinfo::parse(&text, KEPT_CACHES) {
        Ok(found) => {
            sink.block(
                "/proc/slabinfo",
                at,
                format!("{} caches", found.total_caches),
            );
            sink.evidence().slab = Observed::Value(found);
        }
        Err(error) => sink.ignore(error.to_string()),
    }
    count
}

/// `  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME` and its rows.
fn take_slabtop(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let header = lines.get(at);
    if !(header.contains("OBJS ACTIVE") && header.trim_end().ends_with("NAME")) {
        return 0;
    }
    let rows = lines.from(at + 1).map_while(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [objects, active, _use, size, .., name] = words.as_slice() else {
            return None;
        };
        let kib = size.trim_end_matches('K').parse::<f64>().ok()?;
        Some(SlabCache {
            name: (*name).to_owned(),
            active_objects: active.parse().ok()?,
            objects: objects.parse().ok()?,
            object_size: (kib * 1024.0) as u64,
        })
    });
    let mut caches: Vec<SlabCache> = rows.collect();
    let taken = caches.len() + 1;
    let total = caches
        .iter()
        .fold(0_u64, |sum, cache| sum.saturating_add(cache.bytes().0));
    let total_caches = u32::try_from(caches.len()).unwrap_or(u32::MAX);
    caches.sort_by_key(|cache| std::cmp::Reverse(cache.bytes().0));
    sink.block("slabtop", at, format!("{total_caches} caches"));
    sink.evidence().slab = Observed::Value(SlabInfo {
        caches,
        total_caches,
        total: Bytes(total),
    });
    taken
}

fn take_cgroups(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if !lines.get(at).trim().starts_with("#subsys_name") {
        return 0;
    }
    let (text, count) = region(lines, at, |line| {
        line.starts_with('#') || line.split_whitespace().count() == 4
    });
    match cgroups::parse(&text) {
        Ok(controllers) => {
            sink.block(
                "/proc/cgroups",
                at,
                format!("{} controllers", controllers.len()),
            );
            for controller in controllers {
                let hierarchy = hierarchy(sink, &controller.name);
                hierarchy.version = if controller.hierarchy == 0 {
                    CgroupVersion::V2
                } else {
                    CgroupVersion::V1
                };
                hierarchy.kernel_count = Observed::Value(controller.num_cgroups);
                count_dying(hierarchy);
            }
        }
        Err(error) => sink.ignore(error.to_string()),
    }
    count
}

/// The hierarchy of a controller in the census, made if it is not there.
pub(super) fn hierarchy<'s>(sink: &'s mut Sink<'_>, controller: &str) -> &'s mut Hierarchy {
    let census: &mut CgroupCensus = known(&mut sink.evidence().cgroups);
    let at = census
        .hierarchies
        .iter()
        .position(|hierarchy| hierarchy.has(controller));
    let at = at.unwrap_or_else(|| {
        census.hierarchies.push(Hierarchy {
            controllers: vec![controller.to_owned()],
            ..Hierarchy::default()
        });
        census.hierarchies.len() - 1
    });
    &mut census.hierarchies[at]
}

/// What the kernel counts beyond the directories is dying.
pub(super) fn count_dying(hierarchy: &mut Hierarchy) {
    let (Some(all), Some(live)) = (hierarchy.kernel_count.value(), hierarchy.live.value()) else {
        return;
    };
    let how = format!("num_cgroups {all} − {live} directories");
    hierarchy.dying = Observed::Value(DyingCount {
        count: all.saturating_sub(*live),
        how,
        ..DyingCount::default()
    });
}

fn take_pressure(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let first = lines.get(at).trim();
    let Some(start) = first.find("some avg10=") else {
        return 0;
    };
    // `cpu: some avg10=…` and `/proc/pressure/cpu:some avg10=…`.
    let head = &first[..start];
    let has_full = lines.get(at + 1).contains("full avg10=");
    let text = format!("{}\n", &first[start..]);
    let about = |word: &str| head.contains(word) || (head.is_empty() && sink.is_about(word));
    let resource = ["cpu", "memory", "io"].into_iter().find(|word| about(word));
    match (pressure::parse(&text), resource) {
        (Ok(line), Some(resource)) => {
            sink.block("/proc/pressure", at, resource);
            let pressure: &mut Pressure = known(&mut sink.evidence().pressure);
            match resource {
                "cpu" => pressure.cpu = Some(line),
                "memory" => pressure.memory = Some(line),
                _ => pressure.io = Some(line),
            }
        }
        (Ok(_), None) => {
            sink.ignore("a pressure line does not say of what: cpu, memory or io".to_owned())
        }
        (Err(error), _) => sink.ignore(error.to_string()),
    }
    1 + usize::from(has_full)
}

fn take_dentry_state(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    let line = line
        .strip_prefix("fs.dentry-state")
        .map_or(line, |rest| rest.trim_start_matches([' ', '=', ':']));
    // People lose the last of six, which says nothing on old kernels.
    let numbers = line.split_whitespace().count();
    let is_state = matches!(numbers, 5 | 6)
        && line
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_whitespace());
    if !is_state || !(lines.get(at).contains("dentry-state") || sink.is_about("dentry")) {
        return 0;
    }
    let last = if numbers == 5 { " 0" } else { "" };
    match dentry_state::parse(&format!("{line}{last}\n")) {
        Ok(state) => {
            sink.block("dentry-state", at, format!("{} dentries", state.total));
            sink.evidence().dentries = Observed::Value(state);
        }
        Err(error) => sink.ignore(error.to_string()),
    }
    1
}

fn take_loadavg(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_one = words.len() == 5
        && words[3].contains('/')
        && words[..3].iter().all(|word| word.contains('.'));
    if !is_one {
        return 0;
    }
    let Ok(load) = loadavg::parse(&format!("{line}\n")) else {
        return 0;
    };
    sink.block("/proc/loadavg", at, "load averages");
    settings(sink).load_average = Observed::Value(load);
    1
}

fn take_os_release(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let is_pair = |line: &str| {
        let (name, _) = line.trim().split_once('=').unwrap_or(("", ""));
        name.len() > 1 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    let begins = ["NAME=", "PRETTY_NAME=", "ID=", "VERSION_ID=", "VERSION="];
    if !begins
        .iter()
        .any(|begin| lines.get(at).trim().starts_with(begin))
    {
        return 0;
    }
    let (text, count) = region(lines, at, is_pair);
    let os = os_release::parse(&text);
    sink.block("os-release", at, os.pretty_name.clone());
    host(sink).os = Observed::Value(os);
    count
}

/// `Linux n1 4.15.0-43-generic #46-Ubuntu SMP … x86_64 GNU/Linux`, `Linux version 4.15.0 …`.
fn take_uname(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let line = lines.get(at).trim();
    let Some(start) = line.find("Linux ") else {
        return 0;
    };
    // Templates of issues have a question before it.
    let head = &line[..start];
    if !(head.is_empty() || head.ends_with(": ") || head.contains("uname")) {
        return 0;
    }
    let line = &line[start..];
    if let Some(rest) = line.strip_prefix("Linux version ") {
        let release = rest.split_whitespace().next().unwrap_or("");
        return set_kernel(sink, at, release, "");
    }
    let is_release = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit()) && word.matches('.').count() >= 1
    };
    if !line.split_whitespace().nth(2).is_some_and(is_release) {
        return 0;
    }
    match uname::parse(&format!("{line}\n")) {
        Ok(found) => set_kernel(sink, at, &found.release, &found.version),
        Err(_) => {
            let release = line.split_whitespace().nth(2).unwrap_or("");
            set_kernel(sink, at, release, "")
        }
    }
}

/// `Linux 6.18.44 (vm)  11/23/26  _x86_64_  (2 CPU)` above what sysstat's tools print.
fn take_sysstat(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let words: Vec<&str> = lines.get(at).split_whitespace().collect();
    let ["Linux", release, host_name, .., cpus, "CPU)"] = words.as_slice() else {
        return 0;
    };
    if !host_name.starts_with('(') {
        return 0;
    }
    if let Ok(cpus) = cpus.trim_start_matches('(').parse() {
        host(sink).online_cpus = Observed::Value(cpus);
    }
    set_kernel(sink, at, release, "")
}

fn set_kernel(sink: &mut Sink<'_>, at: usize, release: &str, version: &str) -> usize {
    let release = release.trim_matches(['(', ')', ',']);
    if release.is_empty() {
        return 0;
    }
    sink.block("kernel", at, release.to_owned());
    let host = host(sink);
    if host.kernel_release.is_empty() {
        host.kernel_release = release.to_owned();
        host.kernel_version = version.to_owned();
    }
    1
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    fn read(name: &str, text: &str) -> Ingested {
        let mut ingested = Ingested::default();
        ingested.read(name, text.as_bytes(), None, true);
        ingested
    }

    #[test]
    fn pieces_of_meminfo_and_slabinfo_fill_the_fields_of_a_collector() {
        let evidence = read(
            "t",
            "Slab:             959096 kB\nSReclaimable:     500000 kB\n\n\
             # name            <active_objs> <num_objs> <objsize> : x\n\
             \x20 87038.4 KiB  dentry            384905 464205    192   21    1 : tunables    0    0    0 : slabdata  22105  22105      0\n",
        )
        .evidence;
        assert_eq!(
            evidence.meminfo.value().unwrap().field("Slab").unwrap().0,
            959_096
        );
        assert_eq!(
            evidence
                .slab
                .value()
                .unwrap()
                .cache("dentry")
                .unwrap()
                .objects,
            464_205
        );
    }

    #[test]
    fn cgroups_dentries_pressure_load_and_kernel() {
        let evidence = read(
            "t",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t26063\t1\n\n\
             $ cat /proc/sys/fs/dentry-state\n152195 144138 45 0 120000 0\n\n\
             $ cat /proc/pressure/memory\nsome avg10=36.79 avg60=72.89 avg300=90.55 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n\n\
             0.27 0.17 0.08 1/90 7864\n\n\
             - Kernel (e.g. `uname -a`): Linux n1 4.15.0-43-generic #46-Ubuntu SMP x86_64 GNU/Linux\n",
        )
        .evidence;
        let census = evidence.cgroups.value().unwrap();
        assert_eq!(census.memory().unwrap().kernel_count.value(), Some(&26_063));
        assert_eq!(evidence.dentries.value().unwrap().negative, 120_000);
        assert_eq!(
            evidence
                .pressure
                .value()
                .unwrap()
                .memory
                .unwrap()
                .avg10_percent,
            36.79
        );
        assert_eq!(
            evidence.host.value().unwrap().kernel_release,
            "4.15.0-43-generic"
        );
        assert_eq!(
            evidence
                .kernel
                .value()
                .unwrap()
                .load_average
                .value()
                .unwrap()[0],
            0.27
        );
    }

    #[test]
    fn os_release_and_sysstat() {
        let evidence = read(
            "os-release",
            "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"18.04\"\n",
        )
        .evidence;
        assert_eq!(
            evidence
                .host
                .value()
                .unwrap()
                .os
                .value()
                .unwrap()
                .version_id,
            "18.04"
        );
        let evidence = read("t", "Linux 6.18.44 (vm) \t11/23/26 \t_x86_64_\t(2 CPU)\n").evidence;
        assert_eq!(evidence.host.value().unwrap().online_cpus.value(), Some(&2));
    }
}
