//! Syslog in a test: its addresses, its clients, and what must be true of what they sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::server::Server;
use super::{Pintail, until};

/// Where a server listens for syslog: `(tcp, udp)` or `(tls)`.
pub fn address_of(server: &Server, kind: &str) -> SocketAddr {
    // The line of the other kind may come first.
    let mut number = 0;
    loop {
        let said = server.says_nth("syslog", number);
        let (address, found) = said.split_once(' ').unwrap();
        if found == kind {
            return address.parse().unwrap();
        }
        number += 1;
    }
}

/// Sends over TCP and ends the connection.
pub fn send(to: SocketAddr, bytes: impl AsRef<[u8]>) {
    TcpStream::connect(to).unwrap().write_all(bytes.as_ref()).unwrap();
}

/// Reads to the end, which the server makes.
pub fn until_closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // Closed with something unread, it is reset: closed all the same.
    drop(stream.read_to_end(&mut rest));
    assert!(rest.is_empty(), "syslog has no answers");
}

/// The ledger, summed: received, stored, rejected, dropped; nothing is missing.
pub fn ledger(server: &Server) -> [i64; 4] {
    let sql = "select coalesce(sum(received), 0), coalesce(sum(stored), 0), \
        coalesce(sum(rejected), 0), coalesce(sum(dropped), 0), coalesce(sum(missing), 0) \
        from ledger where kind = 'syslog'";
    let row = server.sql(sql).json()["rows"][0].clone();
    let number = |at: usize| row[at].as_str().map_or(row[at].as_i64(), |n| n.parse().ok()).unwrap();
    let [received, stored, rejected, dropped, missing] = [0, 1, 2, 3, 4].map(number);
    assert_eq!((missing, received), (0, stored + rejected + dropped));
    [received, stored, rejected, dropped]
}

/// The first column of a query.
pub fn column(server: &Server, sql: &str) -> Vec<String> {
    let answer = server.sql(sql).json();
    let rows = answer["rows"].as_array().unwrap_or_else(|| panic!("{sql}: {answer}"));
    let text = |row: &Value| row[0].as_str().map_or_else(|| row[0].to_string(), str::to_owned);
    rows.iter().map(text).collect()
}

/// A program that these tests need, or why they are left out.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let dirs = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let found = names
        .iter()
        .flat_map(|name| dirs.split(':').map(move |dir| Path::new(dir).join(name)))
        .find(|path| path.exists());
    if found.is_none() {
        let names = names.join(" and ");
        assert!(
            std::env::var_os("PINTAIL_REQUIRE_BROWSER").is_none(),
            "{names} is missing; run scripts/test-tools"
        );
        eprintln!("skipped: {names} is missing; install it with: scripts/test-tools");
    }
    found
}

/// rsyslogd in the foreground, with a socket of its own that it takes messages from.
pub struct Rsyslog {
    child: Child,
    socket: PathBuf,
    sender: UnixDatagram,
}

impl Rsyslog {
    /// With this configuration of what it does with messages; `None` if it is not installed.
    pub fn start(pintail: &Pintail, action: &str) -> Option<Rsyslog> {
        let program = program(&["rsyslogd"])?;
        let spool = pintail.path("spool");
        std::fs::create_dir_all(&spool).unwrap();
        let socket = pintail.path("log.sock");
        let configuration = format!(
            "global(workDirectory=\"{}\")\n\
             module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{}\" ruleset=\"forward\")\n\
             ruleset(name=\"forward\") {{\n{action}\n}}\n",
            spool.display(),
            socket.display()
        );
        pintail.write("rsyslog.conf", configuration);
        let log = std::fs::File::create(pintail.path("rsyslog.log")).unwrap();
        let child = Command::new(program)
            .args(["-n", "-i", "NONE", "-f"])
            .arg(pintail.path("rsyslog.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        until("rsyslogd's socket", || socket.exists());
        let sender = UnixDatagram::unbound().unwrap();
        Some(Rsyslog { child, socket, sender })
    }

    /// Logs as programs do that use syslog(3).
    pub fn log(&self, message: &str) {
        let now = chrono::Utc::now().format("%b %e %H:%M:%S");
        let message = format!("<11>{now} app[7]: {message}");
        until("rsyslogd to take a message", || {
            self.sender.send_to(message.as_bytes(), &self.socket).is_ok()
        });
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The code block of the README that contains these words.
pub fn of_readme(words: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let mut blocks = vec![String::new()];
    for line in BufReader::new(std::fs::File::open(path).unwrap()).lines() {
        match line.unwrap().strip_prefix("    ") {
            Some(code) => blocks.last_mut().unwrap().push_str(&format!("{code}\n")),
            None => blocks.push(String::new()),
        }
    }
    blocks.into_iter().find(|block| block.contains(words)).expect("it stands in the README")
}
