//! The loss ledger, for Prometheus: what became of what each source brought.
//!
//! Made anew whenever somebody asks. The numbers are those of the database, so they go on after
//! a restart; a source that is forgotten takes its numbers with it, and a load that is taken back
//! makes them smaller, which Prometheus takes for a counter that began again.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::escape;
use crate::ingest::live::Followed;
use crate::queries::ledger::Entry;
use crate::store::sources::Kind;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SourceLabels {
    source: String,
    kind: String,
}

type Counters = Family<SourceLabels, Counter>;
type Seconds = Family<SourceLabels, Gauge<f64, AtomicU64>>;

/// How a number of the ledger is read.
type Read = fn(&Entry) -> u64;

const COUNTERS: [(&str, &str, Read); 6] = [
    ("source_received", "Items that arrived, whatever became of them", |entry| entry.received),
    ("source_parsed", "Items that could be read", |entry| entry.parsed),
    ("source_stored", "Items that became records", |entry| entry.stored),
    ("source_rejected", "Items that no format could read", |entry| entry.rejected),
    ("source_duplicates", "Items that were stored before", |entry| entry.duplicates),
    ("source_dropped", "Items that there was no room for", |entry| entry.dropped),
];

/// The entries, and how far behind the files are that are followed.
pub fn by_source(entries: &[Entry], files: &BTreeMap<String, Followed>) -> Registry {
    let mut registry = Registry::with_prefix("pintail");
    for (name, help, read) in COUNTERS {
        let counters = Counters::default();
        for entry in entries {
            counters.get_or_create(&labels(&entry.name, &entry.kind)).inc_by(read(entry));
        }
        registry.register(name, help, counters);
    }
    let lag_bytes = Family::<SourceLabels, Gauge>::default();
    let lag_seconds = Seconds::default();
    // Of those that are listed: however many files are followed, the answer stays short.
    let followed = entries.iter().filter(|entry| entry.kind == Kind::File.name());
    for (entry, file) in followed.filter_map(|entry| Some((entry, files.get(&entry.name)?))) {
        let labels = labels(&entry.name, &entry.kind);
        lag_bytes.get_or_create(&labels).set(file.lag_bytes() as i64);
        lag_seconds.get_or_create(&labels).set(file.lag().as_secs_f64());
    }
    let help = "Bytes of a followed file that are not read yet";
    registry.register_with_unit("source_lag", help, Unit::Bytes, lag_bytes);
    let help = "How long the oldest of them have waited";
    registry.register_with_unit("source_lag", help, Unit::Seconds, lag_seconds);
    registry
}

fn labels(name: &str, kind: &str) -> SourceLabels {
    SourceLabels { source: escape::label(name), kind: escape::label(kind) }
}
