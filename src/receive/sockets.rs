//! Sockets that listen for syslog, and stay while servers come and go.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::datagrams::Datagrams;
use super::listen::Load;
use crate::error::{Error, Result};

/// How often a port is looked for that is free for TCP and for UDP, where any will do.
const PORT_ATTEMPTS: usize = 16;

/// Sockets that listen for syslog, each with the address that was asked for: its port may be 0.
#[derive(Default)]
pub struct Sockets {
    pub(super) plain: Vec<(SocketAddr, TcpListener, Datagrams)>,
    pub(super) encrypted: Vec<(SocketAddr, TcpListener)>,
    pub(super) kept: Kept,
}

/// What was read from the sockets, and a server could not commit before the next one takes over:
/// its database failed. Bounded by what one server may have on its way.
#[derive(Clone, Default)]
pub(super) struct Kept {
    loads: Arc<Mutex<Vec<Arc<Load>>>>,
}

impl Kept {
    pub fn put(&self, loads: Vec<Arc<Load>>) {
        self.lock().extend(loads);
    }

    pub fn take(&self) -> Vec<Arc<Load>> {
        std::mem::take(&mut *self.lock())
    }

    /// A list: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Load>>> {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sockets {
    /// Those at `plain`, over TCP and UDP, and at `encrypted`, over TLS. They stay here too: who is
    /// connecting or sending notices nothing when a server ends and the next one takes over.
    ///
    /// # Errors
    /// [`Error::Usage`]: why one cannot be had.
    pub fn at(&mut self, plain: &[SocketAddr], encrypted: &[SocketAddr]) -> Result<Sockets> {
        let mut found = Sockets { kept: self.kept.clone(), ..Sockets::default() };
        for &address in plain {
            if !self.plain.iter().any(|(known, ..)| *known == address) {
                let (tcp, udp) = both(address).map_err(|error| cannot_listen(address, &error))?;
                self.plain.push((address, tcp, udp));
            }
            for (_, tcp, udp) in self.plain.iter().filter(|(known, ..)| *known == address) {
                found.plain.push((address, tcp.try_clone()?, udp.try_clone()?));
            }
        }
        for &address in encrypted {
            if !self.encrypted.iter().any(|(known, _)| *known == address) {
                let tcp = tcp(address).map_err(|error| cannot_listen(address, &error))?;
                self.encrypted.push((address, tcp));
            }
            for (_, tcp) in self.encrypted.iter().filter(|(known, _)| *known == address) {
                found.encrypted.push((address, tcp.try_clone()?));
            }
        }
        Ok(found)
    }

    /// Closes the others.
    pub fn keep_only(&mut self, plain: &[SocketAddr], encrypted: &[SocketAddr]) {
        self.plain.retain(|(address, ..)| plain.contains(address));
        self.encrypted.retain(|(address, _)| encrypted.contains(address));
    }

    /// What is listened at, a line for people each.
    ///
    /// # Errors
    /// What the system says.
    pub fn addresses(&self) -> io::Result<Vec<String>> {
        let plain = self.plain.iter();
        let plain = plain.map(|(_, tcp, _)| Ok(format!("{} (tcp, udp)", tcp.local_addr()?)));
        let encrypted = self.encrypted.iter();
        let encrypted = encrypted.map(|(_, tcp)| Ok(format!("{} (tls)", tcp.local_addr()?)));
        plain.chain(encrypted).collect()
    }
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Both on the same port.
fn both(address: SocketAddr) -> io::Result<(TcpListener, Datagrams)> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let tcp = tcp(address)?;
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => return Ok((tcp, Datagrams::new(udp)?)),
            Err(error) if address.port() != 0 || attempt == PORT_ATTEMPTS => return Err(error),
            Err(_) => {}
        }
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Error {
    Error::usage(format!("listen for syslog on {address}: {error}; give another ADDR:PORT"))
}
