//! `pintail ingest` while a server has the database: what it says, what is stored and what comes
//! of a kill are the same as without one, and a file that the server follows comes in once.

mod common;

use std::io::Write;
use std::process::{Child, Stdio};

use common::server::Server;
use common::{Pintail, Run, data, finish, gzip, line, lines, messages, until};
use serde_json::json;

/// A directory with all kinds of inputs.
fn with_files() -> Pintail {
    let pintail = Pintail::new();
    std::fs::create_dir(pintail.path("logs")).unwrap();
    pintail.write("logs/a.log", lines(0..500) + "\tat shop.A\n");
    pintail.write("logs/b.log.gz", gzip(lines(500..900)));
    pintail.write("logs/empty.log", "");
    pintail.write("logs/image.log", b"\x89PNG\r\n\x1a\n\x00\x01\x02");
    pintail.write("odd.log", format!("no record\n{}2026-02-30 00:00:00.000 INFO x: y\n", line(7)));
    pintail.write("bin.log", b"\x7fELF\x02\x01\x01\x00\x00\x00");
    pintail
}

/// What is printed, but for how long it took.
fn untimed(run: &Run) -> (Option<i32>, String, String) {
    let mut stdout: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    if let Some(first) = stdout.first_mut() {
        *first = first.split(" in ").next().unwrap().to_owned();
    }
    (run.code, stdout.join("\n"), run.stderr.clone())
}

const TABLES: [&str; 4] = [
    "select ts, level, service, host, message, fields::varchar, s.name from logs join sources s \
     on s.id = source order by all",
    "select start_byte, reason, line, s.name from rejects join sources s on s.id = source \
     order by all",
    "select kind, parse_filename(name), format, score from sources order by all",
    "select sum(received), sum(records), sum(rejects) from intake",
];

/// Runs the same with and without a server, and compares what is said and stored.
fn assert_same(steps: &[&dyn Fn(&Pintail) -> Run]) {
    let (alone, served) = (with_files(), with_files());
    let server = Server::start(&served, &[]);
    for (number, step) in steps.iter().enumerate() {
        let (without, with) = (step(&alone), step(&served));
        // What follows the path of the test's own directory is the same.
        assert_eq!(untimed(&with), untimed(&without), "step {number}");
    }
    server.stop();
    served.assert_sound();
    for table in TABLES {
        let strip = |pintail: &Pintail| {
            let rows = format!("{:?}", pintail.sql(table));
            rows.replace(&pintail.dir().display().to_string(), "")
        };
        assert_eq!(strip(&served), strip(&alone), "{table}");
    }
}

#[test]
fn files_come_to_the_same_with_and_without_a_server() {
    assert_same(&[
        &|pintail| pintail.run(["ingest", "logs", "odd.log"]),
        &|pintail| pintail.run(["ingest", "logs", "odd.log"]),
        // Grown, with a record that goes on; replaced; known under another name.
        &|pintail| {
            pintail.append("logs/a.log", format!("\tat shop.B\n{}", line(901)));
            pintail.write("odd.log", lines(20..30));
            pintail.run(["ingest", "logs/*.log", "odd.log", "./logs/../odd.log"])
        },
        &|pintail| pintail.run(["ingest", "--again", "--workers", "1", "logs/a.log"]),
        &|pintail| pintail.run(["ingest", "--quiet", "logs"]),
    ]);
}

#[test]
fn errors_are_the_same_and_stop_nothing_else() {
    assert_same(&[
        &|pintail| pintail.run(["ingest", "missing.log", "bin.log", "logs/a.log"]),
        &|pintail| pintail.run(["ingest", "nothing*.log"]),
        &|pintail| pintail.run(["ingest", "--format", "nginx", "odd.log"]),
        &|pintail| pintail.run(["ingest", "--format", "csv", "odd.log"]),
        &|pintail| pintail.run(["ingest", "--formats", "missing.toml", "odd.log"]),
        &|pintail| {
            // A pipe that cannot be read.
            let mut command = pintail.command(["ingest", "-", "odd.log"]);
            command.stdin(std::fs::File::open(pintail.path("logs")).unwrap());
            finish(command.spawn().unwrap(), Vec::new())
        },
    ]);
}

#[test]
fn pipes_and_formats_of_ones_own_come_to_the_same() {
    const FORMATS: &str =
        "[format.shop]\npattern = '(?<ts>\\S+ \\S+) <(?<level>\\w+)> (?<message>.*)'\n";
    assert_same(&[
        &|pintail| pintail.run_with(["ingest", "-"], lines(0..20_000)),
        &|pintail| pintail.run_with(["ingest", "-", "odd.log"], gzip(lines(0..100))),
        &|pintail| pintail.run_with(["ingest", "-"], ""),
        &|pintail| pintail.run_with(["ingest", "-"], b"\x7fELF\x02\x01\x01".to_vec()),
        &|pintail| {
            pintail.write("formats.toml", FORMATS);
            let arguments =
                ["ingest", "--formats", "formats.toml", "--format", "shop", "--timezone", "+02:00"];
            let text = "2026-01-05 02:00:00 <ERROR> of a shop\n";
            pintail.run_with(arguments.into_iter().chain(["-"]), text)
        },
        &|pintail| {
            let script = "mkfifo p && (cat logs/a.log > p & \"$0\" ingest p)";
            let mut command = pintail.command([""; 0]);
            let binary = command.get_program().to_owned();
            command = std::process::Command::new("sh");
            command.args(["-c", script]).arg(binary).current_dir(pintail.dir());
            command.env_remove("PINTAIL_DB").stdout(Stdio::piped()).stderr(Stdio::piped());
            finish(command.spawn().unwrap(), Vec::new())
        },
    ]);
}

#[test]
fn local_times_are_those_of_who_loads() {
    let pintail = Pintail::new();
    pintail.write("app.log", "2026-01-05 02:00:00.000 INFO payment: x\n");
    let server = Server::start_with(&pintail, &[], &[("TZ", "America/New_York")]);
    let mut command = pintail.command(["ingest", "--timezone", "local", "app.log"]);
    let run = finish(command.env("TZ", "Europe/Helsinki").spawn().unwrap(), Vec::new());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(server.value("select ts::varchar from logs"), "2026-01-05 00:00:00");
}

#[test]
fn a_followed_file_that_is_loaded_too_comes_in_once() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..4_000));
    let server = Server::start(&pintail, &["app.log"]);
    // Written to while both are at it.
    for round in 1..=20 {
        pintail.append("app.log", lines(round * 4_000..(round + 1) * 4_000));
        pintail.ok(["ingest", "app.log"]);
    }
    server.until_records(84_000);
    // And the follower goes on after.
    pintail.append("app.log", line(84_000) + &line(84_001));
    server.until_records(84_002);
    assert_eq!(server.value("select count(distinct message) from logs"), 84_002);
    server.stop();
    pintail.assert_complete();
}

#[test]
fn an_archive_of_a_followed_file_that_is_loaded_comes_in_once() {
    let pintail = Pintail::new();
    pintail.write("app.log", lines(0..1_000));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(1_000);
    // Rotated with lines that the follower may have seen or not.
    pintail.append("app.log", lines(1_000..2_000));
    std::fs::rename(pintail.path("app.log"), pintail.path("app.log.1")).unwrap();
    pintail.write("app.log", lines(2_000..2_010));
    pintail.write("app.log.1.gz", gzip(pintail.read("app.log.1")));
    std::fs::remove_file(pintail.path("app.log.1")).unwrap();
    pintail.ok(["ingest", "app.log.1.gz"]);
    server.until_records(2_010);
    assert_eq!(server.value("select count(distinct message) from logs"), 2_010);
    server.stop();
}

/// A load through the server that waits for more of its pipe.
fn load_of_a_pipe(pintail: &Pintail) -> Child {
    let mut child = pintail.command(["ingest", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(lines(0..20_000).as_bytes()).unwrap();
    child
}

#[test]
fn a_server_that_is_killed_in_the_middle_is_a_clear_error_and_the_next_run_completes_it() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "1500000", "--rate", "2000", "--output", "app.log"]);
    let server = Server::start(&pintail, &[]);
    let child = pintail.command(["ingest", "app.log", "--workers", "2"]).spawn().unwrap();
    until("the first commit", || server.value("select count(*) from logs") != 0);
    server.kill();
    let run = finish(child, Vec::new());
    // It may have come to its end between the look and the kill; not on any machine we know.
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("another run goes on from there"), "{run:?}");
    let server = Server::start(&pintail, &[]);
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(server.value("select count(*) from logs"), 1_500_000);
    server.stop();
    pintail.assert_complete();
}

#[test]
fn a_server_that_is_stopped_ends_its_loads_and_says_so() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let child = load_of_a_pipe(&pintail);
    until("the load", || {
        server.get("/metrics").text().contains("/api/local/pipe") || reads(&server)
    });
    server.stop();
    let run = finish(child, Vec::new());
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("the server was stopped"), "{run:?}");
    pintail.assert_sound();
}

/// Whether a pipe has become a source: its first bytes have come.
fn reads(server: &Server) -> bool {
    server.value("select count(*) from sources where kind = 'pipe'") == 1
}

#[test]
fn who_interrupts_a_load_stops_it_in_the_server() {
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "3000000", "--rate", "2000", "--output", "app.log"]);
    let server = Server::start(&pintail, &[]);
    let child = pintail.command(["ingest", "app.log", "--workers", "1"]).spawn().unwrap();
    until("the first commit", || server.value("select count(*) from logs") != 0);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(finish(child, Vec::new()).code, None);
    // The next load waits for what is left of that one, and goes on from there.
    let rest = pintail.ingest(["app.log"]);
    assert!(rest.lines > 0 && rest.lines < 3_000_000, "{}", rest.text);
    assert_eq!(server.value("select count(*) from logs"), 3_000_000);
    server.stop();
    pintail.assert_complete();
}

#[test]
fn a_pipe_that_breaks_off_is_not_taken_for_a_whole() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let mut child = load_of_a_pipe(&pintail);
    child.stdin.as_mut().unwrap().write_all(lines(20_000..40_000).as_bytes()).unwrap();
    until("the pipe", || reads(&server));
    child.kill().unwrap();
    child.wait().unwrap();
    // Nothing waits for it any more: a load of files has the server to itself.
    pintail.write("app.log", lines(0..10));
    assert_eq!(pintail.ingest(["app.log"]).records, 10);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn only_who_can_read_the_key_may_have_files_read() {
    let pintail = Pintail::new();
    let server =
        Server::start_with(&pintail, &[], &[("PINTAIL_TOKEN", "secret")]).with_token("secret");
    let request = json!({
        "name": "x", "files": [{"path": {"Unix": b"/etc/passwd"}, "named": true}], "pipe": null,
        "format": null, "formats": null, "timezone": "UTC", "again": false, "workers": 1,
    });
    let answer = server.post("/api/local/ingest", &request, &[]);
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "forbidden"));
    assert_eq!(server.post("/api/local/pipe?name=x", &json!({}), &[]).status, 403);
    assert_eq!(server.value("select count(*) from sources"), 0);
    // The command line can.
    let sample = data("sample.log");
    assert_eq!(pintail.ingest([sample]).records, 2_000);
}

#[test]
fn what_is_loaded_is_asked_at_once() {
    let pintail = Pintail::with("app.log", lines(0..3));
    let _server = Server::start(&pintail, &[]);
    pintail.append("app.log", lines(3..6));
    pintail.ok(["ingest", "app.log"]);
    assert_eq!(pintail.messages(), messages(0..6));
}
