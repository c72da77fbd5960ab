//! Whatever else one wants to know.

use fantoccini::key::Key;
use serde_json::json;

use super::browser::{Page, World, browse};
use super::worlds::{encoded, grouped, incident, number, rows_of, texts};
use crate::common::until;

const COUNTS: &str = "select service, count(*) as n from logs group by all order by n desc";

fn open(page: &Page, world: &World, sql: &str) {
    let query = if sql.is_empty() { String::new() } else { format!("?sql={}", encoded(sql)) };
    page.visit(world.server(), &format!("/sql{query}"));
    page.until_shown("sql-editor");
    page.until_shown("sql-example");
}

/// Types a statement as people do, in place of what there is, and runs it by its key.
fn run(page: &Page, sql: &str) {
    page.click("sql-editor");
    page.press_with_control('a');
    page.press(sql);
    page.press_with_control(Key::Enter.into());
}

/// What the editor has.
fn written(page: &Page) -> String {
    page.texts("[data-test=sql-editor] .cm-line").join("\n")
}

/// The cells of the grid.
fn grid(page: &Page) -> Vec<Vec<String>> {
    page.until_shown("[data-test=sql-grid] .tabulator-row");
    let script = "[...document.querySelectorAll('[data-test=sql-grid] .tabulator-row')].map((row) => \
        [...row.querySelectorAll('.tabulator-cell')].map((cell) => cell.textContent.trim()))";
    serde_json::from_value(page.js(script)).unwrap()
}

fn expected(world: &World, sql: &str) -> Vec<Vec<String>> {
    let answer = world.server().sql(sql).json();
    answer["rows"].as_array().unwrap().iter().map(|row| texts(row.as_array().unwrap())).collect()
}

#[test]
fn examples_run() {
    browse(incident, |page, world| {
        open(page, world, "");
        let examples = page.count("sql-example");
        assert!(examples > 5);
        for n in 0..examples {
            let example =
                format!("(document.querySelectorAll('[data-test=sql-example] button')[{n}])");
            let title = page.js(&format!("{example}.textContent"));
            let sql = page.js(&format!("{example}.title"));
            page.js(&format!("{example}.click()"));
            page.until(&format!("new URLSearchParams(location.search).get('sql') === {sql}"));
            // What was there before stays until the answer comes.
            page.until("!document.querySelector('.sql-output-old')");
            page.until("document.querySelector('[data-test=sql-grid], [data-test=sql-error]')");
            assert!(page.shows("sql-grid"), "{title}");
            assert_eq!(
                written(page),
                sql.as_str().unwrap().replace("\n    ", "\n").replace("    ", ""),
                "{title}"
            );
        }
    });
}

#[test]
fn a_typed_statement_gives_its_rows() {
    browse(incident, |page, world| {
        open(page, world, "");
        run(page, COUNTS);
        page.until_text("sql-rows", "4 rows");
        assert_eq!(grid(page), expected(world, COUNTS));
        assert_eq!((written(page).as_str(), page.parameter("sql").as_str()), (COUNTS, COUNTS));
        let heads = page.texts("[data-test=sql-grid] .grid-name");
        assert_eq!(heads, ["service", "n"]);

        // A cell shows its whole value.
        page.click("[data-test=sql-grid] .tabulator-cell");
        assert_eq!(page.text("cell-value"), "search");
        page.press(&char::from(Key::Escape).to_string());
        page.until_gone("cell-popover");

        // What is null is told from what is empty.
        run(page, "select null as a, '' as b, 12345678901234567890 as c");
        page.until_text("sql-rows", "1 row");
        page.until_shown(".tabulator-cell .value-null");
        assert_eq!(grid(page)[0][0], "NULL");
        assert_eq!(grid(page)[0][2], "12345678901234567890");

        // The schema at the left says how many rows a table has, and its columns come in.
        let rows = number(world, "select count(*) from logs");
        page.until_shown(&format!(
            "[data-test=sql-table][data-name=logs] [title='{} rows']",
            grouped(rows)
        ));
    });
}

#[test]
fn a_statement_that_does_not_work_says_where() {
    browse(incident, |page, world| {
        open(page, world, "");
        run(page, "select level, servce from logs");
        page.until_text("sql-error", "line 1, column 15");
        page.until_text("sql-error", "servce");
        assert_eq!(page.text(".sql-error-mark"), "servce");
        for (sql, place) in [
            ("delete from logs", ""),
            ("from read_text('/etc/passwd')", ""),
            ("-- änderung\nselect nonsense(1)", "line 2, column 8"),
        ] {
            run(page, sql);
            page.until(&format!(
                "new URLSearchParams(location.search).get('sql') === {}",
                json!(sql)
            ));
            page.until("!document.querySelector('.sql-output-old')");
            page.until_text("sql-error", place);
        }
        page.expect_complaints(&["status of 400"]);
    });
}

#[test]
fn a_result_is_drawn_and_its_address_draws_it_again() {
    browse(incident, |page, world| {
        let sql = "select minute, level, sum(n)::bigint as records from minutes group by all order by all";
        open(page, world, sql);
        page.until_shown("sql-grid");
        page.click("sql-tab-chart");
        page.until_shown(".sql-output .main-svg .scatterlayer");
        assert_eq!(page.count(".sql-output .scatterlayer .trace"), 3, "a line a level");
        page.choose("chart-type", "bar");
        page.until_shown(".sql-output .barlayer .trace");
        page.choose("chart-split", "");
        page.until("document.querySelectorAll('.sql-output .barlayer .trace').length === 1");
        page.until_text(".plot-note", "added up");
        let address = page.address();
        for part in ["show=chart", "chart=bar", "x=minute", "y=records"] {
            assert!(address.contains(part), "{address}");
        }

        // In another browser too, which remembers nothing.
        page.js("localStorage.clear()");
        page.reload();
        page.until_shown(".sql-output .barlayer .trace");
        assert_eq!(page.count(".sql-output .barlayer .trace"), 1);
        assert_eq!(written(page), sql);
        assert_eq!(page.address(), address);

        page.click("chart-menu-result");
        page.click("save-csv");
        let rows = rows_of("read_csv", "*", &page.download(".csv"));
        let drawn: f64 = rows.iter().map(|row| row[1].parse::<f64>().unwrap()).sum();
        assert_eq!(drawn, number(world, "select count(*) from logs") as f64);

        page.click("sql-tab-table");
        page.until_shown("sql-grid");
        assert_eq!(page.parameter("show"), "");
    });
}

#[test]
fn a_download_has_all_rows() {
    browse(incident, |page, world| {
        let sql =
            "select ts, level, message from logs where service = 'search' order by ts, message";
        open(page, world, sql);
        page.until_shown("sql-truncated");
        page.until_text("sql-rows", "10,000 rows");
        assert!(page.count("[data-test=sql-grid] .tabulator-row") < 200);
        let all = number(world, "select count(*) from logs where service = 'search'");
        for (format, reader) in
            [("csv", "read_csv"), ("jsonl", "read_json"), ("parquet", "read_parquet")]
        {
            page.click("sql-download");
            page.click(&format!("sql-download-{format}"));
            let found = rows_of(
                reader,
                "epoch_ms(ts::timestamp), level, message",
                &page.download(&format!(".{format}")),
            );
            assert_eq!(found.len() as u64, all, "{format}");
            let sql = format!("select epoch_ms(ts), level, message from ({sql})");
            assert_eq!(found[..10_000], expected(world, &sql)[..], "{format}");
        }
    });
}

#[test]
fn a_long_query_is_cancelled() {
    browse(incident, |page, world| {
        let running = || {
            let metrics = world.server().get("/metrics").text();
            let line =
                metrics.lines().find(|line| line.starts_with("pintail_queries_running")).unwrap();
            line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        };
        open(page, world, "");
        run(page, "select count(*) from range(10000000000) a, range(1000) b");
        page.until_shown("sql-cancel");
        page.until_text("sql-facts", "Running");
        assert_eq!(running(), 1);
        page.click("sql-cancel");
        page.until_text("sql-output", "Cancelled");
        page.until_gone("sql-cancel");
        until("the server to stop it", || running() == 0);

        // A new statement ends the one before.
        run(page, "select count(*) from range(20000000000) a, range(1000) b");
        page.until_shown("sql-cancel");
        run(page, COUNTS);
        page.until_text("sql-rows", "4 rows");
        until("the server to stop it", || running() == 0);
    });
}

#[test]
fn recent_and_saved_statements_are_kept() {
    browse(incident, |page, world| {
        open(page, world, "");
        run(page, "select 1 as one");
        page.until_text("sql-rows", "1 row");
        run(page, COUNTS);
        page.until_text("sql-rows", "4 rows");
        page.click("sql-save");
        page.until_shown("sql-saved");
        page.click("sql-rename");
        page.fill("sql-rename-field", "Counts");
        page.send("sql-rename-field", Key::Enter);
        page.until_text("sql-saved", "Counts");

        page.reload();
        page.until_text("sql-saved", "Counts");
        let recent = "[...document.querySelectorAll('[data-test=sql-recent] .side-item')]";
        assert_eq!(
            page.js(&format!("{recent}.map((item) => item.title)")),
            json!([COUNTS, "select 1 as one"])
        );
        page.until_text("sql-rows", "4 rows");
        page.js(&format!("{recent}[1].click()"));
        page.until_text("sql-rows", "1 row");
        assert_eq!(written(page), "select 1 as one");
        page.click("[data-test=sql-saved] button");
        page.until_text("sql-rows", "4 rows");
        page.back();
        page.until_text("sql-rows", "1 row");
        page.click("sql-delete");
        page.until_gone("sql-saved");
    });
}
