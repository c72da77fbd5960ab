//! Plays a script with real files and the real server, and watches over both.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, symlink};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::action::{Action, Following, LINKED, Script};
use super::model::{LINK, LINK_TARGETS, Model, Stored};
use crate::common::disk::Disk;
use crate::common::server::Server;
use crate::common::{Pintail, gzip};

/// Rotated files that are kept.
const ROTATIONS: u32 = 3;

/// How long a server may take to have everything. It takes well below a second if nothing
/// else runs; what takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(25);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);

pub struct World {
    pintail: Pintail,
    disk: Disk,
    model: Model,
    server: Option<Server>,
    agent: ureq::Agent,
    banner: bool,
    full: bool,
    new_files: u32,
    /// What the servers said.
    pub said: String,
}

/// What was tried, to see that the simulation tries something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Played {
    pub records: usize,
    pub must: usize,
}

impl World {
    pub fn new(script: &Script) -> World {
        let pintail = Pintail::new();
        fs::create_dir(pintail.path("logs")).unwrap();
        fs::create_dir(pintail.path("real")).unwrap();
        fs::create_dir(pintail.path("data")).unwrap();
        symlink(pintail.path(LINK_TARGETS[0]), pintail.path(LINK)).unwrap();
        let disk = Disk::new(&pintail.path("data"), pintail.path("disk"));
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10)));
        World {
            disk,
            model: Model::new(script.following),
            server: None,
            agent: config.http_status_as_error(false).build().into(),
            banner: script.banner,
            full: false,
            new_files: 0,
            said: String::new(),
            pintail,
        }
    }

    /// Plays everything, `loud`ly with the times; then all must be there, and a restart must change nothing.
    pub fn play(&mut self, script: &Script, loud: bool) -> Result<Played, String> {
        for (at, action) in script.actions.iter().enumerate() {
            let started = Instant::now();
            let played = self.act(action);
            if loud {
                println!("{at:3} {action:?} {:?}", started.elapsed());
            }
            played.map_err(|problem| format!("{at} {action:?}: {problem}"))?;
        }
        self.end().map_err(|problem| format!("at the end: {problem}"))?;
        let (must, records) = self.model.counts();
        Ok(Played { records, must })
    }

    fn end(&mut self) -> Result<(), String> {
        self.mend();
        self.start()?;
        self.settle()?;
        // A line without its end is waited for, and need not be.
        self.until_read(self.model.open_bytes())?;
        self.stop()?;
        let wrong = self.pintail.sql_in(DATABASE, include_str!("../common/sound.sql"));
        if !wrong.is_empty() {
            return Err(format!("the database is not sound: {wrong:#?}"));
        }
        // What is in stays in once, and the file that comes last tells that all were looked at.
        self.start()?;
        self.append("logs/zz.log", |model, path| model.record(path));
        self.settle()?;
        self.stop()
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        match *action {
            Action::Start => return self.start(),
            Action::Stop => return self.stop(),
            Action::Kill => self.kill(),
            Action::Settle if self.is_able() => return self.settle(),
            Action::Wait if self.is_able() => {
                self.settle()?;
                return self.until_read(0);
            }
            Action::Settle | Action::Wait => {}
            Action::Slow { delay_ms } => self.disk.slow(delay_ms),
            Action::Full { room_bytes, copies } => {
                self.disk.copies(copies);
                self.disk.room(room_bytes);
                self.full = true;
            }
            Action::Mend => self.mend(),
            Action::MoveLink { to } => self.move_link(to),
            Action::NewFile { records } => self.new_file(records),
            Action::Rotate { log, late } => self.rotate(log, late),
            Action::Compress { log } => self.compress(log, false)?,
            Action::SlowCompress { log } => self.compress(log, true)?,
            Action::CopyTruncate { log, hole } => self.copy_truncate(log, hole, false)?,
            Action::SlowCopyTruncate { log } => self.copy_truncate(log, false, true)?,
            Action::Truncate { log } => self.truncate(log),
            Action::Delete { log } => self.delete(log),
            Action::Replace { log, records } => self.replace(log, records),
            ref writing => self.write(writing),
        }
        self.alive()
    }

    /// Everything that only appends.
    fn write(&mut self, action: &Action) {
        match *action {
            Action::Write { log, records } => self.append(&self.log(log), |model, path| {
                (0..records).map(|_| model.record(path)).collect()
            }),
            Action::Trickle { log, records } => {
                for _ in 0..records {
                    self.append(&self.log(log), Model::record);
                }
            }
            Action::Trace { log, frames } => self.append(&self.log(log), |model, path| {
                let first = model.record(path);
                (0..frames).fold(first, |text, frame| text + &model.frame(path, frame))
            }),
            Action::Frames { log, frames } if self.model.exists(&self.log(log)) => {
                self.append(&self.log(log), |model, path| {
                    (0..frames).map(|frame| model.frame(path, 100 + frame)).collect()
                });
            }
            Action::Begin { log, bytes } => {
                self.append(&self.log(log), |model, path| model.begin_line(path, bytes));
            }
            _ => {}
        }
    }

    fn append(&mut self, path: &str, text: impl FnOnce(&mut Model, &str) -> String) {
        let is_empty = fs::metadata(self.pintail.path(path)).map_or(true, |meta| meta.len() == 0);
        let mut all = String::new();
        if self.banner && is_empty {
            all += &self.model.banner();
        }
        all += &self.model.finish_line(path);
        all += &text(&mut self.model, path);
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.pintail.path(path)).unwrap();
        file.write_all(all.as_bytes()).unwrap();
    }

    fn log(&self, log: usize) -> String {
        match log {
            0 => "logs/app.log".to_owned(),
            1 => "logs/db.log".to_owned(),
            _ => LINK_TARGETS[self.model.link].to_owned(),
        }
    }

    fn new_file(&mut self, records: u32) {
        self.new_files += 1;
        let below =
            self.model.following == Following::Directory && self.new_files.is_multiple_of(2);
        let folder = if below { "logs/below" } else { "logs" };
        fs::create_dir_all(self.pintail.path(folder)).unwrap();
        let path = format!("{folder}/new{}.log", self.new_files);
        self.append(&path, |model, path| (0..records).map(|_| model.record(path)).collect());
    }

    fn move_link(&mut self, to: usize) {
        let new = self.pintail.path("logs/.new");
        symlink(self.pintail.path(LINK_TARGETS[to]), &new).unwrap();
        fs::rename(new, self.pintail.path(LINK)).unwrap();
        self.model.link = to;
    }

    fn rotate(&mut self, log: usize, late: u32) {
        let path = self.log(log);
        if log == LINKED || !self.model.exists(&path) {
            return;
        }
        self.shift(&path);
        let rotated = format!("{path}.1");
        self.rename(&path, &rotated);
        for _ in 0..late {
            self.append(&rotated, Model::record);
        }
    }

    /// app.log.2 to app.log.3, app.log.1 to app.log.2.
    fn shift(&mut self, path: &str) {
        for number in (1..=ROTATIONS).rev() {
            for extension in ["", ".gz"] {
                let from = format!("{path}.{number}{extension}");
                if !self.model.exists(&from) {
                } else if number == ROTATIONS {
                    fs::remove_file(self.pintail.path(&from)).unwrap();
                    self.model.remove(&from);
                } else {
                    self.rename(&from, &format!("{path}.{}{extension}", number + 1));
                }
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        fs::rename(self.pintail.path(from), self.pintail.path(to)).unwrap();
        self.model.rename(from, to);
    }

    /// As gzip does: the archive is there before the file is gone.
    fn compress(&mut self, log: usize, slowly: bool) -> Result<(), String> {
        let path = self.log(log);
        let rotated = (1..=ROTATIONS).map(|number| format!("{path}.{number}"));
        let Some(plain) = rotated.into_iter().find(|plain| self.model.exists(plain)) else {
            return Ok(());
        };
        let archive = format!("{plain}.gz");
        let packed = gzip(fs::read(self.pintail.path(&plain)).unwrap());
        self.write_out(&archive, &packed, slowly)?;
        fs::remove_file(self.pintail.path(&plain)).unwrap();
        self.model.rename(&plain, &archive);
        Ok(())
    }

    fn copy_truncate(&mut self, log: usize, hole: bool, slowly: bool) -> Result<(), String> {
        let path = self.log(log);
        if log == LINKED || !self.model.exists(&path) {
            return Ok(());
        }
        self.shift(&path);
        let place = self.pintail.path(&path);
        let bytes = fs::read(&place).unwrap();
        self.write_out(&format!("{path}.1"), &bytes, slowly)?;
        self.model.copy(&path, &format!("{path}.1"));
        OpenOptions::new().write(true).open(&place).unwrap().set_len(0).unwrap();
        self.model.truncate(&path);
        if hole {
            let line = self.model.record(&path);
            let file = OpenOptions::new().write(true).open(&place).unwrap();
            file.write_all_at(line.as_bytes(), bytes.len() as u64).unwrap();
        }
        Ok(())
    }

    /// Makes a file; slowly, so that the server sees it half written and whole.
    fn write_out(&mut self, path: &str, bytes: &[u8], slowly: bool) -> Result<(), String> {
        let mut file = fs::File::create(self.pintail.path(path)).unwrap();
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(first).unwrap();
        if slowly {
            self.until_looked()?;
        }
        file.write_all(rest).unwrap();
        if slowly { self.until_looked() } else { Ok(()) }
    }

    /// Waits until the server has looked at everything: it has found a file made now.
    fn until_looked(&mut self) -> Result<(), String> {
        if !self.is_able() || self.model.following == Following::Files {
            return Ok(());
        }
        let number = self.model.next_number();
        self.new_file(1);
        self.until(|_, stored| match stored.has(number) {
            true => Vec::new(),
            false => vec![format!("record {number} of a new file is missing")],
        })
    }

    fn truncate(&mut self, log: usize) {
        let path = self.log(log);
        if self.model.exists(&path) {
            let file = OpenOptions::new().write(true).open(self.pintail.path(&path)).unwrap();
            file.set_len(0).unwrap();
            self.model.truncate(&path);
        }
    }

    fn delete(&mut self, log: usize) {
        let path = self.log(log);
        if self.model.exists(&path) {
            fs::remove_file(self.pintail.path(&path)).unwrap();
            self.model.remove(&path);
        }
    }

    fn replace(&mut self, log: usize, records: u32) {
        let path = self.log(log);
        let hidden = path.replace('/', "/.");
        self.append(&hidden, |model, path| (0..records).map(|_| model.record(path)).collect());
        self.rename(&hidden, &path);
    }

    fn mend(&mut self) {
        self.disk.unlimited();
        self.full = false;
    }

    fn start(&mut self) -> Result<(), String> {
        if self.server.is_some() {
            return Ok(());
        }
        let paths = match self.model.following {
            Following::Directory => vec!["logs"],
            Following::Files => vec!["logs/app.log", "logs/db.log", LINK, "logs/zz.log"],
            Following::Glob => vec!["logs/*.log"],
        };
        let base = ["serve", "--db", DATABASE, "--listen", "127.0.0.1:0"];
        let mut command = self.pintail.command(base.into_iter().chain(paths));
        command.env_remove("PINTAIL_TOKEN");
        self.disk.under(&mut command);
        match Server::try_spawn(command) {
            Ok(server) => self.server = Some(server),
            // It cannot start on a full disk, and says so; the end of the script tries again.
            Err(run) if self.full && run.stderr.contains("No space left") => {
                self.said += &run.stderr;
            }
            Err(run) => return Err(format!("the server did not start: {run:?}")),
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), String> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        server.signal("-TERM");
        let started = Instant::now();
        let status = loop {
            match server.ended() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => {
                    self.said += &server.kill();
                    return Err("SIGTERM does not end it".to_owned());
                }
                None => std::thread::sleep(PAUSE),
            }
        };
        let code = status.code();
        self.hear(server);
        if code == Some(0) || self.full { Ok(()) } else { Err(format!("SIGTERM: {status}")) }
    }

    fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            self.hear(server);
        }
    }

    /// Ends it if it still runs, and keeps what it said.
    pub fn hear(&mut self, server: Server) {
        self.said += &server.kill();
        self.said += "--\n";
    }

    /// Ends the server after a failure.
    pub fn close(&mut self) {
        self.kill();
    }

    /// Whether there is a server that can take in something.
    fn is_able(&self) -> bool {
        self.server.is_some() && !self.full
    }

    fn alive(&mut self) -> Result<(), String> {
        let ended = self.server.as_mut().and_then(Server::ended);
        ended.map_or(Ok(()), |status| Err(format!("the server ended by itself: {status}")))
    }

    /// Waits until the model and the database agree.
    fn settle(&mut self) -> Result<(), String> {
        self.until(Model::missing)?;
        self.model.confirm();
        Ok(())
    }

    /// Waits until nothing is missing.
    fn until(&mut self, missing: impl Fn(&Model, &Stored) -> Vec<String>) -> Result<(), String> {
        let started = Instant::now();
        loop {
            self.alive()?;
            let problem = match self.stored() {
                Ok(stored) => {
                    let never = self.model.never(&stored);
                    if !never.is_empty() {
                        return Err(shortened(&never));
                    }
                    let missing = missing(&self.model, &stored);
                    if missing.is_empty() {
                        return Ok(());
                    }
                    shortened(&missing)
                }
                Err(error) => error,
            };
            if started.elapsed() > PATIENCE {
                return Err(problem);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the server says itself that it has read everything, up to some bytes.
    fn until_read(&mut self, but: u64) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let sources = self.get("/api/sources")?;
            let empty = Vec::new();
            let list = sources["sources"].as_array().unwrap_or(&empty);
            let behind: Vec<&Value> =
                list.iter().filter(|source| source["lag_bytes"].as_u64() > Some(but)).collect();
            if behind.is_empty() {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("it has everything and shows a lag: {behind:?}"));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn stored(&self) -> Result<Stored, String> {
        Ok(Stored::new(
            self.texts("select message from logs")?,
            self.texts("select line from rejects")?,
        ))
    }

    fn texts(&self, sql: &str) -> Result<Vec<String>, String> {
        let address = &self.server.as_ref().ok_or("no server")?.address;
        let answer = self.agent.post(format!("{address}/api/sql")).send_json(json!({"sql": sql}));
        let answer = body(answer)?;
        let rows = answer["rows"].as_array().ok_or_else(|| format!("no rows: {answer}"))?;
        Ok(rows.iter().map(|row| row[0].as_str().unwrap_or_default().to_owned()).collect())
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let address = &self.server.as_ref().ok_or("no server")?.address;
        body(self.agent.get(format!("{address}{path}")).call())
    }
}

const DATABASE: &str = "data/pintail.duckdb";

fn body(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    answer.body_mut().read_json().map_err(|error| error.to_string())
}

fn shortened(problems: &[String]) -> String {
    let shown = problems.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
    match problems.len() {
        0..=5 => shown,
        more => format!("{shown}; and {} more", more - 5),
    }
}
