//! What a server takes and how fast it answers, looked at again and again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::client::Client;
use crate::common::server::Server;

/// Attempts of which the middle one counts.
const ATTEMPTS: usize = 3;

/// One look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub at: Duration,
    pub rss_mib: f64,
    pub threads: u64,
    pub files: u64,
    pub database_mib: f64,
    pub log_mib: f64,
    /// How long a push of one record takes.
    pub commit_ms: f64,
    /// How long the overview, the explorer and SQL take, together.
    pub query_ms: f64,
}

/// Looks at one server.
pub struct Gauge<'s> {
    server: &'s Server,
    database: PathBuf,
    client: Client,
    started: Instant,
    pub looks: Vec<Look>,
    /// Records it pushed itself.
    pub pushed: u64,
}

impl<'s> Gauge<'s> {
    pub fn new(server: &'s Server, database: PathBuf) -> Gauge<'s> {
        let client = Client::new(&server.address);
        Gauge { server, database, client, started: Instant::now(), looks: Vec::new(), pushed: 0 }
    }

    pub fn server(&self) -> &'s Server {
        self.server
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn look(&mut self) {
        let commit_ms = self.median(Gauge::push);
        let query_ms = self.median(Gauge::query);
        self.looks.push(Look {
            at: self.elapsed(),
            rss_mib: self.server.memory_kib("VmRSS:") as f64 / 1024.0,
            threads: self.server.memory_kib("Threads:"),
            files: open_files(self.server.pid()),
            database_mib: mib(&self.database),
            log_mib: mib(&self.database.with_extension("duckdb.wal")),
            commit_ms,
            query_ms,
        });
    }

    fn median(&mut self, what: impl Fn(&mut Gauge<'s>)) -> f64 {
        let times = (0..ATTEMPTS).map(|_| {
            let started = Instant::now();
            what(self);
            started.elapsed().as_secs_f64() * 1e3
        });
        middle(times.collect())
    }

    fn push(&mut self) {
        let body =
            format!("{{\"message\":\"Order {} of gauge\",\"host\":\"gauge\"}}\n", self.pushed);
        let reply = self.client.post("/insert/jsonline", &[], body.as_bytes()).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        self.pushed += 1;
    }

    fn query(&mut self) {
        self.server.json("/api/volume");
        self.server.json("/api/logs?q=level:error&limit=100");
        self.server
            .value("select count(*) from logs where ts > now()::timestamp - interval 10 seconds");
    }

    /// The middle of a number in a third of the time: 0, 1 or 2.
    pub fn of_third(&self, third: usize, number: impl Fn(&Look) -> f64) -> f64 {
        let count = self.looks.len();
        let looks = &self.looks[count * third / 3..count * (third + 1) / 3];
        middle(looks.iter().map(number).collect())
    }

    pub fn most(&self, number: impl Fn(&Look) -> f64) -> f64 {
        self.looks.iter().map(number).fold(0.0, f64::max)
    }

    /// At most twenty of the looks.
    pub fn show(&self) {
        eprintln!(
            "{:>7} {:>8} {:>8} {:>6} {:>9} {:>8} {:>10} {:>9}",
            "s", "RSS MiB", "threads", "files", "db MiB", "WAL MiB", "commit ms", "query ms"
        );
        let step = self.looks.len().div_ceil(20).max(1);
        for look in self.looks.iter().step_by(step) {
            eprintln!(
                "{:>7.0} {:>8.0} {:>8} {:>6} {:>9.1} {:>8.1} {:>10.1} {:>9.1}",
                look.at.as_secs_f64(),
                look.rss_mib,
                look.threads,
                look.files,
                look.database_mib,
                look.log_mib,
                look.commit_ms,
                look.query_ms
            );
        }
    }
}

pub fn open_files(pid: u32) -> u64 {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64
}

pub fn mib(path: &Path) -> f64 {
    // There is no write-ahead log after a checkpoint.
    std::fs::metadata(path).map_or(0.0, |meta| meta.len() as f64 / f64::from(1 << 20))
}

pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
