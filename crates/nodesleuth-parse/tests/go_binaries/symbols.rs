//! A large binary, stripped, against the symbols that its unstripped build has.

use crate::open;
use crate::toolchain::toolchains;
use std::collections::BTreeMap;

/// Of all that comes with Go it has the most functions.
const LARGE: &str = "cmd/compile";

/// How a name of ours and a symbol are related.
fn kind(ours: &str, symbol: &str) -> &'static str {
    let bare = |name: &str| {
        let name = name.strip_suffix(".abi0").unwrap_or(name);
        let name = name.strip_suffix(".abiinternal").unwrap_or(name);
        name.to_owned()
    };
    if ours == symbol {
        return "the same";
    }
    let (ours, symbol) = (bare(ours), bare(symbol));
    if ours == symbol {
        return "the symbol says which ABI";
    }
    // `m.F[go.shape.int_0]` in one, `m.F[...]` in the other.
    let without_types = |name: &str| match (name.find('['), name.rfind(']')) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{}", &name[..begin], &name[end + 1..])
        }
        _ => name.to_owned(),
    };
    // A type within a function: `newFunc·1`.
    if ours.replace('·', ".") == symbol {
        return "a middle dot for a dot";
    }
    match without_types(&ours) == without_types(&symbol) {
        true => "type arguments are spelt otherwise",
        false => "different",
    }
}

/// Symbols that stand for a place and no function.
fn is_place(name: &str) -> bool {
    matches!(
        name,
        "runtime.text" | "runtime.etext" | "go:buildid" | "go.buildid"
    )
}

#[test]
#[ignore = "needs Go: cargo xtask test runs it where it is installed"]
fn a_large_stripped_binary_has_the_names_of_its_symbols() {
    for go in toolchains() {
        let [plain, stripped] = [false, true].map(|strip| go.build_command(LARGE, strip));
        let symbols = go.tool(&["tool", "nm", plain.to_str().unwrap()]);
        let binaries = [open(&plain), open(&stripped)];
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut different = Vec::new();
        for line in symbols.lines() {
            // The name may hold spaces.
            let mut words = line.trim_start().splitn(3, ' ');
            let (Some(address), Some("T" | "t"), Some(symbol)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let address = u64::from_str_radix(address, 16).unwrap();
            let [unstripped, ours] = [0, 1].map(|index: usize| {
                let frames = binaries[index].frames(address, "m");
                frames.map(|frames| frames[0].function.clone())
            });
            assert_eq!(unstripped, ours, "{address:x} {symbol}");
            let kind = match &ours {
                _ if is_place(symbol) => "no function: a mark of the linker",
                None => "no name",
                Some(ours) => kind(ours, symbol),
            };
            *kinds.entry(kind).or_default() += 1;
            if matches!(kind, "different" | "no name") {
                different.push(format!("{address:x}: symbol {symbol}, ours {ours:?}"));
            }
        }
        println!("{} {LARGE}: {kinds:?}", go.version);
        assert!(kinds["the same"] > 10_000, "{kinds:?}");
        assert!(
            different.is_empty(),
            "{} of {kinds:?}: {:#?}",
            different.len(),
            &different[..different.len().min(20)]
        );
    }
}
