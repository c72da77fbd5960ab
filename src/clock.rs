//! What time it is. Everything that depends on it is given it; this is where it comes from.

use crate::record::Micros;

/// Now, in UTC microseconds.
pub fn now() -> Micros {
    chrono::Utc::now().timestamp_micros()
}
