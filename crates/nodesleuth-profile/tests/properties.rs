//! What must hold for any profile.

use nodesleuth_profile::{
    Folded, Function, Label, LabelValue, Lanes, Limits, Line, Location, Mapping, Merger,
    NormalNames, Parts, Profile, ProfileBuilder, Signature, Stack, StackRows, SvgOptions,
    ValueType, encode, fold, normalize, open_in_parts, read, read_folded, safe_name, svg, top,
    write,
};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

/// Few distinct names, some of them awkward.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]\\.[fg]",
        "\\PC{0,6}",
        Just("F[struct { a int; b int }]".to_owned()),
        "(#|// )[a ]{0,2}",
    ]
}

type Stacks = Vec<(Vec<String>, i64)>;

fn stacks() -> impl Strategy<Value = Stacks> {
    vec((vec(name(), 0..6), -1_000_000_i64..1_000_000), 0..20)
}

fn of_names(stacks: &Stacks) -> Profile {
    let stacks = stacks
        .iter()
        .map(|(s, value)| (s.iter().map(String::as_str), *value));
    Profile::from_stacks(ValueType::CPU, stacks)
}

/// A profile with something in every table.
fn profile() -> impl Strategy<Value = Profile> {
    let line = (0..8_usize, any::<i64>());
    let location = (any::<u64>(), any::<bool>(), vec(line, 0..4));
    let label = ("\\PC{1,4}", "\\PC{0,2}", prop_oneof![Just(0), any::<i64>()]);
    let sample = (vec(0..10_usize, 0..8), any::<i64>(), vec(label, 0..3));
    let parts = (
        vec(name(), 8),
        vec(location, 10),
        vec(sample, 0..12),
        any::<(i64, i64)>(),
    );
    parts.prop_map(|(names, locations, samples, (time, period))| {
        let mut builder = ProfileBuilder::new(&[ValueType::new("n", "count"), ValueType::CPU]);
        builder
            .time(time, period)
            .period(period, ValueType::CPU)
            .comment(&names[0]);
        let mapping = builder.mapping(Mapping {
            file: &names[1],
            limit: 9,
            ..Mapping::default()
        });
        let functions: Vec<_> = names
            .iter()
            .map(|name| Function {
                name,
                file: &names[2],
                start_line: 3,
                ..Function::default()
            })
            .map(|function| builder.function(function))
            .collect();
        let locations: Vec<_> = locations
            .into_iter()
            .map(|(address, mapped, lines)| Location {
                address,
                mapping: mapped.then_some(mapping),
                lines: lines
                    .into_iter()
                    .map(|(f, line)| Line {
                        function: functions[f],
                        line,
                        column: 1,
                    })
                    .collect(),
            })
            .map(|location| builder.location(location))
            .collect();
        for (stack, value, labels) in &samples {
            let labels: Vec<_> = labels
                .iter()
                .map(|(key, text, number)| match number % 3 {
                    0 => Label {
                        key,
                        value: LabelValue::Text(text),
                    },
                    _ => Label {
                        key,
                        value: LabelValue::Number {
                            number: *number,
                            unit: text,
                        },
                    },
                })
                .collect();
            builder.sample(stack.iter().map(|l| locations[*l]), &[1, *value], &labels);
        }
        builder.finish()
    })
}

/// Everything that a picture is drawn from.
fn boxes(rows: &StackRows) -> Vec<String> {
    let mut boxes = Vec::new();
    rows.walk(|b| boxes.push(format!("{:?} {b:?}", rows.symbol(b.symbol))));
    boxes
}

proptest! {
    #[test]
    fn a_written_profile_reads_back_the_same(profile in profile()) {
        let again = read(&encode(&profile), &Limits::default()).unwrap();
        prop_assert_eq!(&again, &profile);
        prop_assert_eq!(encode(&again), encode(&profile));
        let mut gz = Vec::new();
        write(&profile, &mut gz).unwrap();
        prop_assert_eq!(read(&gz, &Limits::default()).unwrap(), profile);
    }

    #[test]
    fn folding_keeps_the_total(stacks in stacks()) {
        let profile = of_names(&stacks);
        prop_assert_eq!(fold(&profile, 0).total(), profile.total(0));
    }

    #[test]
    fn folded_text_reads_back_the_same(stacks in stacks()) {
        let folded = fold(&of_names(&stacks), 0);
        match read_folded(folded.to_string().as_bytes()) {
            Ok(read) => {
                prop_assert_eq!(read.ignored, 0);
                prop_assert_eq!(read.folded, folded);
            }
            Err(_) => prop_assert!(folded.is_empty()),
        }
    }

    #[test]
    fn roots_add_up_and_boxes_hold_what_stands_on_them(stacks in stacks(), from_leaf in any::<bool>()) {
        let profile = of_names(&stacks);
        let mut rows = StackRows::builder(2);
        rows.from_leaf(from_leaf);
        rows.add(&profile, |stack, lanes| lanes.copy_from_slice(&Lanes::signed(stack.values()[0])));
        let rows = rows.finish();
        let (mut roots, mut own, mut boxes) = (0, 0, 0);
        rows.walk(|b| {
            boxes += 1;
            own += b.own.map_or(0, |own| own[0] - own[1]);
            roots += if b.depth == 0 { b.totals[0] - b.totals[1] } else { 0 };
        });
        prop_assert_eq!((roots, own), (profile.total(0), profile.total(0)));
        prop_assert_eq!(boxes, rows.box_count());
    }

    #[test]
    fn rows_of_parts_are_those_of_the_whole(profile in profile(), from_leaf in any::<bool>()) {
        let fill = |stack: Stack<'_>, lanes: &mut [i64]| lanes.copy_from_slice(stack.values());
        let mut whole = StackRows::builder(2);
        whole.from_leaf(from_leaf).add(&profile, fill);
        let bytes = encode(&profile);
        let mut from_file = open_in_parts(&bytes, &Limits::default()).unwrap().profile;
        prop_assert_eq!(from_file.stack_count(), profile.stack_count());
        let mut from_memory = Parts::from(profile);
        let whole = boxes(&whole.finish());
        for parts in [&mut from_file, &mut from_memory] {
            let mut rows = StackRows::builder(2);
            rows.from_leaf(from_leaf).add_parts(parts, fill).unwrap();
            prop_assert_eq!(boxes(&rows.finish()), whole.clone());
        }
    }

    #[test]
    fn every_box_is_drawn_or_counted(stacks in stacks(), min_width in 0.0..200.0_f64) {
        let profile = of_names(&stacks);
        let mut rows = StackRows::builder(2);
        rows.add(&profile, |stack, lanes| lanes.copy_from_slice(&Lanes::signed(stack.values()[0])));
        let rows = rows.finish();
        let options = SvgOptions { min_width, ..SvgOptions::default() };
        let mut file = Vec::new();
        let drawn = svg(&rows, &options, &mut file).unwrap();
        prop_assert_eq!(drawn.boxes + drawn.narrow + drawn.too_deep, rows.box_count());
    }

    #[test]
    fn the_order_of_samples_does_not_matter(stacks in stacks()) {
        let mut reversed = stacks.clone();
        reversed.reverse();
        let (left, right) = (of_names(&stacks), of_names(&reversed));
        prop_assert_eq!(fold(&left, 0), fold(&right, 0));
        prop_assert_eq!(top(&left, 0), top(&right, 0));
    }

    #[test]
    fn flat_costs_add_up_to_the_stacks_that_have_frames(stacks in stacks()) {
        let with_frames: i64 = stacks.iter().filter(|(s, _)| !s.is_empty()).map(|(_, v)| v).sum();
        let profile = of_names(&stacks);
        prop_assert_eq!(top(&profile, 0).iter().map(|row| row.flat).sum::<i64>(), with_frames);
    }

    #[test]
    fn cum_is_what_stacks_with_the_name_cost(stacks in stacks()) {
        let profile = of_names(&stacks);
        for row in top(&profile, 0) {
            let with = profile.stacks().filter(|s| s.frames().any(|f| f.name() == row.name));
            prop_assert_eq!(with.map(|s| s.values()[0]).sum::<i64>(), row.cum);
        }
    }

    #[test]
    fn reading_any_bytes_gives_an_error_or_a_profile(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &Limits::default());
        let _ = read_folded(&bytes);
    }

    #[test]
    fn folded_text_of_any_text_reads_back_the_same(text in "(?s).{0,200}") {
        if let Ok(read) = read_folded(text.as_bytes()) {
            let again = read_folded(read.folded.to_string().as_bytes()).unwrap();
            prop_assert_eq!(again.folded, read.folded);
        }
    }

    #[test]
    fn safe_names_stay_safe(raw in "(?s).{0,20}") {
        let safe = safe_name(&raw).into_owned();
        prop_assert_eq!(safe_name(&safe), safe.as_str());
        let folded = Folded::from_stacks([([raw.as_str()], 1)]);
        let text = folded.to_string();
        prop_assert_eq!(text.strip_prefix(' ').unwrap_or(&text), format!("{safe} 1\n"));
    }

    #[test]
    fn any_name_can_be_normalised(raw in "[a-z.\\[\\]()*/%+_ 0-9-]{0,30}|\\PC{0,30}") {
        let _ = normalize(&raw);
    }

    #[test]
    fn names_go_writes_have_one_normal_form(
        raw in "(k8s\\.io/[a-z]{1,3}/vendor/)?([a-z]\\.io/)?[a-z]{1,4}(%2ev[0-9])?\\.(\\(\\*[A-Z][a-z]?(\\[\\.\\.\\.\\])?\\)\\.)?[A-Z][a-z]{0,3}(\\[go\\.shape\\.int\\])?(\\.func[1-9](\\.[1-9])?|-fm|\\.abi0)?"
    ) {
        let once = normalize(&raw).into_owned();
        prop_assert_eq!(normalize(&once), once.as_str());
    }

    #[test]
    fn a_matcher_agrees_with_matching_text(stacks in stacks(), order in vec("[ab]\\.[fg]", 1..4)) {
        let profile = of_names(&stacks);
        let signature = Signature::parse(order.iter().map(String::as_str)).unwrap();
        let matcher = signature.resolve(&NormalNames::of(&profile));
        for stack in profile.stacks() {
            let mut frames = stack.frames();
            let simple = order.iter().all(|p| frames.any(|f| normalize(f.name()) == *p));
            prop_assert_eq!(matcher.matches(stack.name_ids()), simple);
        }
    }
}

/// As pprof, an unknown time is not skipped, so that merging times is associative only where all
/// are known.
fn with_time() -> impl Strategy<Value = Profile> {
    profile().prop_filter("known time", |profile| profile.time_nanos() != 0)
}

fn merged(profiles: &[&Profile]) -> Profile {
    let mut merger = Merger::new();
    for profile in profiles {
        merger.add(profile).expect("they have the same types");
    }
    merger.finish()
}

proptest! {
    #[test]
    fn merging_is_associative(a in with_time(), b in with_time(), c in with_time()) {
        let all = merged(&[&a, &b, &c]);
        prop_assert_eq!(&merged(&[&merged(&[&a, &b]), &c]), &all);
        prop_assert_eq!(&merged(&[&a, &merged(&[&b, &c])]), &all);
        prop_assert_eq!(merged(&[&all]), all);
    }

    #[test]
    fn merging_adds_totals_and_folds_up(a in stacks(), b in stacks()) {
        let (a, b) = (of_names(&a), of_names(&b));
        let all = merged(&[&a, &b]);
        prop_assert_eq!(all.total(0), a.total(0) + b.total(0));
        let one_by_one = [&a, &b].map(|profile| fold(profile, 0).total());
        prop_assert_eq!(fold(&all, 0).total(), one_by_one.iter().sum::<i64>());
    }

    #[test]
    fn a_profile_minus_itself_is_nothing(a in stacks()) {
        let a = of_names(&a);
        let mut merger = Merger::new();
        merger.add(&a).unwrap();
        merger.add_scaled(&a, -1.0).unwrap();
        prop_assert_eq!(merger.finish().stack_count(), 0);
    }
}
