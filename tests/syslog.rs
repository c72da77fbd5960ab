//! Syslog: the real binary with its real clients, rsyslogd and logger, and with sockets that do
//! what no client should.
//!
//! rsyslog is installed by scripts/test-tools. Where it is missing, its tests say so and pass,
//! unless PINTAIL_REQUIRE_BROWSER (which CI sets) wants everything to run.

mod common;

use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use common::disk::Disk;
use common::server::Server;
use common::syslog::{Rsyslog, address_of, column, ledger, of_readme, program, send, until_closed};
use common::{Pintail, until};
use serde_json::Value;

const PLAIN: &str = "(tcp, udp)";

fn start(pintail: &Pintail) -> Server {
    Server::start(pintail, &["--syslog", "127.0.0.1:0"])
}

#[test]
fn both_framings_on_one_connection_and_hostile_lengths() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN);
    let long = "x".repeat((1 << 20) + 1);
    let mut stream = TcpStream::connect(to).unwrap();
    for part in
        ["<13>app: one\n1", "9 <13>", "app: two\n\ttrace<13>app: three\0{\"message\":\"four\"}\r\n"]
    {
        stream.write_all(part.as_bytes()).unwrap();
        stream.flush().unwrap();
    }
    write!(stream, "{long}\n{} {long}12 <13>app: six", long.len()).unwrap();
    drop(stream);
    server.until_records(5);
    assert_eq!(
        column(&server, "select message from logs order by message"),
        ["four", "one", "six", "three", "two\n\ttrace"]
    );
    assert_eq!(ledger(&server), [7, 5, 2, 0]);
    // A length that is none: nobody knows what follows.
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(b"12 <13>app: six0 <13>lost\n").unwrap();
    until_closed(stream);
    // A message that does not end.
    send(to, b"100 <13>app: half");
    until("the rejects", || ledger(&server) == [10, 6, 4, 0]);
    assert_eq!(
        column(&server, "select distinct reason from rejects order by 1"),
        [
            "message longer than 1 MiB",
            "no message length where one must be; the connection was closed",
            "the connection ended within the message",
        ]
    );
    let names = column(&server, "select kind || ' ' || name || ' ' || format from sources");
    assert_eq!(names, ["syslog syslog tcp 127.0.0.1 syslog"]);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_line_that_comes_alone_is_there_at_once() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let mut stream = TcpStream::connect(address_of(&server, PLAIN)).unwrap();
    let mut fastest = Duration::MAX;
    for n in 1..=20 {
        let sent = Instant::now();
        writeln!(stream, "<13>app: {n}").unwrap();
        server.until_records(n);
        fastest = fastest.min(sent.elapsed());
    }
    // Of twenty, so that a machine that does something else says nothing about Pintail.
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
    server.stop();
}

#[test]
fn datagrams_are_stored_or_counted() {
    const SENT: i64 = 100_000;
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..SENT {
        let message = format!("<13>1 - web1 app - - - message {n}\nand more");
        socket.send_to(message.as_bytes(), to).unwrap();
    }
    until("every datagram in the ledger", || ledger(&server)[0] == SENT);
    let [_, stored, rejected, dropped] = ledger(&server);
    assert_eq!((stored + dropped, rejected), (SENT, 0));
    // A process that does not run reads nothing: the system drops what it has no room for.
    server.signal("-STOP");
    for n in SENT..2 * SENT {
        let message = format!("<13>1 - web1 app - - - message {n} {}", "x".repeat(1_000));
        socket.send_to(message.as_bytes(), to).unwrap();
    }
    server.signal("-CONT");
    until("every datagram in the ledger", || ledger(&server)[0] == 2 * SENT);
    let [_, stored, _, dropped] = ledger(&server);
    assert!(dropped > 0 && stored + dropped == 2 * SENT, "{dropped}");
    let by_system = format!("select dropped from ledger where name = 'syslog udp on {to}'");
    assert!(server.value(&by_system).as_i64() > Some(0));
    assert_eq!(server.value("select count(*) from logs"), stored);
    assert_eq!(server.value("select count(distinct message) from logs"), stored);
    let shown = column(&server, "select distinct host || ' ' || service from logs");
    assert_eq!(shown, ["web1 app"]);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn what_was_read_is_committed_before_the_end() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN);
    let sender = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(to).unwrap();
        let mut sent = 0u64;
        // Until the server ends.
        while stream.write_all(format!("<13>app: {sent}\n").as_bytes()).is_ok() {
            sent += 1;
        }
        sent
    });
    until("some records", || server.value("select count(*) from logs").as_i64() > Some(10_000));
    let stderr = server.stop();
    assert!(!stderr.contains("lost"), "{stderr}");
    let sent = sender.join().unwrap();
    let stored = pintail.count("logs");
    assert!(stored > 10_000 && stored as u64 <= sent, "{stored} of {sent}");
    // In order, none twice, none left out: what is missing was never read.
    let whole = pintail.value(
        "select count(*) filter (message = row::varchar) from \
         (select message, row_number() over (order by rowid) - 1 as row from logs)",
    );
    assert_eq!(whole, stored);
    assert_eq!(pintail.value("select sum(missing) from ledger"), 0);
    pintail.assert_sound();
}

#[test]
fn logger_speaks_every_dialect() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let Some(logger) = program(&["logger"]) else { return };
    let port = address_of(&server, PLAIN).port().to_string();
    let logger = |args: &[&str]| {
        let mut command = Command::new(&logger);
        command.args(["--server", "127.0.0.1", "--port", &port, "--tag", "app"]).args(args);
        assert!(command.status().unwrap().success(), "{args:?}");
    };
    let data = ["--sd-id", "order@32473", "--sd-param", "id=\"7\"", "--msgid", "PAID"];
    let text = "y".repeat(5_000);
    logger(&["--tcp", "--rfc3164", "--priority", "local0.err", "a"]);
    logger(&["--udp", "--rfc3164", "--priority", "local0.err", "b"]);
    logger(&["--tcp", "--octet-count", "--rfc3164", "c"]);
    logger(&[&["--tcp", "--rfc5424", "--priority", "user.warning"], &data[..], &["d"]].concat());
    logger(&[&["--udp", "--rfc5424"], &data[..], &["e"]].concat());
    logger(&[&["--tcp", "--octet-count", "--rfc5424"], &data[..], &["f"]].concat());
    logger(&["--tcp", "--size", "8KiB", &text]);
    server.until_records(7);
    let shown = column(
        &server,
        "select message[:1] || ' ' || level || ' ' || service || ' ' || (host is not null) || ' ' || \
         coalesce(fields->>'$.\"order@32473\".id', '-') || ' ' || coalesce(fields->>'$.msgid', '-') \
         from logs order by message",
    );
    assert_eq!(
        shown,
        [
            "a ERROR app true - -",
            "b ERROR app true - -",
            "c INFO app true - -",
            "d WARN app true 7 PAID",
            "e INFO app true 7 PAID",
            "f INFO app true 7 PAID",
            "y INFO app true - -",
        ]
    );
    assert_eq!(server.value("select max(length(message)) from logs"), 5_000);
    let late = "select count(*) from logs where abs(epoch(ts) - epoch(ingested)) > 60";
    assert_eq!(server.value(late), 0);
    server.stop();
}

#[test]
fn the_lines_of_the_readme_work() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let port = address_of(&server, PLAIN).port().to_string();
    let Some(_) = program(&["logger"]) else { return };
    let line = of_readme("logger --").replace("5514", &port);
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success(), "{line}");
    let action = of_readme("omfwd").replace("5514", &port);
    let Some(rsyslog) = Rsyslog::start(&pintail, &action) else { return };
    rsyslog.log("hello");
    server.until_records(2);
    let shown =
        column(&server, "select level || ' ' || service || ' ' || message from logs order by 1");
    assert_eq!(shown, ["ERROR app hello", "ERROR deploy Deployment of orders failed"]);
    server.stop();
}

#[test]
fn rsyslog_forwards_in_every_way() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let port = address_of(&server, PLAIN).port();
    let forward = |options: &str| {
        format!("action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" {options})")
    };
    let ways = [
        r#"protocol="tcp""#,
        r#"protocol="tcp" template="RSYSLOG_ForwardFormat""#,
        r#"protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format""#,
        r#"protocol="tcp" TCP_Framing="octet-counted" ziplevel="0" template="RSYSLOG_TraditionalForwardFormat""#,
        r#"protocol="udp" template="RSYSLOG_SyslogProtocol23Format""#,
        r#"protocol="udp""#,
    ];
    let action = ways.map(forward).join("\n");
    let Some(rsyslog) = Rsyslog::start(&pintail, &action) else { return };
    const EACH: usize = 500;
    for n in 0..EACH {
        rsyslog.log(&format!("message {n}"));
    }
    let all = (ways.len() * EACH) as i64;
    server.until_records(all);
    let shown = column(
        &server,
        "select distinct level || ' ' || service || ' ' || (fields->>'$.pid') from logs",
    );
    assert_eq!(shown, ["ERROR app 7"]);
    let same = "select count(*) from (select message from logs group by 1 having count(*) = 6)";
    assert_eq!(server.value(same), EACH);
    assert_eq!(ledger(&server), [all, all, 0, 0]);
    server.stop();
    pintail.assert_sound();
}

/// What was committed is there once. What rsyslog could not send waits on its disk and comes later.
/// (What it has sent and was not committed when Pintail is killed, nobody knows of: syslog has no
/// answers. Here nothing is on its way at that moment.)
#[test]
fn rsyslog_keeps_what_it_cannot_send() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN).to_string();
    let action = of_readme("omfwd").replace("5514", to.rsplit_once(':').unwrap().1);
    let Some(rsyslog) = Rsyslog::start(&pintail, &action) else { return };
    (0..1000).for_each(|n| rsyslog.log(&format!("before {n}")));
    server.until_records(1000);
    server.kill();
    (0..1000).for_each(|n| rsyslog.log(&format!("during {n}")));
    let server = Server::start(&pintail, &["--syslog", &to]);
    (0..1000).for_each(|n| rsyslog.log(&format!("after {n}")));
    let distinct = "select count(distinct message) from logs";
    until("every message", || server.value(distinct) == 3000);
    let before = "select count(*) from logs where starts_with(message, 'before')";
    assert_eq!(server.value(before), 1000);
    ledger(&server);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn a_restart_keeps_who_connects_waiting() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN);
    send(to, "<13>app: one\n");
    server.until_records(1);
    server.stop();
    let server = Server::start(&pintail, &["--syslog", &to.to_string()]);
    send(to, "<13>app: two\n");
    server.until_records(2);
    // The same sender is the same source.
    assert_eq!(server.value("select count(*) from sources"), 1);
    server.stop();
}

#[test]
fn a_restart_in_place_loses_nothing_that_waits() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let to = address_of(&server, PLAIN);
    let mut open = TcpStream::connect(to).unwrap();
    open.write_all(b"<13>app: one\n").unwrap();
    server.until_records(1);
    server.signal("-HUP");
    // Whoever sends to the sockets waits there, whether a server is at them or not.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..100 {
        socket.send_to(format!("<13>app: message {n}").as_bytes(), to).unwrap();
        send(to, format!("<13>app: line {n}\n"));
    }
    until_closed(open);
    until("every message", || count(&server) == Some(201));
    assert!(server.stop().contains("serving again"));
    assert_eq!(
        pintail.column("select received || ' ' || stored from ledger order by 1"),
        ["100 100", "101 101"]
    );
    pintail.assert_sound();
}

#[test]
fn a_full_disk_keeps_senders_waiting_and_loses_nothing() {
    full_disk(false);
}

/// What was read from the sockets waits for the next server of the process.
#[test]
fn a_restart_in_place_on_a_full_disk_loses_nothing() {
    full_disk(true);
}

fn full_disk(restarts: bool) {
    const MESSAGES: u32 = 50_000;
    let pintail = Pintail::new();
    std::fs::create_dir(pintail.path("data")).unwrap();
    let disk = Disk::new(&pintail.path("data"), pintail.path("disk"));
    let arguments =
        "serve --db data/pintail.duckdb --listen 127.0.0.1:0 --syslog 127.0.0.1:0".split(' ');
    let mut command = pintail.command(arguments);
    disk.under(command.env_remove("PINTAIL_TOKEN"));
    let server = Server::spawn(command);
    let to = address_of(&server, PLAIN);
    send(to, "<13>app: first\n");
    server.until_records(1);
    disk.room(20_000);
    let messages: Vec<String> = (0..MESSAGES).map(|n| format!("<13>app: message {n}\n")).collect();
    messages.chunks(1_000).for_each(|some| send(to, some.concat()));
    until("the disk is full", || disk.room_left() == 0);
    let mut open = TcpStream::connect(to).unwrap();
    open.write_all(b"<13>app: last\n").unwrap();
    if restarts {
        server.signal("-HUP");
        until_closed(open);
    }
    disk.unlimited();
    until("every message", || count(&server) == Some(i64::from(MESSAGES) + 2));
    let stderr = server.stop();
    assert!(stderr.contains("No space left on device"), "{stderr}");
    assert_eq!(stderr.contains("waits for the database to be opened again"), restarts, "{stderr}");
    pintail.assert_sound_in("data/pintail.duckdb");
}

/// The records, asked over a new connection: others may be just what a restart ends.
fn count(server: &Server) -> Option<i64> {
    let asked = ureq::get(format!("{}/api/sql?sql=from+logs+select+count(*)", server.address));
    let rows: Value = asked.call().ok()?.body_mut().read_json().ok()?;
    rows["rows"][0][0].as_i64()
}

#[test]
fn addresses_that_others_reach_are_refused() {
    let pintail = Pintail::new();
    let stderr = pintail.fails(2, ["serve", "--listen", "127.0.0.1:0", "--syslog", "0.0.0.0:0"]);
    assert!(stderr.contains("syslog on 0.0.0.0:0 is reachable from other machines"), "{stderr}");
    assert!(stderr.contains("--insecure"), "{stderr}");
    let server = Server::start(&pintail, &["--syslog", "0.0.0.0:0", "--insecure"]);
    let port = address_of(&server, PLAIN).port();
    send(([127, 0, 0, 1], port).into(), "<13>app: one\n");
    server.until_records(1);
    let taken = ["serve", "--listen", "127.0.0.1:0", "--db", "other", "--syslog"];
    let address = format!("127.0.0.1:{port}");
    let stderr = pintail.fails(2, taken.into_iter().chain([&*address]));
    assert!(stderr.contains("listen for syslog on"), "{stderr}");
    server.stop();
}
