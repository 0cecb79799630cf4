//! What a page says before any script runs; the rest is tested in a browser.

use crate::refusals::refuses;
use crate::support::run;
use crate::{data, out};

#[test]
fn filters_leave_stacks_out_and_say_how_much_is_left() {
    let small = data("small.folded");
    let page = run(&[
        "flame",
        &small,
        "--format",
        "html",
        "--focus",
        "housekeeping",
    ]);
    let page = out(&page);
    let note = "focus housekeeping: only stacks that pass are shown, 70 or 70.0% of all";
    assert!(page.contains(note), "{page}");
    assert!(page.contains("<b>70</b> samples (count)") && !page.contains("scanobject"));
}

#[test]
fn filters_that_leave_nothing_are_refused() {
    let nothing = [
        "flame",
        &data("small.folded"),
        "--format",
        "html",
        "--ignore",
        ".",
    ];
    refuses(&run(&nothing), &["passes --focus and --ignore"]);
}
