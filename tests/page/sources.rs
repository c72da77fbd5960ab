//! Where records come from, and what could not be read.

use super::browser::{World, browse};
use super::worlds::{empty, grouped};
use crate::common::server::Server;
use crate::common::{Pintail, line, lines};

const BROKEN: &str = r#"{"timestamp": "2026-01-05T00:00:02Z", "level":"#;
const TIMELESS: &str = r#"{"timestamp": "yesterday", "level": "info", "message": "when?"}"#;

/// A file that is followed, and one with lines that cannot be read.
fn two_sources() -> World {
    let pintail = Pintail::new();
    let record =
        |n| format!("{{\"timestamp\": \"2026-01-05T00:00:0{n}Z\", \"message\": \"m{n}\"}}\n");
    let text = [record(0), record(1), format!("{BROKEN}\n"), record(3), format!("{TIMELESS}\n")];
    pintail.write("broken.json", text.concat());
    pintail.ok(["ingest", "broken.json"]);
    pintail.write("app.log", lines(0..100));
    let server = Server::start(&pintail, &["app.log"]);
    server.until_records(103);
    World::new(pintail, server)
}

#[test]
fn sources_account_for_every_line() {
    browse(two_sources, |page, world| {
        page.visit(world.server(), "/sources");
        page.until_text("total-records", "103");
        assert_eq!(
            (page.text("total-rejects").as_str(), page.text("total-entries").as_str()),
            ("2", "105")
        );
        let sources = world.server().json("/api/sources");
        let id = |name: &str| {
            let all = sources["sources"].as_array().unwrap();
            let found =
                all.iter().find(|source| source["name"].as_str().unwrap().ends_with(name)).unwrap();
            found["id"].clone()
        };
        let of = |id: &serde_json::Value, hook: &str| {
            page.text(&format!("[data-id='{id}'] [data-test={hook}] dd"))
        };
        let (followed, broken) = (id("app.log"), id("broken.json"));
        assert_eq!(
            (of(&followed, "source-records"), of(&broken, "source-records")),
            ("100".into(), "3".into())
        );
        assert!(of(&followed, "source-format").starts_with("text score 1.00"));
        assert!(of(&broken, "source-format").starts_with("json score"));
        assert_eq!(
            page.text(&format!("[data-id='{followed}'] [data-test=source-state]")),
            "following"
        );
        assert_eq!(
            page.text(&format!("[data-id='{broken}'] [data-test=source-state]")),
            "not followed"
        );

        assert_eq!(
            (of(&broken, "source-received"), of(&broken, "source-dropped")),
            ("5".into(), "0".into())
        );
        assert_eq!(
            (page.text("total-duplicates"), page.text("total-dropped")),
            ("0".into(), "0".into())
        );
        assert!(page.text("ledger-verdict").starts_with("Nothing is missing"));
        let kind = page.text(&format!("[data-id='{broken}'] [data-test=source-kind]"));
        assert_eq!(kind, "file");

        // Why, how often, and the lines themselves.
        page.click("source-rejects-toggle");
        page.until_shown("reject");
        let rejects = world.server().json(&format!("/api/sources/{broken}/rejects"));
        assert_eq!(page.texts("reject-count"), ["1", "1"]);
        for reason in rejects["reasons"].as_array().unwrap() {
            page.until_text("rejects", reason["reason"].as_str().unwrap());
        }
        let mut shown = page.texts("[data-test=reject] pre");
        shown.sort();
        assert_eq!(shown, [BROKEN, TIMELESS]);

        // What is written now arrives here, and opening the rejects survives it.
        world.pintail.append("app.log", line(100));
        page.until_text("total-records", "104");
        assert_eq!(of(&followed, "source-records"), "101");
        assert!(page.shows("reject"));
        let bytes = std::fs::metadata(world.pintail.path("app.log")).unwrap().len();
        assert_eq!(
            world.server().value("select bytes from ingested where name like '%app.log'"),
            bytes
        );
        page.until_text(&format!("[data-id='{followed}'] [data-test=source-position]"), "all read");

        // The number of records leads to them.
        page.click(&format!("[data-id='{followed}'] [data-test=source-records] a"));
        page.until_text("result-count", &format!("{} records", grouped(101)));
    });
}

#[test]
fn sources_say_how_to_push_and_what_became_of_it() {
    browse(empty, |page, world| {
        page.visit(world.server(), "/sources");
        page.until_shown("push");
        let address = &world.server().address;
        let lines = page.texts("push-line");
        for path in [
            "/insert/jsonline",
            "/insert/lines",
            "/loki/api/v1/push",
            "/v1/logs",
            "/elasticsearch",
            "/services/collector/event",
        ] {
            let found = lines.iter().any(|line| line.ends_with(&format!("{address}{path}")));
            assert!(found, "no {path} in {lines:?}");
        }
        assert!(lines.iter().any(|line| line.starts_with("logger --server")), "{lines:?}");
        assert_eq!(page.texts("push-copy").len(), lines.len());

        // Two good lines and a bad one; then the same again.
        let record = r#"{"timestamp": "2026-01-05T00:00:00Z", "message": "pushed"}"#;
        let body = format!("{record}\n{record}\n{BROKEN}\n");
        let key = [("idempotency-key", "once")];
        for _ in 0..2 {
            let answer = world.server().send("POST", "/insert/jsonline", &key, &body);
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        page.until_text("total-entries", "6");
        let total = |name: &str| page.text(&format!("total-{name}"));
        assert_eq!(
            ["records", "rejects", "duplicates", "dropped"].map(total),
            ["2", "1", "3", "0"]
        );
        let of = |hook: &str| page.text(&format!("[data-test=source-{hook}] dd"));
        assert_eq!(
            ["received", "records", "duplicates", "dropped", "position", "lag"].map(of),
            ["6", "2", "3", "0", "–", "–"]
        );
        assert_eq!(page.text("source-kind"), "HTTP, JSON lines");
        assert_eq!(page.text("source-state"), "receiving");
        assert!(page.text("ledger-verdict").starts_with("Nothing is missing"));

        // How to push stays at hand.
        assert!(!page.shows("push"));
        page.click("push-toggle");
        page.until_shown("push");
    });
}

/// A log with records of times that cannot be.
fn far_times() -> World {
    let pintail = Pintail::new();
    let record = |ts| format!("{{\"timestamp\": \"{ts}\", \"message\": \"m\"}}\n");
    let times = ["2026-01-05T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"];
    pintail.write("far.json", times.map(record).concat());
    pintail.write("plain.json", record("2026-01-05T00:00:00Z"));
    pintail.ok(["ingest", "far.json", "plain.json"]);
    let server = Server::start(&pintail, &[]);
    World::new(pintail, server)
}

#[test]
fn implausible_times_are_said_where_they_came_from() {
    browse(far_times, |page, world| {
        page.visit(world.server(), "/sources");
        page.until_text("total-records", "4");
        assert_eq!(
            page.text("source-far-times"),
            "1 record more than an hour ahead of the clock, 1 record before 1990: kept, but they do \
             not decide what is shown"
        );
        assert_eq!(page.count("source-far-times"), 1);
    });
}
