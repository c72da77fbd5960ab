//! A client of HTTP that does what libraries do not: it keeps one connection, comes from an
//! address of its choice, sends as slowly as it likes, and tells how long it was made to wait.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// What answers later does not answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection, made anew when it was closed.
pub struct Client {
    to: SocketAddr,
    from: IpAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// In how many seconds to come again.
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
}

impl Client {
    /// Of a server's address, as it prints it.
    pub fn new(address: &str) -> Client {
        Client::from(address, Ipv4Addr::LOCALHOST.into())
    }

    /// With another address of this machine.
    pub fn from(address: &str, from: IpAddr) -> Client {
        let to = address.trim_start_matches("http://").parse().unwrap();
        Client { to, from, stream: None }
    }

    /// A connection of its own.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(self.from, 0).into())?;
        socket.connect(&self.to.into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Posts and waits for the answer.
    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        let head = head(path, headers, body.len());
        // A connection that was kept may have been closed meanwhile: RFC 9112, section 9.3.1.
        if let Some(kept) = self.stream.take()
            && let Ok(reply) = self.post_on(kept, &head, body)
        {
            return Ok(reply);
        }
        let fresh = BufReader::new(self.connect()?);
        self.post_on(fresh, &head, body)
    }

    fn post_on(
        &mut self,
        mut stream: BufReader<TcpStream>,
        head: &str,
        body: &[u8],
    ) -> io::Result<Reply> {
        // Who refuses a body need not read it: then the answer is there all the same.
        let sent = stream
            .get_mut()
            .write_all(head.as_bytes())
            .and_then(|()| stream.get_mut().write_all(body));
        let (reply, closes) = read(&mut stream)?;
        if sent.is_ok() && !closes {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

/// What a request begins with.
pub fn head(path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n")
}

/// Reads an answer, and whether it is the connection's last.
pub fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(Reply, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|text| text.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {line:?}")))?;
    let (mut length, mut retry_after, mut closes) = (0, None, false);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse().unwrap(),
            ("retry-after", value) => retry_after = Some(value.parse().unwrap()),
            ("connection", value) => closes = value == "close",
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((Reply { status, retry_after, body }, closes))
}
