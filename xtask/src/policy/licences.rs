//! Which licences our dependencies may have.

use crate::policy::metadata::{Metadata, Package};
use crate::policy::spdx;

/// Permissive licences that may be combined with ours (Apache-2.0).
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    // Of data only: Mozilla's list of certificate authorities, which rustls-platform-verifier names
    // for systems without one of their own; it is not in a Linux binary.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub(crate) fn violations(metadata: &Metadata) -> Vec<String> {
    metadata.packages.iter().filter_map(violation).collect()
}

fn violation(package: &Package) -> Option<String> {
    let name = format!("{} {}", package.name, package.version);
    let Some(licence) = &package.license else {
        return Some(format!("licence: {name} does not state one"));
    };
    match spdx::permits(licence, |single| ALLOWED.contains(&single)) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "licence: {name} is `{licence}`, which is not allowed"
        )),
        Err(error) => Some(format!("licence: {name} has `{licence}`: {error}")),
    }
}
