//! Detection as people steer it: which detectors there are, what they would have found, and what
//! people say of what was found.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiError, ApiResult, Body, ErrorBody, Params, Time, switch};
use super::app::App;
use crate::backtest::{Backtest, Request, Trial};
use crate::clock;
use crate::detect::{Detector, Firing};
use crate::queries::Moment;
use crate::queries::learning::{Learning, learning};
use crate::queries::marks::{self, Mark, Marks, NewMark};
use crate::queries::range::MINUTE;
use crate::render::{csv_cell, csv_row};

/// Detectors that are compared in one request.
const TRIALS_MAX: usize = 8;

/// How long what is marked may have lasted. Detectors take for usual what has gone on for weeks; and
/// what nobody is told of for longer than a month is better said to them by another threshold.
const MARK_DAYS_MAX: i64 = 31;

/// A note is a line, not a book.
const NOTE_CHARS_MAX: usize = 1_000;

/// What looks for anomalies, and how far it is.
#[derive(Serialize, ToSchema)]
pub struct Detectors {
    pub detectors: Vec<DetectorInfo>,
    /// That detectors with a budget may raise by chance, a day and thousand series.
    pub false_alarms_per_day: f64,
    /// Records may be so long on their way before their minute is judged.
    pub judge_after_seconds: f64,
    /// Series that had records in the last day, and how many of them are so young that detectors
    /// are still learning what is usual.
    pub series: Learning,
    /// Records that came too late to be judged, since the start.
    pub too_late: u64,
}

#[derive(Serialize, ToSchema)]
pub struct DetectorInfo {
    pub name: String,
    /// What it looks for.
    pub about: String,
    /// The score from which on a series that is unusual alone counts.
    pub threshold: Option<f64>,
    /// `deviations` (standard deviations), or `own`.
    pub unit: String,
    pub built_in: bool,
    /// Whether the monitor raises alerts by it.
    pub alerts: bool,
    /// Why it could not run.
    pub error: Option<String>,
    pub judged_until: Option<Moment>,
    pub took_ms: Option<f64>,
}

/// Detectors, and how far they are
#[utoipa::path(get, path = "/api/detectors", tag = "detection",
    responses((status = 200, body = Detectors)))]
pub async fn detectors(State(app): State<App>) -> ApiResult<Json<Detectors>> {
    let monitor = app.options.monitor.clone();
    let state = monitor.state();
    let now = clock::now();
    let series = app.runner.page(move |session| learning(session, now)).await?;
    let budget = monitor.watch.false_alarms;
    let chosen = monitor.watch.choices.look();
    let others = Detector::built_in().filter(|it| chosen.iter().all(|one| one.name != it.name));
    let others: Vec<DetectorInfo> = others.map(|it| info(it, None, budget)).collect();
    let running = chosen.into_iter().map(|one| {
        let ran = state.detectors.iter().find(|ran| ran.name == one.name);
        match one.detector {
            Ok(detector) => DetectorInfo {
                alerts: true,
                error: ran.and_then(|ran| ran.error.clone()),
                judged_until: ran.and_then(|ran| ran.judged_until).map(Moment),
                took_ms: ran.map(|ran| ran.took.as_secs_f64() * 1_000.0),
                ..info(detector, monitor.watch.threshold, budget)
            },
            Err(error) => DetectorInfo {
                name: one.name,
                about: String::new(),
                threshold: None,
                unit: "own".to_owned(),
                built_in: false,
                alerts: true,
                error: Some(error.to_string()),
                judged_until: None,
                took_ms: None,
            },
        }
    });
    let detectors = running.chain(others).collect();
    Ok(Json(Detectors {
        detectors,
        false_alarms_per_day: budget,
        judge_after_seconds: monitor.watch.settle as f64 / 1e6,
        series,
        too_late: state.too_late,
    }))
}

/// What is known of one that has not run.
fn info(detector: Detector, threshold: Option<f64>, budget: f64) -> DetectorInfo {
    let in_deviations = detector.firing == Firing::Budget || detector.name == "zscore";
    DetectorInfo {
        about: detector.about(),
        threshold: Some(detector.bar(threshold, budget).single()),
        unit: if in_deviations { "deviations" } else { "own" }.to_owned(),
        built_in: detector.is_built_in(),
        alerts: false,
        error: None,
        judged_until: None,
        took_ms: None,
        name: detector.name,
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BacktestParams {
    /// Names of detectors, between commas, each with a score from which on it fires if you like:
    /// `counts,zscore:4`.
    pub detectors: String,
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// One service only.
    pub service: Option<String>,
    /// Whether to compare with what people said of anomalies.
    #[serde(default)]
    pub marks: bool,
}

/// Detectors, side by side.
#[derive(Serialize, ToSchema)]
pub struct Backtests {
    pub backtests: Vec<Backtest>,
}

/// How often detectors would have raised alerts
#[utoipa::path(get, path = "/api/backtest", tag = "detection", params(BacktestParams),
    responses((status = 200, body = Backtests), (status = 400, body = ErrorBody)))]
pub async fn backtest(
    State(app): State<App>,
    Params(params): Params<BacktestParams>,
) -> ApiResult<Json<Backtests>> {
    let watch = app.options.monitor.watch.clone();
    let names: Vec<&str> = params.detectors.split(',').map(str::trim).collect();
    if names.len() > TRIALS_MAX {
        return Err(ApiError::bad_request(format!("at most {TRIALS_MAX} detectors at a time")));
    }
    let trial = |name| -> ApiResult<Trial> {
        let detector = known_detector(&app, name)?;
        Ok(Trial::new(&detector, detector.bar(None, watch.false_alarms)))
    };
    let request = Request {
        trials: names.into_iter().map(trial).collect::<ApiResult<_>>()?,
        service: params.service,
        from: params.from.map(|time| time.0),
        to: params.to.map(|time| time.0),
        truth: None,
        marks: params.marks,
    };
    let tested = app.runner.page(move |session| request.run(session));
    Ok(Json(Backtests { backtests: tested.await? }))
}

/// A built-in detector or one of those the monitor runs: no files that a client names.
pub fn known_detector(app: &App, choice: &str) -> ApiResult<Detector> {
    let name = choice.split(':').next().unwrap_or_default();
    let unknown = || ApiError::not_found(format!("there is no detector {name}"));
    if Detector::built_in().any(|it| it.name == name) {
        return Detector::open(choice).map_err(ApiError::from);
    }
    let chosen = app.options.monitor.watch.choices.look();
    let one = chosen.into_iter().find(|one| one.name == name).ok_or_else(unknown)?;
    let detector = one.detector?;
    match choice.split_once(':').map(|(_, score)| score.parse::<f64>()) {
        None => Ok(detector),
        Some(Ok(score)) if score > 0.0 => Ok(detector.firing(Firing::From(score))),
        Some(_) => Err(ApiError::bad_request("a score is a number above 0")),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MarkParams {
    /// `csv` for a file that `pintail backtest --truth` reads.
    pub format: Option<String>,
    /// 1: in CSV, an apostrophe stands before what a spreadsheet would take for a formula.
    #[serde(default, deserialize_with = "switch")]
    #[param(value_type = Option<String>)]
    pub csv_safe: bool,
}

/// What people said of anomalies, the newest first
#[utoipa::path(get, path = "/api/marks", tag = "detection", params(MarkParams),
    responses((status = 200, body = Marks), (status = 400, body = ErrorBody)))]
pub async fn list_marks(
    State(app): State<App>,
    Params(params): Params<MarkParams>,
) -> ApiResult<Response> {
    let found = app.runner.page(marks::list).await?;
    match params.format.as_deref() {
        None | Some("json") => Ok(Json(found).into_response()),
        Some("csv") => csv(&found.marks, params.csv_safe).map_err(ApiError::from),
        Some(_) => Err(ApiError::bad_request("format is json or csv")),
    }
}

fn csv(marks: &[Mark], is_safe: bool) -> crate::error::Result<Response> {
    let mut out = Vec::new();
    csv_row(&mut out, "series,start,end,verdict,detector,direction,note".split(','))?;
    for mark in marks {
        let (start, end) = (mark.start.iso(), mark.end.iso());
        let note = mark.note.as_deref().unwrap_or_default();
        let row =
            [&mark.series, &start, &end, &mark.verdict, &mark.detector, &mark.direction, note];
        csv_row(&mut out, row.into_iter().map(|cell| csv_cell(cell, is_safe)))?;
    }
    let mut response = out.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let file = HeaderValue::from_static("attachment; filename=\"marks.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}

/// What somebody says of an anomaly.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRequest {
    pub detector: String,
    pub series: String,
    /// `high` or `low`.
    pub direction: String,
    /// Milliseconds since 1970, or ISO 8601.
    #[schema(value_type = String)]
    pub start: Time,
    /// Exclusive; at most 31 days after the start.
    #[schema(value_type = String)]
    pub end: Time,
    /// The most unusual of it.
    pub observed: f64,
    /// `expected`: the same slot of the day alarms no more (give or take an hour); of what lasted 22
    /// hours or more, which is every slot, only what lies between its start and its end. `real`: it is
    /// to be found.
    pub verdict: String,
    pub note: Option<String>,
}

/// Say of an anomaly that it is to be expected, or real
#[utoipa::path(post, path = "/api/marks", tag = "detection", request_body = MarkRequest,
    responses((status = 200, body = Mark), (status = 400, body = ErrorBody)))]
pub async fn add_mark(
    State(app): State<App>,
    Body(request): Body<MarkRequest>,
) -> ApiResult<Json<Mark>> {
    let (start, end) = (request.start.0, request.end.0);
    let refused = match () {
        () if !matches!(request.direction.as_str(), "high" | "low") => "direction is high or low",
        () if !matches!(request.verdict.as_str(), "expected" | "real") => {
            "verdict is expected or real"
        }
        () if end <= start => "the end comes before the beginning",
        () if end - start > MARK_DAYS_MAX * 24 * 60 * MINUTE => {
            "an anomaly of more than 31 days cannot be marked"
        }
        () if !request.observed.is_finite() => "observed is a number",
        () if request.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX) => {
            "the note is too long"
        }
        () => "",
    };
    if !refused.is_empty() {
        return Err(ApiError::bad_request(refused));
    }
    let whole = |at: i64| at.div_euclid(MINUTE) * MINUTE;
    let mark = NewMark {
        detector: request.detector,
        series: request.series,
        direction: request.direction,
        start: whole(start),
        end: whole(end - 1) + MINUTE,
        observed: request.observed,
        verdict: request.verdict,
        note: request.note,
    };
    let now = clock::now();
    Ok(Json(app.runner.page(move |session| marks::add(session, &mark, now)).await?))
}

/// Take back what was said of an anomaly
#[utoipa::path(delete, path = "/api/marks/{id}", tag = "detection",
    params(("id" = i64, Path, description = "The mark's")),
    responses((status = 200, body = Marks), (status = 404, body = ErrorBody)))]
pub async fn delete_mark(State(app): State<App>, Path(id): Path<i64>) -> ApiResult<Json<Marks>> {
    let left = app.runner.page(move |session| {
        let known = marks::delete(session, id)?;
        Ok((known, marks::list(session)?))
    });
    match left.await? {
        (true, left) => Ok(Json(left)),
        (false, _) => Err(ApiError::not_found("there is no such mark")),
    }
}
