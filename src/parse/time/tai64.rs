//! TAI64 and TAI64N labels, as daemontools, runit and s6 write them before lines
//! (<https://cr.yp.to/libtai/tai64.html>).

use super::{MICROS_PER_SECOND, Stamp};

/// Label of 1970-01-01T00:00:00Z. The ten seconds are what libtai counts between TAI and UTC:
/// loggers add them to the system's clock, and leap seconds are not in it.
const EPOCH: u64 = (1 << 62) + 10;
const SECONDS_DIGITS: usize = 16;
const NANOS_DIGITS: usize = 8;

/// `@40000000695b8e4a07546900`, or without the nanoseconds.
pub(super) fn read_tai64(text: &[u8]) -> Option<(Stamp, usize)> {
    let digits = text.get(1..)?.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if text[0] != b'@' || ![SECONDS_DIGITS, SECONDS_DIGITS + NANOS_DIGITS].contains(&digits) {
        return None;
    }
    let label = std::str::from_utf8(&text[1..=digits]).ok()?;
    let (seconds, nanos) = label.split_at(SECONDS_DIGITS);
    let seconds = u64::from_str_radix(seconds, 16).ok()?.checked_sub(EPOCH)?;
    let nanos = if nanos.is_empty() { 0 } else { i64::from_str_radix(nanos, 16).ok()? };
    // Labels of a far future are no times of a log, and nanoseconds end at a second.
    let micros = i64::try_from(seconds).ok()?.checked_mul(MICROS_PER_SECOND)?;
    (nanos < 1_000_000_000).then(|| (Stamp::Instant(micros + nanos / 1000), digits + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_times() {
        for (text, expected) in [
            ("@40000000695b8e4a07546900 x", Some((1_767_607_872_122_972, 25))),
            ("@40000000695b8e4a x", Some((1_767_607_872_000_000, 17))),
            ("@40000000695b8e4affffffff x", None),
            ("@ffffffffffffffff x", None),
            ("@00000000695b8e4a x", None),
            ("@4000", None),
            ("@", None),
        ] {
            let read = read_tai64(text.as_bytes());
            let expected = expected.map(|(micros, length)| (Stamp::Instant(micros), length));
            assert_eq!(read, expected, "{text}");
        }
    }
}
