//! What stays while servers come and go in one process: the ports they listen on. Whoever
//! connects between two servers waits, and is not refused.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::memory::{Bound, open_many_files};
use crate::receive::sockets;

pub struct Premises {
    /// By the address that was asked for: its port may be 0.
    listeners: Mutex<Vec<(SocketAddr, TcpListener)>>,
    /// For the command line, where the others speak TLS.
    local: Mutex<Option<TcpListener>>,
    syslog: Mutex<sockets::Sockets>,
    pub memory: Bound,
}

impl Premises {
    pub fn new() -> Result<Premises> {
        open_many_files()?;
        Ok(Premises {
            listeners: Mutex::default(),
            local: Mutex::default(),
            syslog: Mutex::default(),
            memory: Bound::new()?,
        })
    }

    /// The listener on this address, which is kept beyond its use.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be had.
    pub fn listener(&self, address: SocketAddr) -> Result<TcpListener> {
        let mut listeners = lock(&self.listeners);
        let kept = listeners.iter().find(|(known, _)| *known == address);
        if let Some((_, listener)) = kept {
            return Ok(listener.try_clone()?);
        }
        let listener = TcpListener::bind(address).map_err(|error| {
            Error::usage(format!("listen on {address}: {error}; give another --listen ADDR:PORT"))
        })?;
        listener.set_nonblocking(true)?;
        let kept = listener.try_clone()?;
        listeners.push((address, kept));
        Ok(listener)
    }

    /// Closes the others.
    pub fn keep_only(&self, addresses: &[SocketAddr]) {
        lock(&self.listeners).retain(|(address, _)| addresses.contains(address));
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
}

/// Sockets: whole whatever happened to a thread that held the lock.
fn lock<T>(sockets: &Mutex<T>) -> MutexGuard<'_, T> {
    sockets.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_stays_while_its_users_go() {
        let premises = Premises::new().unwrap();
        let asked: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let first = premises.listener(asked).unwrap().local_addr().unwrap();
        // Nobody listens at the moment, but who connects is not refused.
        let waiting = std::net::TcpStream::connect(first).unwrap();
        assert_eq!(premises.listener(asked).unwrap().local_addr().unwrap(), first);
        premises.keep_only(&[]);
        drop(waiting);
        assert!(std::net::TcpStream::connect(first).is_err());
    }
}
