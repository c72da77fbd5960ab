//! Opening the database: one process writes, or several read.

use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::handle::Handle;
use super::{Session, migrations, sources, writer::Writer};
use crate::config::{Limits, ROW_GROUP_ROWS, TRANSACTION_ROWS_MAX};
use crate::error::{Error, Result};

/// The oldest DuckDB that opens what is written here: the first with zstd compression.
const STORAGE_VERSION: &str = "v1.2.0";

/// Who else may have the database open meanwhile: that is DuckDB's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody. Makes the file if there is none.
    Write,
    /// Others who read.
    Read,
}

/// An open database. Connections keep it open; the last one to go closes it.
#[derive(Clone)]
pub struct Store {
    handle: Arc<Handle>,
    /// The number of the newest source: files and clients take theirs at the same time.
    last_source: Arc<AtomicI32>,
}

/// A connection that keeps its database open.
pub struct Connection {
    // Dropped in this order: a connection must not outlive its database.
    inner: duckdb::Connection,
    _handle: Arc<Handle>,
}

/// Tells when a database is closed: when nobody uses it any more and all of it is written.
pub struct Closing {
    open: Weak<()>,
}

impl Closing {
    /// Waits until it is closed, `time` at most; whether it is.
    ///
    /// A process that opened a database twice would lose what keeps others away: its locks are
    /// those of the process, and closing one of the two lets go of them.
    pub fn wait(&self, time: Duration) -> bool {
        const LOOK_INTERVAL: Duration = Duration::from_millis(10);
        let until = Instant::now() + time;
        while self.open.strong_count() > 0 {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        true
    }
}

impl Deref for Connection {
    type Target = duckdb::Connection;

    fn deref(&self) -> &duckdb::Connection {
        &self.inner
    }
}

impl Store {
    /// Opens the database at `path`, applies outstanding migrations and sets `limits`.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process writes to it (or, for [`Access::Write`],
    /// reads it), [`Error::NoDatabase`] if there is nothing to read,
    /// [`Error::NewerSchema`] if a newer Pintail wrote it.
    pub fn open(path: &Path, access: Access, limits: &Limits) -> Result<Store> {
        if access == Access::Read && !path.exists() {
            return Err(Error::NoDatabase { path: path.to_owned() });
        }
        let store = Store::open_handle(path, access, limits)?;
        let connection = store.connect()?;
        let behind = migrations::behind(&connection, path)?;
        match access {
            Access::Write => {
                let now = chrono::Utc::now().timestamp_micros();
                migrations::apply(&connection, path, now)?;
                store.last_source.store(sources::last_id(&connection)?, Ordering::Relaxed);
            }
            Access::Read if migrations::is_foreign(&connection)? => {
                return Err(Error::NotPintail { path: path.to_owned() });
            }
            // A reader cannot migrate; a moment as the writer can.
            Access::Read if behind => {
                drop(connection);
                drop(store);
                drop(Store::open(path, Access::Write, limits)?);
                return Store::open_handle(path, access, limits);
            }
            Access::Read => {}
        }
        Ok(store)
    }

    /// A database in memory, without tables: for work that leaves nothing behind. It may take
    /// four fifths of the machine's memory (DuckDB's default); what does not fit goes to `spill`,
    /// a directory.
    pub fn scratch(spill: &Path, threads: usize) -> Result<Store> {
        let threads = threads.to_string();
        let spill = spill.display().to_string();
        let settings = [
            ("threads", threads.as_str()),
            ("temp_directory", spill.as_str()),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
        ];
        let opened = Handle::open(Path::new(":memory:"), &settings);
        let handle =
            opened.map_err(|message| Error::Store { action: "open a database", message })?;
        let store = Store { handle: Arc::new(handle), last_source: Arc::default() };
        use_utc(&*store.connect()?)?;
        Ok(store)
    }

    fn open_handle(path: &Path, access: Access, limits: &Limits) -> Result<Store> {
        let mode = match access {
            Access::Write => "READ_WRITE",
            Access::Read => "READ_ONLY",
        };
        let memory = format!("{}MiB", limits.database_memory_mib);
        let threads = limits.threads.to_string();
        let settings = [
            ("access_mode", mode),
            ("memory_limit", memory.as_str()),
            ("threads", threads.as_str()),
            ("storage_compatibility_version", STORAGE_VERSION),
            // Nothing is fetched behind the user's back.
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            // A row group is compressed as soon as it is full. By default five wait for each
            // other, and the rest for the commit, which holds a lock that other writers need.
            ("write_buffer_row_group_count", "1"),
        ];
        if access == Access::Write && !path.exists() {
            create(path, &settings)?;
        }
        let handle = Handle::open(path, &settings).map_err(|message| open_error(path, message))?;
        let store = Store { handle: Arc::new(handle), last_source: Arc::default() };
        use_utc(&*store.connect()?)?;
        Ok(store)
    }

    /// The number for a new source, given out once; for [`Access::Write`].
    pub fn next_source_id(&self) -> i32 {
        self.last_source.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection of its own: for another thread, another transaction.
    pub fn connect(&self) -> Result<Connection> {
        // SAFETY: the handle is an open database, and `Connection` keeps it open for
        // as long as the duckdb connection made from it lives.
        let inner = unsafe { duckdb::Connection::open_from_raw(self.handle.database) }?;
        Ok(Connection { inner, _handle: self.handle.clone() })
    }

    /// One of `count` writers that write at once. Their first transactions differ in size,
    /// so that they do not all wait for the disk at the same time later.
    pub fn writer(&self, number: usize, count: usize) -> Result<Writer> {
        let groups = TRANSACTION_ROWS_MAX / ROW_GROUP_ROWS;
        let share = (groups * (number + 1)).div_ceil(count.max(1)).clamp(1, groups);
        Writer::new(self.handle.clone(), share * ROW_GROUP_ROWS)
    }

    /// A session for ad-hoc SQL.
    pub fn session(&self) -> Result<Session> {
        Session::new(self.handle.clone())
    }

    /// A session for SQL that strangers send; the store must be [hardened](Store::harden).
    pub fn guarded_session(&self) -> Result<Session> {
        Session::guarded(self.handle.clone())
    }

    /// What tells when the database is closed.
    pub fn closing(&self) -> Closing {
        Closing { open: self.handle.closing() }
    }

    /// Shuts what SQL could reach outside of the database: files, the network, extensions,
    /// settings. For the whole instance, until it is closed. `exports` stays open: results
    /// that can only be written to a file pass through it.
    pub fn harden(&self, exports: &Path, limits: &Limits) -> Result<()> {
        let text = |path: &Path| path.display().to_string().replace('\'', "''");
        // Order matters: the last one locks the others.
        self.connect()?.execute_batch(&format!(
            "set global max_temp_directory_size = '{}MiB';
             set global allowed_directories = ['{}'];
             set global allow_community_extensions = false;
             set global enable_external_access = false;
             set global lock_configuration = true;",
            limits.spill_mib,
            text(exports),
        ))?;
        Ok(())
    }

    /// Bytes on disk, the write-ahead log included.
    pub fn bytes_on_disk(path: &Path) -> u64 {
        let mut log = path.as_os_str().to_owned();
        log.push(".wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        size(path) + size(Path::new(&log))
    }
}

/// Makes an empty database that is there whole or not at all: a file that DuckDB was killed
/// over while it wrote the first bytes is no database, and would never become one.
fn create(path: &Path, settings: &[(&str, &str)]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    // Of an earlier process with this number, which was killed.
    drop(std::fs::remove_file(&new));
    let made = Handle::open(&new, settings).map_err(|message| open_error(path, message));
    drop(made?);
    // A link does not replace what another process has made meanwhile; where there are no
    // links, the database is made in its place.
    drop(std::fs::hard_link(&new, path));
    std::fs::remove_file(&new).map_err(|error| Error::file("remove", &new, error))
}

/// Times are UTC: `ts > now() - interval 1 hour` must not depend on this machine's zone.
/// Without DuckDB's icu extension (the bundled build) there are no zones to depend on.
fn use_utc(connection: &duckdb::Connection) -> Result<()> {
    let has_zones: bool = connection.query_row(
        "select exists (from duckdb_settings() where name = 'TimeZone')",
        [],
        |row| row.get(0),
    )?;
    if has_zones {
        connection.execute_batch("set global TimeZone = 'UTC'")?;
    }
    Ok(())
}

/// DuckDB's message about a database that does not open, as one of ours.
fn open_error(path: &Path, message: String) -> Error {
    if message.contains("Could not set lock") {
        return Error::Locked { path: path.to_owned(), holder: lock_holder(&message) };
    }
    let message = message.strip_prefix("IO Error: ").unwrap_or(&message);
    // DuckDB's stack trace tells users nothing.
    let message = message.split("\n\nStack Trace").next().unwrap_or_default().trim_end();
    if message.contains("replaying WAL") {
        let log = format!("{}.wal", path.display());
        let message = format!(
            "the write-ahead log {log} is damaged ({message}). To open the database without it, \
             move it away: mv {log} {log}.damaged. What was committed since the last checkpoint is \
             lost then; of files that are still there it is read again, what clients pushed is not"
        );
        return Error::Store { action: "open the database", message };
    }
    Error::Store { action: "open the database", message: format!("{}: {message}", path.display()) }
}

/// `… Conflicting lock is held in /usr/bin/pintail (PID 1234) by user root. …`
fn lock_holder(message: &str) -> Option<String> {
    let (_, holder) = message.split_once("lock is held in ")?;
    let end = holder.find(". ").unwrap_or(holder.len());
    Some(holder[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_the_lock_is_named() {
        let message = "IO Error: Could not set lock on file \"/x/pintail.duckdb\": Conflicting \
                       lock is held in /usr/bin/pintail (PID 1234) by user root. See also https";
        assert_eq!(
            lock_holder(message).as_deref(),
            Some("/usr/bin/pintail (PID 1234) by user root")
        );
    }
}
