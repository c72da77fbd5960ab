//! `myapp | pintail serve -`: how soon it is there, what belongs together, what is passed through,
//! and what becomes of it when the server ends one way or another.

mod common;

use std::io::{PipeWriter, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::disk::Disk;
use common::server::Server;
use common::{Pintail, line, lines, until};
use serde_json::json;

/// A server that reads from a pipe, and the pipe.
fn serve(pintail: &Pintail, args: &[&str]) -> (Server, PipeWriter) {
    serve_under(pintail, args, |_| {})
}

fn serve_under(
    pintail: &Pintail,
    args: &[&str],
    prepare: impl FnOnce(&mut Command),
) -> (Server, PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = pintail.command(["serve", "--listen", "127.0.0.1:0", "-"]);
    command.args(args).stdin(reader);
    prepare(&mut command);
    // The command goes with the call: with it the last reader that is not the server's.
    (Server::spawn(command), writer)
}

#[test]
fn a_line_is_there_within_a_second() {
    let pintail = Pintail::new();
    let (server, mut pipe) = serve(&pintail, &[]);
    let mut lags: Vec<Duration> = (0..9)
        .map(|n| {
            let written = Instant::now();
            pipe.write_all(line(n).as_bytes()).unwrap();
            server.until_records(n as i64 + 1);
            written.elapsed()
        })
        .collect();
    lags.sort();
    assert!(lags[4] < Duration::from_secs(1), "{lags:?}");
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_stack_trace_that_is_written_in_pieces_is_one_record() {
    let pintail = Pintail::new();
    let (server, mut pipe) = serve(&pintail, &[]);
    let head = "2026-01-05 00:00:00.000 ERROR payment: it failed\n";
    let pieces = [head, "\tat shop.A\n\tat sh", "op.B\nCaused by: x\n", "\n", "\tat shop.C\n"];
    for piece in pieces {
        pipe.write_all(piece.as_bytes()).unwrap();
        // As a program does that flushes in between: well within what a record may pause.
        std::thread::sleep(Duration::from_millis(20));
    }
    server.until_records(1);
    assert_eq!(
        server.value("select message from logs"),
        "it failed\n\tat shop.A\n\tat shop.B\nCaused by: x\n\n\tat shop.C"
    );
    // Half a line is no line.
    pipe.write_all(b"2026-01-05 00:00:01.000 INFO payment: first h").unwrap();
    pipe.write_all(b"alf\n2026-01-05 00:00:02.000 INFO payment: not").unwrap();
    server.until_records(2);
    drop(pipe);
    server.until_records(3);
    assert_eq!(server.value("select max(message) from logs"), "not");
    server.stop();
    assert_eq!(pintail.count("rejects"), 0);
}

#[test]
fn it_goes_on_serving_when_the_input_has_ended() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..10));
    // Files are followed beside it.
    let (server, mut pipe) = serve(&pintail, &["app.log"]);
    pipe.write_all((lines(10..30) + line(30).trim_end()).as_bytes()).unwrap();
    drop(pipe);
    server.until_records(31);
    pintail.append("app.log", lines(31..33));
    server.until_records(33);
    let kinds = server.value("select string_agg(kind, ' ' order by kind) from sources");
    assert_eq!(kinds, "file pipe");
    let stderr = server.stop();
    assert_eq!(stderr.matches("standard input has ended").count(), 1, "{stderr}");
    pintail.assert_sound();
}

#[test]
fn what_lies_in_the_pipe_is_in_when_it_is_stopped() {
    let pintail = Pintail::new();
    for round in 0..5 {
        let (server, mut pipe) = serve(&pintail, &[]);
        pipe.write_all(lines(round * 900..(round + 1) * 900).as_bytes()).unwrap();
        // The writer does not even close its end.
        server.stop();
        assert_eq!(pintail.count("logs"), (round as i64 + 1) * 900);
    }
    assert_eq!(pintail.count("sources"), 1);
    assert_eq!(pintail.count("rejects"), 0);
    pintail.assert_sound();
}

#[test]
fn a_server_that_starts_anew_loses_nothing_of_the_pipe() {
    let pintail = Pintail::new();
    let (server, mut pipe) = serve(&pintail, &[]);
    for round in 0..4 {
        pipe.write_all(lines(round * 5_000..(round + 1) * 5_000).as_bytes()).unwrap();
        server.signal("-HUP");
    }
    pipe.write_all(lines(20_000..20_010).as_bytes()).unwrap();
    until_counted(&pintail, "pintail.duckdb", "logs", 20_010);
    server.stop();
    assert_eq!(pintail.value("select count(distinct message) from logs"), 20_010);
}

#[test]
fn a_kill_loses_what_was_not_committed_and_nothing_before_it() {
    let pintail = Pintail::new();
    let mut before = 0;
    for round in 0..4u64 {
        let (server, mut pipe) = serve(&pintail, &[]);
        let first = round * 20_000;
        pipe.write_all(lines(first..first + 10_000).as_bytes()).unwrap();
        until("a commit", || server.value("select count(*) from logs").as_i64() > Some(before));
        let committed = server.value("select count(*) from logs").as_i64().unwrap();
        pipe.write_all(lines(first + 10_000..first + 10_500).as_bytes()).unwrap();
        server.kill();
        // What was seen is still there, and it is the beginning of what was written.
        let stored = pintail.count("logs");
        assert!(stored >= committed, "{stored} of {committed}");
        let of_round = format!("logs where regexp_extract(message, '\\d+')::int >= {first}");
        let distinct = pintail.value(&format!("select count(distinct message) from {of_round}"));
        let last = pintail
            .value(&format!("select max(regexp_extract(message, '\\d+')::int) from {of_round}"));
        assert_eq!(distinct, stored - before);
        assert_eq!(last.as_u64().unwrap() + 1 - first, (stored - before) as u64);
        before = stored;
    }
    pintail.assert_sound();
}

#[test]
fn a_disk_that_is_full_for_a_while_costs_nothing() {
    let pintail = Pintail::new();
    std::fs::create_dir(pintail.path("data")).unwrap();
    let disk = Disk::new(&pintail.path("data"), pintail.path("disk"));
    let (server, mut pipe) = serve_under(&pintail, &["--db", "data/pintail.duckdb"], |command| {
        disk.under(command);
    });
    pipe.write_all(lines(0..100).as_bytes()).unwrap();
    server.until_records(100);
    let probe = json!({"ts": "2026-01-05T00:00:00Z", "msg": "probe"});
    let status = || server.post("/insert/jsonline", &probe, &[]).status;
    assert_eq!(status(), 200);
    disk.room(0);
    pipe.write_all(lines(100..200).as_bytes()).unwrap();
    until("commits that fail", || status() == 503);
    disk.unlimited();
    pipe.write_all(lines(200..300).as_bytes()).unwrap();
    until_counted(&pintail, "data/pintail.duckdb", "logs where message <> 'probe'", 300);
    let distinct = "(select distinct message from logs where message <> 'probe')";
    until_counted(&pintail, "data/pintail.duckdb", distinct, 300);
    let stderr = server.stop().to_lowercase();
    assert!(stderr.contains("no space left"), "{stderr}");
}

/// Waits for so many rows, also while the server starts anew.
fn until_counted(pintail: &Pintail, database: &str, of: &str, count: i64) {
    until(&format!("{count} rows of {of}"), || {
        let query = format!("select count(*) from {of}");
        let run = pintail.run(["sql", "--db", database, "--format", "csv", &query]);
        run.code == Some(0) && run.stdout.ends_with(&format!("\n{count}\n"))
    });
}

#[test]
fn a_fast_producer_is_slowed_and_memory_stays_bounded() {
    const LINES: i64 = 600_000;
    let pintail = Pintail::new();
    let (server, mut pipe) = serve(&pintail, &[]);
    let block = lines(0..LINES as u64 / 12);
    // Sixty megabytes at once would be seen.
    let before = server.memory_kib("VmRSS");
    for _ in 0..12 {
        pipe.write_all(block.as_bytes()).unwrap();
    }
    drop(pipe);
    server.until_records(LINES);
    let grown = server.memory_kib("VmHWM") - before;
    assert!(grown < 400 << 10, "{grown} KiB");
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_line_that_never_ends_is_one_reject() {
    let pintail = Pintail::new();
    let (server, mut pipe) = serve(&pintail, &[]);
    pipe.write_all(line(0).as_bytes()).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..24 {
        pipe.write_all(&block).unwrap();
    }
    pipe.write_all(format!("\n{}", line(1)).as_bytes()).unwrap();
    server.until_records(2);
    assert_eq!(server.value("select reason from rejects"), "line longer than 1 MiB");
    server.stop();
    pintail.assert_sound();
}

/// `pintail serve - --tee`, whose standard output is what went in.
fn tee(pintail: &Pintail) -> Child {
    let mut command = pintail.command(["serve", "--listen", "127.0.0.1:0", "-", "--tee"]);
    command.stdin(Stdio::piped()).spawn().unwrap()
}

fn until_served(pintail: &Pintail) {
    until("the server", || pintail.path("pintail.duckdb.server").exists());
}

fn terminate(mut child: Child) -> String {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(child.wait().unwrap().success(), "{stderr}");
    stderr
}

#[test]
fn every_byte_is_passed_through_at_once() {
    let pintail = Pintail::new();
    let mut child = tee(&pintail);
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    // Before the line is whole, let alone stored.
    for piece in [&b"2026-01-05 00:00:00.000 INFO pay"[..], b"ment a\n", b"\xff\x00\x1b[31m"] {
        input.write_all(piece).unwrap();
        let mut passed = vec![0; piece.len()];
        output.read_exact(&mut passed).unwrap();
        assert_eq!(passed, piece);
    }
    let mut more: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    more.extend_from_slice(b"\n2026-01-05 00:00:01.000 INFO payment: no line break");
    let sent = more.clone();
    let sending = std::thread::spawn(move || input.write_all(&sent).unwrap());
    let mut passed = Vec::new();
    (&mut output).take(more.len() as u64).read_to_end(&mut passed).unwrap();
    assert!(passed == more, "{} of {} bytes", passed.len(), more.len());
    sending.join().unwrap();
    until_served(&pintail);
    until("the records", || pintail.count("logs where level = 'INFO'") == 2);
    let stderr = terminate(child);
    // Nothing else was printed.
    assert_eq!(output.read_to_end(&mut passed).unwrap(), 0);
    assert!(stderr.contains("Pintail") && stderr.contains("http://"), "{stderr}");
    pintail.assert_sound();
}

#[test]
fn who_does_not_read_on_stops_only_the_passing_through() {
    let pintail = Pintail::new();
    let mut child = tee(&pintail);
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    input.write_all(lines(0..100).as_bytes()).unwrap();
    until_served(&pintail);
    until("the records", || pintail.count("logs") == 100);
    input.write_all(lines(100..200).as_bytes()).unwrap();
    drop(input);
    until("the records", || pintail.count("logs") == 200);
    let stderr = terminate(child);
    assert_eq!(stderr.matches("pass standard input through").count(), 1, "{stderr}");
}
