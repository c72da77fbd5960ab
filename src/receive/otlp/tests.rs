//! One request in every encoding, and requests that are none.

use prost::Message as _;

use super::super::tests::rows;
use super::*;

const NOW: Micros = 9_000_000;

mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Request {
        #[prost(message, repeated, tag = "1")]
        pub resource_logs: Vec<ResourceLogs>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ResourceLogs {
        #[prost(message, optional, tag = "1")]
        pub resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub scope_logs: Vec<ScopeLogs>,
        #[prost(string, tag = "3")]
        pub schema_url: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Resource {
        #[prost(message, repeated, tag = "1")]
        pub attributes: Vec<KeyValue>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ScopeLogs {
        #[prost(message, optional, tag = "1")]
        pub scope: Option<Scope>,
        #[prost(message, repeated, tag = "2")]
        pub log_records: Vec<LogRecord>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Scope {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub version: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct LogRecord {
        #[prost(fixed64, tag = "1")]
        pub time: u64,
        #[prost(int32, tag = "2")]
        pub severity_number: i32,
        #[prost(string, tag = "3")]
        pub severity_text: String,
        #[prost(message, optional, tag = "5")]
        pub body: Option<AnyValue>,
        #[prost(message, repeated, tag = "6")]
        pub attributes: Vec<KeyValue>,
        #[prost(fixed32, tag = "8")]
        pub flags: u32,
        #[prost(bytes, tag = "9")]
        pub trace_id: Vec<u8>,
        #[prost(bytes, tag = "10")]
        pub span_id: Vec<u8>,
        #[prost(fixed64, tag = "11")]
        pub observed: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct KeyValue {
        #[prost(string, tag = "1")]
        pub key: String,
        #[prost(message, optional, tag = "2")]
        pub value: Option<AnyValue>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct AnyValue {
        #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
        pub kind: Option<Kind>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(string, tag = "1")]
        Text(String),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Int(i64),
        #[prost(double, tag = "4")]
        Double(f64),
        #[prost(message, tag = "5")]
        Array(ArrayValue),
        #[prost(message, tag = "6")]
        Map(KeyValueList),
        #[prost(bytes, tag = "7")]
        Bytes(Vec<u8>),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ArrayValue {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<AnyValue>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct KeyValueList {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<KeyValue>,
    }
}

use proto::Kind;

fn any(kind: Kind) -> proto::AnyValue {
    proto::AnyValue { kind: Some(kind) }
}

fn pair(key: &str, kind: Kind) -> proto::KeyValue {
    proto::KeyValue { key: key.to_owned(), value: Some(any(kind)) }
}

fn text(text: &str) -> Kind {
    Kind::Text(text.to_owned())
}

fn request() -> proto::Request {
    let array = proto::ArrayValue { values: vec![any(text("a")), any(Kind::Double(1.5))] };
    let map = proto::KeyValueList { values: vec![pair("k", Kind::Int(-1))] };
    let first = proto::LogRecord {
        time: 1_767_571_200_123_456_789,
        observed: 1_767_571_205_000_000_000,
        severity_number: 17,
        severity_text: "Error".to_owned(),
        body: Some(any(text("Charge failed"))),
        attributes: vec![
            pair("http.status", Kind::Int(502)),
            pair("retry", Kind::Bool(true)),
            pair("items", Kind::Array(array)),
            pair("more", Kind::Map(map)),
            pair("raw", Kind::Bytes(b"ab".to_vec())),
        ],
        flags: 1,
        trace_id: vec![0x5b, 0x8e, 0xff, 0xf7],
        span_id: vec![0; 8],
    };
    let body = proto::KeyValueList {
        values: vec![pair("msg", text("inside")), pair("user", Kind::Int(7))],
    };
    let second = proto::LogRecord {
        observed: 1_767_571_201_000_000_000,
        severity_number: 9,
        body: Some(any(Kind::Map(body))),
        ..Default::default()
    };
    let third = proto::LogRecord {
        body: Some(any(text("level=warn msg=\"slow query\" ms=1200"))),
        ..Default::default()
    };
    proto::Request {
        resource_logs: vec![proto::ResourceLogs {
            resource: Some(proto::Resource {
                attributes: vec![
                    pair("service.name", text("checkout")),
                    pair("host.name", text("n1")),
                    pair("k8s.pod.name", text("checkout-7")),
                ],
            }),
            scope_logs: vec![proto::ScopeLogs {
                scope: Some(proto::Scope { name: "app".to_owned(), version: "1".to_owned() }),
                log_records: vec![first, second, third],
            }],
            schema_url: "https://opentelemetry.io/schemas/1.0.0".to_owned(),
        }],
    }
}

const REQUEST_JSON: &str = r#"{"resourceLogs":[{"resource":{"attributes":[
    {"key":"service.name","value":{"stringValue":"checkout"}},
    {"key":"host.name","value":{"stringValue":"n1"}},
    {"key":"k8s.pod.name","value":{"stringValue":"checkout-7"}}]},
  "scopeLogs":[{"scope":{"name":"app","version":"1"},"logRecords":[
   {"timeUnixNano":"1767571200123456789","observedTimeUnixNano":"1767571205000000000",
    "severityNumber":17,"severityText":"Error","body":{"stringValue":"Charge failed"},
    "attributes":[{"key":"http.status","value":{"intValue":"502"}},
      {"key":"retry","value":{"boolValue":true}},
      {"key":"items","value":{"arrayValue":{"values":[{"stringValue":"a"},{"doubleValue":1.5}]}}},
      {"key":"more","value":{"kvlistValue":{"values":[{"key":"k","value":{"intValue":-1}}]}}},
      {"key":"raw","value":{"bytesValue":"YWI="}}],
    "flags":1,"traceId":"5B8EFFF7","spanId":""},
   {"observedTimeUnixNano":"1767571201000000000","severityNumber":"SEVERITY_NUMBER_INFO",
    "body":{"kvlistValue":{"values":[{"key":"msg","value":{"stringValue":"inside"}},
      {"key":"user","value":{"intValue":7}}]}}},
   {"body":{"stringValue":"level=warn msg=\"slow query\" ms=1200"}}]}],
  "schemaUrl":"https://opentelemetry.io/schemas/1.0.0"}]}"#;

const RECORDS: [&str; 3] = [
    r#"1767571200123456 ERROR checkout n1 | Charge failed | {"http.status":502,"retry":true,"items":["a",1.5],"more":{"k":-1},"raw":"YWI=","trace_id":"5b8efff7","flags":1,"observed_time_unix_nano":"1767571205000000000","scope":{"name":"app","version":"1"},"resource":{"k8s.pod.name":"checkout-7"}}"#,
    r#"1767571201000000 INFO checkout n1 | inside | {"user":7,"scope":{"name":"app","version":"1"},"resource":{"k8s.pod.name":"checkout-7"}}"#,
    r#"9000000 WARN checkout n1 | level=warn msg="slow query" ms=1200 | {"scope":{"name":"app","version":"1"},"resource":{"k8s.pod.name":"checkout-7"},"ms":1200}"#,
];

/// The same with the names of the protocol's files: `resource_logs` for `resourceLogs`.
fn with_original_names(json: &str) -> String {
    let is_name = |text: &str| {
        let first = text.chars().next();
        first.is_some_and(char::is_lowercase) && text.chars().all(char::is_alphanumeric)
    };
    let parts = json.split('"').map(|part| match is_name(part) && part != "severityNumber" {
        true => part
            .chars()
            .map(|c| match c.is_uppercase() {
                true => format!("_{}", c.to_lowercase()),
                false => c.to_string(),
            })
            .collect(),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("\"")
}

#[test]
fn an_object_that_holds_no_logs_is_said_to_be_none() {
    for (body, is_said) in [
        ("{}", false),
        (r#"{"resourceLogs":[]}"#, false),
        (r#"{"logs":[]}"#, true),
        (r#"{"x":1,"resource_logs":[]}"#, false),
    ] {
        let mut parcel = Parcel::default();
        let rejected = decode(body.as_bytes(), Encoding::Json, NOW, &mut parcel).unwrap();
        assert_eq!((rejected.count, rejected.reason.is_some()), (0, is_said), "{body}");
    }
}

#[test]
fn every_encoding_gives_the_same_records() {
    for (body, encoding) in [
        (request().encode_to_vec(), Encoding::Protobuf),
        (REQUEST_JSON.as_bytes().to_vec(), Encoding::Json),
        (with_original_names(REQUEST_JSON).into_bytes(), Encoding::Json),
    ] {
        let mut parcel = Parcel::default();
        let rejected = decode(&body, encoding, NOW, &mut parcel).unwrap();
        assert_eq!(rejected, Rejected::default());
        assert_eq!(rows(&parcel), RECORDS, "{encoding:?}");
        assert_eq!(parcel.received, 3);
    }
}

#[test]
fn what_describes_records_may_stand_after_them() {
    let body = r#"{"x":[1],"resourceLogs":[7,{"scopeLogs":[
        {"logRecords":[{"timeUnixNano":1000,"body":{"stringValue":"a"}}],"scope":{"name":"lib"}},
        {"logRecords":[{"timeUnixNano":1000,"body":{"stringValue":"b"}}]}],
        "resource":{"attributes":[{"value":{"stringValue":"shop"},"key":"service.name"}]}}]}"#;
    let mut parcel = Parcel::default();
    decode(body.as_bytes(), Encoding::Json, NOW, &mut parcel).unwrap();
    let expected = [r#"1 - shop - | a | {"scope":{"name":"lib"}}"#, "1 - shop - | b | "];
    assert_eq!(rows(&parcel), expected);
}

#[test]
fn a_file_gives_the_same_record() {
    use crate::parse::{Dialect, TimeRules, Zone, read_block};
    let mut request = request();
    request.resource_logs[0].scope_logs[0].log_records.truncate(1);
    let value: serde_json::Value = serde_json::from_str(REQUEST_JSON).unwrap();
    let mut line = value.clone();
    let records = &mut line["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
    records.as_array_mut().unwrap().truncate(1);
    let line = line.to_string();
    let mut parcel = Parcel::default();
    let dialect = Dialect::detect(&[&line], &[], TimeRules::new(Zone::UTC, NOW));
    read_block(&dialect, line.as_bytes(), &mut parcel.batch);
    assert_eq!(rows(&parcel), RECORDS[..1]);
}

#[test]
fn one_record_that_is_broken_is_a_reject() {
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"timeUnixNano":"-5","body":{"stringValue":"a"}},
        {"timeUnixNano":"99999999999999999999","body":{"stringValue":"b"}},
        7,{"timeUnixNano":1000,"body":{"stringValue":"c"}}]}]}]}"#;
    let mut parcel = Parcel::default();
    let rejected = decode(body.as_bytes(), Encoding::Json, NOW, &mut parcel).unwrap();
    assert_eq!(rejected, Rejected { count: 3, reason: Some("unreadable timestamp") });
    assert_eq!(rows(&parcel)[0], "1 - - - | c | ");
    assert_eq!(parcel.received, 4);
}

#[test]
fn what_is_no_request_is_malformed() {
    let decode = |body: &[u8], encoding| decode(body, encoding, NOW, &mut Parcel::default());
    for body in ["", "[]", "{\"resourceLogs\":[", "{} x"] {
        assert_eq!(decode(body.as_bytes(), Encoding::Json), Err(Malformed::Json), "{body}");
    }
    assert_eq!(decode(b"{}", Encoding::Json), Ok(Rejected::default()));
    assert_eq!(decode(b"", Encoding::Protobuf), Ok(Rejected::default()));
    let body = request().encode_to_vec();
    for length in (1..body.len()).step_by(7) {
        // Cut anywhere: an error, and never a panic.
        assert!(decode(&body[..length], Encoding::Protobuf).is_err(), "{length}");
    }
}

#[test]
fn endless_nesting_ends() {
    let mut value = any(Kind::Int(1));
    for _ in 0..60 {
        value = any(Kind::Array(proto::ArrayValue { values: vec![value] }));
    }
    let mut request = request();
    let attribute = |value| proto::KeyValue { key: "deep".to_owned(), value: Some(value) };
    let record = &mut request.resource_logs[0].scope_logs[0].log_records[0];
    record.attributes.push(attribute(value.clone()));
    let mut parcel = Parcel::default();
    assert!(decode(&request.encode_to_vec(), Encoding::Protobuf, NOW, &mut parcel).is_ok());
    for _ in 0..60 {
        value = any(Kind::Array(proto::ArrayValue { values: vec![value] }));
    }
    request.resource_logs[0].scope_logs[0].log_records[0].attributes.push(attribute(value));
    let result = decode(&request.encode_to_vec(), Encoding::Protobuf, NOW, &mut parcel);
    assert_eq!(result, Err(Malformed::Protobuf(Flaw::Deep)));
}
