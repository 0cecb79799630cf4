//! Container images packed without Docker, as archives in the layout of the OCI image
//! specification, which `ctr images import` reads.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bounded;
use crate::failure::{Result, While};
use crate::lab::cluster::build::small;
use crate::lab::cluster::places::Places;
use crate::lab::libraries::libraries;
use crate::lab::package::sha256_of;

pub(crate) const PAUSE: &str = "pause";
pub(crate) const BUSYBOX: &str = "busybox";
pub(crate) const NODESLEUTH: &str = "nodesleuth";
const PACK_LIMIT: Duration = Duration::from_secs(120);
/// What pods of the lab call from busybox.
const APPLETS: [&str; 6] = ["sh", "true", "false", "sleep", "cat", "echo"];

/// A file in an image.
#[derive(Debug)]
pub(crate) struct ImageFile {
    /// On this machine.
    pub(crate) from: PathBuf,
    /// In the image, without a leading slash.
    pub(crate) to: String,
    /// Links beside it that lead to it.
    pub(crate) links: &'static [&'static str],
}

/// An image with one layer.
#[derive(Debug)]
pub(crate) struct Image {
    /// `lab.local/NAME:1`
    pub(crate) name: &'static str,
    pub(crate) entrypoint: &'static [&'static str],
    pub(crate) files: Vec<ImageFile>,
}

/// What holds a pod's namespaces.
pub(crate) fn pause(places: &Places) -> Result<Image> {
    let program = small::program(places, "pause")?;
    Ok(Image {
        name: PAUSE,
        entrypoint: &["/pause"],
        files: vec![ImageFile {
            from: program,
            to: "pause".to_owned(),
            links: &[],
        }],
    })
}

/// What everything else in a pod is.
pub(crate) fn busybox(places: &Places) -> Image {
    Image {
        name: BUSYBOX,
        entrypoint: &[],
        files: vec![ImageFile {
            from: places.debian().join("bin/busybox"),
            to: "bin/busybox".to_owned(),
            links: &APPLETS,
        }],
    }
}

/// The nodesleuth that is tried, as `deploy/image` has it: a static one is all there is in it, another
/// brings its libraries.
pub(crate) fn nodesleuth(binary: &Path) -> Result<Image> {
    let file = |from: &Path, to: &str| ImageFile {
        from: from.to_path_buf(),
        to: to.trim_start_matches('/').to_owned(),
        links: &[],
    };
    let libraries = libraries(binary)?;
    let libraries = libraries.iter().map(|path| file(Path::new(path), path));
    Ok(Image {
        name: NODESLEUTH,
        entrypoint: &["/nodesleuth"],
        files: [file(binary, "nodesleuth")]
            .into_iter()
            .chain(libraries)
            .collect(),
    })
}

impl Image {
    /// Where the archive of an image is.
    pub(crate) fn archive(places: &Places, name: &str) -> PathBuf {
        places.cached("images").join(format!("{name}.tar"))
    }

    /// Makes the archive anew: what goes into it may be another than last time.
    pub(crate) fn repack(&self, places: &Places) -> Result<PathBuf> {
        let archive = Self::archive(places, self.name);
        if archive.exists() {
            fs::remove_file(&archive).doing(|| format!("removing {}", archive.display()))?;
        }
        self.pack(places)?;
        Ok(archive)
    }

    /// Makes the archive, if it is not there yet.
    pub(crate) fn pack(&self, places: &Places) -> Result<()> {
        let archive = Self::archive(places, self.name);
        if archive.exists() {
            return Ok(());
        }
        let work = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
        let (root, layout) = (work.path().join("root"), work.path().join("layout"));
        for folder in ["dev", "proc", "sys", "tmp"] {
            make_dir(&root.join(folder))?;
        }
        for file in &self.files {
            file.place(&root)?;
        }
        make_dir(&layout.join("blobs/sha256"))?;
        self.write_layout(&root, &layout)?;
        make_dir(&places.cached("images"))?;
        let partial = archive.with_extension("partial");
        tar(&layout, &partial)?;
        fs::rename(&partial, &archive).doing(|| format!("moving {}", partial.display()))
    }

    fn write_layout(&self, root: &Path, layout: &Path) -> Result<()> {
        let layer = layout.join("layer.tar");
        tar(root, &layer)?;
        let layer = blob(layout, &layer, "application/vnd.oci.image.layer.v1.tar")?;
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Entrypoint": self.entrypoint, "Env": ["PATH=/bin"] },
            "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
        });
        let config = json_blob(layout, &config, "application/vnd.oci.image.config.v1+json")?;
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer],
        });
        let mut manifest = json_blob(layout, &manifest, kind)?;
        manifest["annotations"] =
            json!({ "io.containerd.image.name": format!("lab.local/{}:1", self.name) });
        let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
        write(&layout.join("index.json"), &index)?;
        write(
            &layout.join("oci-layout"),
            &json!({ "imageLayoutVersion": "1.0.0" }),
        )
    }
}

impl ImageFile {
    fn place(&self, root: &Path) -> Result<()> {
        let to = root.join(&self.to);
        if let Some(folder) = to.parent() {
            make_dir(folder)?;
        }
        fs::copy(&self.from, &to).doing(|| format!("copying {}", self.from.display()))?;
        for link in self.links {
            let target = to.file_name().unwrap_or_default();
            symlink(target, to.with_file_name(link)).doing(|| format!("linking {link}"))?;
        }
        Ok(())
    }
}

/// The same content gives the same archive: sorted, of nobody, without times.
fn tar(folder: &Path, archive: &Path) -> Result<()> {
    let mut command = Command::new("tar");
    command
        .args(["--create", "--sort=name", "--owner=0", "--group=0"])
        .args(["--numeric-owner", "--mtime=@0", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(folder)
        .arg(".");
    bounded::output(&mut command, PACK_LIMIT)?
        .success("tar")
        .map(drop)
}

/// Moves a file among the blobs and describes it.
fn blob(layout: &Path, file: &Path, media_type: &str) -> Result<Value> {
    let digest = sha256_of(file)?;
    let size = fs::metadata(file)
        .doing(|| format!("looking at {}", file.display()))?
        .len();
    let to = layout.join("blobs/sha256").join(&digest);
    fs::rename(file, &to).doing(|| format!("moving {}", file.display()))?;
    Ok(json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size }))
}

fn json_blob(layout: &Path, value: &Value, media_type: &str) -> Result<Value> {
    let file = layout.join("new.json");
    write(&file, value)?;
    blob(layout, &file, media_type)
}

fn write(file: &Path, value: &Value) -> Result<()> {
    fs::write(file, value.to_string()).doing(|| format!("writing {}", file.display()))
}

fn make_dir(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).doing(|| format!("making {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(archive: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        let mut command = Command::new("tar");
        command
            .args(["--extract", "--file"])
            .arg(archive)
            .arg("--directory")
            .arg(to);
        assert!(command.status().unwrap().success());
    }

    fn json_of(layout: &Path, descriptor: &Value) -> Value {
        let digest = descriptor["digest"].as_str().unwrap();
        let blob = layout.join("blobs").join(digest.replace(':', "/"));
        assert_eq!(format!("sha256:{}", sha256_of(&blob).unwrap()), digest);
        assert_eq!(
            fs::metadata(&blob).unwrap().len(),
            descriptor["size"].as_u64().unwrap()
        );
        serde_json::from_slice(&fs::read(&blob).unwrap()).unwrap_or(Value::Null)
    }

    #[test]
    fn an_archive_leads_from_its_index_to_the_files_and_is_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        let image = || Image {
            name: "tried",
            entrypoint: &["/bin/program"],
            files: vec![ImageFile {
                from: program.clone(),
                to: "bin/program".to_owned(),
                links: &["other"],
            }],
        };
        let archives = ["one", "two"].map(|cache| {
            let places = Places::at(folder.path().join(cache), PathBuf::new());
            image().pack(&places).unwrap();
            Image::archive(&places, "tried")
        });
        assert_eq!(
            sha256_of(&archives[0]).unwrap(),
            sha256_of(&archives[1]).unwrap()
        );

        let layout = folder.path().join("layout");
        unpacked(&archives[0], &layout);
        let index: Value =
            serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        let entry = &index["manifests"][0];
        assert_eq!(
            entry["annotations"]["io.containerd.image.name"],
            "lab.local/tried:1"
        );
        let manifest = json_of(&layout, entry);
        let config = json_of(&layout, &manifest["config"]);
        assert_eq!(config["config"]["Entrypoint"], json!(["/bin/program"]));
        let layer = &manifest["layers"][0];
        assert_eq!(config["rootfs"]["diff_ids"][0], layer["digest"]);
        assert_eq!(json_of(&layout, layer), Value::Null);
        let root = folder.path().join("root");
        let digest = layer["digest"].as_str().unwrap().replace(':', "/");
        unpacked(&layout.join("blobs").join(digest), &root);
        assert_eq!(
            fs::read_to_string(root.join("bin/other")).unwrap(),
            "#!/bin/sh\n"
        );
    }
}
