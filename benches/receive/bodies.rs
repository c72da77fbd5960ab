//! Requests of every protocol with the same records.

use std::fmt::Write;

/// Records of a request.
pub const RECORDS: usize = 5_000;

/// What stands in the first record, to be replaced by the request's number: no two are the same.
const MARK: &[u8] = b"request-0000000000";

/// Event times begin here, in seconds since 1970.
const START: u64 = 1_767_571_200;

const LEVELS: [&str; 4] = ["info", "info", "warn", "error"];
const SERVICES: [&str; 5] = ["orders", "payment", "search", "login", "mail"];

pub struct Body {
    pub name: &'static str,
    pub path: &'static str,
    pub content_type: &'static str,
    /// Whole lines.
    pub header: &'static str,
    bytes: Vec<u8>,
    packed: bool,
}

impl Body {
    fn new(
        name: &'static str,
        path: &'static str,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Body {
        Body { name, path, content_type, header: "", bytes, packed: false }
    }

    /// The body of the request with this number.
    pub fn numbered(&self, number: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let at = memchr::memmem::find(&bytes, MARK).expect("the mark is in it");
        bytes[at..at + MARK.len()].copy_from_slice(format!("request-{number:010}").as_bytes());
        match self.packed {
            true => snap::raw::Encoder::new().compress_vec(&bytes).expect("it can be packed"),
            false => bytes,
        }
    }
}

pub fn all() -> Vec<Body> {
    vec![
        json_lines(),
        lines(),
        elastic(),
        loki_json(),
        loki_protobuf(),
        otlp_json(),
        otlp_protobuf(),
        splunk(),
    ]
}

fn message(number: usize) -> String {
    match number {
        0 => "request-0000000000 begins".to_owned(),
        _ => format!(
            "User {} logged in from 10.{}.{}.0",
            number * 7919 % 100_000,
            number % 250,
            number * 31 % 250
        ),
    }
}

fn micros(number: usize) -> u64 {
    START * 1_000_000 + number as u64 * 1_000
}

fn time(number: usize) -> String {
    chrono::DateTime::from_timestamp_micros(micros(number) as i64)
        .expect("in reach")
        .format("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

fn level(number: usize) -> &'static str {
    LEVELS[number % LEVELS.len()]
}

fn service(number: usize) -> &'static str {
    SERVICES[number % SERVICES.len()]
}

fn object(number: usize) -> String {
    format!(
        r#"{{"time":"{}","level":"{}","service":"{}","msg":"{}","latency_ms":{}}}"#,
        time(number),
        level(number),
        service(number),
        message(number),
        number % 300
    )
}

fn joined(records: usize, line: impl Fn(usize) -> String) -> Vec<u8> {
    (0..records).map(line).collect::<String>().into_bytes()
}

pub fn few_json_lines(records: usize) -> Body {
    let bytes = joined(records, |number| object(number) + "\n");
    Body::new("JSON lines", "/insert/jsonline", "application/stream+json", bytes)
}

pub fn json_lines() -> Body {
    few_json_lines(RECORDS)
}

pub fn text() -> Vec<u8> {
    joined(RECORDS, |number| {
        format!(
            "{} {} {} {}\n",
            time(number),
            level(number).to_uppercase(),
            service(number),
            message(number)
        )
    })
}

fn lines() -> Body {
    Body::new("lines of text", "/insert/lines", "text/plain", text())
}

fn elastic() -> Body {
    let bytes = joined(RECORDS, |number| {
        format!(
            "{{\"create\":{{\"_index\":\"logs\"}}}}\n{}\n",
            object(number).replace("\"time\"", "\"@timestamp\"")
        )
    });
    Body::new("Elasticsearch _bulk", "/_bulk", "application/x-ndjson", bytes)
}

fn splunk() -> Body {
    let bytes = joined(RECORDS, |number| {
        format!(
            r#"{{"time":{}.{:06},"sourcetype":"{}","event":"{} {}"}}"#,
            START + number as u64 / 1000,
            number % 1000 * 1000,
            service(number),
            level(number).to_uppercase(),
            message(number)
        )
    });
    let body = Body::new("Splunk HEC", "/services/collector/event", "application/json", bytes);
    Body { header: "Authorization: Splunk none\r\n", ..body }
}

fn loki_json() -> Body {
    let mut streams = String::new();
    for (at, name) in SERVICES.iter().enumerate() {
        let values: Vec<String> = (0..RECORDS)
            .filter(|number| number % SERVICES.len() == at)
            .map(|number| {
                format!(
                    r#"["{}","level={} msg=\"{}\""]"#,
                    micros(number) * 1_000,
                    level(number),
                    message(number)
                )
            })
            .collect();
        let comma = if at > 0 { "," } else { "" };
        write!(
            streams,
            r#"{comma}{{"stream":{{"service_name":"{name}"}},"values":[{}]}}"#,
            values.join(",")
        )
        .expect("a String takes everything");
    }
    let bytes = format!(r#"{{"streams":[{streams}]}}"#).into_bytes();
    Body::new("Loki JSON", "/loki/api/v1/push", "application/json", bytes)
}

/// `PushRequest` of github.com/grafana/loki, pkg/push/push.proto.
fn loki_protobuf() -> Body {
    let mut request = Vec::new();
    for (at, name) in SERVICES.iter().enumerate() {
        let mut stream = Vec::new();
        put_bytes(&mut stream, 1, format!("{{service_name=\"{name}\"}}").as_bytes());
        for number in (0..RECORDS).filter(|number| number % SERVICES.len() == at) {
            let mut timestamp = Vec::new();
            put_varint(&mut timestamp, 1, micros(number) / 1_000_000);
            put_varint(&mut timestamp, 2, micros(number) % 1_000_000 * 1_000);
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, &timestamp);
            let line = format!("level={} msg=\"{}\"", level(number), message(number));
            put_bytes(&mut entry, 2, line.as_bytes());
            put_bytes(&mut stream, 2, &entry);
        }
        put_bytes(&mut request, 1, &stream);
    }
    let path = "/loki/api/v1/push";
    let body = Body::new("Loki protobuf", path, "application/x-protobuf", request);
    Body { packed: true, ..body }
}

fn otlp_json() -> Body {
    let resources: Vec<String> = SERVICES
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let records: Vec<String> = (0..RECORDS)
                .filter(|number| number % SERVICES.len() == at)
                .map(|number| {
                    format!(
                        r#"{{"timeUnixNano":"{}","severityNumber":{},"body":{{"stringValue":"{}"}},"attributes":[{{"key":"latency_ms","value":{{"intValue":"{}"}}}}]}}"#,
                        micros(number) * 1_000,
                        severity(number),
                        message(number),
                        number % 300
                    )
                })
                .collect();
            format!(
                r#"{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{name}"}}}}]}},"scopeLogs":[{{"logRecords":[{}]}}]}}"#,
                records.join(",")
            )
        })
        .collect();
    let bytes = format!(r#"{{"resourceLogs":[{}]}}"#, resources.join(",")).into_bytes();
    Body::new("OTLP JSON", "/v1/logs", "application/json", bytes)
}

/// `ExportLogsServiceRequest` of github.com/open-telemetry/opentelemetry-proto.
fn otlp_protobuf() -> Body {
    let mut request = Vec::new();
    for (at, name) in SERVICES.iter().enumerate() {
        let mut scope = Vec::new();
        for number in (0..RECORDS).filter(|number| number % SERVICES.len() == at) {
            let mut record = Vec::new();
            record.push(1 << 3 | 1);
            record.extend((micros(number) * 1_000).to_le_bytes());
            put_varint(&mut record, 2, severity(number));
            let mut text = Vec::new();
            put_bytes(&mut text, 1, message(number).as_bytes());
            put_bytes(&mut record, 5, &text);
            let mut value = Vec::new();
            put_varint(&mut value, 3, number as u64 % 300);
            put_bytes(&mut record, 6, &attribute("latency_ms", &value));
            put_bytes(&mut scope, 2, &record);
        }
        let mut value = Vec::new();
        put_bytes(&mut value, 1, name.as_bytes());
        let mut resource = Vec::new();
        put_bytes(&mut resource, 1, &attribute("service.name", &value));
        let mut logs = Vec::new();
        put_bytes(&mut logs, 1, &resource);
        put_bytes(&mut logs, 2, &scope);
        put_bytes(&mut request, 1, &logs);
    }
    Body::new("OTLP protobuf", "/v1/logs", "application/x-protobuf", request)
}

fn severity(number: usize) -> u64 {
    match level(number) {
        "error" => 17,
        "warn" => 13,
        _ => 9,
    }
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let mut pair = Vec::new();
    put_bytes(&mut pair, 1, key.as_bytes());
    put_bytes(&mut pair, 2, value);
    pair
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    prost::encoding::encode_varint(field << 3 | 2, out);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, field: u64, value: u64) {
    prost::encoding::encode_varint(field << 3, out);
    prost::encoding::encode_varint(value, out);
}

/// Messages of RFC 5424 with octet counting.
pub fn syslog() -> Vec<u8> {
    joined(RECORDS, |number| {
        let priority = 8 * 16 + [6, 6, 4, 3][number % 4];
        let line = format!(
            "<{priority}>1 {} host1 {} 123 - - {}",
            time(number),
            service(number),
            message(number)
        );
        format!("{} {line}", line.len())
    })
}
