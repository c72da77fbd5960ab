//! What the page shows is so, at its defaults: the usual range, the usual refresh, whatever the server takes.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};

use super::browser::{Page, World, browse};
use super::worlds::{column, empty, incident, number, served};
use crate::common::server::Server;
use crate::common::{Pintail, until};

const TOKEN: &str = "correct horse battery staple";

/// A log that ends now; half an hour ago payment failed for a while.
fn lately() -> World {
    let pintail = Pintail::new();
    let options = ["--start", "now", "--duration", "6h", "--rate", "5", "--format", "json"];
    let incident = ["--incident", "error_spike:payment:5h25m:20m", "--output", "app.log"];
    pintail.ok(["generate"].iter().chain(&options).chain(&incident));
    served(pintail, &["app.log"])
}

/// The largest number of a line of a chart.
fn highest(page: &Page, panel: &str, line: &str) -> f64 {
    let drawn = format!("document.querySelector('[data-test={panel}] .js-plotly-plot')?.data");
    page.until(&drawn);
    let y = format!("{drawn}.find((trace) => trace.name === '{line}').y");
    page.js(&format!("Math.max(...{y}.filter((y) => y !== null))")).as_f64().unwrap()
}

#[test]
fn an_incident_is_seen_in_the_usual_range() {
    browse(lately, |page, world| {
        page.visit(world.server(), "/");
        page.until_ready("panel-scores");
        page.until_ready("panel-band");
        assert_eq!(page.text("[data-test=range-button] .btn-label"), "Last 1 h");
        assert!(highest(page, "panel-scores", "payment") > 6.0);
        page.until_text("band-series", "payment");
        let (observed, high) =
            (highest(page, "panel-band", "observed"), highest(page, "panel-band", "high"));
        assert!(observed > 5.0 && high > 0.0, "{observed} {high}");
        page.choose("anomaly-source", "zscore");
        page.until_shown("[data-test=panel-anomalies][data-found=zscore]");
        page.until_ready("panel-anomalies");
        assert!(column(page, "anomaly-table", "service").contains(&"payment".to_owned()));

        page.visit(world.server(), "/alerts");
        page.click("[data-test=detector-row][data-name=zscore] [data-test=detector-try]");
        page.until_shown("[data-test=backtest][data-state=ready]");
        let figures = page.texts("[data-test=backtest-figures] [data-detector=zscore] td");
        assert!(figures[1].parse::<u32>().unwrap() > 5, "{figures:?}");
        page.until_shown("[data-test=fired-table] .tabulator-row");
    });
}

#[test]
fn every_link_of_the_overview_keeps_the_range() {
    browse(lately, |page, world| {
        for range in ["from=now-3h", "from=2026-01-05T00:00:00Z&to=now"] {
            page.visit(world.server(), &format!("/overview?{range}"));
            for panel in
                ["volume", "error-share", "scores", "band", "anomalies", "services", "health"]
            {
                page.until_ready(&format!("panel-{panel}"));
            }
            let links = page.js(
                "[...document.querySelectorAll('.overview a[href^=\"/\"]')].map((a) => a.getAttribute('href'))",
            );
            let links: Vec<&str> =
                links.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            assert!(links.len() > 12, "{links:?}");
            let from = range.split('&').next().unwrap();
            for link in links {
                assert!(link.contains(from), "{range}: {link}");
            }
        }
        page.visit(world.server(), "/overview?from=now-3h");
        page.click("legend-error");
        page.until_shown("row");
        assert_eq!(page.parameter("from"), "now-3h");
        assert_eq!(page.text("[data-test=range-button] .btn-label"), "Last 3 h");
    });
}

/// Lets the page's requests of a path be answered only when `release()` is called, and counts them and those that
/// were given up.
fn hold(page: &Page, path: &str) {
    let script = format!(
        "window.held = {{asked: 0, aborted: 0, rounds: 0, release: []}};
         const real = window.fetch;
         window.fetch = (url, options) => {{
           if (String(url).startsWith('/api/status')) window.held.rounds += 1;
           if (!String(url).startsWith('{path}')) return real(url, options);
           window.held.asked += 1;
           return new Promise((done, fail) => {{
             options.signal.addEventListener('abort', () => {{
               window.held.aborted += 1;
               fail(new DOMException('given up', 'AbortError'));
             }});
             window.held.release.push(() => real(url, options).then(done, fail));
           }});
         }};"
    );
    page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
}

#[test]
fn a_count_under_way_is_not_asked_again() {
    browse(lately, |page, world| {
        page.visit(world.server(), "/explore");
        page.until_shown("row");
        page.js("localStorage.setItem('pintail.refresh', '1')");
        hold(page, "/api/volume");
        page.visit(world.server(), "/explore?q=order");
        page.until_shown("row");
        page.until("window.held.rounds >= 4");
        assert_eq!(page.js("[held.asked, held.aborted]"), json!([1, 0]));
        page.until_text("result-count", "Counting…");
        // The button asks for the newest records; the count goes on.
        page.click("refresh-now");
        page.until("window.held.rounds >= 6");
        assert_eq!(page.js("[held.asked, held.aborted]"), json!([1, 0]));
        page.js("held.release.shift()()");
        page.until_text("result-count", "records");
        assert!(page.shows("[data-test=histogram] .main-svg"));

        // Another search gives it up, and what is shown meanwhile is dimmed.
        page.fill("query", "shipped");
        page.send("query", fantoccini::key::Key::Enter);
        page.until_shown("[data-test=histogram].counts-stale");
        page.js("held.release.splice(0).forEach((release) => release())");
        page.until_gone("[data-test=histogram].counts-stale");

        // Under one that cannot be read stands nothing.
        page.fill("query", "/(/");
        page.send("query", fantoccini::key::Key::Enter);
        page.until_text("query-error", "not a regular expression");
        page.until_gone("facet-level");
        page.expect_complaints(&["status of 400"]);
    });
}

#[test]
fn a_slow_search_that_finds_nothing_says_so() {
    browse(incident, |page, world| {
        // The first answer is what the server says when a search takes long.
        let script = "let first = true;
             const real = window.fetch;
             window.fetch = (url, options) => {
               if (!String(url).startsWith('/api/logs') || !first) return real(url, options);
               first = false;
               const slow = {records: [], next: '1_1', newest: null, scanned_to: 1767600000000, elapsed_ms: 1500};
               return Promise.resolve(new Response(JSON.stringify(slow), {headers: {'Content-Type': 'application/json'}}));
             };";
        page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
        page.visit(world.server(), "/explore?from=all&q=zzzqqq");
        page.until_text("empty", "Nothing matches");
        page.until_text("result-count", "0 records");
        page.click("clear-search");
        page.until_shown("row");
        page.until_gone("[data-test=empty]");
    });
}

#[test]
fn values_say_of_how_many_records_they_are() {
    let nested = || {
        let pintail = Pintail::new();
        let mut log = String::new();
        for at in 0..6_000 {
            let level = if at == 0 { "fatal" } else { "info" };
            let status = if at % 3 == 0 { 500 } else { 200 };
            log += &format!(
                "{{\"ts\":\"2026-01-05T00:{:02}:{:02}.{:03}Z\",\"level\":\"{level}\",\"service\":\"web\",\"msg\":\"m {at}\",\
                 \"http\":{{\"status\":{status}}},\"tags\":[\"blue\",\"t{}\"]}}\n",
                at / 3_000,
                at / 50 % 60,
                at % 50 * 20,
                at % 4
            );
        }
        pintail.write("app.log", log);
        served(pintail, &["app.log"])
    };
    browse(nested, |page, world| {
        page.visit(world.server(), "/explore?from=all");
        page.until_text("facets-note", "fields: the newest 5,000 results");
        page.until_text("facets-note", "level, service, source, host: all results");
        // Nested fields by their paths, arrays by their elements.
        assert!(page.shows("[data-test='facet-http.status'] [data-value='500']"));
        page.click("[data-test='facet-http.status'] [data-value='500'] [data-test=facet-value]");
        page.until_text("result-count", "2,000 records");
        page.visit(world.server(), "/explore?from=all");
        page.click("[data-test=facet-tags] [data-value=t1] [data-test=facet-value]");
        page.until_text("result-count", "1,500 records");
        page.until_text("facets-note", "Counted over all results.");
        // And they are completed.
        page.fill("query", "htt");
        page.until_text("[role=listbox]", "http.status:");
    });
}

#[test]
fn hundreds_of_services_are_a_list_that_scrolls() {
    let many = || {
        let pintail = Pintail::new();
        let line = |at: usize| {
            let level = if at.is_multiple_of(7) { "ERROR" } else { "INFO" };
            let (service, minute, second) = (at % 508, at / 60 % 60, at % 60);
            format!(
                "{{\"ts\":\"2026-01-05T00:{minute:02}:{second:02}Z\",\"level\":\"{level}\",\
                 \"service\":\"service-{service:03}\",\"msg\":\"m {at}\"}}\n"
            )
        };
        pintail.write("app.log", (0..5_080).map(line).collect::<String>());
        served(pintail, &["app.log"])
    };
    browse(many, |page, world| {
        page.visit(world.server(), "/overview?from=2026-01-05T00:00:00Z&to=2026-01-05T01:00:00Z");
        page.until_ready("panel-services");
        page.until_text("panel-services", "508 services");
        let rows = "[data-test=service-table] .tabulator-row";
        page.until_shown(rows);
        let made = page.count(rows);
        assert!(made < 120, "{made} rows");
        assert!(page.rect("panel-services").height < 800.0);
        // The last one is there when one scrolls to it, in the order that is chosen.
        let holder = "document.querySelector('[data-test=service-table] .tabulator-tableholder')";
        let last = format!(
            "({holder}.scrollTop = 1e6, [...document.querySelectorAll('{rows}')].at(-1)?.textContent.includes('service-'))"
        );
        page.until(&last);
        page.click("services-csv");
        assert_eq!(page.download_text("pintail-services.csv").lines().count(), 509);
    });
}

#[test]
fn the_commands_of_an_empty_page_work_beside_its_server() {
    browse(empty, |page, world| {
        page.visit(world.server(), "/");
        page.until_shown("start-command");
        let commands = page.texts("start-command");
        let [load, print, send, demo] = &commands[..] else { panic!("{commands:?}") };
        // Somewhere else, as people are.
        let elsewhere = Pintail::new();
        let lines = |from: usize| {
            let line = |at| format!("2026-01-05 00:00:0{at}.000 INFO auth m{at}\n");
            (from..from + 3).map(line).collect::<String>()
        };
        std::fs::create_dir(elsewhere.path("logs")).unwrap();
        elsewhere.write("logs/a.log", lines(0));
        elsewhere.write("printed.log", lines(3));
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_pintail")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(bin.to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let shell = |command: &str| {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", command]).current_dir(elsewhere.dir());
            shell.env("PATH", path.as_ref().unwrap());
            shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            shell
        };
        let done = |command: &str| {
            let output = shell(command).output().unwrap();
            assert!(output.status.success(), "{command}: {output:?}");
        };
        let count = || number(world, "select count(*) from logs");
        done(&load.replace("/var/log/", "logs/"));
        assert_eq!(count(), 3);
        page.until_ready("panel-health");
        done(&print.replace("journalctl -o json --since today", "cat printed.log"));
        assert_eq!(count(), 6);
        done(send);
        until("what is sent", || count() == 7);
        assert!(!elsewhere.path("pintail.duckdb").exists());
        // The demo has a page of its own.
        let demo = Server::spawn(shell(&format!("exec {demo}")));
        assert_ne!(demo.address, world.server().address);
        assert_eq!(demo.get("/health").status, 200);
    });
}

#[test]
fn a_linked_record_of_another_day_can_be_read() {
    browse(incident, |page, world| {
        let first = world.server().value("select min(rowid) from logs").as_u64().unwrap();
        page.visit(world.server(), &format!("/explore?from=all&row={first}"));
        page.until_shown("[data-test=pin] [data-test=row]");
        let rect = |part: &str| page.rect(&format!("[data-test=pin] .row-line {part}"));
        let time = page.js(
            "(() => { const range = document.createRange(); range.selectNodeContents(document.querySelector('[data-test=pin] time')); return range.getBoundingClientRect().right })()",
        );
        assert!(time.as_f64().unwrap() <= rect(".level").left, "the date covers the level");
        page.click("pin-time");
        page.until("!location.search.includes('from=all')");
        page.until(&format!("document.querySelector('[data-test=rows] [data-id=\"{first}\"]')"));
    });
}

#[test]
fn a_time_that_is_none_is_told_and_so_is_a_page_that_is_none() {
    browse(lately, |page, world| {
        page.visit(world.server(), "/overview?from=bogus");
        page.until_text("notice", "from=bogus, which is not a time");
        assert_eq!(page.text("[data-test=range-button] .btn-label"), "Last 1 h");
        page.until_ready("panel-volume");
        page.click("range-button");
        page.click("range-now-6h");
        page.until_gone("notice");

        page.visit(world.server(), "/dashboard");
        page.until_text("main h1", "There is no such page");
        page.click("main a[href='/explore']");
        page.until_shown("row");
        page.expect_complaints(&["status of 404"]);
    });
}

#[test]
fn what_turns_text_around_is_shown() {
    let hostile = || {
        let pintail = Pintail::new();
        let log = json!({
            "ts": "2026-01-05T00:00:00Z", "level": "error", "service": "pay\u{202e}ment",
            "msg": "paid \u{202e}ton\u{202c} by kim\u{7}", "note\u{202e}": "\u{2066}x\u{2069}",
        });
        pintail.write("app.log", format!("{log}\n"));
        served(pintail, &["app.log"])
    };
    browse(hostile, |page, world| {
        page.visit(world.server(), "/explore?from=all");
        let shown = "paid U+202EtonU+202C by kim␇";
        page.until_text("row-message", shown);
        page.click("row-toggle");
        page.until_text("detail-message", shown);
        let raw = "/[\\u202a-\\u202e\\u0007]/.test(document.body.innerText)";
        assert_eq!(page.js(raw), false);
        page.visit(world.server(), "/sql?sql=select+message+from+logs");
        page.until_text("sql-grid", "paid U+202EtonU+202C");
        page.visit(world.server(), "/overview?from=all");
        page.until_ready("panel-services");
        page.until_text("service-table", "payU+202Ement");
        assert_eq!(page.js(raw), false);
    });
}

/// An alert as the API has it.
fn alert(id: u64, service: &str, level: &str, score: f64, mail: &Value) -> Value {
    json!({
        "id": id, "incident": 1, "detector": "counts", "series": format!("{service} {level}"),
        "service": service, "level": level, "min_level": null, "field": null, "direction": "high",
        "state": "open", "opened": "2026-01-05T05:44:00Z", "minute": "2026-01-05T05:43:00Z",
        "first_minute": "2026-01-05T05:42:00Z", "last_minute": "2026-01-05T05:50:00Z",
        "observed": 10.0, "expected": 1.0, "score": score, "reason": "r", "mail": mail,
    })
}

#[test]
fn an_incident_is_named_after_its_strongest_alert() {
    browse(incident, |page, world| {
        let mail = json!({"state": "sent", "attempts": 1, "last_error": null, "sent": null, "next_attempt": null});
        let alerts = json!({"alerts": [
            alert(3, "checkout", "INFO", 9.0, &Value::Null),
            alert(2, "payment", "ERROR", 26.8, &Value::Null),
            alert(1, "checkout", "WARN", 13.3, &mail),
        ]});
        let script = format!(
            "const real = window.fetch;
             window.fetch = (url, options) => (String(url).startsWith('/api/alerts')
               ? Promise.resolve(new Response(JSON.stringify({alerts}), {{headers: {{'Content-Type': 'application/json'}}}}))
               : real(url, options));"
        );
        page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
        page.visit(world.server(), "/alerts");
        let row = "[data-test=alert-table] .tabulator-row";
        page.until_text(row, "payment");
        assert_eq!(page.count(row), 1);
        page.until_text(row, "sent");
        page.click("incident-toggle");
        page.until(&format!("document.querySelectorAll('{row}').length === 3"));
        let names: BTreeSet<String> =
            column(page, "alert-table", "levelName").into_iter().collect();
        assert_eq!(names.len(), 3, "{names:?}");
    });
}

#[test]
fn a_view_that_could_not_be_loaded_comes_when_the_server_does() {
    browse(incident, |page, world| {
        page.visit(world.server(), "/overview?from=all");
        page.until_ready("panel-volume");
        let address = world.server().address.clone();
        world.stop();
        page.click("nav-sources");
        page.until_text("error", "This view could not be loaded");
        page.until_shown("connection-bar");
        assert!(!page.text("error").contains("http"));
        let listen = address.trim_start_matches("http://");
        world.start(Server::spawn(world.pintail.command(["serve", "--listen", listen])));
        page.until_shown("source");
        page.expect_complaints(&["ERR_", "dynamically imported module"]);
    });
}

#[test]
fn a_chart_of_sql_shows_levels_as_everywhere_and_leaves_gaps() {
    let gappy = || {
        let pintail = Pintail::new();
        let mut log = String::new();
        for minute in (0..120).filter(|minute| !(40..60).contains(minute)) {
            let (hour, minute) = (minute / 60, minute % 60);
            log += &format!(
                "2026-01-05 {hour:02}:{minute:02}:00.000 INFO a: m\n2026-01-05 {hour:02}:{minute:02}:01.000 ERROR a: m\n"
            );
        }
        pintail.write("app.log", log);
        served(pintail, &["app.log"])
    };
    browse(gappy, |page, world| {
        let sql = "select time_bucket(interval 1 minute, ts) as minute, level, count(*) as n from logs group by all order by all";
        page.visit(world.server(), &format!("/sql?show=chart&sql={}", super::worlds::encoded(sql)));
        let drawn = "document.querySelector('.plot-box .js-plotly-plot')?.data";
        page.until(drawn);
        let of = |what: &str| {
            page.js(&format!("{drawn}.find((trace) => trace.name === 'ERROR').{what}"))
        };
        let color = page.js(
            "getComputedStyle(document.documentElement).getPropertyValue('--level-error').trim()",
        );
        assert_eq!(of("line.color"), color);
        assert_eq!(of("y.filter((y) => y === null).length"), 1);
    });
}

#[test]
fn an_hour_that_comes_twice_is_drawn_twice() {
    // In Berlin clocks go back from 3:00 to 2:00 on this night; the browser's zone is Berlin.
    let night = || {
        let pintail = Pintail::new();
        let line = |at: i64| {
            let start: chrono::DateTime<chrono::Utc> = "2026-10-24T22:05:00Z".parse().unwrap();
            let time = start + chrono::TimeDelta::minutes(10 * at);
            format!("{} INFO auth: m{at}\n", time.format("%Y-%m-%d %H:%M:%S.000"))
        };
        pintail.write("app.log", (0..48).map(line).collect::<String>());
        served(pintail, &["app.log"])
    };
    browse(night, |page, world| {
        page.visit(world.server(), "/explore?from=2026-10-24T22:00:00Z&to=2026-10-25T06:00:00Z");
        page.until_text("result-count", "48 records");
        let plot = "document.querySelector('[data-test=histogram] .js-plotly-plot')";
        page.until(&format!("{plot}?.data"));
        let times = page.js(&format!(
            "{plot}.data.flatMap((trace) => trace.x.filter((_, i) => trace.y[i] > 0))"
        ));
        let times: Vec<&str> =
            times.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert_eq!(times.len(), 48, "{times:?}");
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        let ticks = page.texts("[data-test=histogram] .xtick text");
        let twos = ticks.iter().filter(|tick| tick.starts_with("02:00")).count();
        assert_eq!(twos, 2, "{ticks:?}");
        // Eight hours, by their zones.
        let range = page.text("[data-test=range-button] .btn-label");
        assert!(range.contains("00:00 UTC+2") && range.contains("07:00 UTC+1"), "{range}");
        // What is brushed is the time that is drawn there.
        let area = page.rect("[data-test=histogram] .nsewdrag");
        page.drag(area.at(0.5, 0.5), area.at(0.995, 0.5));
        page.until("location.search.includes('to=2026-10-25T05:5')");
    });
}

#[test]
fn what_is_there_stays_while_the_server_is_away_and_a_restart_asks_for_no_token() {
    let behind_a_token = || {
        let pintail = Pintail::with("app.log", crate::common::lines(0..10));
        pintail.ingest(["app.log"]);
        let server = Server::start_with(&pintail, &[], &[("PINTAIL_TOKEN", TOKEN)]);
        World::new(pintail, server.with_token(TOKEN))
    };
    browse(behind_a_token, |page, world| {
        page.visit(world.server(), "/explore?from=all");
        page.fill("login-token", TOKEN);
        page.click("login-submit");
        page.until_text("result-count", "10 records");
        page.until_shown("facet-level");
        page.expect_complaints(&["status of 401"]);
        let address = world.server().address.clone();
        world.stop();
        page.click("refresh-now");
        page.until_shown("connection-bar");
        page.until_gone("[data-test=histogram] [data-test=error]");
        assert!(page.shows("[data-test=histogram] .main-svg") && page.shows("facet-level"));
        let listen = address.trim_start_matches("http://");
        let mut command = world.pintail.command(["serve", "--listen", listen]);
        command.env("PINTAIL_TOKEN", TOKEN);
        world.start(Server::spawn(command).with_token(TOKEN));
        page.until_gone("connection-bar");
        page.visit(world.server(), "/sources");
        page.until_shown("source");
        assert!(!page.shows("login"));
        page.expect_complaints(&["ERR_"]);
    });
}

#[test]
fn a_file_of_which_no_line_can_be_read_was_read() {
    let unreadable = || {
        let pintail = Pintail::new();
        pintail.write("app.log", "neither a time\nnor a level\n");
        pintail.run(["ingest", "--undated", "reject", "app.log"]);
        let server = Server::start(&pintail, &[]);
        World::new(pintail, server)
    };
    browse(unreadable, |page, world| {
        page.visit(world.server(), "/sources");
        page.until_text("source-format", "no line could be read");
    });
}

#[test]
fn columns_of_the_records_are_completed_before_a_table_is_named() {
    browse(incident, |page, world| {
        page.visit(world.server(), "/sql");
        page.until_shown("sql-example");
        page.click("sql-editor");
        page.press_with_control('a');
        page.press("select lev");
        page.until_text(".cm-tooltip-autocomplete [aria-selected]", "level");
        let first = page.text(".cm-tooltip-autocomplete [aria-selected] .cm-completionLabel");
        assert_eq!(first, "level");
    });
}
