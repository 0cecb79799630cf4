//! Which shared libraries a program needs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::Result;

const LDD_LIMIT: Duration = Duration::from_secs(20);

/// Shared libraries and the loader, by the paths under which the program asks for them.
pub(crate) fn libraries(program: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("ldd");
    command.arg(program);
    let printed = bounded::output(&mut command, LDD_LIMIT)?;
    // A static program has none and `ldd` says so with exit code 1.
    Ok(library_paths(&printed.stdout))
}

/// Lines are `NAME => /PATH (ADDRESS)` or `/PATH (ADDRESS)`; the vDSO has no path.
fn library_paths(text: &str) -> Vec<String> {
    let path = |line: &str| {
        let place = line.split("=>").last()?.trim();
        let path = place.split(" (").next()?;
        path.starts_with('/').then(|| path.to_owned())
    };
    text.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_what_ldd_prints() {
        let text = "\tlinux-vdso.so.1 (0x00007f3a6db28000)\n\
                    \tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f3a6da16000)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f3a6db2a000)\n\
                    \tlibgone.so => not found\n";
        assert_eq!(
            library_paths(text),
            [
                "/lib/x86_64-linux-gnu/libm.so.6",
                "/lib64/ld-linux-x86-64.so.2"
            ]
        );
        assert!(library_paths("\tnot a dynamic executable\n").is_empty());
    }
}
