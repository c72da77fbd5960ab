//! `pintail serve` as its users meet it: the API, what is refused, what follows files, and what
//! the command line does while a server has the database.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::server::{Answer, Server};
use common::{Pintail, data, line, lines, until};
use serde_json::{Value, json};

/// A server over data/incident.log.
fn with_incident() -> (Pintail, Server) {
    let pintail = Pintail::with_data("incident.log");
    let server = Server::start(&pintail, &[]);
    (pintail, server)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn count(values: &Value) -> i64 {
    values.as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).sum()
}

#[test]
fn volume_adds_up_to_the_records_however_it_is_counted() {
    let (_pintail, server) = with_incident();
    let total = server.value("select count(*) from logs");
    let volume = server.json("/api/volume");
    assert_eq!(volume["total"], total);
    let summed: i64 =
        volume["levels"].as_array().unwrap().iter().map(|l| count(&l["counts"])).sum();
    assert_eq!(total, summed);
    // From counts, and from the records one by one.
    let by_counts = server.json("/api/volume?q=service:payment&buckets=10");
    let by_records = server.json("/api/volume?q=service:payment+message:e&buckets=10");
    assert_eq!(
        by_counts["total"],
        server.value("select count(*) from logs where service = 'payment'")
    );
    assert_eq!(
        by_records["total"],
        server.value("select count(*) from logs where service = 'payment' and message ilike '%e%'")
    );
    assert_eq!(by_counts["times"].as_array().unwrap().len(), count_of(&by_counts["levels"][0]));
}

fn count_of(level: &Value) -> usize {
    level["counts"].as_array().unwrap().len()
}

#[test]
fn every_search_counts_what_sql_counts() {
    let (_pintail, server) = with_incident();
    for (search, condition) in [
        ("", "true"),
        ("level:error", "level = 'ERROR'"),
        ("level:>=warn -service:auth", "level >= 'WARN' and service is distinct from 'auth'"),
        ("service:auth,payment", "service in ('auth', 'payment')"),
        ("service:pay*", "service like 'pay%'"),
        ("timeout", "message ilike '%timeout%'"),
        ("\"user 1\"", "message ilike '%user 1%'"),
        ("/user [0-9]+$/", "regexp_matches(message, 'user [0-9]+$')"),
        ("-user level:info", "message not ilike '%user%' and level = 'INFO'"),
        ("level:none", "level is null"),
        ("host:none", "host is null"),
        ("source:incident.log", "true"),
        ("source:1", "source = 1"),
        ("source:other.log", "false"),
    ] {
        let volume = server.json(&format!("/api/volume?q={}", encoded(search)));
        let expected = server.value(&format!("select count(*) from logs where {condition}"));
        assert_eq!(volume["total"], expected, "{search}");
    }
    for (search, place) in [("level:purple", 6), ("x \"open", 2), ("/a(/", 0)] {
        let answer = server.get(&format!("/api/logs?q={}", encoded(search)));
        assert_eq!((answer.status, answer.error().0.as_str()), (400, "bad_search"), "{search}");
        assert_eq!(answer.json()["error"]["position"], place, "{search}");
    }
}

#[test]
fn fields_are_searched_by_value_comparison_and_pattern() {
    let pintail = Pintail::with(
        "app.jsonl",
        r#"{"ts":"2026-01-05T10:00:00Z","level":"info","msg":"a","status":500,"user":{"id":42},"path":"/api/x"}
{"ts":"2026-01-05T10:00:01Z","level":"info","msg":"b","status":404,"path":"/other"}
{"ts":"2026-01-05T10:00:02Z","level":"error","msg":"c","trace":"abc","user.id":"42"}
"#,
    );
    let server = Server::start(&pintail, &[]);
    for (search, messages) in [
        ("status:500", "a"),
        ("status:>=404", "ba"),
        ("status:<500", "b"),
        ("user.id:42", "ca"),
        ("path:/api/*", "a"),
        ("path:~^/[ao]", "ba"),
        ("trace:*", "c"),
        ("-trace:*", "ba"),
        ("abc", "c"),
    ] {
        let page = server.json(&format!("/api/logs?q={}", encoded(search)));
        let found: String = page["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["message"].as_str().unwrap())
            .collect();
        assert_eq!(found, messages, "{search}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let (_pintail, server) = with_incident();
    let mut seen: Vec<i64> = Vec::new();
    let mut times: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("/api/logs?q=service:payment&limit=997{cursor}"));
        for record in page["records"].as_array().unwrap() {
            seen.push(record["id"].as_i64().unwrap());
            times.push(record["ts"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&before={next}"),
            None => break,
        }
    }
    let total = server.value("select count(*) from logs where service = 'payment'");
    assert_eq!(total, seen.len());
    assert!(times.is_sorted_by(|a, b| a >= b), "the newest first");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(total, seen.len());
    let newest = server.json("/api/logs?limit=1")["newest"].as_str().unwrap().to_owned();
    assert_eq!(server.json(&format!("/api/logs?after={newest}"))["records"], json!([]));
    assert_eq!(server.get("/api/logs?before=x").status, 400);
}

#[test]
fn records_around_one_are_its_neighbours_in_its_source() {
    let pintail = Pintail::new();
    pintail.write("a.log", lines(0..100));
    pintail.write("b.log", lines(0..100).replace("message", "other"));
    pintail.ingest(["a.log", "b.log"]);
    let server = Server::start(&pintail, &[]);
    let found = server.json("/api/logs?q=%22message+50%22");
    let id = found["records"][0]["id"].as_i64().unwrap();
    let around = server.json(&format!("/api/around?id={id}&before=2&after=3"));
    let messages: Vec<&str> = around["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, (48..=53).map(|n| format!("message {n}")).collect::<Vec<_>>());
    assert_eq!(server.get("/api/around?id=999999").status, 404);
}

#[test]
fn facets_count_values_of_columns_and_fields() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "3000", "--format", "json", "--output", "sample.jsonl"]);
    pintail.ingest(["sample.jsonl"]);
    let server = Server::start(&pintail, &[]);
    let facets = server.json("/api/facets");
    assert_eq!(facets["exact"], true);
    let facet = |name: &str| {
        let all = facets["facets"].as_array().unwrap();
        all.iter().find(|facet| facet["name"] == name).unwrap()["values"].clone()
    };
    let errors = server.value("select count(*) from logs where level = 'ERROR'");
    let levels = facet("level");
    let shown = levels.as_array().unwrap().iter().find(|value| value["value"] == "ERROR").unwrap();
    assert_eq!(shown["count"], errors);
    assert!(facet("source")[0]["label"].as_str().unwrap().ends_with("sample.jsonl"));
    assert!(facets["facets"].as_array().unwrap().len() > 4, "{facets}");
}

#[test]
fn downloads_hold_all_records_in_every_format() {
    let (pintail, server) = with_incident();
    let where_ = "service = 'payment' and level >= 'WARN'";
    let query = format!("q={}", encoded("service:payment level:>=warn"));
    let total = server.value(&format!("select count(*) from logs where {where_}"));
    let total = total.as_i64().unwrap() as usize;
    let csv = server.get(&format!("/api/download?{query}&format=csv"));
    assert!(csv.header("content-disposition").contains("logs.csv"));
    assert_eq!(csv.text().lines().count(), total + 1);
    assert!(csv.text().starts_with("ts,level,service,host,message,fields,source\n"));
    let jsonl = server.get(&format!("/api/download?{query}&format=jsonl")).text();
    assert_eq!(jsonl.lines().count(), total);
    let first: Value = serde_json::from_str(jsonl.lines().next().unwrap()).unwrap();
    assert_eq!(first["service"], "payment");
    let parquet = server.get(&format!("/api/download?{query}&format=parquet"));
    assert!(parquet.bytes.starts_with(b"PAR1"));
    pintail.write("x.parquet", &parquet.bytes);
    server.stop();
    assert_eq!(pintail.count("'x.parquet'"), total as i64);
}

#[test]
fn sql_answers_in_every_format() {
    let (pintail, server) = with_incident();
    let answer = server.sql("select 1 as a, 9223372036854775807 as b, null as c, [1] as a");
    let body = answer.json();
    assert_eq!(body["rows"], json!([[1, "9223372036854775807", null, [1]]]));
    assert_eq!(body["columns"][3], json!({"name": "a_1", "type": "INTEGER[]"}));
    assert_eq!((&body["truncated"], &body["error"]), (&json!(false), &Value::Null));

    let sql = "select range as n, 'a,b' as t from range(20000)";
    let limited = server.post("/api/sql", &json!({"sql": sql, "limit": 5}), &[]).json();
    assert_eq!((&limited["row_count"], &limited["truncated"]), (&json!(5), &json!(true)));
    let default = server.sql(sql).json();
    assert_eq!((&default["row_count"], &default["truncated"]), (&json!(10_000), &json!(true)));

    let as_format =
        |format: &str| server.post("/api/sql", &json!({"sql": sql, "format": format}), &[]);
    let csv = as_format("csv").text();
    assert_eq!((csv.lines().count(), csv.lines().nth(1)), (20_001, Some("0,\"a,b\"")));
    assert_eq!(as_format("jsonl").text().lines().last(), Some(r#"{"n":19999,"t":"a,b"}"#));
    let arrow = as_format("arrow").bytes;
    let reader = arrow::ipc::reader::StreamReader::try_new(&arrow[..], None).unwrap();
    let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 20_000);
    pintail.write("x.parquet", as_format("parquet").bytes);
    let link = server.get(&format!("/api/sql?sql={}&format=csv&download=true", encoded(sql)));
    assert!(link.header("content-disposition").contains("attachment"));
    assert_eq!(link.text(), csv);
    server.stop();
    assert_eq!(pintail.value("select sum(n) from 'x.parquet'"), 199_990_000);
}

#[test]
fn a_query_as_text_is_answered_as_accept_says() {
    let (_pintail, server) = with_incident();
    let agent: ureq::Agent = ureq::Agent::new_with_defaults();
    let mut answer = agent
        .post(format!("{}/api/sql", server.address))
        .header("content-type", "text/plain")
        .header("accept", "text/csv")
        .send("select level, count(*) as n from logs where level >= 'ERROR' group by 1;")
        .unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    assert!(text.starts_with("level,n\nERROR,"), "{text}");
}

#[test]
fn errors_of_sql_have_a_message_and_a_place() {
    let (_pintail, server) = with_incident();
    let answer = server.sql("select *\nfrom logz");
    assert_eq!((answer.status, answer.error().0.as_str()), (400, "sql"));
    assert!(answer.error().1.contains("Table with name logz does not exist"));
    assert_eq!(answer.json()["error"]["position"], 14);
    // After rows have been sent there is no other status any more.
    let late = server.post(
        "/api/sql",
        &json!({"sql": "select if(range < 300000, repeat('x', 100), error('too far')) from range(400000)", "limit": 0}),
        &[],
    );
    assert_eq!(late.status, 200);
    assert!(late.json()["error"]["message"].as_str().unwrap().contains("too far"));
    for body in ["", "{}", r#"{"sql":""}"#, r#"{"sql":"select 1","format":"xml"}"#, r#"{"sq":1}"#] {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let answer = agent
            .post(format!("{}/api/sql", server.address))
            .header("content-type", "application/json")
            .send(body)
            .unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
}

/// Every one of these must be refused, whatever it is called; afterwards everything is as
/// it was.
#[test]
fn sql_cannot_reach_beyond_the_data() {
    let (pintail, server) = with_incident();
    let outside = pintail.path("outside.csv");
    std::fs::write(&outside, "secret\n1\n").unwrap();
    let outside = outside.display();
    let before = server.value("select count(*) from logs");
    for attack in [
        format!("copy (select 1) to '{outside}'"),
        format!("copy logs from '{outside}'"),
        format!("from '{outside}'"),
        format!("select * from read_csv('{outside}')"),
        format!("select * from read_text('{outside}')"),
        format!("select * from glob('{outside}')"),
        format!("select * from sniff_csv('{outside}')"),
        format!("export database '{}'", pintail.dir().display()),
        format!("explain analyze copy (select 1) to '{outside}'"),
        format!("attach '{}'", pintail.path("x.duckdb").display()),
        "select * from read_csv('/etc/passwd')".into(),
        "select * from read_parquet('https://127.0.0.1:1/x')".into(),
        "install httpfs".into(),
        "load httpfs".into(),
        "set memory_limit = '100GB'".into(),
        "set global enable_external_access = true".into(),
        "reset memory_limit".into(),
        "pragma memory_limit = '100GB'".into(),
        "pragma database_list".into(),
        "call pragma_version()".into(),
        "select * from duckdb_secrets()".into(),
        "select * from duckdb_settings()".into(),
        "select * from enable_logging('QueryLog')".into(),
        "select * from \"ENABLE_logging\"()".into(),
        "explain analyze select * from main.checkpoint()".into(),
        "summarize from force_checkpoint()".into(),
        "with x as (from checkpoint()) select 1".into(),
        "select (select count(*) from checkpoint())".into(),
        "select * from query('from checkpoint()')".into(),
        "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))".into(),
        "select 1; select 2".into(),
        "delete from logs".into(),
        "insert into logs (ts) values (now())".into(),
        "update logs set message = ''".into(),
        "drop table logs".into(),
        "create table t as select 1".into(),
        "create temp table t as select 1".into(),
        "create macro f() as 1".into(),
        "with x as (delete from logs returning *) select * from x".into(),
        "explain analyze delete from logs".into(),
        "begin".into(),
        "commit".into(),
        "rollback; delete from logs".into(),
        "prepare p as delete from logs".into(),
        "vacuum".into(),
        "checkpoint".into(),
        "use system".into(),
    ] {
        let answer = server.sql(&attack);
        assert_eq!(answer.status, 400, "{attack}: {}", answer.text());
        assert!(!answer.text().contains("/root"), "{attack}: {}", answer.text());
        assert!(!answer.text().contains("secret\\n"), "{attack}: {}", answer.text());
    }
    assert_eq!(server.value("select count(*) from logs"), before);
    assert_eq!(std::fs::read_to_string(pintail.path("outside.csv")).unwrap(), "secret\n1\n");
    // The way of the command line is no way around.
    for detector in
        ["select * from checkpoint()", "select 1); delete from logs; select (1", "delete from logs"]
    {
        let request = json!({"detector": "x", "sql": detector, "level": "ERROR", "service": null,
            "window_minutes": 120, "guard_minutes": 5, "bar": {"score": 3.0}, "from": null, "to": null, "why": false,
            "store": true, "json": false});
        let answer = server.post("/api/local/detect", &request, &[]);
        assert!(answer.text().contains("\"error\":\""), "{detector}: {}", answer.text());
    }
    let rows = json!({"sql": "delete from logs", "parameters": [], "json": false, "name": "x"});
    assert!(server.post("/api/local/rows", &rows, &[]).text().contains("only queries"));
    assert_eq!(server.value("select count(*) from logs"), before);
    // And what only asks is answered.
    for question in [
        "from logs limit 1",
        "with x as (select 1) select * from x",
        "values (1)",
        "describe logs",
        "summarize select 1 as x",
        "show tables",
        "explain select 1",
        "explain analyze select count(*) from logs",
        "from per_minute('WARN') limit 1",
        "from search('user') limit 1",
        "select unnest([1, 2])",
        "select * from generate_series(1, 3)",
        "select count(*) from logs where level >= 'WARN'",
        "/* a comment */ select 1 -- and another",
    ] {
        assert_eq!(server.sql(question).status, 200, "{question}");
    }
    server.stop();
}

#[test]
fn queries_that_never_end_are_stopped_and_the_server_goes_on() {
    let pintail = Pintail::with_data("incident.log");
    let server = Server::start(&pintail, &["--query-timeout", "1"]);
    for endless in [
        "with recursive t(x) as (select 1 union all select x + 1 from t) select count(*) from t",
        "select count(*) from logs a, logs b, logs c where a.message > b.message",
        "select count(*) from range(1000000000000)",
        "select max(md5(range::varchar)) from range(1000000000000)",
    ] {
        let answer = server.sql(endless);
        assert_eq!((answer.status, answer.error().0.as_str()), (408, "timeout"), "{endless}");
        assert!(answer.error().1.contains("more than 1 s"));
    }
    // Rows without end are no query without end: the limit ends them.
    assert_eq!(server.sql("from range(1000000000000)").json()["truncated"], true);
    assert_eq!(server.value("select 1"), 1);
}

#[test]
fn queries_that_take_all_memory_fail_alone() {
    let (_pintail, server) = with_incident();
    for greedy in [
        "select sum(length(repeat('x', 100000000 + range::int))) from range(300)",
        "select range(1000000000)",
        "with recursive t(s) as (select repeat('x', 1000) union all select s || s from t) select max(length(s)) from t",
    ] {
        let answer = server.sql(greedy);
        assert!(matches!(answer.status, 400 | 408), "{greedy}: {}", answer.text());
        assert!(server.memory_kib("VmHWM") < 6 << 20, "{} KiB", server.memory_kib("VmHWM"));
    }
    assert_eq!(server.value("select 1"), 1);
    server.stop();
}

#[test]
fn a_query_ends_when_its_client_goes_away() {
    let (_pintail, server) = with_incident();
    let running = || metric(&server, "pintail_queries_running");
    let mut stream = TcpStream::connect(server.address.trim_start_matches("http://")).unwrap();
    let body = r#"{"sql":"select count(*) from range(1000000000000)"}"#;
    write!(
        stream,
        "POST /api/sql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    until("the query runs", || running() == 1.0);
    drop(stream);
    until("the query has ended", || running() == 0.0);
}

fn metric(server: &Server, name: &str) -> f64 {
    let text = server.get("/metrics").text();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn metrics_count_what_happens() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..50));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(50);
    // Counted a moment after the commit.
    until("the count", || metric(&server, "pintail_ingested_records_total") == 50.0);
    assert_eq!(metric(&server, "pintail_stored_records"), 50.0);
    until("the file is known", || metric(&server, "pintail_followed_files") == 1.0);
    server.get("/api/nothing");
    let text = server.get("/metrics").text();
    assert!(
        text.contains(r#"pintail_http_requests_total{method="POST",path="/api/sql",status="200"}"#)
    );
    let name = pintail.path("app.log").display().to_string();
    let of_source = |what| format!("pintail_source_{what}{{source=\"{name}\",kind=\"file\"}}");
    for (what, number) in [("received_total", 50), ("stored_total", 50), ("dropped_total", 0)] {
        let line = format!("\n{} {number}\n", of_source(what));
        assert!(text.contains(&line), "no {line} in {text}");
    }
    assert!(text.contains(&format!("\n{} 0\n", of_source("lag_bytes"))), "{text}");
    assert_eq!(text.matches("# EOF\n").count(), 1);
    assert!(text.ends_with("# EOF\n"));
    for line in text.lines().filter(|line| line.starts_with("# TYPE")) {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(words[2].starts_with("pintail_"), "{line}");
    }
}

#[test]
fn a_followed_file_is_taken_in_as_it_grows() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(10);
    // Half a line waits for its other half, however long that takes.
    let (half, rest) = line(10).split_at(40).to_owned_pair();
    pintail.append("app.log", half);
    pintail.append("app.log", rest);
    pintail.append("app.log", lines(11..20));
    server.until_records(20);
    // A stack trace that comes later belongs to its record.
    pintail.append("app.log", "  at later.Line(Later.java:1)\n");
    until("the line has joined its record", || {
        server.value("select count(*) from logs where message like '%Later.java%'") == 1
    });
    assert_eq!(server.value("select count(*) from logs"), 20);
    server.stop();
    pintail.assert_complete();
    let expected: Vec<String> = (0..19).map(|n| format!("message {n}")).collect();
    assert_eq!(pintail.messages()[..2], expected[..2]);
}

trait OwnedPair {
    fn to_owned_pair(&self) -> (String, String);
}

impl OwnedPair for (&str, &str) {
    fn to_owned_pair(&self) -> (String, String) {
        (self.0.to_owned(), self.1.to_owned())
    }
}

/// What is followed is shown a moment after its records were committed.
fn until_following(server: &Server) {
    until("all files are followed", || {
        let sources = server.json("/api/sources");
        sources["sources"].as_array().unwrap().iter().all(|source| source["following"] == true)
    });
}

#[test]
fn new_files_are_found_and_missing_ones_waited_for() {
    let pintail = Pintail::new();
    std::fs::create_dir(pintail.path("logs")).unwrap();
    let server = Server::start(&pintail, &["logs", "late.log"]);
    pintail.write("logs/a.log", lines(0..5));
    server.until_records(5);
    pintail.write("late.log", lines(100..105));
    server.until_records(10);
    until_following(&server);
    assert_eq!(server.json("/api/sources")["totals"]["records"], 10);
    let log = server.stop();
    assert_eq!(log.matches("late.log").count(), 1, "said once: {log}");
    pintail.assert_complete();
}

/// A time without a year is the latest before the file was written to, also when it was first
/// looked at long ago.
#[test]
fn a_file_that_is_followed_for_long_has_its_times_in_the_right_year() {
    let now = chrono::Utc::now();
    let line = |at: chrono::DateTime<chrono::Utc>, text: &str| {
        format!("{} web app[1]: {text}\n", at.format("%b %e %H:%M:%S"))
    };
    let old = now - chrono::TimeDelta::days(3);
    let pintail = Pintail::with("sys.log", (0..300).map(|_| line(old, "old")).collect::<String>());
    let written = old + chrono::TimeDelta::seconds(1);
    let log = std::fs::File::options().append(true).open(pintail.path("sys.log")).unwrap();
    log.set_modified(written.into()).unwrap();
    let server = Server::start(&pintail, &["sys.log"]);
    server.until_records(300);
    until_following(&server);
    pintail.append("sys.log", line(now, "new"));
    server.until_records(301);
    let days = server.value("select date_diff('day', min(ts), max(ts)) from logs");
    assert_eq!(days, 3);
}

#[test]
fn a_server_that_is_killed_goes_on_where_it_stopped() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..1000));
    for round in 1..=3 {
        let server = Server::start(&pintail, &["app.log"]);
        server.until_records(round * 1000);
        pintail.append("app.log", lines(round as u64 * 1000..(round as u64 + 1) * 1000));
        server.kill();
    }
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(4000);
    server.stop();
    pintail.assert_complete();
    assert_eq!(pintail.value("select count(distinct message) from logs"), 4000);
}

/// Events of a live tail.
struct Tail {
    lines: std::io::Lines<BufReader<Box<dyn Read + Send>>>,
}

impl Tail {
    fn open(server: &Server, search: &str) -> Tail {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_recv_body(Some(Duration::from_secs(60)))
            .build()
            .into();
        let answer = agent.get(format!("{}/api/tail?q={search}", server.address)).call().unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let reader: Box<dyn Read + Send> = Box::new(answer.into_body().into_reader());
        Tail { lines: BufReader::new(reader).lines() }
    }

    /// The next event's name and data.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.lines.next().expect("the tail goes on").unwrap();
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn the_live_tail_shows_what_comes_and_counts_what_is_too_much() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(10);
    let mut all = Tail::open(&server, "");
    let mut some = Tail::open(&server, "%22message+12%22");
    pintail.append("app.log", lines(10..14));
    let (name, data) = all.next();
    assert_eq!((name.as_str(), data[0]["message"].as_str()), ("records", Some("message 10")));
    let (_, data) = some.next();
    assert_eq!((data.as_array().unwrap().len(), &data[0]["message"]), (1, &json!("message 12")));
    server.until_records(14);
    drop(all);
    let mut all = Tail::open(&server, "");
    pintail.append("app.log", lines(100..5000));
    let (name, data) = all.next();
    assert_eq!(name, "dropped");
    let dropped = data["count"].as_i64().unwrap();
    let (name, data) = all.next();
    let shown = data.as_array().unwrap();
    assert_eq!((name.as_str(), shown.len() as i64 + dropped), ("records", 4900));
    assert_eq!(shown.last().unwrap()["message"], "message 4999");
    // A stop ends the stream, and does not wait for it.
    server.stop();
}

#[test]
fn what_is_unusual_is_found_with_any_threshold() {
    let (_pintail, server) = with_incident();
    let many = server.json("/api/anomalies?threshold=3");
    let few = server.json("/api/anomalies?threshold=4.5");
    let len = |answer: &Value| answer["anomalies"].as_array().unwrap().len();
    assert!(len(&many) >= len(&few) && len(&few) > 0, "{few}");
    let peak = &few["anomalies"][0];
    assert_eq!(
        (&peak["service"], &peak["min_level"], &peak["detector"]),
        (&json!("payment"), &json!("ERROR"), &json!("zscore"))
    );
    let csv = server.get("/api/anomalies?threshold=4.5&format=csv").text();
    assert_eq!(csv.lines().count(), len(&few) + 1);
    for bad in ["threshold=0", "threshold=-1", "threshold=x", "level=purple", "format=xml"] {
        assert_eq!(server.get(&format!("/api/anomalies?{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn any_detector_is_asked_by_its_name() {
    let pintail = Pintail::with_data("incident.log");
    std::fs::create_dir(pintail.path("detectors")).unwrap();
    pintail.write(
        "detectors/many.sql",
        "select coalesce(service, '') as series, minute, sum(n)::double as observed, 1.0 as expected,
            0.0 as low, 1.0 as high, sum(n)::double as score, 'high' as direction, 'many' as reason
         from rollups
         where level = 'ERROR' and minute >= $from::timestamp and minute < $to::timestamp
         group by all",
    );
    pintail.write("detectors/broken.sql", "select nonsense from rollups");
    let server = Server::start(&pintail, &[]);
    let whole = "from=2026-01-07T00:00Z&to=2026-01-08T00:00+00:00";
    let asked = |detector: &str, more: &str| {
        server.json(&format!("/api/anomalies?detector={detector}&{whole}{more}"))
    };
    let of_payment = |answer: &Value| {
        let all = answer["anomalies"].as_array().unwrap();
        all.iter().any(|it| it["service"] == "payment")
    };
    assert_eq!(asked("counts", "")["threshold"], 5.0, "as its budget has it");
    let counts = asked("counts:4", "");
    assert!(of_payment(&counts), "{counts}");
    assert!(counts["anomalies"].as_array().unwrap().iter().all(|it| it["detector"] == "counts"));
    assert_eq!(asked("counts:4", "&threshold=7")["threshold"], 7.0);
    assert_eq!(
        asked("zscore", "&threshold=4.5"),
        server.json(&format!("/api/anomalies?{whole}&threshold=4.5"))
    );
    let many = asked("many", "");
    assert_eq!((many["threshold"].as_f64(), of_payment(&many)), (Some(3.0), true), "{many}");
    assert_eq!(asked("many", "&threshold=1000")["anomalies"], json!([]));
    for name in ["silence", "ratio", "shift", "values"] {
        assert!(asked(name, "")["anomalies"].is_array(), "{name}");
    }
    let csv = server.get(&format!("/api/anomalies?detector=counts:4&{whole}&format=csv")).text();
    assert_eq!(csv.lines().count(), counts["anomalies"].as_array().unwrap().len() + 1);
    // Nothing of the last thirty days before the newest record is left out.
    assert_eq!(server.json("/api/anomalies?detector=counts:4")["anomalies"], counts["anomalies"]);
    for (name, status) in
        [("nope", 404), ("counts:x", 400), ("/etc/passwd.sql", 404), ("broken", 400)]
    {
        let path = format!("/api/anomalies?detector={name}&{whole}");
        assert_eq!(server.get(&path).status, status, "{name}");
    }
}

#[test]
fn scores_of_a_range_are_those_of_the_whole() {
    let (_pintail, server) = with_incident();
    let whole = server.json("/api/scores?points=2000");
    let (from, to) = (whole["from"].as_i64().unwrap(), whole["to"].as_i64().unwrap());
    let middle = (from + to) / 2;
    let part = server.json(&format!("/api/scores?points=2000&from={middle}&to={to}"));
    let line = |scores: &Value, name: &str| -> Vec<(i64, Value, Value)> {
        let all = scores["series"].as_array().unwrap();
        let series = all.iter().find(|series| series["series"] == name).unwrap();
        let times = series["times"].as_array().unwrap();
        (0..times.len())
            .map(|at| {
                (
                    times[at].as_i64().unwrap(),
                    series["score"][at].clone(),
                    series["expected"][at].clone(),
                )
            })
            .filter(|(time, ..)| *time >= middle)
            .collect()
    };
    let (whole, part) = (line(&whole, "payment"), line(&part, "payment"));
    assert!(part.len() > 100);
    assert_eq!(whole[whole.len() - part.len()..], part[..]);
}

#[test]
fn the_command_line_goes_through_the_server() {
    let pintail = Pintail::with_data("incident.log");
    let alone = pintail.ok([
        "sql",
        "--format",
        "csv",
        "select level, count(*) from logs where level >= 'WARN' group by 1 order by 1",
    ]);
    let found = pintail.ok(["detect", "--threshold", "4", "--dry-run", "--format", "jsonl"]);
    let server = Server::start(&pintail, &[]);
    let through = pintail.ok([
        "sql",
        "--format",
        "csv",
        "select level, count(*) from logs where level >= 'WARN' group by 1 order by 1",
    ]);
    assert_eq!(through, alone);
    assert_eq!(
        pintail.sql("select null as a, 'x' as b, 1.5 as c"),
        [json!({"a": null, "b": "x", "c": 1.5})]
    );
    assert_eq!(pintail.ok(["detect", "--threshold", "4", "--format", "jsonl"]), found);
    let stored = server.value("select count(*) from anomalies where parameters like '%\"threshold\":4,%' or parameters like '%\"threshold\":4}%'");
    assert_eq!(stored, found.lines().count());
    pintail.ok(["sql", "--output", "x.parquet", "from logs"]);
    let exported = pintail.ok(["export", "--service", "payment", "--level", "error"]);
    let errors = server.value("select count(*) from errors where service = 'payment'");
    assert_eq!(errors, exported.lines().count() - 1);
    pintail.ok(["export", "--service", "payment", "--output", "y.parquet"]);
    let error = pintail.fails(1, ["sql", "selec 1"]);
    assert!(error.contains("LINE 1: selec 1"), "{error}");
    // Several statements one after the other, as without a server.
    assert_eq!(
        pintail.ok(["sql", "--format", "csv", "select 1 as a; select 2 as b"]),
        "a\n1\nb\n2\n"
    );
    let records = server.value("select count(*) from logs").as_i64().unwrap();
    pintail.ok(["ingest", data("sample.log").to_str().unwrap()]);
    assert_eq!(server.value("select count(*) from logs"), records + 2_000);
    let beside = pintail.path("pintail.duckdb.server");
    assert!(beside.exists());
    server.stop();
    assert!(!beside.exists());
    assert_eq!(pintail.count("'x.parquet'"), records);
    let of_payment = "logs where service = 'payment' and source = 1";
    assert_eq!(pintail.count("'y.parquet'"), pintail.count(of_payment));
}

#[test]
fn a_server_file_left_behind_misleads_nobody() {
    let pintail = Pintail::with_data("incident.log");
    let server = Server::start_with(&pintail, &[], &[("PINTAIL_TOKEN", "secret")]);
    // The key beside the database opens what needs a token.
    assert!(pintail.count("logs") > 0);
    server.kill();
    assert!(pintail.path("pintail.duckdb.server").exists());
    assert!(pintail.count("logs") > 0);
}

#[cfg(unix)]
#[test]
fn the_server_file_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (pintail, _server) = with_incident();
    let meta = std::fs::metadata(pintail.path("pintail.duckdb.server")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_token_is_asked_for_and_taken() {
    let pintail = Pintail::with_data("incident.log");
    pintail.write("token", "s3cret\n");
    let server = Server::start(&pintail, &["--token-file", "token"]);
    for path in ["/api/status", "/api/sql?sql=select+1", "/metrics", "/api/tail", "/api/local/rows"]
    {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.error().0.as_str()), (401, "unauthorized"), "{path}");
    }
    for open in ["/", "/js/app.js", "/health", "/ready", "/api/openapi.json"] {
        assert_eq!(server.get(open).status, 200, "{open}");
    }
    let login = |token: &str| server.post("/api/login", &json!({"token": token}), &[]);
    assert_eq!(login("wrong").status, 401);
    let answer = login("s3cret");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    assert!(!cookie.contains("s3cret"));
    assert_eq!(server.get_with("/api/status", &[("cookie", cookie)]).status, 200);
    assert_eq!(server.get_with("/api/status", &[("cookie", "pintail_session=s3cret")]).status, 401);
    let server = server.with_token("s3cret");
    assert_eq!(server.get("/api/status").status, 200);
    let log = server.stop();
    assert!(!log.contains("s3cret"));
}

#[test]
fn other_sites_are_turned_away() {
    let (_pintail, server) = with_incident();
    let status = |headers: &[(&str, &str)]| server.get_with("/api/status", headers).status;
    assert_eq!(status(&[("host", "evil.example.org")]), 403);
    assert_eq!(status(&[("origin", "https://evil.example.org")]), 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]), 403);
    assert_eq!(status(&[("origin", &server.address)]), 200);
    assert_eq!(server.get_with("/", &[("host", "evil.example.org")]).status, 403);
    let sql = server.post("/api/sql", &json!({"sql": "select 1"}), &[("origin", "null")]);
    assert_eq!(sql.status, 403);
}

#[test]
fn a_network_needs_a_token_or_a_word() {
    let pintail = Pintail::with_data("incident.log");
    let error = pintail.fails(2, ["serve", "--listen", "0.0.0.0:0"]);
    assert!(error.contains("PINTAIL_TOKEN") && error.contains("--insecure"), "{error}");
    let server = Server::start(&pintail, &["--listen", "0.0.0.0:0", "--insecure"]);
    assert_eq!(server.get("/api/status").status, 200);
    let error = pintail.fails(1, ["serve", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("another process"), "{error}");
    drop(server);
    let server = Server::start(&pintail, &[]);
    let port = server.address.rsplit(':').next().unwrap();
    let other = Pintail::new();
    let error = other.fails(2, ["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert!(error.contains("in use") && error.contains("--listen"), "{error}");
}

#[test]
fn answers_carry_what_browsers_should_know() {
    let (_pintail, server) = with_incident();
    let page = server.get("/explore?q=x");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text().contains("<script>") && !page.text().contains("style=\""));
    let tag = page.header("etag").to_owned();
    let again = server.get_with("/", &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    let vendored = page.text();
    assert!(!vendored.contains("//cdn") && !vendored.contains("https://"), "{vendored}");
    let zipped = server.get_with("/js/app.js", &[("accept-encoding", "gzip")]);
    assert_eq!(zipped.header("vary"), "accept-encoding");
    assert_eq!(server.get("/nothing.js").status, 404);
    assert_eq!(server.get("/api/nothing").error().0, "not_found");
    let answer: Answer = server.post("/api/status", &json!({}), &[]);
    assert_eq!(answer.status, 405);
}

#[test]
fn what_a_log_says_stays_data() {
    let markup = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    let pintail = Pintail::with("app.log", format!("2026-01-05 10:00:00.000 INFO web: {markup}\n"));
    let server = Server::start(&pintail, &[]);
    let logs = server.get("/api/logs");
    assert_eq!(logs.header("content-type"), "application/json");
    assert_eq!(logs.header("x-content-type-options"), "nosniff");
    assert_eq!(logs.json()["records"][0]["message"], markup);
}

#[test]
fn sources_tell_what_became_of_every_line() {
    let pintail = Pintail::new();
    pintail.write("app.log", format!("no timestamp here\n{}", lines(0..9)));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(9);
    until_following(&server);
    let sources = server.json("/api/sources");
    let source = &sources["sources"][0];
    assert_eq!((&source["records"], &source["rejects"]), (&json!(9), &json!(1)));
    assert_eq!(source["bytes"], std::fs::metadata(pintail.path("app.log")).unwrap().len());
    assert_eq!((&source["format"], &source["following"]), (&json!("text"), &json!(true)));
    let rejects = server.json(&format!("/api/sources/{}/rejects", source["id"]));
    assert_eq!(
        rejects["reasons"],
        json!([{"reason": "no timestamp, and no record before it", "count": 1}])
    );
    assert_eq!(rejects["rejects"][0]["line"], "no timestamp here");
    let status = server.json("/api/status");
    assert_eq!((&status["records"], &status["rejects"]), (&json!(9), &json!(1)));
}

#[test]
fn an_empty_database_answers_everything() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    for path in [
        "status",
        "volume",
        "services",
        "scores",
        "anomalies",
        "alerts",
        "logs",
        "facets",
        "schema",
        "sources",
        "download",
    ] {
        assert_eq!(server.get(&format!("/api/{path}")).status, 200, "{path}");
    }
    assert_eq!(server.json("/api/volume")["times"], json!([]));
    assert_eq!(server.json("/api/status")["first"], Value::Null);
}

#[test]
fn every_example_works() {
    let (_pintail, server) = with_incident();
    let schema = server.json("/api/schema");
    let examples = schema["examples"].as_array().unwrap();
    assert!(examples.len() > 5);
    for example in examples {
        let answer = server.sql(example["sql"].as_str().unwrap());
        assert_eq!(answer.status, 200, "{}: {}", example["title"], answer.text());
    }
    let tables = schema["tables"].as_array().unwrap();
    for call in tables.iter().filter_map(|table| table["call"].as_str()) {
        let is_scalar = ["field(", "plausible("].iter().any(|name| call.starts_with(name));
        let query =
            if is_scalar { format!("select {call} from logs") } else { format!("from {call}") };
        assert_eq!(server.sql(&query).status, 200, "{call}");
    }
    let logs = tables.iter().find(|table| table["name"] == "logs").unwrap();
    assert_eq!(logs["rows"], server.value("select count(*) from logs"));
    for table in tables {
        assert_ne!(table["about"], "", "{}", table["name"]);
    }
}

/// Whether a value has the shape that the document promises; says where not.
fn check_shape(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return check_shape(document, target, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().find(|choice| (choice["type"] == "null") == value.is_null());
        return check_shape(document, fitting.expect("a choice that fits"), value, place);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        Value::String(kind) => vec![kind],
        _ => return,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) if kinds.contains(&"number") => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&kind), "{place} is {kind}, not {kinds:?}: {value}");
    for item in value.as_array().into_iter().flatten() {
        check_shape(document, &schema["items"], item, &format!("{place}[]"));
    }
    let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    else {
        return;
    };
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(required.as_str().unwrap()), "{place} lacks {required}");
    }
    for (name, value) in object {
        let property = properties.get(name);
        let property = property.unwrap_or_else(|| panic!("{place}.{name} is not described"));
        check_shape(document, property, value, &format!("{place}.{name}"));
    }
}

#[test]
fn the_document_describes_every_route_and_every_answer() {
    let (_pintail, server) = with_incident();
    let document = server.json("/api/openapi.json");
    let paths = document["paths"].as_object().unwrap();
    let router = include_str!("../src/http/router.rs");
    for route in router.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let known = paths.contains_key(route) || paths.contains_key(&format!("/api{route}"));
        let internal =
            route.starts_with("/local/") || route.contains("{*") || route == "/api/openapi.json";
        assert!(known || internal, "{route} is not described");
    }
    let mut checked = 0;
    for (path, operations) in paths {
        let Some(operation) = operations.get("get") else { continue };
        let query = match path.as_str() {
            "/api/sql" => "?sql=select+1+as+a",
            "/api/around" => "?id=5",
            "/api/anomalies" => "?threshold=3",
            "/api/backtest" => "?detectors=counts,zscore:4&marks=true",
            "/api/why" => "?from=2026-01-07T12:20:00Z&to=2026-01-07T12:40:00Z",
            // Not JSON.
            "/api/tail" | "/api/download" | "/metrics" => continue,
            _ => "",
        };
        let answer = server.json(&format!("{}{query}", path.replace("{id}", "1")));
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path} has no schema");
        check_shape(&document, schema, &answer, path);
        if path == "/api/anomalies" {
            let counts = server.json("/api/anomalies?detector=counts:4");
            assert_ne!(counts["anomalies"], json!([]));
            check_shape(&document, schema, &counts, path);
        }
        checked += 1;
    }
    assert!(checked > 12, "{checked}");
    let error = &document["components"]["schemas"]["ErrorBody"];
    check_shape(&document, error, &server.get("/api/logs?before=x").json(), "error");
}
