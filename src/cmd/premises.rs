//! What stays while servers come and go in one process: the ports they listen on, and what is said
//! about them beside the database. Whoever connects between two servers waits, and is not refused.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::beside::{Announcement, Beside};
use crate::error::{Error, Result};
use crate::http::random_key;
use crate::memory::{Bound, open_many_files};
use crate::receive::sockets;

/// A key of the configuration and an address that it names.
pub type Wanted = (&'static str, SocketAddr);

pub struct Premises {
    /// By the key of the configuration and the address that was asked for: its port may be 0.
    listeners: Mutex<Vec<(Wanted, TcpListener)>>,
    /// For the command line, where the others speak TLS.
    local: Mutex<Option<TcpListener>>,
    syslog: Mutex<sockets::Sockets>,
    pub memory: Bound,
    key: String,
    announcement: Mutex<Option<Announcement>>,
}

impl Premises {
    pub fn new() -> Result<Premises> {
        open_many_files()?;
        Ok(Premises {
            listeners: Mutex::default(),
            local: Mutex::default(),
            syslog: Mutex::default(),
            memory: Bound::new()?,
            key: random_key()?,
            announcement: Mutex::default(),
        })
    }

    /// The listener on an address of the configuration, which is kept beyond its use.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be had.
    pub fn listener(&self, wanted: Wanted) -> Result<TcpListener> {
        let (key, address) = wanted;
        let mut listeners = lock(&self.listeners);
        let kept = listeners.iter().find(|(known, _)| *known == wanted);
        if let Some((_, listener)) = kept {
            return Ok(listener.try_clone()?);
        }
        let listener = TcpListener::bind(address).map_err(|error| {
            let flag = key.replace('_', "-");
            Error::usage(format!("listen on {address}: {error}; give another --{flag} ADDR:PORT"))
        })?;
        listener.set_nonblocking(true)?;
        let kept = listener.try_clone()?;
        listeners.push((wanted, kept));
        Ok(listener)
    }

    /// Closes the others.
    pub fn keep_only(&self, wanted: &[Wanted]) {
        lock(&self.listeners).retain(|(known, _)| wanted.contains(known));
    }

    /// A listener on loopback, on any port.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_listener(&self) -> Result<TcpListener> {
        let mut local = lock(&self.local);
        if let Some(listener) = &*local {
            return Ok(listener.try_clone()?);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let kept = local.insert(listener);
        Ok(kept.try_clone()?)
    }

    pub fn close_local(&self) {
        *lock(&self.local) = None;
    }

    /// Sockets that listen for syslog, `plain` over TCP and UDP, and `encrypted` over TLS.
    ///
    /// # Errors
    /// [`Error::Usage`] if one cannot be had.
    pub fn syslog(
        &self,
        plain: &[SocketAddr],
        encrypted: &[SocketAddr],
    ) -> Result<sockets::Sockets> {
        lock(&self.syslog).at(plain, encrypted)
    }

    /// Closes the other sockets that listen for syslog.
    pub fn keep_syslog(&self, plain: &[SocketAddr], encrypted: &[SocketAddr]) {
        lock(&self.syslog).keep_only(plain, encrypted);
    }

    /// What lets in whoever can read the file beside the database.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Says beside the database that this process has it. Without room for the file a server is
    /// still one, only the command line does not find it; one that says so already stays.
    pub fn announce(&self, database: &Path, address: SocketAddr, listens: Vec<SocketAddr>) {
        let beside = Beside::new(address, &self.key, listens);
        let mut announcement = lock(&self.announcement);
        if announcement.as_ref().is_some_and(|it| it.says(&beside)) {
            return;
        }
        // The file of before goes first: it would take along the one that replaces it.
        drop(announcement.take());
        match beside.announce(database) {
            Ok(new) => *announcement = Some(new),
            Err(error) => tracing::warn!("the command line will not find this server: {error}"),
        }
    }

    /// Says nothing any more beside the database.
    pub fn withdraw(&self) {
        drop(lock(&self.announcement).take());
    }
}

/// Each is whole whatever happened to a thread that held the lock.
fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_stays_while_its_users_go() {
        let premises = Premises::new().unwrap();
        let asked: Wanted = ("listen", "127.0.0.1:0".parse().unwrap());
        let first = premises.listener(asked).unwrap().local_addr().unwrap();
        // Nobody listens at the moment, but who connects is not refused.
        let waiting = std::net::TcpStream::connect(first).unwrap();
        assert_eq!(premises.listener(asked).unwrap().local_addr().unwrap(), first);
        // On any port for one is not the port of another.
        let other = premises.listener(("otlp_grpc", asked.1)).unwrap();
        assert_ne!(other.local_addr().unwrap(), first);
        premises.keep_only(&[]);
        drop(waiting);
        assert!(std::net::TcpStream::connect(first).is_err());
    }
}
