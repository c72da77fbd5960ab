//! The records: found, read, followed, taken away.

use std::time::{Duration, Instant};

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::browser::{Page, World, browse};
use super::worlds::{
    WHOLE, encoded, followed, grouped, incident, incident_with_fields, number, rows_of, texts,
};
use crate::common::Pintail;
use crate::common::server::Server;

fn open(page: &Page, world: &World, q: &str) {
    page.visit(world.server(), &format!("/explore?{WHOLE}&q={}", encoded(q)));
    page.until_shown("row");
}

fn search(page: &Page, q: &str) {
    page.fill("query", q);
    page.send("query", Key::Enter);
}

/// Waits until the page has counted the results; with what SQL says about them.
fn until_counted(page: &Page, world: &World, condition: &str) -> u64 {
    let count = number(world, &format!("select count(*) from logs where {condition}"));
    page.until_text("result-count", &format!("{} record", grouped(count)));
    count
}

#[test]
fn a_search_shows_what_sql_finds() {
    browse(incident, |page, world| {
        open(page, world, "");
        until_counted(page, world, "true");
        for (q, condition) in [
            ("service:payment level:error", "service = 'payment' and level = 'ERROR'"),
            ("level:>=warn -service:auth", "level >= 'WARN' and service <> 'auth'"),
            ("\"did not answer\"", "message like '%did not answer%'"),
            ("/ for user \\d+ from/", "regexp_matches(message, ' for user \\d+ from')"),
        ] {
            search(page, q);
            until_counted(page, world, condition);
            assert_eq!(page.parameter("q"), q);
            let newest =
                format!("select message from logs where {condition} order by ts desc limit 1");
            let message = world.server().value(&newest);
            page.until_text("row-message", message.as_str().unwrap());
        }

        search(page, "no such word in any record");
        page.until_shown("clear-search");
        assert!(!page.shows("row"));
        page.click("clear-search");
        until_counted(page, world, "true");
        page.until_shown("row");
        page.back();
        page.until_shown("clear-search");
    });
}

#[test]
fn a_search_that_cannot_be_read_says_why() {
    browse(incident, |page, world| {
        open(page, world, "");
        for (q, message) in [
            ("/(/", "not a regular expression"),
            ("level:loud", "loud is no level"),
            ("\"no end", "the quote does not end"),
        ] {
            search(page, q);
            page.until_text("query-error", message);
            assert_eq!(page.attribute("query", "aria-invalid"), "true");
        }
        page.expect_complaints(&["status of 400"]);
        search(page, "level:error");
        until_counted(page, world, "level = 'ERROR'");
        page.until_gone("query-error");
        page.until_shown("row");
    });
}

/// The newest record that matches, with every field.
fn newest(world: &World, q: &str) -> Value {
    let answer = world.server().json(&format!("/api/logs?{WHOLE}&limit=1&q={}", encoded(q)));
    answer["records"][0].clone()
}

#[test]
fn a_record_opens_and_its_values_filter() {
    browse(incident_with_fields, |page, world| {
        let q = "service:payment level:error";
        open(page, world, q);
        page.click("row-toggle");
        page.until_shown("detail");
        let record = newest(world, q);
        assert_eq!(page.text("detail-message"), record["message"]);
        assert_eq!(page.parameter("row"), record["id"].to_string());
        let value = |name: &str| page.text(&format!("[data-field='{name}'] .detail-value"));
        for (name, expected) in record["fields"].as_object().unwrap() {
            let expected = expected.as_str().map_or_else(|| expected.to_string(), str::to_owned);
            assert_eq!(value(name), expected, "{name}");
        }
        assert_eq!(value("service"), "payment");
        assert!(value("time").contains(record["ts"].as_str().unwrap()));

        // A link to the record opens it again.
        page.reload();
        page.until_shown("detail");
        assert_eq!(page.text("detail-message"), record["message"]);

        // A field asks for its value, or for everything else.
        page.click("[data-field=service] [data-test=exclude-value]");
        page.until_address("-service:payment");
        until_counted(page, world, "level = 'ERROR' and service <> 'payment'");
        search(page, "");
        until_counted(page, world, "true");
        let record = newest(world, "");
        // The rows change after the count does.
        page.click(&format!("[data-id='{}'] [data-test=row-toggle]", record["id"]));
        page.click("[data-field=duration_ms] [data-test=filter-value]");
        let duration = &record["fields"]["duration_ms"];
        page.until_address(&format!("duration_ms:{duration}"));
        until_counted(page, world, &format!("fields ->> 'duration_ms' = '{duration}'"));

        // So do the values at the left.
        search(page, "");
        until_counted(page, world, "true");
        page.click("[data-test=facet-service] [data-value=orders] [data-test=facet-value]");
        until_counted(page, world, "service = 'orders'");
        page.click("[data-test=facet-level] [data-value=INFO] [data-test=facet-exclude]");
        until_counted(page, world, "service = 'orders' and level <> 'INFO'");
        let errors = number(world, "select count(*) from errors where service = 'orders'");
        let facet = "[data-test=facet-level] [data-value=ERROR] .facet-count";
        page.until_text(facet, &errors.to_string());
    });
}

#[test]
fn the_lines_around_a_record_are_those_of_its_file() {
    browse(incident, |page, world| {
        open(page, world, "service:payment level:error");
        page.click("row-toggle");
        page.click("around-button");
        page.until_shown("around-here");
        let log = world.pintail.read("app.log");
        let lines: Vec<&str> = log.lines().collect();
        let at = lines.iter().rposition(|line| line.contains(" ERROR payment ")).unwrap();
        let message = |line: &&str| line.splitn(5, ' ').nth(4).unwrap().to_owned();
        let expected: Vec<String> =
            lines[at - 20..=(at + 20).min(lines.len() - 1)].iter().map(message).collect();
        assert_eq!(page.texts("[data-test=around] [data-test=row-message]"), expected);
        assert_eq!(
            page.text("[data-test=around-here] [data-test=row-message]"),
            message(&lines[at])
        );
    });
}

/// Pixels of a row.
const ROW: u64 = 20;

#[test]
fn scrolling_reads_older_records_and_keeps_few_rows() {
    browse(incident, |page, world| {
        open(page, world, "");
        let rows = page.rect("rows");
        let count = || number_of(page, "document.querySelector('.rows-holder').offsetHeight") / ROW;
        let first = page.text("row-message");
        // The wheel is how one begins…
        page.wheel(rows.at(0.5, 0.5), 3000);
        page.until("document.querySelector('[data-test=rows]').scrollTop > 1000");
        // …further than the pages that keep their records.
        while count() < 25_000 {
            let before = count();
            page.js("document.querySelector('[data-test=rows]').scrollTop = 1e9");
            page.until(&format!(
                "document.querySelector('.rows-holder').offsetHeight > {}",
                before * ROW
            ));
            assert!(page.count("row") < 200);
        }
        let top = 22_000;
        page.js(&format!("document.querySelector('[data-test=rows]').scrollTop = {}", top * ROW));
        let time = "select strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ') from logs order by ts desc limit 1 offset";
        let time = world.server().value(&format!("{time} {top}"));
        let (x, y) = rows.at(0.5, 0.0);
        let row = format!("document.elementFromPoint({x}, {y} + 5)?.closest('[data-test=row]')");
        page.until(&format!("{row}?.querySelector('time').dateTime === {time}"));
        assert!(page.count("row") < 200);
        page.js("document.querySelector('[data-test=rows]').scrollTop = 0");
        page.until(&format!(
            "document.querySelector('[data-test=row-message]')?.textContent.trim() === {}",
            json!(first)
        ));
    });
}

fn number_of(page: &Page, expression: &str) -> u64 {
    page.js(expression).as_u64().unwrap()
}

#[test]
fn all_results_are_downloaded() {
    browse(incident_with_fields, |page, world| {
        open(page, world, "service:payment level:error");
        let condition = "service = 'payment' and level = 'ERROR'";
        let count = until_counted(page, world, condition);
        assert!(count > 500, "more than a page has");
        let columns = "epoch_ms(ts), level, service, message, coalesce(fields ->> 'order_id', '')";
        let sql = format!("select {columns} from logs where {condition}");
        let answer = world.server().sql(&sql).json();
        let rows = answer["rows"].as_array().unwrap().iter();
        let mut expected: Vec<Vec<String>> =
            rows.map(|row| texts(row.as_array().unwrap())).collect();
        expected.sort();
        for (format, reader) in
            [("csv", "read_csv"), ("jsonl", "read_json"), ("parquet", "read_parquet")]
        {
            page.click("download-menu");
            page.click(&format!("download-{format}"));
            let file = page.download(&format!(".{format}"));
            let columns = "epoch_ms(ts::timestamp), level, service, message, to_json(fields::json) ->> 'order_id'";
            let mut found = rows_of(reader, columns, &file);
            found.sort();
            assert_eq!(found.len(), expected.len(), "{format}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{format}");
            }
            if format == "jsonl" {
                assert_eq!(file.iter().filter(|byte| **byte == b'\n').count() as u64, count);
            }
        }

        // Without a search: everything.
        search(page, "");
        let all = until_counted(page, world, "true");
        page.click("download-menu");
        page.click("download-csv");
        assert_eq!(page.download_text(".csv").lines().count() as u64, all + 1);
    });
}

/// A line of now.
fn now(message: &str) -> String {
    format!("{} INFO payment: {message}\n", chrono::Utc::now().format("%Y-%m-%d %H:%M:%S%.3f"))
}

fn has_row(message: &str) -> String {
    format!(
        "[...document.querySelectorAll('[data-test=row-message]')].some((e) => e.textContent === {})",
        json!(message)
    )
}

#[test]
fn the_live_tail_shows_lines_as_they_are_written() {
    browse(followed, |page, world| {
        page.visit(world.server(), "/explore");
        page.until_shown("search-all-time");
        page.click("tail-toggle");
        page.until_shown("[data-test=tail-toggle].live-on");
        assert_eq!(page.parameter("tail"), "1");

        // On a machine that does much else meanwhile, not the first one may be as fast.
        let took = (0..5)
            .map(|n| {
                let message = format!("as it happens {n}");
                let written = Instant::now();
                world.pintail.append("live.log", now(&message));
                page.until(&has_row(&message));
                written.elapsed()
            })
            .min()
            .unwrap();
        assert!(took < Duration::from_secs(2), "{took:?}");

        page.click("tail-pause");
        world.pintail.append("live.log", now("while paused"));
        page.until_text("new-pill", "1 new");
        assert_eq!(page.js(&has_row("while paused")), false);
        page.click("tail-pause");
        page.until(&has_row("while paused"));
        page.until_gone("new-pill");

        // What does not match is not shown.
        search(page, "wanted");
        page.until_shown("[data-test=tail-toggle].live-on");
        world.pintail.append("live.log", now("other") + &now("wanted"));
        page.until(&has_row("wanted"));
        assert_eq!(page.js(&has_row("other")), false);

        page.click("tail-toggle");
        page.until_shown("[data-test=tail-toggle][aria-pressed=false]");
        assert_eq!(page.parameter("tail"), "");
    });
}

/// Markup wherever a log can have it, for ninety minutes, failing at the end: so it is in every
/// chart and table.
fn markup() -> World {
    let pintail = Pintail::new();
    let mut log = String::new();
    for second in 0..90 * 6 {
        let ts = format!(
            "2026-01-05T{:02}:{:02}:{:02}Z",
            second / 360,
            second / 6 % 60,
            second % 6 * 10
        );
        let fails = second % 60 == 0 || second > 85 * 6;
        let record = json!({
            "timestamp": ts, "level": if fails { "ERROR" } else { "INFO" }, "service": SERVICE, "host": SERVICE,
            "message": format!("{MESSAGE} {second}"), KEY: MESSAGE,
        });
        log.push_str(&format!("{record}\n"));
    }
    log.push_str(&format!("{{\"timestamp\": \"{MESSAGE}\"}}\n"));
    pintail.write(FILE, log);
    pintail.ok(["ingest", "-q", "--undated", "reject", FILE]);
    let server = Server::start(&pintail, &[]);
    World::new(pintail, server)
}

const SERVICE: &str = "<img src=x onerror=attack()>";
const KEY: &str = "<svg onload=attack()>";
const FILE: &str = "<img src=x onerror=attack()>.json";
const MESSAGE: &str = "<img src=x onerror=alert(1)><script>attack()</script><b>bold</b> &amp; 'x'";

#[test]
fn markup_in_records_is_text_everywhere() {
    browse(markup, |page, world| {
        let harmless = |place: &str| {
            let made = "document.querySelectorAll('img[src=x], [onload], [onerror], main b b, [data-test=row] b, script:not([src])').length";
            assert_eq!(page.js(made), 0, "{place}");
            let images = page.js("performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/x')).length");
            assert_eq!(images, 0, "{place}");
        };
        let (server, whole) = (world.server(), "from=2026-01-05T00:00:00Z&to=2026-01-05T01:30:00Z");

        page.visit(server, &format!("/explore?{whole}"));
        page.until_text("row-message", &format!("{MESSAGE} 539"));
        page.click("row-toggle");
        page.until_text("detail-message", MESSAGE);
        page.until_text(&format!("[data-field={}] .detail-value", json!(KEY)), MESSAGE);
        page.click("around-button");
        page.until_shown("around-here");
        page.until_text("facet-service", SERVICE);
        harmless("explore");
        page.click("[data-field=service] [data-test=filter-value]");
        until_counted(page, world, "true");
        page.until_shown("row");
        harmless("the query line");

        page.visit(server, &format!("/overview?{whole}"));
        for panel in ["volume", "scores", "band", "anomalies", "services"] {
            page.until_ready(&format!("panel-{panel}"));
        }
        assert_eq!(
            page.text("[data-test=service-table] [tabulator-field=service].tabulator-cell"),
            SERVICE
        );
        assert!(page.text("series-chip").starts_with(SERVICE));
        harmless("overview");

        page.visit(
            server,
            &format!(
                "/sql?sql={}&show=chart",
                encoded("select service, count(*) as n from logs group by all")
            ),
        );
        page.until_text(".sql-output .main-svg", "<img");
        harmless("a chart of SQL");
        page.click("sql-tab-table");
        page.until_text(".sql-output .tabulator-cell", SERVICE);
        page.visit(
            server,
            &format!(
                "/sql?sql={}",
                encoded(&format!("select '{}' as \"{KEY}\"", MESSAGE.replace('\'', "''")))
            ),
        );
        page.until_text(".sql-output .tabulator-cell", MESSAGE);
        page.until_text(".sql-output .tabulator-col", KEY);
        harmless("SQL");

        page.visit(server, "/sources");
        page.click("source-rejects-toggle");
        page.until_text("reject", MESSAGE);
        page.until_text("source", FILE);
        harmless("sources");
    });
}
