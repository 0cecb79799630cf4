//! Pictures as files: what is in them, and what is not.

use crate::support::{self, nodesleuth, run};
use crate::{data, out, stacks};
use std::fs;
use std::process::Stdio;

/// A box of a picture.
#[derive(Debug, PartialEq)]
struct Drawn {
    name: String,
    cost: String,
    x: u64,
    y: u64,
    width: u64,
}

/// The boxes in the order of the file; the first is the one for all.
fn boxes(picture: &str) -> Vec<Drawn> {
    let (_, rest) = picture.split_once("class=\"boxes\"").unwrap();
    let (inside, _) = rest.split_once("</svg>").unwrap();
    let rects = inside.split("<rect ").skip(1);
    let attribute = |rect: &str, name: &str| {
        let (_, value) = rect.split_once(&format!("{name}=\"")).unwrap();
        value.split('"').next().unwrap().parse().unwrap()
    };
    let drawn = |rect: &str| {
        let (_, title) = rect.split_once("<title>").unwrap();
        let (name, cost) = title
            .split_once("</title>")
            .unwrap()
            .0
            .split_once('\n')
            .unwrap();
        Drawn {
            name: name.to_owned(),
            cost: cost.to_owned(),
            x: attribute(rect, " x"),
            y: attribute(rect, " y"),
            width: attribute(rect, " width"),
        }
    };
    rects.map(|rect| drawn(&format!(" {rect}"))).collect()
}

fn find<'b>(boxes: &'b [Drawn], name: &str) -> &'b Drawn {
    boxes
        .iter()
        .find(|b| b.name == name)
        .unwrap_or_else(|| panic!("{name} is not in {boxes:#?}"))
}

/// The picture without the parts that are the same in all.
fn without_script(picture: &str) -> String {
    let cut = |text: &str, tag: &str| {
        let (before, rest) = text.split_once(&format!("<{tag}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</{tag}>")).unwrap();
        format!("{before}{after}")
    };
    cut(&cut(picture, "style"), "script")
}

/// Compares with a picture that was looked at; `BLESS=1` writes it anew.
fn golden(name: &str, picture: &str) {
    let picture = without_script(picture);
    let path = data(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &picture).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        picture, expected,
        "{name} differs; BLESS=1 writes it, then look at it"
    );
}

#[test]
fn pictures_are_as_they_were_looked_at() {
    let (small, after) = (data("small.folded"), data("after.folded"));
    golden("small.svg", out(&run(&["flame", &small])));
    golden("diff.svg", out(&run(&["flame", "--diff", &small, &after])));
    let icicle = [
        "flame",
        &small,
        "--reverse",
        "--inverted",
        "--colors",
        "hot",
    ];
    golden("reverse.svg", out(&run(&icicle)));
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let text = fs::read_to_string(data("small.folded")).unwrap();
    let reversed: Vec<_> = text.lines().rev().collect();
    let (_folder, path) = stacks(&reversed.join("\n"));
    let title = ["--title", "x", "--subtitle", ""];
    let of = |path: &str| run(&[&["flame", path], &title[..]].concat()).out;
    assert_eq!(of(&path), of(&data("small.folded")));
}

#[test]
fn standard_input_is_a_file_too() {
    let mut command = nodesleuth(&["flame", "-"]);
    command.stdin(Stdio::from(fs::File::open(data("small.folded")).unwrap()));
    let piped = support::finish(support::start(&mut command));
    let drawn = boxes(out(&piped));
    assert_eq!(drawn, boxes(&run(&["flame", &data("small.folded")]).out));
    assert!(piped.out.contains("samples: standard input"));
}

#[test]
fn roots_add_up_to_all_and_a_function_is_one_box() {
    let drawn = boxes(&run(&["flame", &data("small.folded")]).out);
    let all = &drawn[0];
    let roots: u64 = drawn
        .iter()
        .filter(|b| b.y + 16 == all.y)
        .map(|b| b.width)
        .sum();
    assert_eq!(
        (all.cost.as_str(), all.width, roots),
        ("100", 1_000_000, 1_000_000)
    );
    let loops = drawn
        .iter()
        .filter(|b| b.name.ends_with("syncLoop"))
        .count();
    assert_eq!(loops, 1);
    let housekeeping = find(
        &drawn,
        "github.com/google/cadvisor/manager.(*containerData).housekeeping",
    );
    assert_eq!(
        housekeeping.cost,
        "70, 70.00% of all, 93.33% of parent; itself 10"
    );
    let kernel = find(&drawn, "vfs_read_[k]");
    assert!(kernel.cost.starts_with("kernel; 60,"), "{kernel:?}");
}

#[test]
fn names_are_text_whatever_they_hold() {
    let long = "長".repeat(10_000);
    let names = format!("main;<script>alert(1)</script>;\"'&;]]>;\u{1b}[31m\u{202e}rtl;{long} 3\n");
    let (_folder, path) = stacks(&names);
    let picture = run(&["flame", &path]).out;
    assert_eq!(picture.matches("<script>").count(), 1, "only our own");
    assert_eq!(picture.matches("]]>").count(), 1, "only our own");
    assert!(!picture.contains(['\u{1b}', '\u{202e}']));
    let drawn = boxes(&picture);
    let expected = [
        "all",
        "main",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&quot;&#39;&amp;",
        "]]&gt;",
    ];
    for (drawn, expected) in drawn.iter().zip(expected) {
        assert_eq!(drawn.name, expected);
    }
    assert_eq!(drawn[6].name, long);
    let longest = picture
        .lines()
        .filter(|line| line.starts_with("<text"))
        .map(str::len)
        .max();
    assert!(longest.unwrap() < 1_000, "labels are cut");
}

#[test]
fn a_comparison_says_both_numbers_and_what_is_gone() {
    let picture = run(&[
        "flame",
        "--diff",
        &data("small.folded"),
        &data("after.folded"),
    ])
    .out;
    let drawn = boxes(&picture);
    assert_eq!(drawn[0].cost, "before 100, after 50: -50");
    let new = find(&drawn, "new.work");
    assert_eq!(
        new.cost,
        "before 0 (0%), after 20 (40.00%): +20, +40.00 points; itself 0 → 20"
    );
    assert_eq!(new.width, 400_000);
    assert!(
        !drawn.iter().any(|b| b.name.contains("Marshal")),
        "it has no width"
    );
    assert!(picture.contains("22 (22.00% of before) in stacks that are not there after"));
    assert!(picture.contains("difference: -50 (-50.0%)"));
}

#[test]
fn files_of_one_name_are_told_apart() {
    let (before, after) = (stacks("a 1\n"), stacks("a 2\n"));
    for format in ["svg", "html"] {
        let compare = ["flame", "--diff", &before.1, &after.1, "--format", format];
        let page = run(&compare).out;
        assert!(
            page.contains(&format!("{} → {}", before.1, after.1)),
            "{format}"
        );
    }
}

#[test]
fn from_the_leaf_callers_stand_on_their_callees() {
    let picture = run(&["flame", &data("small.folded"), "--reverse"]).out;
    let drawn = boxes(&picture);
    let (leaf, root) = (
        find(&drawn, "memcg_stat_show_[k]"),
        find(&drawn, "vfs_read_[k]"),
    );
    assert_eq!((leaf.y, root.y), (drawn[0].y - 16, drawn[0].y - 32));
    let inverted = run(&["flame", &data("small.folded"), "--inverted"]).out;
    let drawn = boxes(&inverted);
    assert_eq!((drawn[0].y, find(&drawn, "main.main").y), (0, 16));
}

#[test]
fn what_is_too_narrow_is_left_out_and_said() {
    let small = data("small.folded");
    let picture = run(&["flame", &small, "--min-width", "12.5%"]).out;
    let drawn = boxes(&picture);
    assert!(drawn.iter().all(|b| b.width >= 125_000));
    // syncLoop.func1 with 12 of 100, and json.Marshal on it.
    assert!(picture.contains(
        "Not drawn: 2 boxes narrower than 147.5 px, which themselves hold 12.00% of all."
    ));
    let all = run(&["flame", &small, "--min-width", "0"]).out;
    assert!(!all.contains("Not drawn") && boxes(&all).len() == drawn.len() + 2);
}

#[test]
fn filters_keep_stacks_whole_and_say_how_much_is_left() {
    let small = data("small.folded");
    let focused = run(&["flame", &small, "--focus", "cadvisor"]).out;
    assert_eq!(boxes(&focused)[0].cost, "70");
    assert!(focused.contains("focus cadvisor: 70 (70.0% of all)"));
    let rest = run(&["flame", &small, "--ignore", "cadvisor", "--focus", "main"]).out;
    assert_eq!(boxes(&rest)[0].cost, "17");
    let (_folder, same) = stacks("a;b 1\n");
    let nothing = run(&["flame", &same, "--focus", "nothing"]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.err.contains("passes --focus"), "{nothing:?}");
}

#[test]
fn several_files_are_added_up() {
    let picture = run(&["flame", &data("small.folded"), &data("after.folded")]).out;
    assert_eq!(boxes(&picture)[0].cost, "150");
    assert!(picture.contains("small.folded and 1 more") && picture.contains("2 profiles added up"));
}

#[test]
fn negative_values_are_drawn_by_size() {
    let (_folder, path) = stacks("main;less -30\nmain;more 10\n");
    let picture = run(&["flame", &path, "--colors", "diff"]).out;
    let drawn = boxes(&picture);
    assert_eq!(find(&drawn, "less").width, 750_000);
    let main = find(&drawn, "main");
    assert_eq!(
        main.cost,
        "-20 (10 up, 30 down), 100.00% of all, 100.00% of parent; itself 0"
    );
    assert!(picture.contains("a difference: 10 and -30"));
}

#[test]
fn a_new_file_is_private_and_an_old_one_stays() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.svg");
    let name = path.to_str().unwrap();
    let first = run(&["flame", &data("small.folded"), "--out", name]);
    assert_eq!((first.code, first.out.as_str()), (Some(0), ""), "{first:?}");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let picture = fs::read_to_string(&path).unwrap();
    assert_eq!(picture, run(&["flame", &data("small.folded")]).out);
    let again = run(&["flame", &data("after.folded"), "--out", name]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("never overwritten"), "{again:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), picture);
}
