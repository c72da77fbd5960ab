//! The protocols' own client libraries against the real server: what they send is stored as it was
//! meant, and they are content with what they hear.
//!
//! scripts/test-tools puts them into the cache, in the versions named there. Where they are missing,
//! these tests say so and pass, unless PINTAIL_REQUIRE_BROWSER (which CI sets) wants everything to
//! run.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::server::Server;
use common::{Pintail, finish};

/// Where scripts/test-tools keeps what it fetched.
fn tools() -> Option<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    Some(cache.join("pintail/test-tools"))
}

/// A program of the cache; `None` if it is missing and may be.
fn tool(path: &str) -> Option<PathBuf> {
    let found = tools().map(|tools| tools.join(path)).filter(|path| path.exists());
    if found.is_none() {
        assert!(
            std::env::var_os("PINTAIL_REQUIRE_BROWSER").is_none(),
            "{path} is missing; run scripts/test-tools"
        );
        eprintln!("left out: {path} is missing; run scripts/test-tools");
    }
    found
}

/// Runs a script of tests/clients, which must end well; returns what it printed.
fn run(program: &Path, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let mut command = Command::new(program);
    command.arg(&script).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = finish(command.spawn().unwrap(), Vec::new());
    assert_eq!(run.code, Some(0), "{}: {run:?}", script.display());
    run.stdout.trim().to_owned()
}

fn python() -> Option<PathBuf> {
    tool("python-clients-2/complete")?;
    tool("python-clients-2/bin/python")
}

fn end(pintail: &Pintail, server: Server) {
    server.stop();
    assert_eq!(pintail.count("rejects"), 0);
    pintail.assert_sound();
}

#[test]
fn opentelemetry_sdk() {
    let Some(python) = python() else { return };
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let trace = run(&python, "otlp.py", &[&server.address]);
    // The exporter has ended when all is acknowledged.
    let orders = "service = 'orders' and host = 'web-1'";
    assert_eq!(server.value(&format!("select count(*) from logs where {orders}")), 101);
    let traced = format!("select count(*) from logs where (fields->>'trace_id') = '{trace}'");
    assert_eq!(server.value(&traced), 101);
    let numbers = "select count(distinct fields->>'number') from logs where level = 'INFO'";
    assert_eq!(server.value(numbers), 100);
    assert_eq!(server.value("select message from logs where level = 'ERROR'"), "otlp failed");
    end(&pintail, server);
}

#[test]
fn opentelemetry_sdk_over_grpc() {
    let Some(python) = python() else { return };
    let pintail = Pintail::new();
    let arguments = ["--otlp-grpc", "127.0.0.1:0"];
    let server = Server::start_with(&pintail, &arguments, &[("PINTAIL_TOKEN", "s3cret")]);
    let said = server.says_nth("  otlp ", 0);
    let address = said.split_whitespace().next().unwrap();
    run(&python, "otlp_grpc.py", &[address, "s3cret"]);
    let server = server.with_token("s3cret");
    let orders = "service = 'orders' and host = 'web-1'";
    assert_eq!(server.value(&format!("select count(*) from logs where {orders}")), 101);
    let numbers = "select count(distinct fields->>'number') from logs where level = 'INFO'";
    assert_eq!(server.value(numbers), 100);
    // Spans and metrics are counted, and nothing else becomes of them.
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("unsupported_items_total{signal=\"traces\"} 100"), "{metrics}");
    assert!(!metrics.contains("unsupported_items_total{signal=\"metrics\"} 0"), "{metrics}");
    assert_eq!(server.value("select count(*) from logs"), 101);
    end(&pintail, server);
}

#[test]
fn elastic_clients_of_two_versions() {
    let Some(python) = python() else { return };
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    for version in ["7", "8"] {
        run(&python, "elastic.py", &[&server.address, version]);
        let sent = format!("from logs where message like 'elastic{version} %'");
        assert_eq!(server.value(&format!("select count(*) {sent}")), 100);
        let whole =
            "level in ('INFO', 'WARN') and service = 'orders' and (fields->>'_index') = 'shop'";
        let numbers = format!(
            "select count(distinct fields->>'number') {sent} and {whole} \
             and date_trunc('minute', ts) = timestamp '2026-01-05 10:00'"
        );
        assert_eq!(server.value(&numbers), 100);
        assert_eq!(server.value(&format!("select count(*) {sent} and level = 'WARN'")), 1);
    }
    assert_eq!(server.value("select count(*) from logs"), 200);
    end(&pintail, server);
}

#[test]
fn loki_as_json() {
    let Some(python) = python() else { return };
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    run(&python, "loki.py", &[&server.address]);
    let levels = "select string_agg(n || ' ' || level, ', ' order by level) from \
                  (select level, count(*) as n from logs where service = 'orders' group by level)";
    assert_eq!(server.value(levels), "20 INFO, 1 ERROR");
    assert_eq!(server.value("select count(distinct message) from logs"), 21);
    end(&pintail, server);
}

#[test]
fn loki_as_snappy_protobuf() {
    let (Some(modules), Some(_)) = (tool("node_modules"), tool("node_modules/winston-loki")) else {
        return;
    };
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    run(Path::new("node"), "loki.mjs", &[&server.address, modules.to_str().unwrap()]);
    let levels = "select string_agg(n || ' ' || level, ', ' order by level) from \
                  (select level, count(*) as n from logs where service = 'orders' group by level)";
    assert_eq!(server.value(levels), "100 INFO, 1 ERROR");
    assert_eq!(server.value("select count(distinct message) from logs"), 101);
    end(&pintail, server);
}

#[test]
fn splunk_handler() {
    let Some(python) = python() else { return };
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    run(&python, "splunk.py", &[&server.address]);
    server.until_records(100);
    let whole = "host = 'web-1' and service = 'orders' and (fields->>'source') = 'shop'";
    let numbers = format!("select count(distinct message) from logs where {whole}");
    assert_eq!(server.value(&numbers), 100);
    end(&pintail, server);
}
