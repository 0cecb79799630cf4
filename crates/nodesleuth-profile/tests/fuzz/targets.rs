//! What must hold for any bytes. Called by the fuzz targets and by `mutations.rs`.

use nodesleuth_profile::{
    Draft, LabelValue, Limits, NormalNames, OpenError, Opened, Profile, ReportKind, ReportOptions,
    Stack, StackRows, encode, fold, open, open_from, read, read_folded, report, top,
};

fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 20;
    limits.max_frames = 1 << 20;
    limits
}

/// Bytes in any format are an error, or a profile that can be used, survives writing, and is
/// printed by -raw so that it is printed the same when that is read.
pub(crate) fn stacks(bytes: &[u8]) -> bool {
    let opened = open(bytes, &small_limits());
    assert_eq!(
        folded_in_parts(bytes),
        opened.as_ref().map(folded_whole).map_err(Clone::clone)
    );
    let Ok(opened) = opened else {
        return false;
    };
    use_profile(&opened.profile);
    if let Some(text) = raw(&opened.profile).filter(|_| fits_raw(&opened.profile)) {
        let again = open(text.as_bytes(), &Limits::default());
        let again = again.unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(raw(&again.profile), Some(text));
    }
    true
}

/// Folded text of rows that are read in parts, or why they cannot be.
fn folded_in_parts(bytes: &[u8]) -> Result<String, OpenError> {
    let opened = open_from(bytes, &small_limits());
    let mut parts = opened.expect("memory can be read")?.profile;
    let mut rows = StackRows::builder(2);
    rows.add_parts(&mut parts, fill)?;
    Ok(text(&rows.finish()))
}

fn folded_whole(opened: &Opened) -> String {
    let mut rows = StackRows::builder(2);
    rows.add(&opened.profile, fill);
    text(&rows.finish())
}

/// The first value, so that stacks of any profile have one.
fn fill(stack: Stack<'_>, lanes: &mut [i64]) {
    lanes.fill(stack.values().first().copied().unwrap_or_default());
}

fn text(rows: &StackRows) -> String {
    let mut text = Vec::new();
    rows.write_folded(&mut text).expect("memory can be written");
    String::from_utf8_lossy(&text).into_owned()
}

/// Like [`stacks`], of `profile.proto` only.
pub(crate) fn pprof(bytes: &[u8]) -> bool {
    let Ok(profile) = read(bytes, &small_limits()) else {
        return false;
    };
    use_profile(&profile);
    true
}

/// Folded text that is read is written so that the same is read again.
pub(crate) fn folded(bytes: &[u8]) -> bool {
    stacks(bytes);
    let Ok(read) = read_folded(bytes) else {
        return false;
    };
    let text = read.folded.to_string();
    let again = read_folded(text.as_bytes()).map(|again| again.folded);
    assert_eq!(again.as_ref(), Ok(&read.folded));
    true
}

fn use_profile(profile: &Profile) {
    let written = read(&encode(profile), &Limits::default());
    assert_eq!(written.as_ref(), Ok(profile));
    for index in 0..profile.sample_types().len() {
        let exact: i128 = profile.values(index).map(i128::from).sum();
        let absolute: i128 = profile
            .values(index)
            .map(|value| i128::from(value).abs())
            .sum();
        let folded = fold(profile, index);
        if absolute <= i64::MAX.into() {
            assert_eq!(i128::from(folded.total()), exact);
        }
        let _ = (folded.to_string(), top(profile, index));
    }
    let _ = NormalNames::of(profile);
}

/// The text of `-raw`; `None` if there is nothing to print.
fn raw(profile: &Profile) -> Option<String> {
    let options = ReportOptions::new(ReportKind::Raw);
    let raw = report(Draft::of(profile.clone()), &options).ok()?.bytes;
    Some(String::from_utf8_lossy(&raw).into_owned())
}

/// Whether the text of `-raw` tells where the texts in it end.
fn fits_raw(profile: &Profile) -> bool {
    let is_held = |text: &str| !text.contains(|c: char| c.is_control());
    let is_word = |text: &str| is_held(text) && !text.contains(['[', ']', ':', '/', ' ']);
    // Before a function stand its mapping and a mark, and one may be called like these.
    let is_name = |text: &str| !text.starts_with("M=") && !text.starts_with("[F]");
    let mut names: Vec<&str> = Vec::new();
    let types = profile.sample_types().chain([profile.period_type()]);
    let mut words: Vec<&str> = types.flat_map(|t| [t.kind, t.unit]).collect();
    let mut texts: Vec<&str> = profile.comments().chain([profile.doc_url()]).collect();
    for mapping in profile.mappings() {
        texts.push(mapping.file);
        words.push(mapping.build_id);
    }
    for stack in profile.stacks() {
        for frame in stack.frames() {
            texts.extend(frame.function_name());
            names.extend(frame.function_name());
            texts.extend(frame.system_name());
            texts.extend(frame.file());
        }
        for label in stack.labels() {
            words.push(label.key);
            words.push(match label.value {
                LabelValue::Text(text) => text,
                LabelValue::Number { unit, .. } => unit,
            });
        }
    }
    words.into_iter().all(is_word)
        && texts.into_iter().all(is_held)
        && names.into_iter().all(is_name)
}
