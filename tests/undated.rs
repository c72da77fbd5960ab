//! Lines without a time, and dates that can be read in two ways: what a record then says of its time.

mod common;

use common::server::Server;
use common::{Pintail, finish, until};

/// What uvicorn prints.
const UVICORN: &str = "INFO:     Started server process [812]\n\
    INFO:     127.0.0.1:47110 - \"GET /cart HTTP/1.1\" 200 OK\n\
    ERROR:    Exception in ASGI application\n";

const TRACE: &str = "Traceback (most recent call last):\n  File \"cart.py\", line 41, in add\nValueError: no stock\n";

/// How the time of each record was come by, in the order in which the records were stored.
const MARKS: &str = "select (fields->>'$.undated') from logs order by rowid";

#[test]
fn a_file_without_times_has_that_of_the_file_and_the_summary_says_so() {
    let pintail = Pintail::with("uvicorn.log", UVICORN);
    let run = pintail.ok(["ingest", "--again", "uvicorn.log"]);
    assert!(run.contains("undated") && run.contains("--undated mtime"), "{run}");
    assert_eq!(pintail.column(MARKS), ["mtime"; 3]);
    assert_eq!(pintail.column("select level from logs order by rowid"), ["INFO", "INFO", "ERROR"]);
    let arrival = pintail.ok(["ingest", "--again", "--undated", "arrival", "uvicorn.log"]);
    assert!(arrival.contains("--undated arrival"), "{arrival}");
    assert_eq!(pintail.column(MARKS), ["arrival"; 3]);
    pintail.ok(["ingest", "--again", "--undated", "reject", "uvicorn.log"]);
    assert_eq!((pintail.count("logs"), pintail.count("rejects")), (0, 3));
    pintail.fails(2, ["ingest", "--undated", "soon", "uvicorn.log"]);
    pintail.assert_complete();
}

#[test]
fn a_record_without_a_time_that_goes_on_stays_one_record() {
    let pintail = Pintail::with("uvicorn.log", UVICORN);
    pintail.ok(["ingest", "uvicorn.log"]);
    pintail.append("uvicorn.log", TRACE);
    pintail.ok(["ingest", "uvicorn.log"]);
    pintail.append("uvicorn.log", "INFO:     Shutting down\nINFO: and ha");
    pintail.ok(["ingest", "uvicorn.log"]);
    pintail.append("uvicorn.log", "lf a line\n");
    pintail.ok(["ingest", "uvicorn.log"]);
    assert_eq!(
        pintail.column("select message from logs order by message"),
        [
            "127.0.0.1:47110 - \"GET /cart HTTP/1.1\" 200 OK",
            &format!("Exception in ASGI application\n{}", TRACE.trim_end()),
            "Shutting down",
            "Started server process [812]",
            "and half a line",
        ]
    );
    assert_eq!(pintail.count("rejects"), 0);
    pintail.assert_complete();
}

#[test]
fn what_a_followed_file_gets_has_the_time_at_which_it_arrives() {
    let pintail = Pintail::with("uvicorn.log", UVICORN);
    let server = Server::start(&pintail, &["uvicorn.log"]);
    server.until_records(3);
    let before = server.value("select epoch_us(now()::timestamp)::bigint").as_i64().unwrap();
    pintail.append("uvicorn.log", "INFO:     Shutting down\n");
    server.until_records(4);
    let marked = "select count(*) from logs where message = 'Shutting down' and (fields->>'$.undated') = 'arrival'";
    assert_eq!(server.value(marked), 1);
    let at = server.value("select epoch_us(ts) from logs where message = 'Shutting down'");
    let after = server.value("select epoch_us(now()::timestamp)::bigint").as_i64().unwrap();
    assert!((before..=after).contains(&at.as_i64().unwrap()), "{before} {at} {after}");
    pintail.append("uvicorn.log", "ERROR:    Exception in ASGI application\n");
    server.until_records(5);
    pintail.append("uvicorn.log", TRACE);
    until("the stack trace has joined its record", || {
        server.value("select count(*) from logs where message like '%no stock'") == 1
    });
    assert_eq!(server.value("select count(*) from logs"), 5);
    server.stop();
    pintail.assert_complete();
}

#[test]
fn a_pipe_without_times_has_the_time_at_which_it_is_read() {
    let pintail = Pintail::new();
    let child = pintail
        .command(["ingest", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let run = finish(child, b"listening on 8080\nWARNING:root:disk nearly full".to_vec());
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(pintail.messages(), ["disk nearly full", "listening on 8080"]);
    assert_eq!(pintail.column(MARKS), ["arrival"; 2]);
}

/// Lines of one day, whose date is the same in both orders.
fn ambiguous(lines: usize) -> String {
    (0..lines)
        .map(|n| format!("02/02/2026 10:{:02}:{:02} INFO shop item {n}\n", n / 60, n % 60))
        .collect()
}

#[test]
fn the_last_lines_of_a_file_tell_the_order_of_its_dates_too() {
    let pintail = Pintail::new();
    // More than detection looks at, then two days on; the first number is above 12 at the end only.
    let first = ambiguous(400).replace("02/02/2026", "11/02/2026");
    pintail.write(
        "app.log",
        format!(
            "{first}12/02/2026 10:00:00 INFO shop: later\n13/02/2026 10:00:00 INFO shop: last\n"
        ),
    );
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(
        pintail.value("select min(ts)::date::varchar || ' ' || max(ts)::date::varchar from logs"),
        "2026-02-11 2026-02-13"
    );
    assert_eq!(pintail.count("sources where doubt is not null"), 0);
    assert_eq!(pintail.count("rejects"), 0);
}

#[test]
fn an_order_that_nothing_tells_is_a_doubt_and_can_be_said() {
    let pintail = Pintail::with("app.log", ambiguous(20).replace("02/02/2026", "03/02/2026"));
    assert_eq!(pintail.value("select min(ts)::date::varchar from logs"), "2026-03-02");
    let doubt = pintail.value("select doubt from sources");
    assert!(doubt.as_str().unwrap().contains("month/day/year"), "{doubt}");
    pintail.ok(["ingest", "--again", "--date-order", "dmy", "app.log"]);
    assert_eq!(pintail.value("select min(ts)::date::varchar from logs"), "2026-02-03");
    assert_eq!(pintail.count("sources where doubt is not null"), 0);
    pintail.fails(2, ["ingest", "--date-order", "ydm", "app.log"]);
    let server = Server::start(&pintail, &["app.log", "--date-order", "dmy"]);
    assert_eq!(server.json("/api/sources")["sources"][0]["doubt"], serde_json::Value::Null);
    server.stop();
}
