//! What the command line asks while a server has the database: rows as it would read them
//! itself, a line each, the columns before them and how it ended after.

use std::io::Write;

use axum::Json;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::answer::{ApiError, ApiResult, Body};
use super::app::App;
use super::runner::{Query, Whose};
use super::sql::one_statement;
use super::stream::{Format, Job, answer};
use crate::backtest::{Backtest, Request as BacktestRequest};
use crate::clock;
use crate::detect::{self, Bar, Detector, Settings};
use crate::error::{Error, Result};
use crate::queries::{Moment, Parameters};
use crate::record::Micros;
use crate::store::output::{ColumnInfo, Flow, Rendering, RowSink};

/// Bytes that are sent at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// A statement for the command line.
#[derive(Debug, Serialize, Deserialize)]
pub struct RowsRequest {
    pub sql: String,
    /// The values of its named parameters.
    pub parameters: Vec<(String, Option<String>)>,
    /// Objects instead of texts.
    pub json: bool,
    /// Timestamps with their zone.
    #[serde(default)]
    pub zoned: bool,
    /// Names the query for `cancel`.
    pub name: String,
}

/// A detector's run for the command line.
#[derive(Debug, Serialize, Deserialize)]
pub struct DetectRequest {
    pub detector: String,
    pub sql: String,
    pub level: String,
    pub service: Option<String>,
    pub window_minutes: u32,
    pub guard_minutes: u32,
    pub bar: Bar,
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    pub store: bool,
    /// With what anomalies are made of.
    pub why: bool,
    pub json: bool,
}

/// The first line of the answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct RowsHead {
    /// Names and types; `None` if the statement returns no rows.
    pub columns: Option<Vec<(String, String)>>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub struct RowsTail {
    pub error: Option<String>,
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// Stops a query of the command line.
pub async fn cancel(State(app): State<App>, Body(named): Body<Named>) -> ApiResult<()> {
    match app.runner.cancel(&named.name) {
        true => Ok(()),
        false => Err(ApiError::not_found("no such query runs")),
    }
}

/// Runs a statement.
pub async fn rows(State(app): State<App>, Body(request): Body<RowsRequest>) -> ApiResult<Response> {
    let sql = one_statement(&request.sql)?;
    let query = app.runner.begin(Whose::User, Some(request.name)).await?;
    let rendering = match (request.json, request.zoned) {
        (false, false) => Rendering::Text,
        (true, false) => Rendering::Json,
        (false, true) => Rendering::ZonedText,
        (true, true) => Rendering::ZonedJson,
    };
    let parameters = parameters(&request.parameters);
    Ok(streamed(query, move |query, lines| {
        query.session.run(&sql, &parameters.as_slice(), rendering, lines)
    }))
}

/// Runs a statement whose rows are wanted as Parquet.
pub async fn parquet(
    State(app): State<App>,
    Body(request): Body<RowsRequest>,
) -> ApiResult<Response> {
    let job = Job {
        sql: one_statement(&request.sql)?,
        parameters: parameters(&request.parameters),
        whose: Whose::User,
        name: Some(request.name),
        format: Format::Parquet,
        limit: None,
        csv_safe: false,
        save_as: None,
    };
    answer(&app, job).await
}

fn parameters(values: &[(String, Option<String>)]) -> Parameters {
    let empty = Parameters::new();
    values.iter().fold(empty, |all, (name, value)| all.maybe(name, value.as_ref()))
}

/// Runs a detector, and stores what it finds if that is wanted.
pub async fn detect(
    State(app): State<App>,
    Body(request): Body<DetectRequest>,
) -> ApiResult<Response> {
    let query = app.runner.begin(Whose::Page, None).await?;
    let rendering = if request.json { Rendering::Json } else { Rendering::Text };
    Ok(streamed(query, move |query, lines| {
        let detector = Detector::from_sql(&request.detector, &request.sql);
        let settings = Settings {
            level: request.level,
            service: request.service,
            window_minutes: request.window_minutes,
            guard_minutes: request.guard_minutes,
            every: false,
        };
        let now = clock::now();
        let parameters =
            detect::plausible(&query.session, &settings, (request.from, request.to), now)?;
        let found = detector.run_asking(&query.session, &parameters, request.bar)?;
        if request.store {
            found.store(&query.session, &Moment(now).sql(), false)?;
        }
        found.show(&query.session, request.why, rendering, lines)
    }))
}

/// Tells how often detectors would have raised alerts.
pub async fn backtest(
    State(app): State<App>,
    Body(request): Body<BacktestRequest>,
) -> ApiResult<Json<Vec<Backtest>>> {
    let tested = app.runner.page(move |session| request.run(session));
    Ok(Json(tested.await?))
}

fn streamed(
    query: Query,
    work: impl FnOnce(&Query, &mut Lines) -> Result<()> + Send + 'static,
) -> Response {
    let watch = query.watch();
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut lines = Lines { sender, buffer: Vec::new(), begun: false };
        let error = work(&query, &mut lines).err();
        if matches!(&error, Some(Error::Io(_))) {
            return;
        }
        let error = match query.was_late() {
            true => Some(format!("the query took more than {} s", query.time_limit().as_secs())),
            false => error.map(|error| error.to_string()),
        };
        // Nobody listens any more if it fails.
        lines.finish(error).ok();
    });
    let chunks = stream::unfold((receiver, watch), |(mut receiver, watch)| async move {
        let chunk: Bytes = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), (receiver, watch)))
    });
    Response::new(HttpBody::from_stream(chunks.fuse()))
}

/// Rows as lines of JSON: arrays of texts and nulls.
struct Lines {
    sender: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
    begun: bool,
}

impl Lines {
    fn line(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.buffer, value).map_err(std::io::Error::from)?;
        self.buffer.write_all(b"\n")?;
        if self.buffer.len() >= CHUNK_BYTES { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        let gone = |_| Error::Io(std::io::ErrorKind::BrokenPipe.into());
        self.sender.blocking_send(chunk).map_err(gone)
    }

    fn finish(&mut self, error: Option<String>) -> Result<()> {
        if !self.begun {
            self.line(&RowsHead { columns: None })?;
        }
        self.line(&RowsTail { error })?;
        self.send()
    }
}

impl RowSink for Lines {
    fn columns(&mut self, columns: &[ColumnInfo]) -> Result<()> {
        self.begun = true;
        let columns = columns.iter().map(|column| (column.name.clone(), column.type_name.clone()));
        self.line(&RowsHead { columns: Some(columns.collect()) })
    }

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow> {
        self.line(&values)?;
        Ok(Flow::More)
    }
}
