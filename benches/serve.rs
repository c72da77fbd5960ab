//! `make bench`, the server's part: how fast the page's questions are answered with 50 million
//! records in the database, against the same questions with a thirtieth of the history, and
//! against the same counts as plain SQL over the records; how fast a line written to a followed
//! file is seen; what the page weighs. Nothing here can fail for being slow.
//!
//! PINTAIL_BENCH_LINES sets another number of records.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;

const LINES: u64 = 50_000_000;
const DAYS: u64 = 30;
const RUNS: usize = 40;
const TAIL_RUNS: usize = 20;
const PAGE_RUNS: usize = 10;

fn main() {
    let lines = std::env::var("PINTAIL_BENCH_LINES").ok().and_then(|n| n.parse().ok());
    let lines: u64 = lines.unwrap_or(LINES);
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-serve");
    // What an earlier run that was cut off left.
    drop(std::fs::remove_dir_all(&dir));
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    let large = loaded(&dir, "large", lines, DAYS);
    let small = loaded(&dir, "small", lines / DAYS, 1);
    questions(&large, &small);
    tail(&dir);
    page(&large);
    std::fs::remove_dir_all(&dir).expect("the bench's own files can be removed");
}

fn run(args: &[&str]) {
    let status =
        Command::new(env!("CARGO_BIN_EXE_pintail")).args(args).stdout(Stdio::null()).status();
    assert!(status.expect("pintail starts").success(), "{args:?}");
}

/// A database of so many records over so many days that end now.
fn loaded(dir: &Path, name: &str, lines: u64, days: u64) -> PathBuf {
    let (log, database) = (dir.join(format!("{name}.log")), dir.join(format!("{name}.duckdb")));
    let rate = (lines as f64 / (days * 86_400) as f64).to_string();
    let text = |path: &Path| path.display().to_string();
    let (log_text, database_text) = (text(&log), text(&database));
    let duration = format!("{days}d");
    let plan = ["--start", "now", "--duration", &duration, "--rate", &rate, "--incidents", "5"];
    run(&[&["generate", "--output", &log_text], &plan[..]].concat());
    run(&["ingest", "--quiet", "--db", &database_text, &log_text]);
    std::fs::remove_file(&log).expect("the log can be removed");
    database
}

/// A server, killed when dropped.
struct Server {
    child: Child,
    address: String,
    agent: ureq::Agent,
}

impl Server {
    fn start(database: &Path, paths: &[&Path]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pintail"))
            .args(["serve", "--listen", "127.0.0.1:0", "--db"])
            .arg(database)
            .args(paths)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("pintail starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it prints its address");
        let address = line.split_whitespace().last().unwrap_or_default().to_owned();
        Server { child, address, agent: ureq::Agent::new_with_defaults() }
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let answer = self.agent.get(format!("{}{path}", self.address)).call();
        let mut body = answer.expect("the server answers").into_body();
        body.with_config().limit(1 << 30).read_to_vec().expect("the answer is whole")
    }

    /// Median and 95th percentile.
    fn times(&self, path: &str) -> (Duration, Duration) {
        self.get(path);
        percentiles((0..RUNS).map(|_| {
            let started = Instant::now();
            self.get(path);
            started.elapsed()
        }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

fn percentiles(times: impl Iterator<Item = Duration>) -> (Duration, Duration) {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn questions(large: &Path, small: &Path) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_millis();
    let hours = |n: u128| format!("from={}&to={now}", now - n * 3_600_000);
    let (hour, day) = (hours(1), hours(24));
    let counts = "select time_bucket(interval 15 minute, ts) as t, level, count(*) from logs \
                  where ts >= make_timestamp({from}000) and ts < make_timestamp({to}000) group by all";
    let by_sql = counts
        .replace("{from}", &(now - 24 * 3_600_000).to_string())
        .replace("{to}", &now.to_string());
    let whole_by_sql =
        "select time_bucket(interval 6 hour, ts) as t, level, count(*) from logs group by all";
    let sql = |text: &str| {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("/api/sql?sql={encoded}")
    };
    let questions = [
        ("status line", "/api/status".to_owned()),
        ("overview, a day: volume", format!("/api/volume?{day}")),
        ("  the same as SQL over the records", sql(&by_sql)),
        ("overview, everything: volume", "/api/volume".to_owned()),
        ("  the same as SQL over the records", sql(whole_by_sql)),
        ("overview, a day: services", format!("/api/services?{day}")),
        ("overview, an hour: scores", format!("/api/scores?{hour}")),
        ("overview, a day: scores", format!("/api/scores?{day}")),
        ("overview, an hour: anomalies", format!("/api/anomalies?{hour}")),
        ("overview, a day: anomalies", format!("/api/anomalies?{day}")),
        ("explore, newest page", "/api/logs".to_owned()),
        (
            "explore, newest page of a service's errors",
            "/api/logs?q=service:payment+level:error".to_owned(),
        ),
        ("explore, text in the last hour", format!("/api/logs?{hour}&q=nowhere")),
        ("explore, text in the last hour, histogram", format!("/api/volume?{hour}&q=declined")),
        ("explore, facets of an hour", format!("/api/facets?{hour}")),
        ("sources", "/api/sources".to_owned()),
    ];
    println!("\nAnswers of the server, ms (median and 95th percentile of {RUNS})");
    println!("  {:<44} {:>18} {:>18}", "", "all the history", "a thirtieth of it");
    for (name, path) in questions {
        let (server, other) = (Server::start(large, &[]), Server::start(small, &[]));
        let ((p50, p95), (q50, q95)) = (server.times(&path), other.times(&path));
        println!("  {name:<44} {:>8} {:>9} {:>8} {:>9}", ms(p50), ms(p95), ms(q50), ms(q95));
    }
    let server = Server::start(large, &[]);
    let total = String::from_utf8_lossy(&server.get("/api/status")).into_owned();
    let records = total.split("\"records\":").nth(1).and_then(|rest| rest.split(',').next());
    println!(
        "  ({} records, {} bytes)",
        records.unwrap_or("?"),
        std::fs::metadata(large).map_or(0, |m| m.len())
    );
}

/// From a write to a followed file to the event of the live tail.
fn tail(dir: &Path) {
    let log = dir.join("tail.log");
    std::fs::write(&log, "2026-01-05 00:00:00.000 INFO bench first\n")
        .expect("the log can be written");
    let server = Server::start(&dir.join("tail.duckdb"), &[&log]);
    while !String::from_utf8_lossy(&server.get("/api/status")).contains("\"records\":1,") {}
    let answer = server.agent.get(format!("{}/api/tail", server.address)).call();
    let reader: Box<dyn Read> = Box::new(answer.expect("it answers").into_body().into_reader());
    let mut lines = BufReader::new(reader).lines();
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).expect("the log is there");
    let (p50, p95) = percentiles((0..TAIL_RUNS).map(|n| {
        let started = Instant::now();
        writeln!(file, "2026-01-05 00:00:01.000 INFO bench line number {n}")
            .expect("it is written");
        let seen = format!("line number {n}\"");
        lines.by_ref().find(|line| line.as_ref().is_ok_and(|line| line.contains(&seen)));
        started.elapsed()
    }));
    println!(
        "\nA line written to a followed file, until the live tail has it: {} ms, 95th percentile {} ms",
        ms(p50),
        ms(p95)
    );
}

/// The page in a browser, if there is one.
fn page(database: &Path) {
    let Ok(driver) = Command::new("chromedriver").arg("--port=9517").stdout(Stdio::null()).spawn()
    else {
        println!("\nThe page was not measured: there is no chromedriver");
        return;
    };
    let _driver = Killed(driver);
    let server = Server::start(database, &[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let measured = runtime.expect("a runtime starts").block_on(measure_page(&server.address));
    match measured {
        Ok(text) => println!("\n{text}"),
        Err(error) => println!("\nThe page was not measured: {error}"),
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

async fn measure_page(address: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut capabilities = serde_json::Map::new();
    let options = serde_json::json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu"]});
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    let mut tries = 0;
    let mut interactive = Vec::new();
    let mut ready = Vec::new();
    let mut bytes = 0;
    for _ in 0..PAGE_RUNS {
        // A new session has an empty cache.
        let client = loop {
            let builder = ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect("http://127.0.0.1:9517")
                .await;
            match builder {
                Ok(client) => break client,
                Err(error) if tries > 50 => return Err(error.into()),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        client.goto(&format!("{address}/")).await?;
        client
            .wait()
            .for_element(Locator::Css("[data-test=panel-volume][data-state=ready]"))
            .await?;
        let script = "const n = performance.getEntriesByType('navigation')[0]; \
            const all = [n, ...performance.getEntriesByType('resource')]; \
            return [n.domContentLoadedEventEnd, performance.now(), all.reduce((sum, e) => sum + e.transferSize, 0)]";
        let numbers = client.execute(script, Vec::new()).await?;
        let number = |at: usize| numbers[at].as_f64().unwrap_or_default();
        interactive.push(Duration::from_secs_f64(number(0) / 1e3));
        ready.push(Duration::from_secs_f64(number(1) / 1e3));
        bytes = number(2) as u64;
        client.close().await?;
    }
    let ((i50, i95), (r50, r95)) =
        (percentiles(interactive.into_iter()), percentiles(ready.into_iter()));
    Ok(format!(
        "The page, cold: interactive after {} ms (95th percentile {}), first chart at most {} ms ({}), {bytes} bytes transferred",
        ms(i50),
        ms(i95),
        ms(r50),
        ms(r95)
    ))
}
