//! The process that makes zombies. What it touches belongs to the cgroup it is in at that moment, so
//! one process that moves from cgroup to cgroup makes many.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::fcntl::{OFlag, PosixFadviseAdvice, posix_fadvise};
use nix::unistd::syncfs;

use crate::failure::{Result, While};
use crate::lab::scratch;
use crate::parent;

const PAGE: [u8; 4096] = [b'x'; 4096];
/// What each zombie that page cache pins holds.
pub(crate) const PAGE_BYTES: u64 = PAGE.len() as u64;
/// Names that are looked up in vain by each zombie that slab is to pin.
const LOOK_UPS: usize = 10;

/// What keeps a removed cgroup alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Pin {
    /// A page that was read: clean page cache, the file's access time left alone.
    Read,
    /// A page that was written into a file which existed before; dirty until it is written back.
    Written,
    /// The same where `--files` is on a tmpfs: shared memory.
    Tmpfs,
    /// An empty file that was created: its inode and the filesystem's blocks.
    Created,
    /// Names that do not exist and were looked up: dentries.
    LookedUp,
}

/// What the worker process is told.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// Whose death ends the worker.
    #[arg(long)]
    maker: u32,
    #[arg(long)]
    count: usize,
    /// What is to keep them alive.
    #[arg(long, value_enum)]
    pin: Pin,
    /// The cgroup to go back to.
    #[arg(long)]
    home: PathBuf,
    #[arg(long)]
    parent: PathBuf,
    #[arg(long)]
    files: PathBuf,
}

impl WorkerArgs {
    fn file(&self, index: usize) -> PathBuf {
        self.files.join(index.to_string())
    }
}

/// The worker process.
pub(crate) fn work(args: &WorkerArgs) -> Result<ExitCode> {
    parent::die_with(args.maker)?;
    prepare(args)?;
    let mut previous: Option<PathBuf> = None;
    for index in 0..args.count {
        let cgroup = args.parent.join(format!("z-{index}"));
        scratch::make_dir(&cgroup)?;
        enter(&cgroup)?;
        touch(args.pin, &args.file(index))?;
        if let Some(left) = previous.replace(cgroup) {
            scratch::remove_dir(&left).doing(|| format!("removing {}", left.display()))?;
        }
    }
    enter(&args.home)?;
    if let Some(last) = previous {
        scratch::remove_dir(&last).doing(|| format!("removing {}", last.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All files first: what the filesystem caches to create them must not pin zombies as well.
fn prepare(args: &WorkerArgs) -> Result<()> {
    let content: &[u8] = match args.pin {
        Pin::Read => &PAGE,
        Pin::Written | Pin::Tmpfs => &[],
        Pin::Created | Pin::LookedUp => return Ok(()),
    };
    for index in 0..args.count {
        let path = args.file(index);
        fs::write(&path, content).doing(|| format!("making {}", path.display()))?;
    }
    if args.pin == Pin::Read {
        forget_pages(args)?;
    }
    Ok(())
}

/// Writes the files out and drops their pages, so that who reads them next is charged.
fn forget_pages(args: &WorkerArgs) -> Result<()> {
    let folder = File::open(&args.files).doing(|| format!("opening {}", args.files.display()))?;
    syncfs(&folder).doing(|| format!("writing out {}", args.files.display()))?;
    for index in 0..args.count {
        let path = args.file(index);
        let file = File::open(&path).doing(|| format!("opening {}", path.display()))?;
        posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)
            .doing(|| format!("dropping the pages of {}", path.display()))?;
    }
    Ok(())
}

fn touch(pin: Pin, path: &Path) -> Result<()> {
    let done = match pin {
        Pin::Read => read_page(path),
        Pin::Written | Pin::Tmpfs => OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(&PAGE)),
        Pin::Created => File::create_new(path).map(drop),
        Pin::LookedUp => {
            for name in 0..LOOK_UPS {
                let _ = fs::metadata(path.with_extension(format!("missing-{name}")));
            }
            Ok(())
        }
    };
    done.doing(|| format!("pinning with {}", path.display()))
}

fn read_page(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NOATIME.bits())
        .open(path)?;
    // Read-ahead would take nothing more: the file is one page.
    file.read_exact(&mut [0; PAGE.len()])
}

/// Moves this process; 0 stands for the writer itself.
fn enter(cgroup: &Path) -> Result<()> {
    let procs = cgroup.join("cgroup.procs");
    OpenOptions::new()
        .write(true)
        .open(&procs)
        .and_then(|mut file| file.write_all(b"0"))
        .doing(|| format!("entering {}", procs.display()))
}
