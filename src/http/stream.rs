//! Results of any size, streamed: rows are written as DuckDB makes them, and held back when
//! the client is slow, so the memory they take is the same for ten rows and a billion.

use std::io::{self, Write};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::answer::{ApiError, ApiResult};
use super::app::App;
use super::runner::{Query, Watch, Whose};
use crate::error::{Error, Result};
use crate::queries::Parameters;
use crate::render::{csv_cell, csv_row};
use crate::store::output::{BatchSink, ColumnInfo, Flow, Rendering, RowSink};

/// Bytes that are sent at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Chunks that may wait for the client.
const CHUNKS_WAITING: usize = 4;

/// A client that takes nothing for so long is gone.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One object: columns, rows as arrays, how many, how long it took.
    #[default]
    Json,
    /// One object a line; timestamps in ISO 8601, UTC, as in CSV.
    Jsonl,
    Csv,
    /// Zstandard-compressed.
    Parquet,
    /// Arrow's streaming IPC format.
    Arrow,
}

impl Format {
    /// What a client that says `Accept: …` wants.
    pub fn accepted(accept: &str) -> Option<Format> {
        accept.split(',').find_map(|kind| match kind.split(';').next().unwrap_or_default().trim() {
            "application/json" => Some(Format::Json),
            "application/jsonl" | "application/x-ndjson" => Some(Format::Jsonl),
            "text/csv" => Some(Format::Csv),
            "application/vnd.apache.parquet" => Some(Format::Parquet),
            "application/vnd.apache.arrow.stream" => Some(Format::Arrow),
            _ => None,
        })
    }

    fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Jsonl => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Arrow => "arrows",
        }
    }
}

/// What is to be run and how its rows are wanted.
pub struct Job {
    pub sql: String,
    pub parameters: Parameters,
    pub whose: Whose,
    /// Lets it be cancelled by name.
    pub name: Option<String>,
    pub format: Format,
    /// Rows at most.
    pub limit: Option<usize>,
    /// Whether no cell of CSV may be a formula to a spreadsheet.
    pub csv_safe: bool,
    /// The name of a file to be saved, without extension.
    pub save_as: Option<&'static str>,
}

/// Runs the job; the answer begins when its first rows are there, so that an error before
/// them has a status of its own.
pub async fn answer(app: &App, job: Job) -> ApiResult<Response> {
    let query = app.runner.begin(job.whose, job.name.clone()).await?;
    let watch = query.watch();
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    let (format, save_as) = (job.format, job.save_as);
    let exports = app.options.exports.clone();
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut chunks = Chunks { sender, runtime, query: &query, buffer: Vec::new(), sent: false };
        let done = produce(&query, &job, &exports, &mut chunks);
        let ended = match done {
            Ok(()) => chunks.flush().map_err(Error::Io),
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            chunks.fail(&error, &job);
        }
    });
    respond(receiver, watch, format, save_as).await
}

async fn respond(
    mut receiver: mpsc::Receiver<ApiResult<Bytes>>,
    watch: Watch,
    format: Format,
    save_as: Option<&'static str>,
) -> ApiResult<Response> {
    let first = receiver.recv().await.transpose()?;
    let rest = stream::unfold((receiver, watch), |(mut receiver, watch)| async move {
        let chunk = receiver.recv().await?;
        // There is no other way to say so now than to break off.
        let chunk = chunk.map_err(|error| io::Error::other(error.detail.message));
        Some((chunk, (receiver, watch)))
    });
    // Fused: what compresses it asks once more after the end.
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(rest).fuse());
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(name) = save_as {
        let file = format!("attachment; filename=\"{name}.{}\"", format.extension());
        let file = HeaderValue::from_str(&file).expect("names are constants of letters");
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

fn produce(
    query: &Query,
    job: &Job,
    exports: &std::path::Path,
    out: &mut Chunks<'_>,
) -> Result<()> {
    let session = &query.session;
    let parameters = job.parameters.as_slice();
    match job.format {
        Format::Json => {
            let mut rows = JsonRows::new(out, job.limit);
            let run = session.run(&job.sql, &parameters, Rendering::Array, &mut rows);
            rows.finish(run, |error| describe(query, error, &job.sql))
        }
        Format::Jsonl => {
            let mut rows = LineRows { out, limit: job.limit, rows: 0, csv: false, safe: false };
            session.run(&job.sql, &parameters, Rendering::ZonedJson, &mut rows)
        }
        Format::Csv => {
            let mut rows =
                LineRows { out, limit: job.limit, rows: 0, csv: true, safe: job.csv_safe };
            session.run(&job.sql, &parameters, Rendering::ZonedText, &mut rows)
        }
        Format::Arrow => {
            let mut rows = ArrowRows { out, writer: None, left: job.limit };
            session.run_arrow(&limited(job), &mut rows)?;
            rows.finish()
        }
        Format::Parquet => {
            let file = tempfile::Builder::new()
                .suffix(".parquet")
                .tempfile_in(exports)
                .map_err(|error| Error::file("make a file in", exports, error))?;
            session.copy_to_parquet(&limited(job), &parameters, file.path())?;
            let mut made = std::fs::File::open(file.path())
                .map_err(|error| Error::file("read", file.path(), error))?;
            io::copy(&mut made, out)?;
            Ok(())
        }
    }
}

/// The statement with its limit, for formats that DuckDB writes by itself.
fn limited(job: &Job) -> String {
    match job.limit {
        Some(rows) => format!("from (\n{}\n) limit {rows}", job.sql.trim()),
        None => job.sql.clone(),
    }
}

/// The error as the client gets it.
fn describe(query: &Query, error: &Error, sql: &str) -> ApiError {
    match query.was_late() {
        true => ApiError::timeout(query.time_limit().as_secs()),
        false => ApiError::of_sql(error, sql),
    }
}

/// A writer whose bytes go to the client.
struct Chunks<'q> {
    sender: mpsc::Sender<ApiResult<Bytes>>,
    runtime: Handle,
    query: &'q Query,
    buffer: Vec<u8>,
    /// Whether the client has something already.
    sent: bool,
}

impl Chunks<'_> {
    fn send(&mut self, chunk: ApiResult<Bytes>) -> io::Result<()> {
        self.sent |= chunk.is_ok();
        let sending = tokio::time::timeout(STALLED_AFTER, self.sender.send(chunk));
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => {
                // Waiting for the client does not count.
                self.query.extend();
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn fail(&mut self, error: &Error, job: &Job) {
        if matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return;
        }
        let error = match job.whose {
            Whose::User => describe(self.query, error, &job.sql),
            Whose::Page if self.query.was_late() => {
                ApiError::timeout(self.query.time_limit().as_secs())
            }
            Whose::Page => ApiError::internal(error),
        };
        // A client that is gone needs no answer.
        self.send(Err(error)).ok();
    }
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        self.send(Ok(chunk))
    }
}

/// One JSON object around rows that are arrays.
struct JsonRows<'c, 'q> {
    out: &'c mut Chunks<'q>,
    limit: Option<usize>,
    rows: usize,
    truncated: bool,
    has_columns: bool,
    started: std::time::Instant,
}

impl<'c, 'q> JsonRows<'c, 'q> {
    fn new(out: &'c mut Chunks<'q>, limit: Option<usize>) -> JsonRows<'c, 'q> {
        let started = std::time::Instant::now();
        JsonRows { out, limit, rows: 0, truncated: false, has_columns: false, started }
    }

    /// Closes the object. An error after rows were sent is part of it; before, it is the answer.
    fn finish(mut self, run: Result<()>, describe: impl Fn(&Error) -> ApiError) -> Result<()> {
        let error = match run {
            Ok(()) => None,
            Err(error) if self.out.sent => Some(describe(&error).detail),
            Err(error) => return Err(error),
        };
        if !self.has_columns {
            self.columns(&[])?;
        }
        let elapsed_ms = self.started.elapsed().as_secs_f64() * 1_000.0;
        let end = serde_json::json!({
            "row_count": self.rows,
            "truncated": self.truncated,
            "elapsed_ms": (elapsed_ms * 1_000.0).round() / 1_000.0,
            "error": error,
        });
        let end = end.to_string();
        write!(self.out, "\n],{}", &end[1..])?;
        Ok(())
    }
}

impl RowSink for JsonRows<'_, '_> {
    fn columns(&mut self, columns: &[ColumnInfo]) -> Result<()> {
        self.has_columns = true;
        let columns: Vec<serde_json::Value> = columns
            .iter()
            .map(|column| serde_json::json!({"name": column.name, "type": column.type_name}))
            .collect();
        let columns = serde_json::Value::from(columns);
        write!(self.out, "{{\"columns\":{columns},\"rows\":[")?;
        Ok(())
    }

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow> {
        if self.limit.is_some_and(|limit| self.rows >= limit) {
            self.truncated = true;
            return Ok(Flow::Enough);
        }
        self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        self.out.write_all(values[0].unwrap_or("null").as_bytes())?;
        self.rows += 1;
        Ok(Flow::More)
    }
}

/// A line a row: JSON objects, or CSV with a header.
struct LineRows<'c, 'q> {
    out: &'c mut Chunks<'q>,
    limit: Option<usize>,
    rows: usize,
    csv: bool,
    /// See [`Job::csv_safe`].
    safe: bool,
}

impl RowSink for LineRows<'_, '_> {
    fn columns(&mut self, columns: &[ColumnInfo]) -> Result<()> {
        if self.csv {
            csv_row(self.out, columns.iter().map(|column| csv_cell(&column.name, self.safe)))?;
        }
        Ok(())
    }

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow> {
        if self.limit.is_some_and(|limit| self.rows >= limit) {
            return Ok(Flow::Enough);
        }
        if self.csv {
            let cells = values.iter().map(|value| csv_cell(value.unwrap_or_default(), self.safe));
            csv_row(self.out, cells)?;
        } else {
            self.out.write_all(values[0].unwrap_or("null").as_bytes())?;
            self.out.write_all(b"\n")?;
        }
        self.rows += 1;
        Ok(Flow::More)
    }
}

struct ArrowRows<'c, 'q> {
    out: &'c mut Chunks<'q>,
    writer: Option<StreamWriter<Vec<u8>>>,
    left: Option<usize>,
}

impl ArrowRows<'_, '_> {
    /// Hands on what Arrow's writer has written so far.
    fn hand_on(&mut self) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            let written = std::mem::take(writer.get_mut());
            self.out.write_all(&written)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.finish().map_err(arrow_error)?;
        }
        self.hand_on()
    }
}

impl BatchSink for ArrowRows<'_, '_> {
    fn schema(&mut self, schema: &SchemaRef) -> Result<()> {
        self.writer = Some(StreamWriter::try_new(Vec::new(), schema).map_err(arrow_error)?);
        self.hand_on()
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Flow> {
        if let Some(writer) = &mut self.writer {
            writer.write(batch).map_err(arrow_error)?;
        }
        self.hand_on()?;
        self.left = self.left.map(|left| left.saturating_sub(batch.num_rows()));
        Ok(if self.left == Some(0) { Flow::Enough } else { Flow::More })
    }
}

fn arrow_error(error: arrow::error::ArrowError) -> Error {
    Error::Store { action: "write Arrow", message: error.to_string() }
}
