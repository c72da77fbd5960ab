//! The configuration as its users meet it: who goes before whom, what is refused, what `pintail
//! check` prints.

mod common;

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::server::Server;
use common::{Pintail, Run, lines, until};
use serde_json::Value;

/// A run with variables in its environment.
fn run(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let output = pintail.command(args).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What `pintail check` prints.
fn printed(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> String {
    let all: Vec<&str> = ["check"].iter().chain(args).copied().collect();
    let run = run(pintail, &all, variables);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    run.stdout
}

/// What it says is in force.
fn effective(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> toml::Table {
    let text = printed(pintail, args, variables);
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A port that is free for now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn flags_go_before_variables_before_the_file_before_defaults() {
    let pintail = Pintail::new();
    let budget = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["--listen", "127.0.0.1:0"], args].concat();
        effective(&pintail, &args, variables)["false_alarms_per_day"].as_float().unwrap()
    };
    let variable = [("PINTAIL_FALSE_ALARMS_PER_DAY", "4")];
    assert_eq!(budget(&[], &[]), 1.0);
    assert_eq!(budget(&[], &variable), 4.0);
    pintail.write("pintail.toml", "false_alarms_per_day = 3\n");
    assert_eq!(budget(&[], &[]), 3.0);
    assert_eq!(budget(&[], &variable), 4.0);
    assert_eq!(budget(&["--false-alarms-per-day", "5"], &variable), 5.0);
    // A file that is named is read instead of the one beside the database.
    pintail.write("other.toml", "false_alarms_per_day = 2.5\n");
    assert_eq!(budget(&["--config", "other.toml"], &[]), 2.5);
    assert_eq!(budget(&[], &[("PINTAIL_CONFIG", "other.toml")]), 2.5);
    std::fs::create_dir(pintail.path("elsewhere")).unwrap();
    assert_eq!(budget(&["--db", "elsewhere/x.duckdb"], &[]), 1.0);
}

#[test]
fn who_said_what_is_shown() {
    let pintail = Pintail::new();
    pintail.write("pintail.toml", "drain_seconds = 3\n");
    let args = ["check", "--listen", "127.0.0.1:0"];
    let run = run(&pintail, &args, &[("PINTAIL_BODY_MAX_MIB", "5")]);
    for line in [
        "drain_seconds = 3  # from the file",
        "body_max_mib = 5  # from the environment",
        "listen = \"127.0.0.1:0\"  # from the command line",
        "receive_memory_mib = 256  # default",
        "# token_file is not set",
    ] {
        assert!(run.stdout.lines().any(|known| known == line), "{line}: {}", run.stdout);
    }
}

#[test]
fn paths_of_a_file_are_meant_from_where_it_is() {
    let pintail = Pintail::new();
    std::fs::create_dir_all(pintail.path("data/logs")).unwrap();
    pintail.write("data/pintail.toml", "follow = ['logs']\nlisten = '127.0.0.1:0'\n");
    let shown = effective(&pintail, &["--db", "data/x.duckdb"], &[]);
    let follow = shown["follow"][0].as_str().unwrap();
    assert_eq!(follow, pintail.path("data/logs").to_str().unwrap());
    // Those of the command line replace them, and are meant from where it is.
    let shown = effective(&pintail, &["--db", "data/x.duckdb", "data"], &[]);
    assert_eq!(shown["follow"].as_array().unwrap().len(), 1);
    assert!(shown["follow"][0].as_str().unwrap().ends_with("data"));
    let both = std::env::join_paths([pintail.path("data"), pintail.path("data/logs")]).unwrap();
    let variables = [("PINTAIL_FOLLOW", both.to_str().unwrap())];
    let shown = effective(&pintail, &["--db", "data/x.duckdb"], &variables);
    assert_eq!(shown["follow"].as_array().unwrap().len(), 2);
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_the_nearest_name() {
    let pintail = Pintail::new();
    pintail.write("pintail.toml", "# comment\n\nlisen = '127.0.0.1:1'\n[mail]\nhots = 'x'\n");
    let expected = "pintail: pintail.toml line 3: unknown key \"lisen\"; did you mean \"listen\"?\n\
                    pintail: pintail.toml line 5: unknown key \"hots\" in [mail]; did you mean \"host\"?\n";
    assert_eq!(pintail.fails(2, ["check"]), expected);
    assert_eq!(pintail.fails(2, ["serve"]), expected);
    assert!(pintail.fails(2, ["check", "--config", "none.toml"]).contains("none.toml"));
}

#[test]
fn every_problem_is_told_at_once() {
    let pintail = Pintail::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    pintail.write("formats.toml", "[format.x]\npattern = '('\n");
    pintail.write("a.pem", "no certificate");
    pintail.write(
        "pintail.toml",
        format!(
            "follow = ['none/*.log']\nlisten = '{taken}'\nformats = 'formats.toml'\n\
             tls_cert = 'a.pem'\ntls_key = 'a.pem'\npublic_url = 'pintail.example.org'\n\
             body_max_mib = 512\n[mail]\nhost = 'localhost'\n"
        ),
    );
    let problems = pintail.fails(2, ["check"]);
    for problem in [
        "no file matches",
        &format!("listen on {taken}"),
        "formats.toml: format x",
        "a.pem: there is no certificate",
        "public_url",
        "body_max_mib (512) is above receive_memory_mib (256)",
        "PINTAIL_SMTP_TO is missing",
    ] {
        assert!(problems.contains(problem), "{problem}: {problems}");
    }
    assert!(problems.lines().all(|line| line.starts_with("pintail: ")), "{problems}");
    assert_eq!(problems.lines().count(), 7, "{problems}");
}

#[test]
fn what_check_prints_says_the_same_again() {
    let pintail = Pintail::new();
    pintail.write("odd \"name\" \u{7f}.log", "");
    pintail.write("password", "hunter2\n");
    pintail.write("token", "sesame\n");
    pintail.write(
        "pintail.toml",
        "allow_host = ['logs.example.org']\ntoken_file = 'token'\n\
         [mail]\nhost = 'mail.example.org'\nuser = 'me'\npassword_file = 'password'\n\
         from = 'a@example.org'\nto = 'b@example.org, c@example.org'\n",
    );
    let args = ["odd \"name\" \u{7f}.log", "--listen", "127.0.0.1:0", "--threshold", "4.5"];
    let variables =
        [("PINTAIL_TIMEZONE", "Europe/Berlin"), ("PINTAIL_SYSLOG", "[::1]:0,127.0.0.1:0")];
    let text = printed(&pintail, &args, &variables);
    let first: toml::Table = text.parse().unwrap();
    assert_eq!(first["mail"]["port"].as_integer(), Some(587));
    pintail.write("again.toml", &text);
    assert_eq!(effective(&pintail, &["--config", "again.toml"], &[]), first);
}

#[test]
fn no_secret_is_printed() {
    let pintail = Pintail::new();
    pintail.write("password", "hunter2\n");
    pintail.write("smtp.toml", "password = 'hunter2'\nuser = 'me'\n");
    pintail.write(
        "pintail.toml",
        "[mail]\nhost = 'localhost'\nfrom = 'a@example.org'\nto = 'b@example.org'\n",
    );
    let args = ["check", "--listen", "127.0.0.1:0"];
    let token = ("PINTAIL_TOKEN", "sesame");
    for variables in [
        [token, ("PINTAIL_SMTP_USER", "me"), ("PINTAIL_SMTP_PASSWORD", "hunter2")],
        [token, ("PINTAIL_SMTP_USER", "me"), ("PINTAIL_SMTP_PASSWORD_FILE", "password")],
        [token, ("PINTAIL_SMTP_FILE", "smtp.toml"), ("X", "")],
    ] {
        let run = run(&pintail, &args, &variables);
        assert_eq!(run.code, Some(0), "{run:?}");
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(!all.contains("hunter2") && !all.contains("sesame"), "{all}");
        assert!(all.contains("password"), "{all}");
    }
    for wrong in [
        "password = 'hunter2'",
        "pasword = 'hunter2'",
        "[mail]\npassword = 'hunter2'",
        "hunter = ['hunter2",
    ] {
        pintail.write("pintail.toml", wrong);
        let problems = pintail.fails(2, ["check"]);
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn an_address_that_our_own_server_has_is_no_problem() {
    let pintail = Pintail::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let server = Server::start(&pintail, &["--listen", &listen]);
    pintail.ok(["check", "--listen", &listen]);
    assert!(
        pintail.fails(2, ["check", "--db", "other.duckdb", "--listen", &listen]).contains("in use")
    );
    server.stop();
}

/// An answer over a connection of its own: a server that starts again closes those there are, but
/// none that is new.
fn ask(server: &Server, path: &str) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let mut answer = agent.get(format!("{}{path}", server.address)).call().unwrap();
    answer.body_mut().read_json().unwrap()
}

fn threshold(server: &Server) -> f64 {
    ask(server, "/api/status")["threshold"].as_f64().unwrap()
}

fn until_records(server: &Server, count: i64) {
    until(&format!("{count} records"), || {
        ask(server, "/api/sql?sql=select+count(*)+from+logs")["rows"][0][0] == count
    });
}

#[test]
fn a_hangup_has_the_configuration_read_again() {
    let pintail = Pintail::new();
    pintail.write("a.log", lines(0..10));
    pintail.write("b.log", lines(10..30));
    pintail.write("pintail.toml", "follow = ['a.log']\nthreshold = 3\n");
    let server = Server::start(&pintail, &[]);
    until_records(&server, 10);
    assert_eq!(threshold(&server), 3.0);
    pintail.write("pintail.toml", "follow = ['b.log']\nthreshold = 5\n");
    server.signal("-HUP");
    until("the other threshold", || threshold(&server) == 5.0);
    until_records(&server, 30);
    // What is not followed any more is left alone.
    pintail.append("a.log", lines(30..40));
    pintail.append("b.log", lines(40..45));
    until_records(&server, 35);
    let said = server.stop();
    assert!(said.contains("serving again on http://127.0.0.1:"), "{said}");
    pintail.assert_sound();
}

#[test]
fn a_file_with_mistakes_changes_nothing() {
    let pintail = Pintail::new();
    pintail.write("a.log", lines(0..10));
    pintail.write("pintail.toml", "follow = ['a.log']\n");
    let server = Server::start(&pintail, &[]);
    until_records(&server, 10);
    pintail.write("pintail.toml", "lisen = 'x'\nfollow = 3\n");
    server.signal("-HUP");
    pintail.append("a.log", lines(10..20));
    until_records(&server, 20);
    // An address that somebody else has is a mistake too.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = Pintail::new();
    other.write("pintail.toml", "threshold = 3\n");
    let mut command = other.command(["serve"]);
    command.env("PINTAIL_THRESHOLD", "7").env_remove("PINTAIL_LISTEN");
    other.write("pintail.toml", "listen = '127.0.0.1:0'\n");
    let moving = Server::spawn(command);
    other.write("pintail.toml", format!("listen = '{}'\n", taken.local_addr().unwrap()));
    moving.signal("-HUP");
    moving.until_said("the server goes on as it was");
    assert_eq!(threshold(&moving), 7.0);
    moving.stop();
    let said = server.stop();
    for part in ["unknown key \"lisen\"", "line 2: follow: ", "the server goes on as it was"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("serving again"), "{said}");
}

#[test]
fn nobody_is_refused_while_the_server_starts_again() {
    let pintail = Pintail::with("a.log", lines(0..10));
    let server = Server::start(&pintail, &[]);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(ask(&server, "/health")["status"], "ok");
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        for times in 1..=5 {
            let before = asked.load(Ordering::Relaxed);
            server.signal("-HUP");
            server.until_said_times("serving again", times);
            until("an answer", || asked.load(Ordering::Relaxed) > before + 5);
        }
        done.store(true, Ordering::Relaxed);
    });
    until_records(&server, 10);
    server.stop();
}

#[test]
fn a_server_ends_in_time_whoever_still_asks() {
    let pintail = Pintail::with("a.log", lines(0..10));
    let server = Server::start(&pintail, &["--drain-seconds", "1"]);
    let started = Instant::now();
    let address = server.address.clone();
    let asking = std::thread::spawn(move || {
        let endless = "select+max(md5(range::varchar))+from+range(1000000000000)";
        ureq::get(format!("{address}/api/sql?sql={endless}")).call().is_ok()
    });
    std::thread::sleep(Duration::from_millis(500));
    server.stop();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    asking.join().unwrap();
}

/// A disk that is full when DuckDB writes a checkpoint makes it give the database up. Here a limit
/// on the size of files stands for the disk: what was in the database is just below it.
#[test]
fn a_database_that_was_given_up_is_opened_again() {
    const PIECE: i64 = 40_000;
    let pintail = Pintail::new();
    pintail.ok(["generate", "--lines", "1000000", "--output", "big.log"]);
    pintail.ok(["ingest", "-q", "big.log"]);
    pintail.write("a.log", "");
    let mut command = Command::new("sh");
    // Without the trap the signal that goes with the limit would end the process.
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_pintail")]);
    command.args(["serve", "a.log", "--listen", "127.0.0.1:0"]).current_dir(pintail.dir());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Server::spawn(command);
    let size = std::fs::metadata(pintail.path("pintail.duckdb")).unwrap().len();
    limit_files(&server, &(size + 300_000).to_string());
    // The write-ahead log is put into the database when it has 16 MiB: after five of them.
    for number in 0..6 {
        let (lines, seed) = (PIECE.to_string(), number.to_string());
        pintail.ok(["generate", "--lines", &lines, "--seed", &seed, "--output", "piece.log"]);
        pintail.append("a.log", std::fs::read(pintail.path("piece.log")).unwrap());
        std::thread::sleep(Duration::from_secs(1));
    }
    limit_files(&server, "unlimited");
    until_records(&server, 1_000_000 + 6 * PIECE);
    let said = server.stop();
    assert!(said.contains("DuckDB gave the database up; opening it again in 1 s: "), "{said}");
    assert!(said.contains("serving again"), "{said}");
    pintail.assert_complete();
}

#[test]
fn a_start_that_fails_is_tried_again() {
    let pintail = Pintail::with("a.log", lines(0..10));
    let server = Server::start(&pintail, &[]);
    let [database, aside] = ["pintail.duckdb", "aside"].map(|name| pintail.path(name));
    // What is there in its place is no database.
    std::fs::rename(&database, &aside).unwrap();
    std::fs::create_dir(&database).unwrap();
    server.signal("-HUP");
    server.until_said("trying again in 1 s");
    std::fs::remove_dir(&database).unwrap();
    std::fs::rename(&aside, &database).unwrap();
    server.until_said("serving again");
    until_records(&server, 10);
    server.stop();
}

/// The file beside the database is the same through all restarts: nothing is to be written for them.
#[test]
fn a_full_disk_does_not_keep_the_command_line_from_finding_a_restarted_server() {
    let pintail = Pintail::with("a.log", lines(0..10));
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_pintail")]);
    command.args(["serve", "a.log", "--listen", "127.0.0.1:0"]).current_dir(pintail.dir());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Server::spawn(command);
    until_records(&server, 10);
    limit_files(&server, "10");
    server.signal("-HUP");
    server.until_said("serving again");
    limit_files(&server, "unlimited");
    let count = pintail.ok(["sql", "--format", "csv", "select count(*) from logs"]);
    assert_eq!(count.trim().lines().last(), Some("10"));
    let said = server.stop();
    // What it found could not be stored, of course.
    let other = |line: &&str| line.contains("WARN") && !line.contains("monitor: ");
    assert_eq!(said.lines().find(other), None, "{said}");
    assert!(!pintail.path("pintail.duckdb.server").exists());
}

/// Lets a server write files of so many bytes.
fn limit_files(server: &Server, bytes: &str) {
    let (pid, limit) = (server.pid().to_string(), format!("--fsize={bytes}:"));
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
}

/// A file of data/service/.
fn example(name: &str) -> String {
    format!("{}/data/service/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_example_is_whole_and_the_unit_starts_with_it() {
    let pintail = Pintail::new();
    let unit = std::fs::read_to_string(example("pintail.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<String> = start
        .split_whitespace()
        .map(|word| word.replace("/etc/pintail/pintail.toml", &example("pintail.toml")))
        .map(|word| word.replace("/var/lib/pintail/", &format!("{}/", pintail.dir().display())))
        .collect();
    assert_eq!(words[..2], ["/usr/local/bin/pintail", "serve"]);
    let mut args: Vec<&str> = words[2..].iter().map(String::as_str).collect();
    args.extend(["--listen", "127.0.0.1:0"]);
    let shown = effective(&pintail, &args, &[]);
    assert_eq!(shown["false_alarms_per_day"].as_float(), Some(1.0));
    let server = Server::start(&pintail, &args);
    assert_eq!(threshold(&server), 6.0);
    server.stop();
}
