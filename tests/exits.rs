//! Text that comes from logs, and names of files, where they leave Pintail: shown, and never obeyed by
//! a terminal, by what reads the log, by Prometheus or by a spreadsheet.

mod common;

use std::process::{Command, Stdio};

use chrono::{TimeDelta, Utc};
use common::server::Server;
use common::{Pintail, finish, until};
use serde_json::json;

/// A service that would be two more lines, and clear the screen.
const FORGED: &str = "shop\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J\u{9b}2J";

fn record(ts: &str, service: &str) -> String {
    format!("{}\n", json!({"ts": ts, "level": "error", "service": service, "message": "m"}))
}

/// What a terminal is sent by this command, with its arguments quoted for a shell.
#[cfg(target_os = "linux")]
fn on_terminal(pintail: &Pintail, arguments: &str) -> String {
    let run = format!("stty cols 200; exec '{}' {arguments}", env!("CARGO_BIN_EXE_pintail"));
    let child = Command::new("script")
        .args(["-qec", &run, "/dev/null"])
        .current_dir(pintail.dir())
        .env_remove("PINTAIL_DB")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let run = finish(child, Vec::new());
    assert_eq!(run.code, Some(0), "{arguments}: {run:?}");
    // What the terminal itself adds to line breaks.
    run.stdout.replace("\r\n", "\n")
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_is_shown_control_characters_in_every_format() {
    let pintail = Pintail::with("a.jsonl", record("2026-01-05T10:00:00Z", FORGED));
    let query = "select service as \"a\u{1b}]0;title\u{7}b\", 'x' || chr(27) || '[31m' || chr(155) || \
                 chr(8238) || chr(13) as text from logs";
    let query = query.replace('"', "\\\"");
    for format in ["table", "csv", "markdown", "json", "jsonl"] {
        let shown = on_terminal(&pintail, &format!("sql --format {format} \"{query}\""));
        let harmless = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(shown.chars().all(harmless), "{format}: {shown:?}");
        assert!(shown.contains("forged"), "{format}: {shown:?}");
    }
    let exported = on_terminal(&pintail, "export");
    assert!(exported.chars().all(|c| c == '\n' || !c.is_control()), "{exported:?}");
    // Programs get what is stored.
    let piped = pintail.ok(["sql", "--format", "csv", "select chr(27) || 'x' as a"]);
    assert_eq!(piped, "a\n\u{1b}x\n");
}

#[test]
fn names_of_files_forge_no_lines_of_the_command_line() {
    let pintail = Pintail::new();
    let odd = "a\n  rejects  0\r\u{1b}[2Jb.log";
    pintail.write(odd, "");
    let run = pintail.run(["ingest", odd, "none\n\u{1b}[2J.log"]);
    for text in [&run.stdout, &run.stderr] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("rejects  0")), "{text:?}");
    }
    assert!(run.stderr.contains("none␊␛[2J.log"), "{run:?}");
    assert!(run.stdout.contains("a␊  rejects  0␍␛[2Jb.log"), "{run:?}");
}

#[test]
fn services_and_files_forge_no_lines_of_the_log() {
    let pintail = Pintail::new();
    let now = Utc::now();
    let mut lines = String::new();
    for ago in (1..=300).rev() {
        let count = if ago < 10 { 90 } else { 3 };
        let at = (now - TimeDelta::minutes(ago)).to_rfc3339();
        lines.push_str(&record(&at, FORGED).repeat(count));
    }
    pintail.write("a.jsonl", lines);
    pintail.ingest(["a.jsonl"]);
    std::fs::create_dir(pintail.path("logs")).unwrap();
    pintail
        .write("logs/b\nforged\u{1b}[2J.log", b"\x7fELF\0\0\0\0\0\0\0\0\xff\xfe\0\0\0".repeat(100));
    let server = Server::start(&pintail, &["logs", "--judge-after-seconds", "0"]);
    server.until_said("INFO shop");
    let said = server.stop();
    assert!(said.contains("forged"), "{said}");
    for line in said.lines() {
        let begins = line.len() > 11 && line.as_bytes()[4] == b'-' && line.as_bytes()[10] == b'T';
        assert!(
            begins && !line.starts_with("2026-01-01T00:00:00Z ") || line == "stopped",
            "{said:?}"
        );
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn any_name_of_a_file_leaves_the_metrics_readable() {
    let pintail = Pintail::new();
    let names = [
        "a\"b.jsonl",
        "c\\d.jsonl",
        "e\nf.jsonl",
        "g\"} 1\nforged{x=\"y.jsonl",
        "h\r\u{1b}i.jsonl",
    ];
    for name in names {
        pintail.write(name, record("2026-01-05T10:00:00Z", "shop"));
    }
    let server = Server::start(&pintail, &["."]);
    server.until_records(names.len() as i64);
    until("each is followed", || {
        server.get("/metrics").text().matches("pintail_source_lag_bytes{").count() == names.len()
    });
    let text = server.get("/metrics").text();
    let sample =
        regex::Regex::new(r#"^[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\})? -?[0-9.e+-]+$"#)
            .unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(sample.is_match(line), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(!text.lines().any(|line| line.starts_with("forged")), "{text}");
    for part in ["a\\\"b.jsonl", "c\\\\d.jsonl", "e\\nf.jsonl", "h␍␛i.jsonl"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    server.stop();
}

#[test]
fn csv_is_data_unless_it_is_to_be_safe_for_spreadsheets() {
    let formula = "=HYPERLINK(\"http://evil.example\",\"x\")";
    let line =
        json!({"ts": "2026-01-05T10:00:00Z", "service": "@shop", "message": formula, "n": -5});
    let pintail = Pintail::with("a.jsonl", format!("{line}\n"));
    let query = "select message, service, (fields->>'n')::bigint as n from logs";
    let plain = format!(
        "message,service,n\n{},@shop,-5\n",
        "\"=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\""
    );
    let safe = plain.replace("=HYPER", "'=HYPER").replace("@shop", "'@shop");
    assert_eq!(pintail.ok(["sql", "--format", "csv", query]), plain);
    assert_eq!(pintail.ok(["sql", "--format", "csv", "--csv-safe", query]), safe);
    assert!(pintail.ok(["export"]).contains(",@shop,"));
    let exported = pintail.ok(["export", "--csv-safe"]);
    assert!(exported.contains(",'@shop,") && exported.contains("\"'=HYPER"), "{exported}");
    let server = Server::start(&pintail, &[]);
    let answer = |path: &str| server.get(path).text();
    assert!(answer("/api/download").contains(",@shop,"));
    for path in ["/api/download?csv_safe=1", "/api/sql?sql=from+logs&format=csv&csv_safe=true"] {
        let text = answer(path);
        assert!(text.contains(",'@shop,") && text.contains("\"'=HYPER"), "{path}: {text}");
    }
    let asked = json!({"sql": query, "format": "csv", "csv_safe": true});
    assert_eq!(server.post("/api/sql", &asked, &[]).text(), safe);
    for path in ["/api/anomalies?format=csv&csv_safe=1", "/api/marks?format=csv&csv_safe=0"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get("/api/download?csv_safe=maybe").status, 400);
    server.stop();
}
