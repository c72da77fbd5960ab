//! Every format by itself: the first byte chooses it, the rest is its source. No input may
//! break it, and whatever it reads must be a sound record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintail_fuzz::parse::formats::KINDS;
use pintail_fuzz::parse::lines::clean;
use pintail_fuzz::record::Record;
use pintail_fuzz::{check, rules};

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else {
        return;
    };
    let kind = &KINDS[usize::from(*choice) % KINDS.len()];
    let lines: Vec<String> =
        text.split(|&b| b == b'\n').map(|line| clean(line).0.into_owned()).collect();
    let sample: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Without a sample there is no CSV header, but every other format must be there.
    let Some(format) = (kind.recognise)(&sample) else {
        return;
    };
    let rules = rules();
    for line in &lines {
        let mut record = Record::default();
        if format.parse(line, &rules, &mut record).is_ok() {
            check(&record);
            let mut again = Record::default();
            format.parse(line, &rules, &mut again).expect("parsing is a pure function");
            assert_eq!(record.message, again.message);
        }
        format.starts(line, &rules);
    }
});
