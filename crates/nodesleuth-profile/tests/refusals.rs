//! What is refused, with the message that people see; and limits against bombs.
#![expect(clippy::unwrap_used, reason = "tests")]

mod schema;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use nodesleuth_profile::{Limits, read};
use prost::Message;
use schema::Profile;

fn said(bytes: &[u8]) -> String {
    match read(bytes, &Limits::default()) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What is said about the small profile after a change.
fn after(change: impl FnOnce(&mut Profile)) -> String {
    let mut profile = Profile::small();
    change(&mut profile);
    said(&profile.encode_to_vec())
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_small_profile_is_accepted() {
    assert_eq!(after(|_| ()), "accepted");
}

#[test]
fn references_to_nothing_name_both_ends() {
    assert_eq!(
        after(|p| p.sample[0].location_id[0] = 9),
        "sample number 1 (byte 8) refers to location 9, which does not exist"
    );
    assert_eq!(
        after(|p| p.location[1].line[0].function_id = 0),
        "location number 2 (byte 41) refers to function 0, which does not exist"
    );
    assert_eq!(
        after(|p| p.function[1].name = -1),
        "function number 2 (byte 64): name is string -1, but the table has 7 strings"
    );
    assert_eq!(
        after(|p| p.comment.push(7)),
        "the profile: comment is string 7, but the table has 7 strings"
    );
}

#[test]
fn ids_must_be_there_once_and_not_zero() {
    assert_eq!(
        after(|p| p.function[0].id = 0),
        "function number 1 (byte 56) has the reserved id 0"
    );
    assert_eq!(
        after(|p| p.location[1].id = 1),
        "location number 2 (byte 41) has the id 1, as one before it has"
    );
    assert_eq!(
        after(|p| p.mapping.push(p.mapping[0])),
        "mapping number 2 (byte 26) has the id 1, as one before it has"
    );
}

#[test]
fn values_must_fit_their_types() {
    assert_eq!(
        after(|p| p.sample[0].value.push(1)),
        "sample number 1 (byte 8) has 2 values for 1 sample types"
    );
    assert_eq!(
        after(|p| p.sample_type.clear()),
        "1 samples, but no sample types that say what their values mean"
    );
}

#[test]
fn string_zero_must_be_there_and_empty() {
    assert_eq!(
        after(|p| p.string_table[0] = "x".to_owned()),
        "string 0 (byte 72) must be empty, but is \"x\""
    );
    assert_eq!(
        after(|p| p.string_table.clear()),
        "the profile has no string table: field 6 is nowhere in it"
    );
}

#[test]
fn two_profiles_in_one_file_are_refused_unless_the_first_has_no_time() {
    let once = Profile::small().encode_to_vec();
    let message = said(&[&once[..], &once].concat());
    assert!(
        message.starts_with("two profiles one after the other"),
        "{message}"
    );
    assert_eq!(
        said(&[&once[..], &[0x48, 0]].concat()).split(':').next(),
        message.split(':').next()
    );
}

#[test]
fn every_cut_of_a_profile_is_refused_or_a_profile() {
    let whole = Profile::small().encode_to_vec();
    let accepted = (0..whole.len())
        .filter(|end| said(&whole[..*end]) == "accepted")
        .count();
    assert_eq!(accepted, 1, "only without time_nanos, the last field");
}

#[test]
fn an_error_page_in_gzip_is_quoted_too() {
    let page = "<html><body>Unauthorized</body></html>";
    let message = format!("this is an HTML page, not a profile: {page}");
    assert_eq!(said(page.as_bytes()), message);
    assert_eq!(said(&gz(page.as_bytes())), message);
    assert_eq!(said(b""), "empty input: no profile in it");
}

#[test]
fn gzip_in_gzip_is_named() {
    let twice = gz(&gz(&Profile::small().encode_to_vec()));
    assert!(
        said(&twice).contains("gzip inside gzip"),
        "{}",
        said(&twice)
    );
}

#[test]
fn a_small_file_cannot_take_all_memory() {
    let bomb = gz(&vec![0; 8 << 20]);
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 20;
    let error = read(&bomb, &limits).unwrap_err().to_string();
    assert_eq!(
        error,
        "the profile has more than 1048576 bytes, the limit set for reading"
    );
}

/// What is said when reading with changed limits.
fn limited(profile: &Profile, set: impl FnOnce(&mut Limits)) -> String {
    let mut limits = Limits::default();
    set(&mut limits);
    read(&profile.encode_to_vec(), &limits)
        .unwrap_err()
        .to_string()
}

#[test]
fn each_limit_is_named_when_it_is_passed() {
    let mut profile = Profile::small();
    profile.sample = vec![profile.sample[0].clone(); 4];
    let label = schema::Label {
        key: 1,
        str: 1,
        num: 0,
        num_unit: 0,
    };
    profile
        .sample
        .iter_mut()
        .for_each(|sample| sample.label.push(label));
    assert!(limited(&profile, |l| l.max_samples = 3).contains("more than 3 samples"));
    assert!(limited(&profile, |l| l.max_table_entries = 6).contains("more than 6 strings"));
    assert!(limited(&profile, |l| l.max_labels = 3).contains("more than 3 labels"));
    assert!(limited(&profile, |l| l.max_frames = 7).contains("more than 7 stack frames"));
}

#[test]
fn inlined_frames_count_each_time_a_stack_has_them() {
    let mut profile = Profile::small();
    profile.location[0].line = vec![profile.location[0].line[0]; 1000];
    profile.sample[0].location_id = vec![1; 1000];
    assert!(limited(&profile, |l| l.max_frames = 999_999).contains("stack frames"));
}
