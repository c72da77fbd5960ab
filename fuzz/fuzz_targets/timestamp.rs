//! Timestamps: any text, any zone. A length lies within the text, between characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintail_fuzz::parse::{TimeRules, Zone};

fuzz_target!(|text: &str| {
    for zone in [Zone::UTC, Zone::from_name("Europe/Berlin").expect("a zone")] {
        let rules = TimeRules::new(zone, 1_767_225_600_000_000);
        if let Some((_, length)) = rules.read(text) {
            assert!(text.is_char_boundary(length));
        }
        rules.whole(text);
    }
});
