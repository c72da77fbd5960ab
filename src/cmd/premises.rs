//! What stays while servers come and go in one process: the ports they listen on. Whoever
//! connects between two servers waits, and is not refused.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::memory::Bound;
use crate::receive::listen::Sockets;

pub struct Premises {
    /// By the address that was asked for: its port may be 0.
    listeners: Mutex<Vec<(SocketAddr, TcpListener)>>,
    syslog: Mutex<Option<Syslog>>,
    pub memory: Bound,
}

/// What listens for syslog, by the addresses that were asked for.
struct Syslog {
    plain: Vec<SocketAddr>,
    encrypted: Vec<SocketAddr>,
    sockets: Sockets,
}

impl Premises {
    pub fn new() -> Result<Premises> {
        let (listeners, syslog) = (Mutex::default(), Mutex::default());
        Ok(Premises { listeners, syslog, memory: Bound::new()? })
    }

    /// What listens for syslog on these addresses, kept as long as they are the same.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be had.
    pub fn syslog(&self, plain: &[SocketAddr], encrypted: &[SocketAddr]) -> Result<Sockets> {
        let mut kept = self.syslog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && kept.plain == plain
            && kept.encrypted == encrypted
        {
            return Ok(kept.sockets.try_clone()?);
        }
        // Those of before may be in the way of those wanted now.
        *kept = None;
        let sockets = Sockets::bind(plain, encrypted)?;
        let (plain, encrypted) = (plain.to_vec(), encrypted.to_vec());
        let clone = sockets.try_clone()?;
        *kept = Some(Syslog { plain, encrypted, sockets });
        Ok(clone)
    }

    /// Whether syslog could be received on these addresses; nothing changes.
    ///
    /// # Errors
    /// [`Error::Usage`] if somebody else has one of them.
    pub fn check_syslog(&self, plain: &[SocketAddr], encrypted: &[SocketAddr]) -> Result<()> {
        let kept = self.syslog.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |address: &&SocketAddr| {
            !kept.as_ref().is_some_and(|kept| {
                kept.plain.contains(address) || kept.encrypted.contains(address)
            })
        };
        let plain: Vec<SocketAddr> = plain.iter().filter(is_new).copied().collect();
        let encrypted: Vec<SocketAddr> = encrypted.iter().filter(is_new).copied().collect();
        drop(Sockets::bind(&plain, &encrypted)?);
        Ok(())
    }

    /// The listener on this address, which is kept beyond its use.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be had.
    pub fn listener(&self, address: SocketAddr) -> Result<TcpListener> {
        let mut listeners = self.lock();
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
        self.lock().retain(|(address, _)| addresses.contains(address));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, TcpListener)>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
