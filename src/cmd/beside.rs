//! The small file beside the database that says which server has it: `pintail sql` and others
//! find the server by it, and go through it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// `http://127.0.0.1:8501`
    pub address: String,
    pub pid: u32,
    /// Lets in whoever can read the file, which is this user.
    pub key: String,
    /// All the addresses it listens on. Servers of old did not say.
    #[serde(default)]
    pub listens: Vec<SocketAddr>,
}

/// The file as long as the process has the database, through all its restarts.
pub struct Announcement {
    path: PathBuf,
    says: Beside,
}

impl Beside {
    pub fn path(database: &Path) -> PathBuf {
        let mut path = database.as_os_str().to_owned();
        path.push(".server");
        PathBuf::from(path)
    }

    /// What is said beside a database; `None` if no server has it, or what is there is not
    /// readable (then opening the database tells more).
    pub fn read(database: &Path) -> Option<Beside> {
        let text = std::fs::read_to_string(Beside::path(database)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// What this process says: it is asked at `address`, and listens on `listens`.
    pub fn new(address: SocketAddr, key: &str, listens: Vec<SocketAddr>) -> Beside {
        Beside {
            address: format!("http://{}", reachable(address)),
            pid: std::process::id(),
            key: key.to_owned(),
            listens,
        }
    }

    /// Says so beside a database.
    ///
    /// # Errors
    /// The file cannot be written; one that was there stays.
    pub fn announce(self, database: &Path) -> Result<Announcement> {
        let path = Beside::path(database);
        let failed = |error| Error::file("write", &path, error);
        let mut new = path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        // One that another server left behind may have other rights.
        drop(std::fs::remove_file(&new));
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .map_err(failed)?;
        let text = serde_json::to_string(&self).map_err(std::io::Error::from)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| std::fs::rename(&new, &path));
        if let Err(error) = written {
            // Half of it is of no use to anybody.
            drop(std::fs::remove_file(&new));
            return Err(failed(error));
        }
        Ok(Announcement { path, says: self })
    }

    /// Whether somebody listens there still.
    pub fn lives(&self) -> bool {
        const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
        let address = self.address.trim_start_matches("http://").parse();
        address.is_ok_and(|address| TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).is_ok())
    }
}

impl Announcement {
    pub fn says(&self, beside: &Beside) -> bool {
        self.says == *beside
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // What stays is recognised as stale: nobody listens there.
        drop(std::fs::remove_file(&self.path));
    }
}

/// The address as this machine reaches it: one that stands for all of them is none.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
