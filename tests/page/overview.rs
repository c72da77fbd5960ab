//! Is everything well, and if not, where?

use fantoccini::key::Key;
use serde_json::Value;

use super::browser::{Page, World, browse};
use super::worlds::{WHOLE, column, grouped, incident, number, rows_of};

fn open(page: &Page, world: &World) {
    page.visit(world.server(), &format!("/overview?{WHOLE}&found=zscore"));
    settle(page);
}

fn settle(page: &Page) {
    for panel in ["volume", "error-share", "scores", "band", "anomalies", "services", "health"] {
        page.until_ready(&format!("panel-{panel}"));
    }
}

fn anomalies(world: &World, threshold: f64) -> Vec<Value> {
    let answer = world.server().json(&format!("/api/anomalies?{WHOLE}&threshold={threshold}"));
    answer["anomalies"].as_array().unwrap().clone()
}

fn until_anomalies(page: &Page, world: &World, threshold: f64) {
    let count = anomalies(world, threshold).len();
    page.until_shown(&format!("[data-test=panel-anomalies][data-count='{count}']"));
}

fn threshold(page: &Page) -> f64 {
    page.attribute("threshold-line", "aria-valuenow").parse().unwrap()
}

#[test]
fn the_overview_shows_what_is_in_the_database() {
    browse(incident, |page, world| {
        open(page, world);
        for panel in ["volume", "error-share", "scores", "band"] {
            assert!(page.count(&format!("[data-test=panel-{panel}] .main-svg")) > 0, "{panel}");
        }
        let total = number(world, "select count(*) from logs");
        assert_eq!(page.attribute("fact-records", "title"), grouped(total));
        let of_total = format!("{} of", grouped(number(world, "select count(*) from errors")));
        page.until_text("error-share", &of_total);
        assert_eq!(page.count("[data-test^=legend-]"), 3);

        let mut services = column(page, "service-table", "service");
        services.sort();
        assert_eq!(services, ["auth", "orders", "payment", "search"]);
        assert_eq!(column(page, "service-table", "service")[0], "search", "most errors first");

        let found = anomalies(world, 6.0);
        assert!(!found.is_empty());
        assert_eq!(page.attribute("panel-anomalies", "data-count"), found.len().to_string());
        assert_eq!(column(page, "anomaly-table", "service").len(), found.len());
        assert_eq!(column(page, "anomaly-table", "service")[0], "payment");
        assert_eq!(page.attribute("series-chip", "data-series"), "payment");
        page.until_text("band-series", "payment");
    });
}

#[test]
fn the_threshold_is_set_by_slider_line_and_keyboard() {
    browse(incident, |page, world| {
        open(page, world);
        assert_eq!((page.text("threshold-value").as_str(), threshold(page)), ("6.0 σ", 6.0));
        let rested = page.rect("threshold-line").top;

        // The slider moves the line; address and table follow when it rests.
        page.send("threshold-slider", Key::Home);
        page.until_address("threshold=1");
        until_anomalies(page, world, 1.0);
        assert!(anomalies(world, 1.0).len() > anomalies(world, 6.0).len());
        assert_eq!((page.text("threshold-value").as_str(), threshold(page)), ("1.0 σ", 1.0));
        assert!(page.rect("threshold-line").top > rested);

        // The line moves the slider, by the mouse…
        let handle = page.rect("threshold-line").at(0.3, 0.5);
        page.drag(handle, (handle.0, handle.1 - 40.0));
        page.until("!new URLSearchParams(location.search).get('threshold').match(/^1$/)");
        let dragged = threshold(page);
        assert!(dragged > 1.0, "{dragged}");
        assert_eq!(page.parameter("threshold"), dragged.to_string());
        assert_eq!(page.text("threshold-value"), format!("{dragged:.1} σ"));
        until_anomalies(page, world, dragged);

        // …and by the keyboard.
        page.send("threshold-line", Key::Up);
        let stepped = ((dragged + 0.1) * 10.0).round() / 10.0;
        page.until_address(&format!("threshold={stepped}"));
        assert_eq!(threshold(page), stepped);
        until_anomalies(page, world, stepped);

        page.reload();
        settle(page);
        assert_eq!(threshold(page), stepped);
        until_anomalies(page, world, stepped);
    });
}

/// The time of a parameter in hours since the log began.
fn hours(page: &Page, name: &str) -> f64 {
    let expression = "(Date.parse(new URLSearchParams(location.search).get('NAME')) - Date.UTC(2026, 0, 5)) / 3600000";
    page.js(&expression.replace("NAME", name)).as_f64().unwrap()
}

#[test]
fn a_brush_narrows_the_range_and_the_address_remembers_it() {
    browse(incident, |page, world| {
        open(page, world);
        let whole = page.text("range-button");
        let plot = page.rect("[data-test=panel-volume] .nsewdrag");
        page.drag(plot.at(0.25, 0.5), plot.at(0.75, 0.5));
        page.until("!location.search.includes('from=2026-01-05T00:00:00Z')");
        let (from, to) = (hours(page, "from"), hours(page, "to"));
        assert!((from - 1.5).abs() < 0.1 && (to - 4.5).abs() < 0.1, "{from} to {to}");

        // Bars are whole: the first and the last reach a little over the range.
        let range = format!("from={}&to={}", page.parameter("from"), page.parameter("to"));
        let volume = world.server().json(&format!("/api/volume?{range}&buckets=120"));
        let minutes = format!(
            "epoch_ms(minute) >= {} and epoch_ms(minute) < {}",
            volume["from"], volume["to"]
        );
        let sql =
            format!("select sum(n)::bigint from minutes where level >= 'ERROR' and {minutes}");
        let count = number(world, &sql);
        page.until_text("error-share", &format!("{} of", grouped(count)));
        assert_ne!(page.text("range-button"), whole);

        let address = page.address();
        page.reload();
        settle(page);
        assert_eq!(page.address(), address);
        page.until_text("error-share", &format!("{} of", grouped(count)));

        page.back();
        page.until_address("from=2026-01-05T00:00:00Z");
        let count = number(world, "select count(*) from errors");
        page.until_text("error-share", &format!("{} of", grouped(count)));
        assert_eq!(page.text("range-button"), whole);
    });
}

#[test]
fn a_click_on_an_anomaly_opens_its_records() {
    browse(incident, |page, world| {
        open(page, world);
        let found = anomalies(world, 6.0);
        page.click("[data-test=anomaly-table] .tabulator-cell[tabulator-field=start]");
        page.until_shown("row");
        assert!(page.address().starts_with("/explore?"));
        let time = |name: &str| found[0][name].as_str().unwrap().replace(".000000", "");
        let (start, end) = (time("start"), time("end"));
        assert_eq!((page.parameter("from"), page.parameter("to")), (start.clone(), end.clone()));
        assert_eq!(page.parameter("q"), "service:payment level:>=error");
        let condition = format!(
            "service = 'payment' and ts >= '{start}'::timestamp and ts < '{end}'::timestamp"
        );
        let count = number(world, &format!("select count(*) from errors where {condition}"));
        page.until_text("result-count", &format!("{} records", grouped(count)));

        page.back();
        settle(page);
        until_anomalies(page, world, 6.0);
    });
}

#[test]
fn an_anomaly_says_what_it_is_made_of() {
    browse(incident, |page, world| {
        page.visit(world.server(), &format!("/overview?{WHOLE}&threshold=4"));
        settle(page);
        page.click("[data-test=anomaly-table] [data-test=why-button]");
        page.until_shown("explanation");
        let shown = page.text("why-body");
        assert!(shown.contains("Shard shard-<*> failed to answer within <*> ms"), "{shown}");
        // Its records, and the words that all of them have.
        page.click("[data-test=explanation] a");
        page.until_shown("row");
        let q = page.parameter("q");
        assert_eq!(q, "level:>=error \"failed to answer within\" service:search");
        page.back();
        settle(page);
        page.until_gone("why");
    });
}

#[test]
fn the_anomalies_are_saved_as_csv() {
    browse(incident, |page, world| {
        page.visit(world.server(), &format!("/overview?{WHOLE}&threshold=3"));
        settle(page);
        let mut expected = anomalies(world, 3.0);
        assert!(expected.len() > 2);
        // The table's order until another is chosen: the newest first.
        expected.sort_by(|a, b| b["start"].as_str().cmp(&a["start"].as_str()));
        until_anomalies(page, world, 3.0);
        page.click("anomalies-csv");
        let rows = rows_of("read_csv", "*", &page.download("pintail-anomalies.csv"));
        let expected: Vec<Vec<String>> = expected
            .iter()
            .map(|anomaly| {
                [
                    "start",
                    "service",
                    "min_level",
                    "observed",
                    "expected",
                    "score",
                    "detector",
                    "duration_minutes",
                    "reason",
                ]
                .map(|name| match &anomaly[name] {
                    Value::String(text) => text.clone(),
                    minutes if name == "duration_minutes" => format!("{minutes} min"),
                    // JavaScript writes whole numbers without a fraction.
                    other => other.as_f64().unwrap().to_string(),
                })
                .to_vec()
            })
            .collect();
        // What follows says whether somebody was told or said something of it, which is another test's.
        let found: Vec<Vec<String>> = rows.into_iter().map(|row| row[..9].to_vec()).collect();
        assert_eq!(found, expected);

        page.click("services-csv");
        let services = rows_of("read_csv", "*", &page.download("pintail-services.csv"));
        let row = services.iter().find(|row| row[0] == "payment").unwrap();
        let records = number(world, "select count(*) from logs where service = 'payment'");
        let errors = number(world, "select count(*) from errors where service = 'payment'");
        assert_eq!(row[1..3], [records.to_string(), errors.to_string()]);

        page.click("chart-menu-records");
        page.click("save-csv");
        let chart = rows_of("read_csv", "*", &page.download("pintail-records.csv"));
        let drawn: u64 =
            chart.iter().flat_map(|row| &row[1..]).map(|n| n.parse::<u64>().unwrap()).sum();
        assert_eq!(drawn, number(world, "select count(*) from logs"));
        page.click("chart-menu-records");
        page.click("save-svg");
        assert!(page.download_text("pintail-records.svg").starts_with("<svg"));
        page.click("chart-menu-records");
        page.click("save-png");
        assert!(page.download("pintail-records.png").starts_with(b"\x89PNG"));
    });
}
