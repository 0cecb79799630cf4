//! What Go refuses is refused, with a message that says more than Go's: what, where, and what to
//! do.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What each message must name: the thing, and where it is.
const NAMED: &[(&str, &[&str])] = &[
    ("concat_with_time.pb", &["two profiles", "byte 373"]),
    ("double_gzip.pb", &["gzip inside gzip"]),
    ("function_id_zero.pb", &["function number 3", "id 0"]),
    ("group_start.pb", &["wire type 3", "byte 200"]),
    ("gzip_of_empty.pb", &["empty"]),
    ("gzip_trailing_zeros.pb", &["other bytes", "byte 2"]),
    ("gzip_truncated.pb", &["gzip stream is cut off", "of 199"]),
    (
        "label_key_oob.pb",
        &["sample number 1", "label key", "string 888"],
    ),
    ("len_past_end.pb", &["1099511627776 bytes", "byte 12"]),
    (
        "line_function_missing.pb",
        &["location number 1", "function 9"],
    ),
    (
        "line_function_zero.pb",
        &["location number 1", "function 0"],
    ),
    ("location_dup_id.pb", &["location number", "the id 1"]),
    ("location_id_zero_def.pb", &["location number 3", "id 0"]),
    (
        "location_id_zero_ref.pb",
        &["sample number 1", "location 0"],
    ),
    ("location_missing.pb", &["sample number 1", "location 9"]),
    ("mapping_dup_id.pb", &["mapping number", "the id 1"]),
    ("only_time.pb", &["no string table"]),
    ("string0_nonempty.pb", &["string 0", "\"x\"", "byte"]),
    ("truncated_mid_sample.pb", &["15 bytes", "byte 25"]),
    ("truncated_proto.pb", &["ends inside a varint", "byte 196"]),
    (
        "type_mismatch_sample_varint.pb",
        &["Profile.sample", "byte 200"],
    ),
    (
        "type_mismatch_string_varint.pb",
        &["Profile.string_table", "byte 200"],
    ),
    (
        "type_mismatch_time_bytes.pb",
        &["Profile.time_nanos", "byte 173"],
    ),
    ("varint_11.pb", &["longer than 10 bytes", "byte 13"]),
    ("wire_type_6.pb", &["wire type 6", "byte 200"]),
];

#[test]
fn every_verdict_of_go_is_ours_with_a_message_that_names_the_thing() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/malformed");
    let Ok(verdicts) = fs::read_to_string(folder.join("verdicts.json")) else {
        eprintln!("SKIPPED: no conformance corpus at {}", folder.display());
        return;
    };
    let verdicts: Vec<Value> = serde_json::from_str(&verdicts).unwrap();
    let mut refused = BTreeSet::new();
    for verdict in &verdicts {
        let file = verdict["file"].as_str().unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_nodesleuth"))
            .args(["pprof", "-raw"])
            .arg(folder.join(file))
            .output()
            .unwrap();
        let complaint = String::from_utf8(run.stderr).unwrap();
        if verdict["verdict"] == "accept" {
            // Go reads a profile without sample types, and its pprof then refuses it.
            let is_empty = complaint.contains("empty common sample type list");
            assert!(run.status.success() || is_empty, "{file}: {complaint}");
            continue;
        }
        assert_eq!(run.status.code(), Some(2), "{file}");
        assert!(run.stdout.is_empty(), "{file}");
        let named = NAMED.iter().find(|(known, _)| *known == file);
        let (_, words) = named.unwrap_or_else(|| panic!("{file}: {complaint}"));
        for word in *words {
            assert!(
                complaint.contains(word),
                "{file} lacks {word:?}: {complaint}"
            );
        }
        assert!(complaint.contains("\n  help: "), "{file}: {complaint}");
        refused.insert(file);
    }
    assert_eq!(refused.len(), NAMED.len());
}
