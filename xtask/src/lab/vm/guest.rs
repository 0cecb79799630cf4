//! One guest: plain qemu emulation, a kernel, a root in memory, an empty ext4 disk, and a list of
//! steps whose output comes back over a serial line.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bounded::{self, Running};
use crate::failure::{Failure, Result, While};
use crate::lab::vm::CgroupMode;
use crate::lab::vm::initramfs::Initramfs;
use crate::lab::vm::kernel::GuestKernel;
use crate::lab::vm::steps::{self, Step, Transcript};
use crate::parent;
use crate::workspace::Workspace;

const QEMU: &str = "qemu-system-x86_64";
const BUSYBOX: &str = "/usr/bin/busybox";
const DISK_BYTES: u64 = 512 << 20;
const MEMORY_MIB: &str = "1536";
const TOOL_LIMIT: Duration = Duration::from_secs(60);
/// Booting on a busy machine, besides what the steps may take.
const BOOT_LIMIT: Duration = Duration::from_secs(120);
/// Without them a guest under emulation waits for entropy, loses its timer, or waits for RCU.
const KERNEL_ARGUMENTS: &str = "console=ttyS0 quiet panic=-1 rng_core.default_quality=1000 \
                                no_timer_check rcupdate.rcu_expedited=1";

/// What is put into a guest.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) nodesleuth: PathBuf,
    pub(crate) cadvisor: PathBuf,
}

/// Whether guests can run here; else what is missing.
pub(crate) fn missing_tool() -> Option<String> {
    let there = |name: &str| {
        let mut which = Command::new("sh");
        which.args(["-c", &format!("command -v {name}")]);
        bounded::output(&mut which, TOOL_LIMIT).is_ok_and(|output| output.status.success())
    };
    let packages = [
        (QEMU, "qemu-system-x86"),
        (BUSYBOX, "busybox-static"),
        ("mke2fs", "e2fsprogs"),
    ];
    packages
        .iter()
        .find(|(tool, _)| !there(tool))
        .map(|(tool, package)| format!("{tool} is not there: apt-get install {package}"))
}

/// Boots a guest, runs the steps in it and returns what they printed. Files of it are kept in
/// `target/lab/vm` for a look.
pub(crate) fn run(
    workspace: &Workspace,
    (kernel, mode): (&GuestKernel, CgroupMode),
    programs: &Programs,
    steps: &[Step],
) -> Result<Transcript> {
    let name = format!("{}-{}", kernel.release, mode.name());
    let folder = workspace.lab_dir()?.join("vm");
    fs::create_dir_all(&folder).doing(|| format!("making {}", folder.display()))?;
    let files = kernel.files(workspace)?;
    let root = folder.join(format!("{name}.cpio"));
    let archive = pack(&files.modules, programs, mode, steps)?;
    fs::write(&root, archive).doing(|| format!("writing {}", root.display()))?;
    let disk = make_disk(&folder.join(format!("{name}.ext4")))?;
    let (console, lines) = (
        folder.join(format!("{name}.console")),
        folder.join(format!("{name}.steps")),
    );
    let limit = BOOT_LIMIT + steps.iter().map(|step| step.limit).sum::<Duration>();
    let began = Instant::now();
    let mut command = parent::dying_with_us(QEMU);
    command
        .args(["-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-machine", "accel=tcg", "-cpu", "max", "-smp", "1"])
        .args(["-m", MEMORY_MIB, "-device", "virtio-rng-pci"])
        .args(["-append", KERNEL_ARGUMENTS])
        .arg("-kernel")
        .arg(&files.image)
        .arg("-initrd")
        .arg(&root)
        .arg("-drive")
        .arg(format!("file={},if=virtio,format=raw", disk.display()))
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .arg("-serial")
        .arg(format!("file:{}", lines.display()))
        .stdin(Stdio::null());
    let status = Running::start(&mut command)?.wait(limit)?;
    for large in [&root, &disk] {
        fs::remove_file(large).doing(|| format!("removing {}", large.display()))?;
    }
    let text = fs::read(&lines).doing(|| format!("reading {}", lines.display()))?;
    let transcript = Transcript::parse(&String::from_utf8_lossy(&text));
    eprintln!(
        "lab: guest {name} ran {} steps in {:.0} s",
        transcript.steps.len(),
        began.elapsed().as_secs_f64()
    );
    if status.success() && transcript.is_whole {
        return Ok(transcript);
    }
    let said = fs::read(&console).unwrap_or_default();
    let said = bounded::last_lines(&String::from_utf8_lossy(&said), 12);
    let why = format!("it ended early ({status})\n{said}");
    Err(Failure::new(format!("guest {name}"), why).remedy(format!(
        "see {} and {}",
        console.display(),
        lines.display()
    )))
}

fn pack(
    modules: &[PathBuf],
    programs: &Programs,
    mode: CgroupMode,
    steps: &[Step],
) -> Result<Vec<u8>> {
    let mut root = Initramfs::default();
    for folder in [
        "proc", "sys", "dev", "tmp", "run", "var/lib", "disk", "shm", "steps",
    ] {
        root.folder(folder);
    }
    root.copy("bin/busybox", Path::new(BUSYBOX))?;
    root.link("bin/sh", "busybox");
    root.program("nodesleuth", &programs.nodesleuth)?;
    root.program("cadvisor", &programs.cadvisor)?;
    let ourselves = std::env::current_exe().doing(|| "looking for our own program".to_owned())?;
    root.program("xtask", &ourselves)?;
    for (index, module) in modules.iter().enumerate() {
        root.copy(&format!("modules/{index}.ko"), module)?;
    }
    for (index, step) in steps.iter().enumerate() {
        root.text(&format!("steps/{index:03}"), &step.file());
    }
    root.text("init", &steps::init(mode));
    Ok(root.finish())
}

/// A sparse file with an empty filesystem in it.
fn make_disk(path: &Path) -> Result<PathBuf> {
    File::create(path)
        .and_then(|file| file.set_len(DISK_BYTES))
        .doing(|| format!("making {}", path.display()))?;
    let mut command = Command::new("mke2fs");
    command
        .args([
            "-q",
            "-F",
            "-t",
            "ext4",
            "-N",
            "65536",
            "-E",
            "lazy_itable_init=0",
        ])
        .arg(path);
    bounded::output(&mut command, TOOL_LIMIT)?.success("mke2fs")?;
    Ok(path.to_owned())
}
