use super::*;
use crate::builder::{Location, ProfileBuilder};
use crate::fields::{Label, LabelValue, Mapping, ValueType};

const MS: ValueType<'static> = ValueType {
    kind: "cpu",
    unit: "milliseconds",
};

fn merged(profiles: &[Profile]) -> Profile {
    let mut merger = Merger::new();
    for profile in profiles {
        merger.add(profile).unwrap();
    }
    merger.finish()
}

fn rows(profile: &Profile) -> Vec<(String, Vec<i64>)> {
    let stacks = profile.stacks().map(|stack| {
        let names: Vec<_> = stack.frames().map(|frame| frame.name()).collect();
        (names.join(";"), stack.values().to_vec())
    });
    stacks.collect()
}

/// One sample at `address` of a file mapped at `start`.
fn mapped(start: u64, limit: u64, address: u64, build_id: &str) -> Profile {
    let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
    let mapping = builder.mapping(Mapping {
        start,
        limit,
        build_id,
        file: "/bin/x",
        ..Mapping::default()
    });
    let location = builder.location(Location {
        mapping: Some(mapping),
        address,
        lines: vec![],
    });
    builder.sample([location], &[1], &[]);
    builder.finish()
}

#[test]
fn equal_stacks_are_one_sample_and_empty_ones_none() {
    let one = Profile::from_stacks(ValueType::CPU, [(vec!["a", "b"], 1), (vec!["a"], 2)]);
    let two = Profile::from_stacks(ValueType::CPU, [(vec!["z"], 0), (vec!["a", "b"], 5)]);
    let sum = merged(&[one, two]);
    assert_eq!(
        rows(&sum),
        [("a;b".to_owned(), vec![6]), ("a".to_owned(), vec![2])]
    );
    assert_eq!(sum.functions.len(), 2);
}

#[test]
fn what_cancels_out_is_gone_with_its_functions() {
    let one = Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1), (vec!["b"], 2)]);
    let two = Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1)]);
    let mut merger = Merger::new();
    merger.add(&one).unwrap();
    merger.add_scaled(&two, -1.0).unwrap();
    let difference = merger.finish();
    assert_eq!(rows(&difference), [("b".to_owned(), vec![2])]);
    assert_eq!(difference.functions.len(), 1);
}

#[test]
fn a_file_is_the_same_wherever_it_is_mapped() {
    let sum = merged(&[
        mapped(0x1000, 0x3000, 0x1010, "id"),
        mapped(0x7000, 0x8fff, 0x7010, "id"),
        mapped(0x7000, 0x9001, 0x7010, "id"),
        mapped(0x7000, 0x9000, 0x7010, "other"),
    ]);
    let addresses: Vec<_> = sum
        .stacks()
        .map(|s| (s.values()[0], s.frames().next().unwrap().address().unwrap()))
        .collect();
    assert_eq!(addresses, [(2, 0x1010), (1, 0x7010), (1, 0x7010)]);
    assert_eq!(sum.mappings().len(), 3);
}

#[test]
fn labels_tell_samples_apart_whatever_their_order() {
    let of = |keys: [&str; 2]| {
        let labels = keys.map(|key| Label {
            key,
            value: LabelValue::Text("v"),
        });
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let location = builder.named("f");
        builder.sample([location], &[1], &labels);
        builder.finish()
    };
    let sum = merged(&[of(["a", "b"]), of(["b", "a"]), of(["a", "a"])]);
    assert_eq!(sum.values(0).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn values_take_the_finest_unit() {
    let seconds = Profile::from_stacks(ValueType::new("cpu", "seconds"), [(vec!["a"], 2)]);
    let millis = Profile::from_stacks(MS, [(vec!["a"], 30)]);
    for order in [[&seconds, &millis], [&millis, &seconds]] {
        let sum = merged(&order.map(Clone::clone));
        assert_eq!(sum.sample_types().next(), Some(MS));
        assert_eq!(sum.total(0), 2030);
    }
}

#[test]
fn only_sample_types_that_all_have_are_kept() {
    let both = |kinds: [&str; 2]| {
        let mut builder = ProfileBuilder::new(&kinds.map(|kind| ValueType::new(kind, "count")));
        let location = builder.named("f");
        builder.sample([location], &[1, 10], &[]);
        builder.finish()
    };
    let sum = merged(&[both(["a", "b"]), both(["c", "a"])]);
    assert_eq!(
        sum.sample_types().map(|t| t.kind).collect::<Vec<_>>(),
        ["a"]
    );
    assert_eq!(rows(&sum), [("f".to_owned(), vec![11])]);
    assert_eq!(sum.default_value_index(), Some(0));
}

#[test]
fn a_refused_profile_changes_nothing() {
    let one = Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1)]);
    let heap = Profile::from_stacks(ValueType::new("space", "bytes"), [(vec!["a"], 1)]);
    let odd = Profile::from_stacks(ValueType::new("cpu", "bytes"), [(vec!["a"], 1)]);
    let mut merger = Merger::new();
    merger.add(&one).unwrap();
    let error = merger.add(&heap).unwrap_err().to_string();
    assert_eq!(
        error,
        "profiles have empty common sample type list: cpu against space"
    );
    let error = merger.add(&odd).unwrap_err().to_string();
    assert_eq!(
        error,
        "incompatible sample types: cpu/nanoseconds and cpu/bytes"
    );
    assert_eq!(rows(&merger.finish()), rows(&one));
}

const RAW: &str = "PeriodType: cpu nanoseconds\nPeriod: 10000000\nSamples:\n\
    samples/count cpu/nanoseconds\n          3   30000000: 1 \nLocations\n     \
    1: 0x1 M=1 main.main /x/main.go:3 s=1\nMappings\n1: 0x0/0x1000/0x0 /x  [FN]\n";
const TRACES: &str = "Type: cpu\n-----------+---\n      20ms   main.main\n-----------+---\n";

fn text(text: &str) -> Profile {
    let opened = crate::open(text.as_bytes(), &crate::Limits::default());
    opened.unwrap().profile
}

#[test]
fn a_text_that_does_not_tell_the_period_fits_every_period() {
    for texts in [[RAW, TRACES], [TRACES, RAW]] {
        let mut merger = Merger::new();
        merger.allow_untold_period();
        for profile in texts.map(text) {
            merger.add(&profile).unwrap();
        }
        // What is known counts for what follows.
        let heap = "heap profile: 1: 2 [3: 4] @ heap/1048576\n1: 2 [3: 4] @ 0x1\n";
        let error = merger.add(&text(heap)).unwrap_err().to_string();
        assert!(error.contains("cpu/nanoseconds and space/bytes"), "{error}");
        let sum = merger.finish();
        assert_eq!(sum.period_type(), ValueType::CPU);
        assert_eq!(sum.period(), 10_000_000);
        let kinds: Vec<_> = sum.sample_types().map(|t| t.kind).collect();
        assert_eq!(kinds, ["cpu"]);
        assert_eq!(sum.total(0), 50_000_000);
    }
}

#[test]
fn a_profile_without_a_period_does_not_fit_one_that_has_it_as_in_pprof() {
    let mut merger = Merger::new();
    merger.add(&text(RAW)).unwrap();
    assert_eq!(
        merger.add(&text(TRACES)).unwrap_err().to_string(),
        "incompatible period types: cpu/nanoseconds and none"
    );
}
