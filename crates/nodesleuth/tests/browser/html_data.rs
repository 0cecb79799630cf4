//! Pages of hostile, large and peculiar profiles, and what is left without scripts.

use nodesleuth_profile::{HtmlOptions, Profile, ValueType};

use crate::page::Page;

/// Names that would do something if they were taken for markup or script.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "<script>window.hacked = 1</script>",
        "</script><script>window.hacked = 1</script>",
        "<img src=x onerror=\"window.hacked = 1\">",
        "'\"><svg onload=window.hacked=1>",
        "{{data}} ${window.hacked = 1} `x`",
        "javascript:window.hacked=1",
        "<!-- ]]> &lt;b&gt; &amp;",
        "名前.функция.😀",
        "a\u{2028}b\u{2029}c",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(10_000));
    names
}

fn of_names(names: &[String]) -> Profile {
    let stacks = names.iter().map(|name| (["main.main", name.as_str()], 10));
    Profile::from_stacks(ValueType::CPU, stacks)
}

#[test]
fn names_are_text_whatever_they_hold() {
    let names = hostile();
    let notes = vec![names[0].clone()];
    let options = HtmlOptions {
        title: &names[1],
        subtitle: &names[2],
        notes: &notes,
        ..HtmlOptions::default()
    };
    let Some(page) = Page::with(&of_names(&names), &options) else {
        return;
    };
    let shown: Vec<String> = page.boxes().into_iter().map(|b| b.name).collect();
    for name in &names[..8] {
        assert!(shown.contains(name), "{name} is not in {shown:?}");
        page.click(name);
        assert_eq!(page.selected(), *name);
        page.eval("nodesleuth.reset()");
    }
    assert!(shown.contains(&names[9]), "the long name is drawn");
    assert!(
        shown.contains(&"a\u{fffd}b\u{fffd}c".to_owned()),
        "{shown:?}"
    );
    page.eval("nodesleuth.change({ view: 'top' })");
    page.eval("nodesleuth.change({ view: 'sandwich' })");
    assert_eq!(page.text("document.title"), names[1]);
    assert_eq!(
        page.number("document.querySelectorAll('img, svg, iframe').length"),
        0.0
    );
    assert_eq!(page.number("document.scripts.length"), 2.0);
    assert_eq!(page.text("typeof window.hacked"), "undefined");
    assert_eq!(page.browser.console(), Vec::<String>::new());
}

#[test]
fn without_scripts_the_page_is_a_table() {
    let names = hostile();
    let Some(page) = Page::of(&of_names(&names)) else {
        return;
    };
    page.browser.run_scripts(false);
    page.browser.reload();
    let rows = page.browser.texts("#top tbody tr");
    assert_eq!(rows.len(), names.len() + 1, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains(&names[0])), "{rows:?}");
    let main = rows.iter().find(|row| row.contains("main.main")).unwrap();
    assert!(main.contains("100ns"), "{main}");
    assert_eq!(
        page.browser.texts("nav")[0],
        "",
        "the controls need scripts"
    );
    let said = page.browser.texts("noscript");
    assert!(said[0].contains("Without JavaScript"), "{said:?}");
}

#[test]
fn a_profile_without_samples_says_so_and_draws_nothing() {
    let none: [(Vec<&str>, i64); 0] = [];
    let Some(page) = Page::of(&Profile::from_stacks(ValueType::CPU, none)) else {
        return;
    };
    assert_eq!(page.boxes().len(), 1);
    for view in ["icicle", "sandwich", "top"] {
        page.eval(&format!("nodesleuth.change({{ view: '{view}' }})"));
    }
    assert_eq!(page.browser.console(), Vec::<String>::new());
}

#[test]
fn negative_values_have_a_width_and_keep_their_sign() {
    let stacks = [(["main", "less"], -30), (["main", "more"], 10)];
    let Some(page) = Page::of(&Profile::from_stacks(ValueType::CPU, stacks)) else {
        return;
    };
    let (less, more) = (page.find("less"), page.find("more"));
    assert_eq!((less.value, more.value), (-30.0, 10.0));
    assert!(
        (less.width - 3.0 * more.width).abs() < 0.01,
        "{less:?} {more:?}"
    );
    assert_eq!(page.find("main").value, -20.0);
}
