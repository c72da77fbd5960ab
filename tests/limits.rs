//! What clients may ask for at once: what is above it is refused before it takes memory, and
//! whoever does so harms nobody else.

mod common;

use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use common::client::{self, Client};
use common::server::Server;
use common::{Pintail, until};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

const PATH: &str = "/insert/jsonline";

/// Of a body when it is unpacked.
const BODY_MIB_MAX: usize = 4;

/// Of all that is being taken in; a client may have half.
const RECEIVE_MIB: usize = 16;

/// What a bomb becomes.
const BOMB_BYTES: u64 = 1 << 30;

/// By how much the server's memory may grow by bodies within the limits.
const GROWTH_KIB_MAX: u64 = 96 << 10;

const CLIENTS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];

fn start(pintail: &Pintail) -> Server {
    let (body, receive) = (BODY_MIB_MAX.to_string(), RECEIVE_MIB.to_string());
    Server::start(pintail, &["--body-max-mib", &body, "--receive-memory-mib", &receive])
}

/// Lines of JSON, about so many bytes.
fn body(bytes: usize) -> Vec<u8> {
    let line = format!("{{\"message\":\"{}\"}}\n", "x".repeat(1_000));
    line.repeat(bytes / line.len()).into_bytes()
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_takes_memory() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let mut client = Client::new(&server.address);
    let reply = client.post(PATH, &[], &body(BODY_MIB_MAX << 20)).unwrap();
    assert_eq!(reply.status, 200, "as large as it may be: {reply:?}");
    let before = server.memory_kib("VmHWM:");
    let large = body((BODY_MIB_MAX << 20) + (64 << 10));
    let loki = "/loki/api/v1/push";
    for (path, encoding, body) in [
        (PATH, "identity", large.clone()),
        (PATH, "gzip", common::gzip(&large)),
        (PATH, "gzip", gzip_bomb()),
        (PATH, "deflate", zlib_bomb()),
        (PATH, "zstd", zstd_bomb()),
        (loki, "snappy", snap::raw::Encoder::new().compress_vec(&large).unwrap()),
    ] {
        let headers = [("Content-Encoding", encoding)];
        // Refused, it may close the connection while the body is still on its way.
        let reply = client.post(path, &headers, &body);
        let reply = reply.or_else(|_| client.post(path, &headers, &body)).unwrap();
        assert_eq!(reply.status, 413, "{path} {encoding}: {reply:?}");
    }
    // A length of four gibibytes in a block of a few bytes.
    let liar = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0];
    let reply = client.post(loki, &[("Content-Encoding", "snappy")], &liar).unwrap();
    assert!([400, 413].contains(&reply.status), "{reply:?}");
    let growth = server.memory_kib("VmHWM:") - before;
    assert!(growth < GROWTH_KIB_MAX, "{growth} KiB");
    assert_eq!(client.post(PATH, &[], b"{\"message\":\"x\"}\n").unwrap().status, 200);
    server.stop();
}

fn gzip_bomb() -> Vec<u8> {
    bomb(GzEncoder::new(Vec::new(), Compression::default())).finish().unwrap()
}

fn zlib_bomb() -> Vec<u8> {
    bomb(ZlibEncoder::new(Vec::new(), Compression::default())).finish().unwrap()
}

fn zstd_bomb() -> Vec<u8> {
    bomb(zstd::Encoder::new(Vec::new(), 1).unwrap()).finish().unwrap()
}

fn bomb<W: Write>(mut packer: W) -> W {
    let zeros = vec![b'0'; 1 << 20];
    (0..BOMB_BYTES >> 20).for_each(|_| packer.write_all(&zeros).unwrap());
    packer
}

/// Bytes that there is room taken for.
fn on_their_way(server: &Server) -> u64 {
    let metrics = server.get("/metrics").text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("pintail_receiving_bytes "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

/// A request whose end does not come: it keeps the room that it has.
fn unfinished(client: &Client, bytes: usize) -> TcpStream {
    let mut stream = client.connect().unwrap();
    stream.write_all(client::head(PATH, &[], bytes + 1).as_bytes()).unwrap();
    stream.write_all(&body(bytes)).unwrap();
    stream
}

#[test]
fn a_client_with_more_than_its_share_is_told_to_wait_and_others_are_served() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let [mut first, mut second, mut third] =
        CLIENTS.map(|from| Client::from(&server.address, from.into()));
    let one = 7 << 19;
    let held: Vec<TcpStream> = (0..2).map(|_| unfinished(&first, one)).collect();
    until("the first to have its share", || on_their_way(&server) > 13 << 19);
    let large = body(3 << 19);
    let reply = first.post(PATH, &[], &large).unwrap();
    assert_eq!(reply.status, 429, "{reply:?}");
    assert!(reply.retry_after.is_some(), "it says when to come again");
    let started = Instant::now();
    assert_eq!(second.post(PATH, &[], &large).unwrap().status, 200, "others are served");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    let more: Vec<TcpStream> = (0..2).map(|_| unfinished(&second, one)).collect();
    until("all room to be taken", || on_their_way(&server) > 26 << 19);
    let reply = third.post(PATH, &[], &large).unwrap();
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.retry_after.is_some(), "it says when to come again");
    drop((held, more));
    until("room for all", || {
        [&mut first, &mut second, &mut third]
            .into_iter()
            .all(|client| client.post(PATH, &[], &large).unwrap().status == 200)
    });
    server.stop();
}

/// Those who wait for room of their own keep nobody else from being decoded.
#[test]
fn clients_above_their_share_do_not_hold_others_up() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let first = Client::new(&server.address);
    let _held: Vec<TcpStream> = (0..2).map(|_| unfinished(&first, 7 << 19)).collect();
    until("the first to have its share", || on_their_way(&server) > 13 << 19);
    let mut second = Client::from(&server.address, CLIENTS[1].into());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let mut client = Client::new(&server.address);
            scope.spawn(move || client.post(PATH, &[], &body(3 << 17)).unwrap());
        }
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..10 {
            let started = Instant::now();
            let reply = second.post(PATH, &[], b"{\"message\":\"x\"}\n").unwrap();
            assert_eq!(reply.status, 200);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
    });
    server.stop();
}

#[test]
fn a_body_that_comes_a_byte_at_a_time_holds_nobody_up() {
    let pintail = Pintail::new();
    let server = start(&pintail);
    let text = b"{\"message\":\"little by little, a byte at a time, for quite some time\"}\n";
    let slow = Client::new(&server.address);
    let mut client = Client::new(&server.address);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let mut stream = slow.connect().unwrap();
            stream.write_all(client::head(PATH, &[], text.len()).as_bytes()).unwrap();
            for byte in text {
                stream.write_all(&[*byte]).unwrap();
                std::thread::sleep(Duration::from_millis(10));
            }
            client::read(&mut BufReader::new(stream)).unwrap().0.status
        });
        while !slow.is_finished() {
            let started = Instant::now();
            assert_eq!(client.post(PATH, &[], b"{\"message\":\"x\"}\n").unwrap().status, 200);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
        assert_eq!(slow.join().unwrap(), 200);
    });
    server.stop();
}

/// Also where a process begins with few files, as most systems have it.
#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    const CONNECTIONS: usize = 3_000;
    rlimit::increase_nofile_limit(2 * CONNECTIONS as u64).unwrap();
    for files in [2 * CONNECTIONS, 1_024] {
        let pintail = Pintail::new();
        let serve = pintail.command(["serve", "--listen", "127.0.0.1:0"]);
        let mut command = Command::new("sh");
        let script = format!("ulimit -Sn {files}; exec \"$@\"");
        command.args(["-c", &script, "sh"]).arg(serve.get_program()).args(serve.get_args());
        command.current_dir(pintail.dir()).env_remove("PINTAIL_TOKEN");
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let server = Server::spawn(command);
        let client = Client::new(&server.address);
        let silent: Vec<TcpStream> = (0..CONNECTIONS).map(|_| client.connect().unwrap()).collect();
        let mut other = Client::from(&server.address, CLIENTS[1].into());
        let started = Instant::now();
        let reply = other.post(PATH, &[], b"{\"message\":\"x\"}\n").unwrap();
        assert_eq!(reply.status, 200);
        assert!(started.elapsed() < Duration::from_secs(5), "{files}: {:?}", started.elapsed());
        drop(silent);
        server.stop();
    }
}
