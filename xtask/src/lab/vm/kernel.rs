//! Debian's cloud kernels that guests run, and which of their modules a guest needs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, While};
use crate::lab::package::Package;
use crate::workspace::Workspace;

/// Modules in the order in which they are loaded; a kernel that has one built in has no such file.
const MODULES: [&str; 8] = [
    "virtio",
    "virtio_ring",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "rng-core",
    "virtio-rng",
];

/// A kernel for guests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuestKernel {
    /// What `uname -r` prints in the guest.
    pub(crate) release: &'static str,
    /// Whether inodes take their pages along when slab is dropped (`catalog/remedies/drop-slab.toml`).
    pub(crate) slab_takes_pages: bool,
    package: Package,
}

/// Debian 11's and Debian 12's.
pub(crate) const KERNELS: [GuestKernel; 2] = [
    GuestKernel {
        release: "5.10.0-32-cloud-amd64",
        slab_takes_pages: true,
        package: Package {
            name: "linux-5.10.0-32",
            pool_path: "pool/main/l/linux-signed-amd64/linux-image-5.10.0-32-cloud-amd64_5.10.223-1_amd64.deb",
            sha256: "fb4a1229952d892138532c1d9f40a7fd0bd408e4dcf969c12e4524b6a89fdcb8",
            holds: "boot/vmlinuz-5.10.0-32-cloud-amd64",
        },
    },
    GuestKernel {
        release: "6.1.0-50-cloud-amd64",
        slab_takes_pages: false,
        package: Package {
            name: "linux-6.1.0-50",
            pool_path: "pool/main/l/linux-signed-amd64/linux-image-6.1.0-50-cloud-amd64_6.1.176-1_amd64.deb",
            sha256: "efe19f605b6f54a8352e68d85a629abb2d30b72a085faef603a9152590baa791",
            holds: "boot/vmlinuz-6.1.0-50-cloud-amd64",
        },
    },
];

/// A kernel's files on this machine.
#[derive(Debug)]
pub(crate) struct KernelFiles {
    pub(crate) image: PathBuf,
    /// In the order in which they are loaded.
    pub(crate) modules: Vec<PathBuf>,
}

impl GuestKernel {
    /// Fetches the package if it is not there yet.
    pub(crate) fn files(&self, workspace: &Workspace) -> Result<KernelFiles> {
        let folder = self.package.unpacked(workspace)?;
        let drivers = folder
            .join("lib/modules")
            .join(self.release)
            .join("kernel/drivers");
        let mut found = Vec::new();
        collect_modules(&drivers, &mut found).doing(|| format!("listing {}", drivers.display()))?;
        let modules: Vec<PathBuf> = MODULES
            .iter()
            .filter_map(|name| {
                let file = format!("{name}.ko");
                let named = |path: &&PathBuf| path.file_name() == Some(OsStr::new(&file));
                found.iter().find(named).cloned()
            })
            .collect();
        if modules.iter().any(|path| path.ends_with("virtio_blk.ko")) {
            let image = folder.join(self.package.holds);
            return Ok(KernelFiles { image, modules });
        }
        let why = format!("no virtio_blk.ko below {}", drivers.display());
        Err(Failure::new(format!("kernel {}", self.release), why))
    }
}

fn collect_modules(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect_modules(&entry.path(), found)?;
        } else if entry.path().extension() == Some(OsStr::new("ko")) {
            found.push(entry.path());
        }
    }
    Ok(())
}
