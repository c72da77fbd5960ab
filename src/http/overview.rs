//! What the overview shows: status, volume, services, scores, anomalies, alerts.

use std::path::Path;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiError, ApiResult, ErrorBody, Params, Time, switch};
use super::app::App;
use super::detection::known_detector;
use crate::clock;
use crate::config::PICTURE_THRESHOLD_DEFAULT;
use crate::detect::{Bar, Detector, Settings};
use crate::error::Result;
use crate::ingest::live::Followed;
use crate::parse::level::level_of_word;
use crate::queries::Moment;
use crate::queries::alerts::{self, Alerts};
use crate::queries::anomalies::{
    Anomalies, Anomaly, found as found_anomalies, stored as stored_anomalies,
};
use crate::queries::range::{MINUTE, Span, UNLESS_SAID};
use crate::queries::scores::{Scores, scores as read_scores};
use crate::queries::search::Filter;
use crate::queries::services::{Services, services as read_services};
use crate::queries::status::status as read_status;
use crate::queries::volume::{Volume, volume as read_volume};
use crate::render::{csv_cell, csv_row};
use crate::store::{Session, Store};

/// More buckets than a screen has pixels help nobody.
const BUCKETS_MAX: usize = 2_000;

/// The whole in numbers.
#[derive(Serialize, ToSchema)]
pub struct Status {
    pub version: &'static str,
    pub started: Moment,
    pub now: Moment,
    /// The path of the database on the server's machine: `--db` for commands beside it.
    pub database: String,
    pub database_bytes: u64,
    pub records: i64,
    pub rejects: i64,
    /// Over the last ten seconds, by arrival.
    pub records_per_second: f64,
    /// How long the oldest byte that is not read yet has waited; null if nothing is followed.
    pub lag_seconds: Option<f64>,
    pub lag_bytes: u64,
    pub sources: i64,
    pub alerts_open: i64,
    /// The oldest and newest event time.
    pub first: Option<Moment>,
    pub last: Option<Moment>,
    /// Standard deviations where the picture of z-scores has its threshold to begin with.
    pub threshold: f64,
    pub mail: MailStatus,
    pub monitor: MonitorStatus,
    /// Why nothing can be taken in at the moment.
    pub error: Option<String>,
    /// Why what clients sent last could not be stored.
    pub receive_error: Option<String>,
    /// Items that clients sent since the start and that there was no room for.
    pub dropped: u64,
    /// Whether the log is a synthetic one.
    pub demo: bool,
}

#[derive(Serialize, ToSchema)]
pub struct MailStatus {
    pub configured: bool,
    pub pending: i64,
    pub failed: i64,
    /// What the newest message that did not get through met.
    pub last_error: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct MonitorStatus {
    pub last_run: Option<Moment>,
    pub took_ms: f64,
    pub error: Option<String>,
    /// Detectors that could not run; see `/api/detectors`.
    pub failing: Vec<String>,
}

/// The whole in numbers
#[utoipa::path(get, path = "/api/status", tag = "overview", responses((status = 200, body = Status)))]
pub async fn status(State(app): State<App>) -> ApiResult<Json<Status>> {
    let known = app.runner.page(read_status).await?;
    let options = &app.options;
    let files = options.live.files();
    let lag = files.values().map(Followed::lag).max();
    let monitor = options.monitor.state();
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        started: Moment(options.started),
        now: Moment(clock::now()),
        database: absolute(&options.database),
        database_bytes: Store::bytes_on_disk(&options.database),
        records: known.records,
        rejects: known.rejects,
        records_per_second: options.live.records_per_second(),
        lag_seconds: lag.map(|lag| lag.as_secs_f64()),
        lag_bytes: files.values().map(Followed::lag_bytes).sum(),
        sources: known.sources,
        alerts_open: known.alerts_open,
        first: known.first,
        last: known.last,
        threshold: picture_threshold(&app),
        mail: MailStatus {
            configured: options.mails,
            pending: known.mail_pending,
            failed: known.mail_failed,
            last_error: known.mail_error,
        },
        monitor: MonitorStatus {
            last_run: monitor.last_run.map(Moment),
            took_ms: monitor.took.as_secs_f64() * 1_000.0,
            error: monitor.error,
            failing: monitor
                .detectors
                .into_iter()
                .filter(|ran| ran.error.is_some())
                .map(|ran| ran.name)
                .collect(),
        },
        error: options.live.error(),
        receive_error: options.live.receive_error(),
        dropped: options.live.dropped.load(Ordering::Relaxed),
        demo: options.is_demo,
    }))
}

/// Of a path that was given relative to where the server was started.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// From when to when, and what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct VolumeParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// In the search language.
    #[serde(default)]
    pub q: String,
    /// About how many buckets are wanted; 120 if nothing is said.
    pub buckets: Option<usize>,
}

/// Records per bucket and level
#[utoipa::path(get, path = "/api/volume", tag = "overview", params(VolumeParams),
    responses((status = 200, body = Volume), (status = 400, body = ErrorBody)))]
pub async fn volume(
    State(app): State<App>,
    Params(params): Params<VolumeParams>,
) -> ApiResult<Json<Volume>> {
    let filter = Filter::parse(&params.q)?;
    let buckets = params.buckets.unwrap_or(120).clamp(1, BUCKETS_MAX);
    let (from, to) = (params.from, params.to);
    let volume = app
        .runner
        .page(move |session| read_volume(session, span(session, from, to)?, &filter, buckets));
    Ok(Json(volume.await?))
}

pub fn span(session: &Session, from: Option<Time>, to: Option<Time>) -> Result<Span> {
    Span::resolve(session, from.map(|time| time.0), to.map(|time| time.0), clock::now())
}

/// From when to when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SpanParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
}

/// Records and errors per service
#[utoipa::path(get, path = "/api/services", tag = "overview", params(SpanParams),
    responses((status = 200, body = Services)))]
pub async fn services(
    State(app): State<App>,
    Params(params): Params<SpanParams>,
) -> ApiResult<Json<Services>> {
    let services = app
        .runner
        .page(move |session| read_services(session, span(session, params.from, params.to)?));
    Ok(Json(services.await?))
}

/// What is to be scored.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ScoreParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// Count records of this level and above; ERROR if nothing is said.
    pub level: Option<String>,
    /// About how many points a line may have; 600 if nothing is said.
    pub points: Option<usize>,
    /// By which detector; `zscore` if nothing is said, and then every minute has a score.
    pub detector: Option<String>,
    /// One service only: others than `zscore` need it to be quick.
    pub service: Option<String>,
}

/// The score of every service over time, with the band of what would have been normal
#[utoipa::path(get, path = "/api/scores", tag = "overview", params(ScoreParams),
    responses((status = 200, body = Scores), (status = 400, body = ErrorBody)))]
pub async fn scores(
    State(app): State<App>,
    Params(params): Params<ScoreParams>,
) -> ApiResult<Json<Scores>> {
    let settings = settings(params.level.as_deref())?;
    let settings = Settings { service: params.service, every: true, ..settings };
    let points = params.points.unwrap_or(600).clamp(1, BUCKETS_MAX);
    let picture = Detector::picture();
    let named = params.detector.filter(|name| *name != picture.name);
    let detector = named.map(|name| known_detector(&app, &name)).transpose()?;
    let false_alarms = app.options.monitor.watch.false_alarms;
    let start = picture_threshold(&app);
    let scores = app.runner.page(move |session| {
        let now = clock::now();
        let span = span(session, params.from, params.to)?.plausible(now);
        // The picture's threshold can be dragged: all of it is wanted.
        let (detector, asked, shown) = match detector {
            None => (picture, 0.0, start),
            Some(detector) => {
                let bar = detector.bar(None, false_alarms).single();
                (detector, bar, bar)
            }
        };
        let parameters = settings.parameters(Some(span.from), Some(span.to), now);
        detector.draw(session, &parameters, Bar::Score(asked))?;
        read_scores(session, span, &settings, points, (detector.name, shown))
    });
    Ok(Json(scores.await?))
}

/// What counts as an anomaly.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AnomalyParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// The score from which on a minute counts. If nothing is said, the detector's own; of the z-score
    /// where the picture's threshold begins.
    pub threshold: Option<f64>,
    /// Count records of this level and above, where a detector counts those; ERROR if nothing is said.
    pub level: Option<String>,
    /// `monitor` for what the monitor has found by all of its detectors. Otherwise a detector that is asked
    /// anew, by its name, with a score from which on it fires if you like (`counts:4.5`); `zscore` if
    /// nothing is said. Others than that are asked about the last 30 days unless `from` says otherwise.
    pub detector: Option<String>,
    /// `csv` for a file.
    pub format: Option<String>,
    /// 1: in CSV, an apostrophe stands before what a spreadsheet would take for a formula.
    #[serde(default, deserialize_with = "switch")]
    #[param(value_type = Option<String>)]
    pub csv_safe: bool,
}

/// Unusual minutes, those that belong together joined
#[utoipa::path(get, path = "/api/anomalies", tag = "overview", params(AnomalyParams),
    responses((status = 200, body = Anomalies), (status = 400, body = ErrorBody)))]
pub async fn anomalies(
    State(app): State<App>,
    Params(params): Params<AnomalyParams>,
) -> ApiResult<Response> {
    let settings = settings(params.level.as_deref())?;
    if params.threshold.is_some_and(|threshold| threshold.is_nan() || threshold <= 0.0) {
        return Err(ApiError::bad_request("threshold is a number above 0"));
    }
    let as_csv = match params.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(ApiError::bad_request("format is json or csv")),
    };
    let asked = asked(&app, params.detector.as_deref(), params.threshold)?;
    let threshold = asked.as_ref().map(|(_, bar)| bar.single());
    let found = app.runner.page(move |session| {
        let span = span(session, params.from, params.to)?;
        let Some((detector, bar)) = asked else {
            return stored_anomalies(session, span.rounded(MINUTE));
        };
        let now = clock::now();
        let span = span.plausible(now);
        let from = match params.from.is_none() && detector.name != Detector::picture().name {
            true => span.from.max(span.to - UNLESS_SAID),
            false => span.from,
        };
        let parameters = settings.parameters(Some(from), Some(span.to), now);
        detector.run_asking(session, &parameters, bar)?;
        found_anomalies(session, &detector.name)
    });
    let anomalies = found.await?;
    if as_csv {
        return csv(&anomalies, params.csv_safe).map_err(ApiError::from);
    }
    Ok(Json(Anomalies { threshold, anomalies }).into_response())
}

/// Which detector is to be asked, and from which score on its minutes count; `None` is the monitor.
fn asked(
    app: &App,
    choice: Option<&str>,
    threshold: Option<f64>,
) -> ApiResult<Option<(Detector, Bar)>> {
    let picture = Detector::picture();
    match choice {
        Some("monitor") => Ok(None),
        Some(choice) if choice != picture.name => {
            let detector = known_detector(app, choice)?;
            let watch = &app.options.monitor.watch;
            let says = choice.contains(':');
            // As the monitor does it, unless somebody says otherwise.
            let threshold = threshold.or(watch.threshold.filter(|_| !says));
            let bar = detector.bar(threshold, watch.false_alarms);
            Ok(Some((detector, bar)))
        }
        None | Some(_) => {
            let threshold = threshold.unwrap_or_else(|| picture_threshold(app));
            Ok(Some((picture, Bar::Score(threshold))))
        }
    }
}

/// Where the picture's threshold begins.
fn picture_threshold(app: &App) -> f64 {
    app.options.monitor.watch.threshold.unwrap_or(PICTURE_THRESHOLD_DEFAULT)
}

/// What is usual, perhaps with another level.
fn settings(level: Option<&str>) -> ApiResult<Settings> {
    let mut settings = Settings::default();
    if let Some(level) = level {
        let known = level_of_word(level)
            .ok_or_else(|| ApiError::bad_request(format!("'{level}' is no level")))?;
        settings.level = known.name().to_owned();
    }
    Ok(settings)
}

fn csv(anomalies: &[Anomaly], is_safe: bool) -> Result<Response> {
    let mut out = Vec::new();
    let names = "start,end,series,service,level,observed,expected,low,high,score,direction,detector,\
                 duration_minutes,reason";
    csv_row(&mut out, names.split(','))?;
    for found in anomalies {
        let numbers = [found.observed, found.expected, found.low, found.high, found.score];
        let numbers = numbers.map(|number| number.to_string());
        let mut row = vec![found.start.iso(), found.end.iso()];
        row.push(found.series.clone());
        row.push(found.service.clone().unwrap_or_default());
        row.push(found.level.clone().or(found.min_level.clone()).unwrap_or_default());
        row.extend(numbers);
        row.extend([found.direction.clone(), found.detector.clone()]);
        row.extend([found.duration_minutes.to_string(), found.reason.clone()]);
        csv_row(&mut out, row.iter().map(|cell| csv_cell(cell, is_safe)))?;
    }
    let mut response = out.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let file = HeaderValue::from_static("attachment; filename=\"anomalies.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}

/// What people were told, the newest first
#[utoipa::path(get, path = "/api/alerts", tag = "overview", responses((status = 200, body = Alerts)))]
pub async fn alerts(State(app): State<App>) -> ApiResult<Json<Alerts>> {
    Ok(Json(app.runner.page(alerts::list).await?))
}
