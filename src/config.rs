//! Limits and defaults of the whole, with their units in their names and their reasons beside
//! them. Those of one module stand there: lines and records in `parse::lines`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The database that commands use if neither `--db` nor PINTAIL_DB says otherwise.
pub const DATABASE_DEFAULT: &str = "pintail.duckdb";

/// Rows of a DuckDB row group. Storage is compressed in these units.
pub const ROW_GROUP_ROWS: usize = 122_880;

/// Rows of one transaction while loading: ten full row groups. A transaction that ends in
/// a partial row group makes DuckDB write it again later; ten keep the share of such
/// rewrites, and the work that a kill undoes, small.
pub const TRANSACTION_ROWS_MAX: usize = 10 * ROW_GROUP_ROWS;

/// Rejects of one transaction: a file of garbage must not grow without a commit.
pub const TRANSACTION_REJECTS_MAX: usize = 100_000;

/// Distinct minute, service and level counts one transaction may hold before it commits:
/// bounds memory for logs whose timestamps jump about.
pub const TRANSACTION_ROLLUPS_MAX: usize = 200_000;

/// Bytes handed to a worker at a time. Large enough that taking one costs nothing,
/// small enough that all cores have work with a file of a few megabytes.
pub const BLOCK_BYTES: usize = 2 << 20;

/// Bytes of a source's beginning that format detection may look at.
pub const SAMPLE_BYTES_MAX: usize = 256 << 10;

/// Bytes of a file's beginning that tell it from another with the same inode or path.
pub const HEAD_BYTES_MAX: usize = 4 << 10;

/// Bytes before a position that tell a file that grew from one that was written anew.
pub const CHECK_BYTES_MAX: usize = 256;

/// Rows that `pintail sql` shows on a terminal: more scrolls away. Pipes get everything.
pub const TERMINAL_ROWS_MAX: usize = 200;

/// What DuckDB may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// DuckDB's buffer memory. The process stays below about twice of it (measured).
    pub database_memory_mib: u32,
    /// DuckDB's own worker threads.
    pub threads: usize,
    /// Disk that queries may use for what does not fit into memory.
    pub spill_mib: u32,
}

impl Limits {
    /// For queries: all cores.
    pub fn query() -> Limits {
        Limits { database_memory_mib: 1024, threads: cores(), spill_mib: 10 << 10 }
    }

    /// What the whole process may take, in MiB: DuckDB's memory twice (see above), and room for
    /// what it does not count and for what comes in.
    pub fn process_memory_mib(&self) -> u64 {
        2 * u64::from(self.database_memory_mib) + 2_048
    }

    /// For the server: queries and what comes in share it.
    pub fn serve() -> Limits {
        Limits { database_memory_mib: 1536, ..Limits::query() }
    }

    /// For loading: the ingestion workers take the cores; threads of DuckDB's own would
    /// compete with them (1.4 times slower on two cores).
    pub fn load() -> Limits {
        Limits { database_memory_mib: 512, threads: 1, spill_mib: 10 << 10 }
    }
}

/// Where the server listens unless `--listen` says otherwise: this machine only.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8501);

/// Standard deviations from which on the page's picture of z-scores marks a minute, unless
/// `threshold` says otherwise. Counts of errors are skewed: at 3, a quiet service is marked several
/// times an hour.
pub const PICTURE_THRESHOLD_DEFAULT: f64 = 6.0;

/// Seconds after which a minute is judged, unless `judge_after_seconds` says otherwise: shippers send
/// in batches, and try again.
pub const JUDGE_AFTER_SECONDS_DEFAULT: u64 = 90;

/// Seconds a query may run on the server unless `--query-timeout` says otherwise.
pub const QUERY_SECONDS_DEFAULT: u64 = 30;

/// MiB of one request's records once they are decompressed, unless `body_max_mib` says otherwise:
/// several times what shippers send at once (Loki's clients 1 MiB, Elasticsearch's up to 50).
pub const BODY_MIB_MAX_DEFAULT: u64 = 64;

/// MiB of all requests that are being taken in, unless `receive_memory_mib` says otherwise: a
/// second's worth and more at full rate; what is above it is asked to come again later.
pub const RECEIVE_MEMORY_MIB_DEFAULT: u64 = 256;

/// Seconds that requests may go on after the end was called for, unless `drain_seconds` says
/// otherwise: longer than a commit takes, shorter than service managers wait.
pub const DRAIN_SECONDS_DEFAULT: u64 = 10;

/// Threads that load unless `--workers` says otherwise: all cores, up to eight. Each holds
/// its own transaction in memory, and more than eight wait for each other.
pub fn load_workers() -> usize {
    const LOAD_WORKERS_MAX: usize = 8;
    cores().min(LOAD_WORKERS_MAX)
}

/// Cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The arguments that every command has.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseArgs {
    /// Database file
    #[arg(long = "db", value_name = "FILE", env = "PINTAIL_DB", default_value = DATABASE_DEFAULT)]
    pub path: PathBuf,
}
