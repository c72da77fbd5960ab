//! A server in a test: started on a free port, asked over HTTP, ended by a signal.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use ureq::http::{HeaderMap, Response};

use super::{Pintail, Run, until};

/// A running `pintail serve` (or `demo`).
pub struct Server {
    child: Child,
    stderr: Stderr,
    pub address: String,
    /// What it has printed, a line each.
    printed: Arc<Mutex<Vec<String>>>,
    agent: ureq::Agent,
    token: Option<String>,
}

/// What it writes to standard error, read on by a thread.
struct Stderr {
    text: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    fn of(response: Response<ureq::Body>) -> Answer {
        let (parts, mut body) = response.into_parts();
        let bytes = body.with_config().limit(1 << 30).read_to_vec().unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code and message of an error.
    pub fn error(&self) -> (String, String) {
        let body = self.json();
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("message"))
    }
}

impl Server {
    /// `pintail serve` with these arguments, in the test's directory.
    pub fn start(pintail: &Pintail, args: &[&str]) -> Server {
        Server::start_with(pintail, args, &[])
    }

    /// The same with variables in its environment.
    pub fn start_with(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut all = vec!["serve"];
        if !args.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(args);
        let mut command = pintail.command(all);
        for name in ["TOKEN", "SMTP_HOST", "SMTP_FILE", "PUBLIC_URL"] {
            command.env_remove(format!("PINTAIL_{name}"));
        }
        command.envs(variables.iter().copied());
        Server::spawn(command)
    }

    /// Runs a command that prints the server's address.
    pub fn spawn(command: Command) -> Server {
        Server::try_spawn(command).unwrap_or_else(|run| panic!("the server did not start: {run:?}"))
    }

    /// The same, or how it ended instead.
    pub fn try_spawn(mut command: Command) -> Result<Server, Run> {
        let mut child = command.spawn().unwrap();
        let mut stderr = Stderr::read_on(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = stdout.by_ref().find_map(|line| {
            let line = line.unwrap();
            let at = ["http://", "https://"].iter().find_map(|scheme| line.find(scheme));
            at.map(|at| line[at..].trim().to_owned())
        });
        let Some(address) = address else {
            let code = child.wait().unwrap().code();
            let stderr = stderr.whole();
            return Err(Run { code, stdout: String::new(), stderr });
        };
        // What else it prints is read, so that it never waits for us.
        let printed = Arc::<Mutex<Vec<String>>>::default();
        let prints = printed.clone();
        std::thread::spawn(move || {
            stdout.map_while(Result::ok).for_each(|line| prints.lock().unwrap().push(line));
        });
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Server { child, stderr, address, printed, agent, token: None })
    }

    /// What it prints after these words, as soon as it does, the n-th time from 0 on.
    pub fn says_nth(&self, words: &str, n: usize) -> String {
        let mut said = None;
        until(words, || {
            let printed = self.printed.lock().unwrap();
            let after = |line: &String| Some(line.split_once(words)?.1.trim().to_owned());
            said = printed.iter().filter_map(after).nth(n);
            said.is_some()
        });
        said.unwrap()
    }

    /// Waits until it has said these words on standard error.
    pub fn until_said(&self, words: &str) {
        self.until_said_times(words, 1);
    }

    /// The same, so many times since its start.
    pub fn until_said_times(&self, words: &str, times: usize) {
        until(words, || self.stderr.text.lock().unwrap().matches(words).count() >= times);
    }

    /// Shows this token with every request.
    pub fn with_token(mut self, token: &str) -> Server {
        self.token = Some(token.to_owned());
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Answer::of(request.call().unwrap())
    }

    /// The JSON of a request that must succeed.
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub fn post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Answer::of(request.send_json(body).unwrap())
    }

    /// Any request, with these bytes as its body.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let is_shown = headers.iter().any(|(name, _)| *name == "authorization");
        if let Some(token) = self.token.as_ref().filter(|_| !is_shown) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body.as_ref().to_vec()).unwrap();
        Answer::of(self.agent.run(request).unwrap())
    }

    pub fn sql(&self, sql: &str) -> Answer {
        self.post("/api/sql", &json!({"sql": sql}), &[])
    }

    /// The only value of a query's only row.
    pub fn value(&self, sql: &str) -> Value {
        let answer = self.sql(sql);
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.json()["rows"][0][0].clone()
    }

    /// Waits until so many records are in.
    pub fn until_records(&self, count: i64) {
        until(&format!("{count} records"), || self.value("select count(*) from logs") == count);
    }

    /// Ends it as a service manager does; returns what it wrote to standard error.
    pub fn stop(mut self) -> String {
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.whole();
        assert!(status.success(), "{status}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        stderr
    }

    /// Ends it as a power failure does; returns what it wrote to standard error.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.stderr.whole()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// A number of /proc/PID/status, in KiB.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            println!("the server said:\n{}", self.stderr.whole());
        }
    }
}

impl Stderr {
    fn read_on(stderr: ChildStderr) -> Stderr {
        let text = Arc::<Mutex<String>>::default();
        let read = text.clone();
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let mut text = read.lock().unwrap();
                text.push_str(&line.unwrap());
                text.push('\n');
            }
        });
        Stderr { text, reading: Some(reading) }
    }

    /// All of it, when the process has ended.
    fn whole(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        self.text.lock().unwrap().clone()
    }
}
