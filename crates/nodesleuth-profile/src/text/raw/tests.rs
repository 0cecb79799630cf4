//! Whole texts of `-raw`.

use super::*;
use crate::report::{Draft, ReportKind, ReportOptions, report};

const TEXT: &str = "\
Comment: made by hand
Comment: of two
lines
Doc: https://example.org/doc
PeriodType: cpu nanoseconds
Period: 10000000
Time: 2023-11-14 22:13:20.25 +0000 UTC
Duration: 30.1
Samples:
samples/count cpu/nanoseconds[dflt]
          1   10000000: 18446744073709551615 2 
                thread:[a b] z:[c]
                bytes:[42 bytes]
         -2          0: 
Locations
18446744073709551615: 0x1100 M=1 [F] main.F[struct { A int; B string }] /x y/a.go:10:3 s=3
             meta.RESTMappings a.go:11:0 s=3(_sys (x))
     2: 0x1200 M=2 
Mappings
1: 0x1000/0x9000/0x10 /bin/x (deleted) bid [FN][IN]
2: 0x0/0xffffffffffffffff/0x0   
";

fn printed(text: &str) -> (String, Vec<String>) {
    let limits = Limits::default();
    let understood = read(text, &limits).unwrap();
    let options = ReportOptions::new(ReportKind::Raw);
    let done = report(Draft::of(understood.profile), &options).unwrap();
    (String::from_utf8(done.bytes).unwrap(), understood.notes)
}

#[test]
fn what_is_read_is_printed_again() {
    let (text, notes) = printed(TEXT);
    assert_eq!(text, TEXT);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("30.1"), "{notes:?}");
}

#[test]
fn a_paste_may_have_other_line_ends_and_have_lost_its_spaces() {
    let windows = TEXT.replace('\n', "\r\n");
    assert_eq!(printed(&windows).0, TEXT);
    let lines = TEXT.lines().map(|line| line.trim().to_owned() + "\n");
    assert_eq!(printed(&lines.collect::<String>()).0, TEXT);
}

#[test]
fn a_prompt_around_it_is_told() {
    let text = format!("$ go tool pprof -raw x\n{TEXT}$ \n");
    let (printed, notes) = printed(&text);
    assert_eq!(printed, TEXT);
    let told = "2 lines were not understood and are ignored; the first is line 1: $ go tool";
    assert!(notes[1].starts_with(told), "{notes:?}");
}

#[test]
fn errors_say_what_and_where() {
    let limits = Limits::default();
    let error = |text: &str| read(text, &limits).unwrap_err().to_string();
    let cut = &TEXT[..TEXT.find("Locations").unwrap()];
    assert!(error(cut).ends_with("has no line `Locations`: paste all of it"));
    let cases = [
        (
            "         -2          0: ",
            " -2: ",
            "line 14",
            "1 values for 2",
        ),
        (
            "         -2          0: ",
            " -2 0: 7",
            "line 14",
            "location 7, which does not exist",
        ),
        (
            "     2: 0x1200",
            "     0: 0x1200",
            "line 18",
            "reserved id: 0",
        ),
        (
            "     2: 0x1200 M=2 ",
            "     2: 0x1200 \n     2: 0x1 ",
            "line 19",
            "like a line before, the id: 2",
        ),
    ];
    for (from, to, line, problem) in cases {
        let error = error(&TEXT.replace(from, to));
        assert!(error.contains(line) && error.contains(problem), "{error}");
    }
}

#[test]
fn older_versions_print_less() {
    let text = "PeriodType: cpu nanoseconds\nPeriod: 1\nSamples:\nsamples/count\n          1: 1 \n\
                Locations\n     1: 0x10 M=1 main.a a.go:10 s=0\n             main.b b.go:3 s=2\n\
                Mappings\n1: 0x1/0x9/0x0 /x  [FN]\n";
    let newer = text
        .replace(":10 s=0", ":10:0 s=0")
        .replace(":3 s=2", ":3:0 s=2");
    assert_eq!(printed(text).0, newer);
    assert!(recognise(text) && !recognise("Samples: 12\n") && !recognise("a;b 1\n"));
}
