//! The database, opened here, or asked through the server that has it. Who uses it need not
//! know which.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::beside::Beside;
use crate::backtest::{self, Backtest};
use crate::config::Limits;
use crate::detect::{self, Bar, Detector, Settings};
use crate::error::{Error, Result};
use crate::http::{DetectRequest, RowsHead, RowsRequest, RowsTail, random_key};
use crate::queries::Moment;
use crate::record::Micros;
use crate::store::output::{ColumnInfo, Flow, Interrupter, Rendering, RowSink};
use crate::store::{Access, Parameter, Session, Store};

/// How long a server may take to accept a connection on the same machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

pub enum Connection {
    Here(Session),
    Server(Client),
}

/// A server that has the database.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    beside: Beside,
    /// Names this process's queries.
    name: String,
}

/// Stops what runs.
pub enum Canceller {
    Here(Interrupter),
    Server(Client),
}

impl Connection {
    /// Asks the server that has the database, or opens it.
    pub fn open(database: &Path, access: Access) -> Result<Connection> {
        if let Some(client) = Client::find(database)? {
            return Ok(Connection::Server(client));
        }
        let store = Store::open(database, access, &Limits::query())?;
        Ok(Connection::Here(store.session()?))
    }

    pub fn run(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        rendering: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        match self {
            Connection::Here(session) => session.run(sql, parameters, rendering, sink),
            Connection::Server(client) => client.run(sql, parameters, rendering, sink),
        }
    }

    pub fn copy_to_parquet(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        path: &Path,
    ) -> Result<()> {
        match self {
            Connection::Here(session) => session.copy_to_parquet(sql, parameters, path),
            Connection::Server(client) => client.copy_to_parquet(sql, parameters, path),
        }
    }

    /// Runs a detector, stores what it finds if that is wanted, and shows it.
    pub fn detect(
        &self,
        detector: &Detector,
        request: &DetectRun<'_>,
        rendering: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        match self {
            Connection::Here(session) => {
                let span = (request.from, request.to);
                let parameters = detect::plausible(session, request.settings, span, request.now)?;
                let found = detector.run(session, &parameters, request.bar)?;
                if request.store {
                    found.store(session, &Moment(request.now).sql(), false)?;
                }
                found.show(session, request.why, rendering, sink)
            }
            Connection::Server(client) => client.detect(detector, request, rendering, sink),
        }
    }

    /// Tells how often detectors would have raised alerts.
    pub fn backtest(&self, request: &backtest::Request) -> Result<Vec<Backtest>> {
        match self {
            Connection::Here(session) => request.run(session),
            Connection::Server(client) => {
                let mut answer = client.post("local/backtest", request)?;
                parsed(&answer.body_mut().read_to_string().map_err(|error| lost(&error))?)
            }
        }
    }

    pub fn canceller(&self) -> Canceller {
        match self {
            Connection::Here(session) => Canceller::Here(session.interrupter()),
            Connection::Server(client) => Canceller::Server(client.clone()),
        }
    }
}

impl Canceller {
    pub fn cancel(&self) {
        match self {
            Canceller::Here(interrupter) => interrupter.interrupt(),
            Canceller::Server(client) => client.cancel(),
        }
    }
}

/// What a run of a detector needs to know.
pub struct DetectRun<'a> {
    pub settings: &'a Settings,
    pub bar: Bar,
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    pub now: Micros,
    pub store: bool,
    /// With what anomalies are made of.
    pub why: bool,
}

impl Client {
    /// The server that has the database, if there is one that answers.
    pub fn find(database: &Path) -> Result<Option<Client>> {
        let Some(beside) = Beside::read(database) else {
            return Ok(None);
        };
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .http_status_as_error(false)
            .build()
            .into();
        // Left behind by a server that was killed, or its port is another program's now.
        let answers = agent.get(format!("{}/health", beside.address)).call();
        if !answers.is_ok_and(|answer| answer.status() == 200) {
            return Ok(None);
        }
        Ok(Some(Client { agent, beside, name: random_key()? }))
    }

    pub(super) fn post(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<ureq::http::Response<ureq::Body>> {
        let answer = self
            .agent
            .post(format!("{}/api/{path}", self.beside.address))
            .header("authorization", format!("Bearer {}", self.beside.key))
            .send_json(body)
            .map_err(|error| lost(&error))?;
        if answer.status() == 200 { Ok(answer) } else { Err(refusal(answer)) }
    }

    /// Sends what a reader has, piece by piece, to its end.
    pub(super) fn send(&self, path: &str, reader: impl Read + 'static) -> Result<()> {
        let answer = self
            .agent
            .post(format!("{}/api/{path}", self.beside.address))
            .header("authorization", format!("Bearer {}", self.beside.key))
            .send(ureq::SendBody::from_owned_reader(reader))
            .map_err(|error| lost(&error))?;
        if answer.status() == 200 { Ok(()) } else { Err(refusal(answer)) }
    }

    /// Names what this process asks for.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn run(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        rendering: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        let request = self.request(sql, parameters, rendering);
        let answer = self.post("local/rows", &request)?;
        read_rows(answer.into_body().into_reader(), sink)
    }

    fn request(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        rendering: Rendering,
    ) -> RowsRequest {
        let owned = |(name, value): &Parameter<'_>| ((*name).to_owned(), value.map(str::to_owned));
        RowsRequest {
            sql: sql.to_owned(),
            parameters: parameters.iter().map(owned).collect(),
            json: matches!(rendering, Rendering::Json | Rendering::ZonedJson),
            zoned: matches!(rendering, Rendering::ZonedText | Rendering::ZonedJson),
            name: self.name.clone(),
        }
    }

    fn detect(
        &self,
        detector: &Detector,
        run: &DetectRun<'_>,
        rendering: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        let Settings { level, service, window_minutes, guard_minutes, .. } = run.settings.clone();
        let request = DetectRequest {
            detector: detector.name.clone(),
            sql: detector.sql().to_owned(),
            level,
            service,
            window_minutes,
            guard_minutes,
            bar: run.bar,
            from: run.from,
            to: run.to,
            store: run.store,
            why: run.why,
            json: rendering == Rendering::Json,
        };
        let answer = self.post("local/detect", &request)?;
        read_rows(answer.into_body().into_reader(), sink)
    }

    fn copy_to_parquet(&self, sql: &str, parameters: &[Parameter<'_>], path: &Path) -> Result<()> {
        let answer = self.post("local/parquet", &self.request(sql, parameters, Rendering::Text))?;
        let failed = |error| Error::file("write", path, error);
        let mut file = std::fs::File::create(path).map_err(failed)?;
        std::io::copy(&mut answer.into_body().into_reader(), &mut file).map_err(failed)?;
        Ok(())
    }

    fn cancel(&self) {
        let named = serde_json::json!({"name": self.name});
        // A query that has just ended needs no cancelling.
        drop(self.post("local/cancel", &named));
    }
}

/// Hands the lines of an answer to a sink.
fn read_rows(reader: impl Read, sink: &mut dyn RowSink) -> Result<()> {
    let mut lines = BufReader::with_capacity(64 << 10, reader);
    let mut line = String::new();
    let mut next = |line: &mut String| -> Result<bool> {
        line.clear();
        Ok(lines.read_line(line).map_err(|error| lost(&error))? > 0)
    };
    if !next(&mut line)? {
        return Err(broken_off());
    }
    let head: RowsHead = parsed(&line)?;
    if let Some(columns) = head.columns {
        let columns: Vec<ColumnInfo> =
            columns.into_iter().map(|(name, type_name)| ColumnInfo { name, type_name }).collect();
        sink.columns(&columns)?;
    }
    while next(&mut line)? {
        if !line.starts_with('[') {
            let tail: RowsTail = parsed(&line)?;
            return tail.error.map_or(Ok(()), |error| Err(Error::Sql(error)));
        }
        let values: Vec<Option<std::borrow::Cow<'_, str>>> = parsed(&line)?;
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        if sink.row(&values)? == Flow::Enough {
            return Ok(());
        }
    }
    Err(broken_off())
}

pub(super) fn parsed<T: DeserializeOwned>(line: &str) -> Result<T> {
    serde_json::from_str(line).map_err(|error| Error::Store {
        action: "read the server's answer",
        message: error.to_string(),
    })
}

fn lost(error: &dyn std::fmt::Display) -> Error {
    Error::Store { action: "ask the server that has the database", message: error.to_string() }
}

fn broken_off() -> Error {
    lost(&"the answer broke off")
}

/// What the server says to a request that it does not answer.
fn refusal(mut answer: ureq::http::Response<ureq::Body>) -> Error {
    let status = answer.status();
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    let told: Option<String> = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|body| Some(body["error"]["message"].as_str()?.to_owned()));
    match told {
        Some(message) => Error::Sql(message),
        None => lost(&format!("it answers {status}")),
    }
}
