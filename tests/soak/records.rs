//! Records that can be counted: number `n` of a sender, as every protocol brings it.

use std::ops::Range;

use chrono::{DateTime, Utc};

const LEVELS: [&str; 4] = ["info", "info", "warn", "error"];
const SERVICES: [&str; 5] = ["orders", "payment", "search", "login", "mail"];

/// Some records of one sender, which is their host.
#[derive(Clone, Debug)]
pub struct Part {
    pub sender: &'static str,
    pub numbers: Range<u64>,
    pub now: DateTime<Utc>,
}

pub fn message(sender: &str, n: u64) -> String {
    let (shop, net) = (n * 7919 % 100_000, n * 31 % 250);
    format!("Order {n} of {sender} for shop {shop} from 10.{}.{net}.7", n % 250)
}

pub fn level(n: u64) -> &'static str {
    LEVELS[n as usize % LEVELS.len()]
}

pub fn service(n: u64) -> &'static str {
    SERVICES[n as usize % SERVICES.len()]
}

impl Part {
    fn time(&self) -> String {
        self.now.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    fn joined(&self, line: impl Fn(u64) -> String) -> String {
        self.numbers.clone().map(line).collect()
    }

    fn object(&self, time: &str, n: u64) -> String {
        format!(
            r#"{{"{time}":"{}","level":"{}","service":"{}","host":"{}","message":"{}","latency_ms":{}}}"#,
            self.time(),
            level(n),
            service(n),
            self.sender,
            message(self.sender, n),
            n % 300
        )
    }

    pub fn json_lines(&self) -> String {
        self.joined(|n| self.object("time", n) + "\n")
    }

    /// With ids, by which a document is known again.
    pub fn bulk(&self) -> String {
        self.joined(|n| {
            let id = format!("{}-{n}", self.sender);
            let document = self.object("@timestamp", n);
            format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"{id}\"}}}}\n{document}\n")
        })
    }

    pub fn loki(&self) -> String {
        let nanos = self.now.timestamp_nanos_opt().unwrap();
        let streams = SERVICES.iter().enumerate().map(|(at, service)| {
            let own = self.numbers.clone().filter(|n| *n as usize % SERVICES.len() == at);
            let values = own.map(|n| {
                let text = message(self.sender, n);
                // Those of a millisecond apart are no duplicates of each other.
                format!(r#"["{}","level={} msg=\"{text}\""]"#, nanos + n as i64 % 1000, level(n))
            });
            let values: Vec<String> = values.collect();
            format!(
                r#"{{"stream":{{"service_name":"{service}","host":"{}"}},"values":[{}]}}"#,
                self.sender,
                values.join(",")
            )
        });
        format!(r#"{{"streams":[{}]}}"#, streams.collect::<Vec<_>>().join(","))
    }

    pub fn otlp(&self) -> String {
        let nanos = self.now.timestamp_nanos_opt().unwrap();
        let attribute = |key: &str, text: &str| {
            format!(r#"{{"key":"{key}","value":{{"stringValue":"{text}"}}}}"#)
        };
        let resources = SERVICES.iter().enumerate().map(|(at, service)| {
            let own = self.numbers.clone().filter(|n| *n as usize % SERVICES.len() == at);
            let records = own.map(|n| {
                format!(
                    r#"{{"timeUnixNano":"{nanos}","severityText":"{}","body":{{"stringValue":"{}"}},"attributes":[{{"key":"latency_ms","value":{{"intValue":"{}"}}}}]}}"#,
                    level(n),
                    message(self.sender, n),
                    n % 300
                )
            });
            let records: Vec<String> = records.collect();
            format!(
                r#"{{"resource":{{"attributes":[{},{}]}},"scopeLogs":[{{"logRecords":[{}]}}]}}"#,
                attribute("service.name", service),
                attribute("host.name", self.sender),
                records.join(",")
            )
        });
        format!(r#"{{"resourceLogs":[{}]}}"#, resources.collect::<Vec<_>>().join(","))
    }

    /// One message of syslog (RFC 5424).
    pub fn syslog_message(&self, n: u64) -> String {
        let priority = 8 * 16 + [6, 6, 4, 3][n as usize % 4];
        let (time, service, text) = (self.time(), service(n), message(self.sender, n));
        format!("<{priority}>1 {time} {} {service} - - - {text}", self.sender)
    }

    /// Counted, as they go over TCP.
    pub fn syslog(&self) -> String {
        self.joined(|n| {
            let text = self.syslog_message(n);
            format!("{} {text}", text.len())
        })
    }

    /// Lines of a file. The sender is in the message only.
    pub fn text(&self) -> String {
        self.joined(|n| {
            let (level, service) = (level(n).to_uppercase(), service(n));
            format!("{} {level} {service} {}\n", self.time(), message(self.sender, n))
        })
    }
}
