//! Our reader and writer against prost's.
#![expect(clippy::unwrap_used, reason = "tests")]

mod schema;

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use nodesleuth_profile::{Frame, LabelValue, Limits, Profile, encode, read};
use prost::Message;

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn captures() -> [Vec<u8>; 2] {
    [
        gunzip(include_bytes!("data/kubelet-idle-cpu.pb.gz")),
        gunzip(include_bytes!("data/cadvisor-k415-cpu.pb.gz")),
    ]
}

/// What is compared of a frame.
type Seen = (String, String, i64, u64, bool);

fn ours(frame: Frame<'_>) -> Seen {
    let name = frame.function_name().unwrap_or_default().to_owned();
    let file = frame.file().unwrap_or_default().to_owned();
    (
        name,
        file,
        frame.line().unwrap_or(0),
        frame.address().unwrap_or(0),
        frame.is_inline(),
    )
}

/// The frames of a sample from leaf to root, as the schema's documentation describes them.
fn theirs(profile: &schema::Profile, sample: &schema::Sample) -> Vec<Seen> {
    let text = |index: i64| profile.string_table[usize::try_from(index).unwrap()].clone();
    let mut frames = Vec::new();
    for id in &sample.location_id {
        let location = profile.location.iter().find(|l| l.id == *id).unwrap();
        for (depth, line) in location.line.iter().enumerate() {
            let function = profile
                .function
                .iter()
                .find(|f| f.id == line.function_id)
                .unwrap();
            let inline = depth + 1 != location.line.len();
            let (name, file) = (text(function.name), text(function.filename));
            frames.push((name, file, line.line, location.address, inline));
        }
    }
    frames
}

fn compare(bytes: &[u8]) {
    let expected = schema::Profile::decode(bytes).unwrap();
    let profile = read(bytes, &Limits::default()).unwrap();
    assert_eq!(profile.stack_count(), expected.sample.len());
    for (stack, sample) in profile.stacks().zip(&expected.sample) {
        assert_eq!(stack.values(), sample.value);
        let frames: Vec<_> = stack.frames().rev().map(ours).collect();
        assert_eq!(frames, theirs(&expected, sample));
    }
    assert_eq!(profile.time_nanos(), expected.time_nanos);
    assert_eq!(profile.duration_nanos(), expected.duration_nanos);
    assert_eq!(profile.period(), expected.period);
    assert_eq!(profile.mappings().len(), expected.mapping.len());
}

#[test]
fn captures_are_read_as_prost_reads_them() {
    for bytes in captures() {
        compare(&bytes);
        compare(&encode(&read(&bytes, &Limits::default()).unwrap()));
    }
}

#[test]
fn writing_a_capture_changes_nothing_that_prost_sees() {
    for bytes in captures() {
        let rewritten = encode(&read(&bytes, &Limits::default()).unwrap());
        let before = schema::Profile::decode(&bytes[..]).unwrap();
        let after = schema::Profile::decode(&rewritten[..]).unwrap();
        assert_eq!(after, before);
    }
}

#[test]
fn labels_are_text_before_number_and_nothing_is_no_label() {
    let mut profile = schema::Profile::small();
    profile
        .string_table
        .extend(["key", "text", "bytes"].map(str::to_owned));
    let label = |str, num, num_unit| schema::Label {
        key: 7,
        str,
        num,
        num_unit,
    };
    profile.sample[0].label = vec![
        label(8, 5, 99),
        label(0, 5, 9),
        label(0, -1, 0),
        label(0, 0, 9),
        label(0, 0, 0),
    ];
    let profile = read(&profile.encode_to_vec(), &Limits::default()).unwrap();
    let stack = profile.stacks().next().unwrap();
    let values: Vec<_> = stack.labels().map(|label| label.value).collect();
    let number = |number, unit| LabelValue::Number { number, unit };
    let expected = [
        LabelValue::Text("text"),
        number(5, "bytes"),
        number(-1, ""),
        number(0, "bytes"),
    ];
    assert_eq!(values, expected);
    assert!(stack.labels().all(|label| label.key == "key"));
}

#[test]
fn a_label_that_is_there_but_empty_stays() {
    let mut profile = schema::Profile::small();
    profile.string_table.extend(["key", ""].map(str::to_owned));
    let label = |str, num_unit| schema::Label {
        key: 7,
        str,
        num: 0,
        num_unit,
    };
    profile.sample[0].label = vec![label(8, 0), label(0, 8)];
    let profile = read(&profile.encode_to_vec(), &Limits::default()).unwrap();
    let values: Vec<_> = profile
        .stacks()
        .flat_map(|s| s.labels().map(|l| l.value))
        .collect();
    assert_eq!(
        values,
        [
            LabelValue::Text(""),
            LabelValue::Number {
                number: 0,
                unit: ""
            }
        ]
    );
    assert_eq!(read(&encode(&profile), &Limits::default()), Ok(profile));
}

#[test]
fn the_last_value_is_the_default_unless_one_is_named() {
    let mut profile = schema::Profile::small();
    profile
        .sample_type
        .push(schema::ValueType { r#type: 3, unit: 2 });
    profile.sample[0].value.push(1);
    let default = |profile: &schema::Profile| {
        let profile: Profile = read(&profile.encode_to_vec(), &Limits::default()).unwrap();
        profile.default_value_index()
    };
    assert_eq!(default(&profile), Some(1));
    profile.default_sample_type = 1;
    assert_eq!(default(&profile), Some(0));
    profile.default_sample_type = 4;
    assert_eq!(default(&profile), Some(1));
}

#[test]
fn a_missing_mapping_is_no_mapping() {
    let mut profile = schema::Profile::small();
    profile.location[0].mapping_id = 77;
    let profile = read(&profile.encode_to_vec(), &Limits::default()).unwrap();
    let files: Vec<_> = profile
        .stacks()
        .next()
        .unwrap()
        .frames()
        .map(Frame::mapping_file)
        .collect();
    assert_eq!(files, [None, Some("/bin/x")]);
}
