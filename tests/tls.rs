//! TLS: https, and syslog in it, with certificates of an authority that only these tests know.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use common::certificate::{Certificate, NAME};
use common::server::Server;
use common::syslog::{Rsyslog, address_of};
use common::{Pintail, until};

/// More than the handshakes that a server has under way at a time.
const SILENT_CLIENTS: usize = 300;

/// Where a server that speaks TLS is reached.
fn address(server: &Server) -> SocketAddr {
    server.address.strip_prefix("https://").expect("it speaks TLS").parse().unwrap()
}

fn get(path: &str, headers: &str) -> String {
    let host = if headers.contains("host: ") { "" } else { "host: 127.0.0.1\r\n" };
    format!("GET {path} HTTP/1.1\r\n{host}{headers}connection: close\r\n\r\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n\
         content-type: application/json\r\n{headers}connection: close\r\n\r\n{body}"
    )
}

#[test]
fn the_page_over_https() {
    let pintail = Pintail::with("a.log", common::lines(0..3));
    let (own, foreign) =
        (Certificate::make(&pintail, "own"), Certificate::make(&pintail, "foreign"));
    let arguments = [&own.arguments()[..], &["--allow-host", NAME]].concat();
    let server = Server::start(&pintail, &arguments);
    let to = address(&server);
    let status = |answer: String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let ask = |request: String| own.ask(to, "127.0.0.1", &request).unwrap();
    assert!(ask(get("/", "")).contains("<!doctype html>"));
    // By its name, from its own page; and not from others'.
    for (headers, expected) in [
        (format!("host: {NAME}\r\norigin: https://{NAME}\r\n"), "200"),
        (format!("host: {NAME}\r\norigin: https://evil.example.org\r\n"), "403"),
        ("host: evil.example.org\r\n".to_owned(), "403"),
    ] {
        let answer = own.ask(to, NAME, &get("/api/status", &headers)).unwrap();
        assert_eq!(status(answer), expected, "{headers}");
    }
    // Who does not know the authority, or asks for somebody else, gets no connection.
    assert!(foreign.ask(to, "127.0.0.1", &get("/", "")).is_err());
    assert!(own.ask(to, "other.example.org", &get("/", "")).is_err());
    // Nor does who speaks no TLS.
    let mut plain = TcpStream::connect(to).unwrap();
    plain.write_all(get("/", "").as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP"));
    // The client's address is known here as elsewhere: it names the source.
    let answer = ask(post(
        "/insert/jsonline",
        "",
        "{\"message\":\"hello\",\"time\":\"2026-01-05T00:00:00Z\"}",
    ));
    assert_eq!(status(answer), "200");
    // The command line finds the server.
    assert_eq!(pintail.count("logs"), 4);
    assert_eq!(pintail.value("select name from sources where kind = 'http'"), "jsonline 127.0.0.1");
    server.stop();
}

#[test]
fn sessions_are_for_https_and_the_plain_port_for_the_command_line() {
    let pintail = Pintail::new();
    let own = Certificate::make(&pintail, "own");
    let server = Server::start_with(&pintail, &own.arguments(), &[("PINTAIL_TOKEN", "s3cret")]);
    let to = address(&server);
    let answer =
        own.ask(to, "127.0.0.1", &post("/api/login", "", "{\"token\":\"s3cret\"}")).unwrap();
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let beside: serde_json::Value =
        serde_json::from_str(&pintail.read("pintail.duckdb.server")).unwrap();
    let local = beside["address"].as_str().unwrap();
    assert!(local.starts_with("http://127.0.0.1:"), "{local}");
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let status = |path: &str, bearer: &str| {
        let request =
            agent.get(format!("{local}{path}")).header("authorization", format!("Bearer {bearer}"));
        request.call().unwrap().status().as_u16()
    };
    assert_eq!(status("/health", ""), 200);
    assert_eq!(status("/api/status", beside["key"].as_str().unwrap()), 200);
    // Not even the token opens it: that is for where it is not sent in the clear.
    for (path, bearer) in [("/", ""), ("/api/status", "s3cret"), ("/api/login", "")] {
        assert_eq!(status(path, bearer), 403, "{path}");
    }
    server.stop();
}

#[test]
fn who_says_nothing_keeps_nobody_out() {
    let pintail = Pintail::new();
    let own = Certificate::make(&pintail, "own");
    let arguments = [&own.arguments()[..], &["--syslog-tls", "127.0.0.1:0"]].concat();
    let server = Server::start(&pintail, &arguments);
    let (https, syslog) = (address(&server), address_of(&server, "(tls)"));
    let silent = |to: SocketAddr| {
        (0..SILENT_CLIENTS).map(move |_| TcpStream::connect(to).unwrap()).collect::<Vec<_>>()
    };
    let waiting = (silent(https), silent(syslog));
    let answer = own.ask(https, "127.0.0.1", &get("/health", "")).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    own.connect(syslog, NAME).unwrap().write_all(b"<13>app: hello\n").unwrap();
    until("the record", || pintail.count("logs") == 1);
    // The oldest were given up for it, long before their time.
    for mut stream in [&waiting.0[0], &waiting.1[0]] {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
    server.stop();
}

#[test]
fn syslog_over_tls() {
    let pintail = Pintail::new();
    let (own, foreign) =
        (Certificate::make(&pintail, "own"), Certificate::make(&pintail, "foreign"));
    let arguments = [&own.arguments()[..], &["--syslog-tls", "127.0.0.1:0"]].concat();
    let server = Server::start(&pintail, &arguments);
    let to = address_of(&server, "(tls)");
    let mut stream = own.connect(to, NAME).unwrap();
    stream.write_all(b"14 <13>app: hello14 <13>app: there").unwrap();
    until("the first records", || pintail.count("logs") == 2);
    assert!(foreign.connect(to, NAME).is_err());
    // Half a message, and no end.
    stream.write_all(b"14 <13>app").unwrap();
    drop(stream);
    until("the reject", || pintail.count("rejects") == 1);
    // Who writes and goes, as most do, has not read anything: nothing of it may be lost for that.
    for _ in 0..100 {
        own.connect(to, NAME).unwrap().write_all(b"14 <13>app: hello").unwrap();
    }
    until("every message", || pintail.count("logs") == 102);
    assert_eq!(pintail.column("select name from sources"), ["syslog tls 127.0.0.1"]);
    server.stop();
    pintail.assert_sound();
}

#[test]
fn rsyslog_over_tls() {
    let pintail = Pintail::new();
    let own = Certificate::make(&pintail, "own");
    let arguments = [&own.arguments()[..], &["--syslog-tls", "127.0.0.1:0"]].concat();
    // The page needs a name or a key: asked over the plain port.
    let server = Server::start(&pintail, &arguments);
    let port = address_of(&server, "(tls)").port();
    let forward = |driver: &str| {
        format!(
            "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\"\n\
             TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"\n\
             StreamDriver=\"{driver}\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\"\n\
             StreamDriverPermittedPeers=\"{NAME}\"\n\
             StreamDriver.CAFile=\"{}\" action.resumeInterval=\"1\" action.resumeRetryCount=\"-1\")",
            own.authority_file.display()
        )
    };
    let actions = ["gtls", "ossl"].map(forward).join("\n");
    let Some(rsyslog) = Rsyslog::start(&pintail, &actions) else { return };
    (0..200).for_each(|n| rsyslog.log(&format!("message {n}")));
    until("every message twice", || pintail.count("logs") == 400);
    let same = "select count(*) from (select message from logs group by 1 having count(*) = 2)";
    assert_eq!(pintail.value(same), 200);
    server.stop();
}

#[test]
fn certificates_that_do_not_fit_are_told() {
    let pintail = Pintail::new();
    let (own, foreign) =
        (Certificate::make(&pintail, "own"), Certificate::make(&pintail, "foreign"));
    let [certificate, key] = [&own.file, &foreign.key_file].map(|path| path.to_str().unwrap());
    for (arguments, problem) in [
        (vec!["--tls-cert", certificate, "--tls-key", key], "it is no key of"),
        (vec!["--tls-cert", key, "--tls-key", key], "certificate"),
        (vec!["--tls-cert", certificate], "tls_cert and tls_key go together"),
        (vec!["--syslog-tls", "127.0.0.1:0"], "syslog_tls needs a certificate"),
    ] {
        let arguments = ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(arguments);
        let run = pintail.run(arguments);
        assert!(run.code.is_some_and(|code| code != 0) && run.stderr.contains(problem), "{run:?}");
    }
}
