//! What the monitor found, what people say of it, and detectors on trial.

use serde_json::Value;

use super::browser::{Page, World, browse};
use super::worlds::{WHOLE, column, incident, served};
use crate::common::Pintail;

/// A log that ends now, in the middle of an incident of payment.
fn alarming() -> World {
    let pintail = Pintail::new();
    let options = ["--start", "now", "--duration", "6h", "--rate", "10", "--format", "json"];
    let incident = ["--incident", "error_spike:payment:5h48m:12m", "--output", "app.log"];
    pintail.ok(["generate"].iter().chain(&options).chain(&incident));
    served(pintail, &["app.log"])
}

fn marks(world: &World) -> usize {
    world.server().json("/api/marks")["marks"].as_array().unwrap().len()
}

const ROW: &str = "[data-test=anomaly-table] .tabulator-row";

#[test]
fn what_the_monitor_found_is_marked_and_taken_back() {
    browse(alarming, |page, world| {
        page.visit(world.server(), "/alerts");
        page.until_shown("[data-test=alert-table] .tabulator-row");
        page.visit(world.server(), "/overview?from=now-6h");
        page.until_shown(ROW);
        assert_eq!(page.attribute("panel-anomalies", "data-found"), "monitor");
        assert_eq!(column(page, "anomaly-table", "service")[0], "payment");

        page.click("[data-test=anomaly-table] [data-test=mark-expected]");
        page.until_text("toast", "stops alarming");
        page.until_shown("[data-test=anomaly-table] [data-test=mark-undo]");
        assert_eq!(marks(world), 1);

        page.visit(world.server(), "/alerts");
        page.until_shown("[data-test=mark-table] [data-test=mark-undo]");
        page.until_shown("[data-test=alert-table] [data-test=mark-undo]");
        assert!(page.attribute("marks-csv", "href").ends_with("/api/marks?format=csv"));
        page.click("[data-test=mark-table] [data-test=mark-undo]");
        page.until_gone("[data-test=alert-table] [data-test=mark-undo]");
        assert_eq!(marks(world), 0);
    });
}

#[test]
fn anomalies_are_the_monitors_or_the_z_scores() {
    browse(incident, |page, world| {
        let found = |source: &str| {
            page.until_shown(&format!("[data-test=panel-anomalies][data-found={source}]"));
        };
        page.visit(world.server(), &format!("/overview?{WHOLE}"));
        found("monitor");
        page.choose("anomaly-source", "zscore");
        found("zscore");
        assert_eq!(page.parameter("found"), "zscore");
        // A threshold is one of the z-score.
        page.visit(world.server(), &format!("/overview?{WHOLE}&threshold=4"));
        found("zscore");
        page.visit(world.server(), &format!("/overview?{WHOLE}&threshold=4&found=monitor"));
        found("monitor");
    });
}

#[test]
fn other_detectors_are_drawn_for_a_service() {
    browse(incident, |page, world| {
        page.visit(world.server(), &format!("/overview?{WHOLE}&detector=counts&service=payment"));
        page.until_text("score-threshold", "Fires from");
        page.until_shown("[data-test=series-chip][data-series='payment ERROR']");
        assert!(!page.shows("threshold-slider") && !page.shows("threshold-line"));
        page.choose("score-detector", "zscore");
        page.until_shown("threshold-slider");
        page.until_shown("[data-test=series-chip][data-series=payment]");
        assert_eq!(page.parameter("service"), "");
    });
}

fn figures(page: &Page, detector: &str) -> Vec<String> {
    page.texts(&format!("[data-test=backtest-figures] [data-detector={detector}] td"))
}

#[test]
fn a_detector_is_tried_before_it_is_enabled() {
    browse(incident, |page, world| {
        page.visit(world.server(), &format!("/alerts?{WHOLE}"));
        page.click("[data-test=detector-row][data-name=ratio] [data-test=detector-try]");
        page.until_shown("[data-test=backtest][data-state=ready]");
        assert_eq!(page.parameter("try"), "ratio");

        page.fill("backtest-threshold", "4");
        page.click("backtest-run");
        page.until_address("try=ratio:4");
        page.until_text("backtest-line", "detectors = [\"counts\", \"silence\", \"ratio:4\"]");
        let path = format!("/api/backtest?{WHOLE}&detectors=ratio:4,counts,silence");
        let answer = world.server().json(&path);
        for tested in answer["backtests"].as_array().unwrap() {
            let shown = figures(page, tested["detector"].as_str().unwrap());
            assert_eq!(
                shown[2..4],
                [tested["alerts"].to_string(), tested["incidents"].to_string()]
            );
        }
        page.until_shown("[data-test=fired-table] .tabulator-row");
        page.click("[data-test=fired-table] .tabulator-cell[tabulator-field=start]");
        page.until_shown("row");
        assert_eq!(page.parameter("q"), "service:payment level:>=error");
    });
}

#[test]
fn minutes_without_records_are_drawn_as_none() {
    // Two in three minutes have errors of payment; for three hours there are none.
    let sparse = || {
        let pintail = Pintail::new();
        let mut log = String::new();
        for minute in 0..6 * 60 {
            let (hours, minutes) = (minute / 60, minute % 60);
            log += &format!("2026-01-05 {hours:02}:{minutes:02}:00.000 INFO auth: ok\n");
            if minute % 3 != 0 && !(120..300).contains(&minute) {
                log += &format!("2026-01-05 {hours:02}:{minutes:02}:01.000 ERROR payment: x\n");
            }
        }
        pintail.write("app.log", log);
        served(pintail, &["app.log"])
    };
    browse(sparse, |page, world| {
        let chosen = "detector=counts&service=payment&series=payment%20ERROR";
        page.visit(world.server(), &format!("/overview?{WHOLE}&{chosen}"));
        page.until_shown("[data-test=series-chip][data-series='payment ERROR']");
        let drawn = "document.querySelector('[data-test=panel-band] .js-plotly-plot')?.data";
        page.until(drawn);
        let line = |name: &str| -> Vec<Value> {
            let values = format!("{drawn}.find((trace) => trace.name === '{name}').y");
            page.js(&values).as_array().unwrap().clone()
        };
        let (observed, high) = (line("observed"), line("high"));
        let first = observed.iter().position(|it| !it.is_null()).unwrap();
        // The errors that come back stand out: of several minutes together none is empty.
        let there = &observed[first..300];
        assert!(there.iter().all(|it| !it.is_null()), "{observed:?}");
        assert!(there.iter().any(|it| *it == 0) && there.iter().any(|it| *it == 1));
        // What would be normal is known of single minutes, not of hours.
        assert!(high[first..119].iter().all(|it| !it.is_null()), "{high:?}");
        assert!(high[125..295].iter().all(Value::is_null), "{high:?}");
    });
}
