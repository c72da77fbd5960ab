//! A whole source: detection, lines, continuations. The lines must add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintail_fuzz::parse::lines::clean;
use pintail_fuzz::parse::{Dialect, read_block};
use pintail_fuzz::{Outcomes, rules};

fuzz_target!(|data: &[u8]| {
    let lines: Vec<String> =
        data.split(|&b| b == b'\n').take(50).map(|line| clean(line).0.into_owned()).collect();
    let sample: Vec<&str> = lines.iter().map(String::as_str).collect();
    let dialect = Dialect::detect(&sample, &[], rules());
    let mut outcomes = Outcomes::default();
    let tally = read_block(&dialect, data, &mut outcomes);
    let newlines = data.iter().filter(|&&b| b == b'\n').count() as u64;
    let unfinished = u64::from(!data.is_empty() && !data.ends_with(b"\n"));
    assert_eq!(tally.lines, newlines + unfinished);
    assert_eq!(
        tally.lines,
        tally.records + tally.continuations + tally.rejects + tally.skipped
    );
    let kept = outcomes.lines.iter().filter(|line| !line.starts_with("reject ")).count() as u64;
    assert!(kept >= tally.records.saturating_sub(tally.rejects));
});
