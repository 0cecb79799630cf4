//! One spelling for each function, whoever printed its name.
//!
//! Profilers, Go versions and kernels spell the same function differently. These rules, and no
//! others, bring a raw frame name to its normal form; they apply in this order:
//!
//! | rule | example | becomes |
//! |---|---|---|
//! | space around the name | ` main.f ` | `main.f` |
//! | trailing marks of perf tools: ` [word]`, `_[k]`, `_[i]`, `_[j]` | `vfs_read_[k]`, `f [nfs]` | `vfs_read`, `f` |
//! | trailing offset | `f+0x1b1`, `f+0x1b1/0x2c0` | `f` |
//! | names in brackets, with `::`, or of Go's linker (`go:`, `type:`, `type..`) end here | `[vdso]`, `std::sort` | as they are |
//! | C: suffixes of compilers `.isra.N .constprop.N .part.N .cold .cold.N .llvm.N .lto_priv.N .localalias` | `f.isra.0.cold` | `f` |
//! | C: entries of a system call `__x64_ __ia32_ __x32_ __arm64_ __riscv_ __s390x_ __s390_ __powerpc_ __se_ __do_` before `sys_` or `compat_sys_`, and `SyS_ SYSC_` | `__x64_sys_read`, `SyS_read` | `sys_read` |
//! | Go: suffix of an assembly function | `runtime.memmove.abi0`, `.abiinternal` | `runtime.memmove` |
//! | Go: type arguments | `m.(*C[go.shape.int]).Get`, `slices.Sort[...]` | `m.(*C).Get`, `slices.Sort` |
//! | Go: escapes of the linker in the package path | `gopkg.in/yaml%2ev3.f` | `gopkg.in/yaml.v3.f` |
//! | Go: everything up to the last `vendor/` of the package path | `k8s.io/kubernetes/vendor/x.io/p.f` | `x.io/p.f` |
//!
//! A name is C if it is an identifier, with nothing after it but the suffixes above; it is Go if
//! it has a package path, a dot and no space. So closures (`.func1`, `.func1.2`, `.gowrap1`),
//! method values (`-fm`) and pointer receivers (`(*T)`) stay as they are. `main.cold` would be
//! taken for C: a Go function called `cold`, `part` and so on in a package without a path is not
//! told from a compiler's suffix.
//! A name that is already in its normal form stays as it is.

mod go;
mod native;
mod perf;

use std::borrow::Cow;

pub use go::{GoName, GoReceiver};

/// A frame name in its normal form, with its parts if it is a Go function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameName<'a> {
    text: Cow<'a, str>,
    /// Length of the Go package path.
    package: Option<usize>,
}

impl<'a> FrameName<'a> {
    /// Applies the rules to a name as some tool printed it.
    pub fn new(raw: &'a str) -> Self {
        let bare = perf::strip(raw.trim());
        if is_opaque(bare) {
            return Self {
                text: Cow::Borrowed(bare),
                package: None,
            };
        }
        if let Some(text) = native::normalize(bare) {
            return Self {
                text,
                package: None,
            };
        }
        match go::normalize(bare) {
            Some((text, package)) => Self {
                text,
                package: Some(package),
            },
            None => Self {
                text: Cow::Borrowed(bare),
                package: None,
            },
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The normal form.
    pub fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    /// Package, receiver and function, if this looks like a Go function.
    pub fn go(&self) -> Option<GoName<'_>> {
        GoName::split(&self.text, self.package?)
    }
}

/// The normal form of a frame name.
///
/// ```
/// # use nodesleuth_profile::normalize;
/// let raw = "k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager.(*manager).Start";
/// assert_eq!(normalize(raw), "github.com/google/cadvisor/manager.(*manager).Start");
/// assert_eq!(normalize("memcg_stat_show.isra.0+0x1b1_[k]"), "memcg_stat_show");
/// ```
pub fn normalize(raw: &str) -> Cow<'_, str> {
    FrameName::new(raw).into_text()
}

fn is_opaque(name: &str) -> bool {
    let prefixes = ["[", "<", "go:", "type:", "type.."];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || name.contains("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raw name, normal form.
    const CASES: &[(&str, &str)] = &[
        (" main.main\n", "main.main"),
        (
            "k8s.io/kubernetes/vendor/github.com/google/cadvisor/manager.(*containerData).housekeeping",
            "github.com/google/cadvisor/manager.(*containerData).housekeeping",
        ),
        (
            "vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
            "golang.org/x/net/http2/hpack.(*Decoder).Write",
        ),
        ("a.io/vendor/b.io/vendor/c.io/d.F", "c.io/d.F"),
        ("example.com/myvendor/p.F", "example.com/myvendor/p.F"),
        ("runtime.memmove.abi0", "runtime.memmove"),
        ("runtime.goexit.abiinternal", "runtime.goexit"),
        ("slices.SortFunc[...]", "slices.SortFunc"),
        (
            "slices.pdqsort[go.shape.struct { a/b.c int; D string }].func1",
            "slices.pdqsort.func1",
        ),
        (
            "main.(*Cache[go.shape.string,[]uint8]).Get-fm",
            "main.(*Cache).Get-fm",
        ),
        (
            "github.com/google/btree.(*BTreeG[go.shape.interface { Less(github.com/google/btree.Item) bool }]).Ascend",
            "github.com/google/btree.(*BTreeG).Ascend",
        ),
        ("main.(*T[...]).M.func1.2", "main.(*T).M.func1.2"),
        ("a.io/b.F[a.io/vendor/c.T]", "a.io/b.F"),
        ("k8s.io/kubernetes/vendor/a.io/b.F[k8s.io/c.T]", "a.io/b.F"),
        (
            "gopkg.in/yaml%2ev3.(*parser).parse",
            "gopkg.in/yaml.v3.(*parser).parse",
        ),
        ("main.glob..func1", "main.glob..func1"),
        ("type:.eq.[2]interface {}", "type:.eq.[2]interface {}"),
        ("aeshashbody", "aeshashbody"),
        ("vfs_read_[k]", "vfs_read"),
        ("vfs_read [k]", "vfs_read"),
        ("nfs_getattr+0x12/0x90 [nfs]", "nfs_getattr"),
        ("virtnet_poll\t[virtio_net]", "virtnet_poll"),
        ("mem_cgroup_iter+0x1b1", "mem_cgroup_iter"),
        ("memcg_stat_show.isra.0.cold.12", "memcg_stat_show"),
        ("shrink_slab.part.48", "shrink_slab"),
        ("d_walk.constprop.0", "d_walk"),
        ("f.llvm.1234567890", "f"),
        ("__x64_sys_read", "sys_read"),
        ("__arm64_sys_openat", "sys_openat"),
        ("__ia32_compat_sys_ioctl", "compat_sys_ioctl"),
        ("__do_sys_newfstatat", "sys_newfstatat"),
        ("SyS_read", "sys_read"),
        ("SYSC_getdents", "sys_getdents"),
        ("ksys_read", "ksys_read"),
        ("sys_read", "sys_read"),
        ("[vdso]", "[vdso]"),
        ("[kernel.kallsyms]", "[kernel.kallsyms]"),
        ("<unknown>", "<unknown>"),
        (
            "std::vector<int>::operator[](unsigned long)",
            "std::vector<int>::operator[](unsigned long)",
        ),
        (
            "operator new[](unsigned long)",
            "operator new[](unsigned long)",
        ),
        ("Lcom/example/Main;run", "Lcom/example/Main;run"),
        ("", ""),
    ];

    #[test]
    fn each_rule_gives_the_normal_form() {
        for (raw, normal) in CASES {
            assert_eq!(normalize(raw), *normal, "{raw}");
        }
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for (_, normal) in CASES {
            assert_eq!(normalize(normal), *normal);
        }
    }
}
