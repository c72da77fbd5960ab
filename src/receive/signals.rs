//! What OpenTelemetry's clients send besides logs: spans and data points of metrics. They are
//! counted, so that the client is told how many are not stored; nothing else of them is read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::wire::{Encoding, Flaw, Message};

/// What a request exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    pub const ALL: [Signal; 2] = [Signal::Traces, Signal::Metrics];

    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
        }
    }

    /// What its items are called in `partial_success`.
    pub fn items(self) -> &'static str {
        match self {
            Signal::Traces => "spans",
            Signal::Metrics => "data points",
        }
    }
}

/// Why a request cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("read the export request: {0}")]
    Protobuf(#[from] Flaw),
    #[error("read the export request: {0}")]
    Json(#[from] serde_json::Error),
}

/// How many spans or data points a request has.
///
/// # Errors
/// It is no such request.
pub fn count(signal: Signal, body: &[u8], encoding: Encoding) -> Result<u64, Malformed> {
    match (signal, encoding) {
        // resource_spans, scope_spans, spans.
        (Signal::Traces, Encoding::Protobuf) => Ok(count_below(Message::new(body), &[1, 2, 2])?),
        (Signal::Metrics, Encoding::Protobuf) => Ok(count_points(Message::new(body))?),
        (Signal::Traces, Encoding::Json) => {
            let traces: Traces = serde_json::from_slice(body)?;
            let scopes = traces.resource_spans.iter().flat_map(|it| &it.scope_spans);
            Ok(scopes.map(|scope| scope.spans.len() as u64).sum())
        }
        (Signal::Metrics, Encoding::Json) => {
            let metrics: Metrics = serde_json::from_slice(body)?;
            let scopes = metrics.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
            Ok(scopes.flat_map(|scope| &scope.metrics).map(Metric::points).sum())
        }
    }
}

/// How many messages lie at the end of a path of field numbers.
fn count_below(mut message: Message<'_>, path: &[u64]) -> Result<u64, Flaw> {
    let [first, rest @ ..] = path else { return Ok(1) };
    let mut count = 0;
    while let Some((number, value)) = message.next()? {
        if number == *first {
            count += count_below(value.message()?, rest)?;
        }
    }
    Ok(count)
}

/// Data points of all metrics: below resource_metrics, scope_metrics, metrics and one of gauge, sum,
/// histogram, exponential_histogram and summary, whose points are field 1.
fn count_points(message: Message<'_>) -> Result<u64, Flaw> {
    [5, 7, 9, 10, 11].into_iter().map(|kind| count_below(message, &[1, 2, 2, kind, 1])).sum()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traces {
    #[serde(default)]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default)]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    #[serde(default)]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceMetrics {
    #[serde(default)]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Deserialize)]
struct ScopeMetrics {
    #[serde(default)]
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    gauge: Option<Points>,
    sum: Option<Points>,
    histogram: Option<Points>,
    exponential_histogram: Option<Points>,
    summary: Option<Points>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Points {
    #[serde(default)]
    data_points: Vec<IgnoredAny>,
}

impl Metric {
    fn points(&self) -> u64 {
        let Metric { gauge, sum, histogram, exponential_histogram, summary } = self;
        let kinds = [gauge, sum, histogram, exponential_histogram, summary];
        kinds.into_iter().flatten().map(|points| points.data_points.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that is a message.
    fn message(number: u8, fields: &[&[u8]]) -> Vec<u8> {
        let inner = fields.concat();
        let mut all = vec![number << 3 | 2, inner.len() as u8];
        all.extend(inner);
        all
    }

    #[test]
    fn spans_and_points_are_counted() {
        let span = message(2, &[&[0x0a, 1, 7]]);
        let scope = message(2, &[&message(1, &[]), &span, &span]);
        let traces = message(1, &[&message(1, &[]), &scope, &scope]);
        assert_eq!(count(Signal::Traces, &traces, Encoding::Protobuf).unwrap(), 4);
        let point = message(1, &[]);
        let metrics = |kind| message(2, &[&[0x0a, 1, b'm'], &message(kind, &[&point, &point])]);
        let all: Vec<Vec<u8>> = [5, 7, 9, 10, 11].map(metrics).into();
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        let request = message(1, &[&message(2, &all)]);
        assert_eq!(count(Signal::Metrics, &request, Encoding::Protobuf).unwrap(), 10);
        let json =
            br#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"name":"a"},{}]}]}]}"#;
        assert_eq!(count(Signal::Traces, json, Encoding::Json).unwrap(), 2);
        let json = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
            {"name":"a","sum":{"dataPoints":[{},{}]}},{"gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]}"#;
        assert_eq!(count(Signal::Metrics, json, Encoding::Json).unwrap(), 3);
        for signal in Signal::ALL {
            assert_eq!(count(signal, b"", Encoding::Protobuf).unwrap(), 0);
            assert_eq!(count(signal, b"{}", Encoding::Json).unwrap(), 0);
            assert!(count(signal, &[0x0a, 9], Encoding::Protobuf).is_err());
            assert!(count(signal, b"[1", Encoding::Json).is_err());
        }
    }
}
