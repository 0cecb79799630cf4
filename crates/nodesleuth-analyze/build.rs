//! Embeds `catalog/**/*.toml` of the repository, so that adding a known cause is adding a file.

#![expect(
    clippy::disallowed_methods,
    reason = "the build script reads the catalogue's files"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?)
        .join("../../catalog")
        .canonicalize()?;
    println!("cargo::rerun-if-changed={}", root.display());
    let mut code = String::from("&[\n");
    for folder in ["causes", "kernel", "remedies", "."] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        for file in toml_files(&root.join(folder))? {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = file.strip_prefix(&root)?.display().to_string();
            writeln!(
                code,
                "    ({name:?}, include_str!({:?})),",
                file.display().to_string()
            )?;
        }
    }
    code.push_str("]\n");
    fs::write(
        Path::new(&env::var("OUT_DIR")?).join("catalog_files.rs"),
        code,
    )?;
    Ok(())
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
