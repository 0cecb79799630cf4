use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

fn ours(name: &[u8]) -> bool {
    name.starts_with(b"data-")
}

/// `outside/precious` and an empty `scratch`, in one temporary folder.
fn yard() -> (TempDir, PathBuf, PathBuf) {
    let yard = tempfile::tempdir().unwrap();
    let (outside, scratch) = (yard.path().join("outside"), yard.path().join("scratch"));
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("data-precious"), "x").unwrap();
    fs::create_dir(&scratch).unwrap();
    (yard, outside, scratch)
}

#[test]
fn nested_folders_and_our_files_go() {
    let (_yard, _, scratch) = yard();
    fs::create_dir_all(scratch.join("a/b/c")).unwrap();
    fs::write(scratch.join("a/b/data-1"), "x").unwrap();
    let removal = remove(&scratch, Contents::Files(ours), TIME_LIMIT);
    assert_eq!((removal.removed, removal.left), (5, 0));
    assert!(!scratch.exists());
}

#[test]
fn a_link_is_never_followed() {
    let (_yard, outside, scratch) = yard();
    symlink(&outside, scratch.join("data-link")).unwrap();
    let removal = remove(&scratch, Contents::Files(ours), TIME_LIMIT);
    assert_eq!(removal.leftovers[0].why, "not made by us");
    let removal = remove(&scratch, Contents::Anything, TIME_LIMIT);
    assert!(removal.is_complete(), "{removal:?}");
    assert!(outside.join("data-precious").exists());
}

#[test]
fn a_link_in_place_of_the_folder_is_left_alone() {
    let (yard, outside, _) = yard();
    let link = yard.path().join("link");
    symlink(&outside, &link).unwrap();
    let removal = remove(&link, Contents::Anything, TIME_LIMIT);
    assert_eq!(
        removal.leftovers[0].why,
        "a symbolic link or file, not a folder that we make"
    );
    assert!(link.is_symlink() && outside.join("data-precious").exists());
}

#[test]
fn a_foreign_file_stays_and_is_named_and_the_rest_goes() {
    let (_yard, _, scratch) = yard();
    fs::create_dir_all(scratch.join("a/b")).unwrap();
    fs::write(scratch.join("a/notes.txt"), "x").unwrap();
    let removal = remove(&scratch, Contents::Files(ours), TIME_LIMIT);
    assert_eq!((removal.removed, removal.left), (1, 1));
    assert_eq!(removal.leftovers[0].path, scratch.join("a/notes.txt"));
}

#[test]
fn in_a_cgroup_tree_files_are_the_kernels_and_never_removed() {
    let (_yard, _, scratch) = yard();
    fs::create_dir_all(scratch.join("a/b")).unwrap();
    fs::write(scratch.join("a/data-1"), "x").unwrap();
    let removal = remove(&scratch, Contents::Cgroups, TIME_LIMIT);
    // On a real cgroup filesystem `a` would go although it lists files.
    assert_eq!((removal.removed, removal.left), (1, 1));
    assert!(scratch.join("a/data-1").exists());
}

#[test]
fn no_time_means_nothing_happens_and_that_is_said() {
    let (_yard, _, scratch) = yard();
    fs::create_dir(scratch.join("a")).unwrap();
    let removal = remove(&scratch, Contents::Cgroups, Duration::ZERO);
    assert_eq!(removal.leftovers[0].why, "out of time");
}

#[test]
fn a_folder_that_is_gone_already_is_fine() {
    let gone = Path::new("/nonexistent/nodesleuth-demo-00000000-1");
    assert!(remove(gone, Contents::Cgroups, TIME_LIMIT).is_complete());
}
