//! How the page looks: light and dark, wide and narrow, to those who see it and those who do
//! not, and how much of it there is to load.

use serde_json::{Value, json};

use super::browser::{Page, World, browse};
use super::worlds::{WHOLE, encoded, incident, number};
use crate::common::Pintail;
use crate::common::server::Server;

const WIDE: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);

/// A log that ends now, in the middle of an incident: an alert is open. Beside it a file with
/// lines that cannot be read.
fn alarming() -> World {
    let pintail = Pintail::new();
    let options = ["--start", "now", "--duration", "6h", "--rate", "10", "--format", "json"];
    let incident = ["--incident", "error_spike:payment:5h48m:12m", "--output", "app.log"];
    pintail.ok(["generate"].iter().chain(&options).chain(&incident));
    pintail.write(
        "broken.json",
        "{\"timestamp\": \"2026-01-05T00:00:00Z\"}\n{\"timestamp\": \"yesterday\"}\n",
    );
    pintail.ok(["ingest", "app.log", "broken.json"]);
    let server = Server::start(&pintail, &["app.log"]);
    World::new(pintail, server)
}

/// Opens a view by its name, with something in it, and waits until it is all there.
fn open(page: &Page, world: &World, view: &str) {
    let sql = encoded(
        "select minute, level, sum(n)::bigint as n from minutes where level is not null group by all order by all",
    );
    let (path, there): (String, &[&str]) = match view {
        "overview" => (
            "/overview?from=now-6h".to_owned(),
            &[
                "[data-test=panel-anomalies][data-state=ready] .tabulator-row",
                "threshold-line",
                ".panel .barlayer",
                "service-table",
            ],
        ),
        "explore" => {
            ("/explore?from=now-6h&q=level%3A%3E%3Dwarn".to_owned(), &["row", ".explore .barlayer"])
        }
        "record" => {
            let newest = world.server().json("/api/logs?limit=1&q=level:error");
            (
                format!("/explore?from=now-6h&q=level%3Aerror&row={}", newest["records"][0]["id"]),
                &["detail", ".explore .barlayer"],
            )
        }
        "sql" => {
            (format!("/sql?sql={sql}"), &["[data-test=sql-grid] .tabulator-row", "sql-example"])
        }
        "sql-chart" => (
            format!("/sql?show=chart&sql={sql}"),
            &[".sql-output .main-svg .scatterlayer", "sql-example"],
        ),
        "alerts" => ("/alerts".to_owned(), &["[data-test=alert-table] .tabulator-row"]),
        "sources" => ("/sources".to_owned(), &["source"]),
        "rejects" => ("/sources".to_owned(), &["source"]),
        "help" => ("/overview".to_owned(), &["[data-test=panel-volume][data-state=ready]"]),
        "range" => ("/alerts".to_owned(), &["[data-test=alert-table] .tabulator-row"]),
        other => panic!("{other}"),
    };
    page.visit(world.server(), &path);
    for target in there {
        page.until_shown(target);
    }
    if view == "explore" || view == "record" {
        // On a phone the values are behind a button.
        page.until("document.querySelector('[data-test=facet-level] [data-test=facet-row]')");
    }
    match view {
        "rejects" => {
            page.click("source-rejects-toggle");
            page.until_shown("reject");
        }
        "help" => {
            page.press("?");
            page.until_shown("help");
        }
        "range" => {
            page.click("range-button");
            page.until_shown("range-picker");
        }
        _ => {}
    }
    page.until("!document.querySelector('#view > .skeletons, [data-busy] [data-test=skeleton]')");
}

const VIEWS: [&str; 10] = [
    "overview",
    "explore",
    "record",
    "sql",
    "sql-chart",
    "alerts",
    "sources",
    "rejects",
    "help",
    "range",
];

/// What axe-core finds wrong with the page as it is now.
fn violations(page: &Page) -> Vec<String> {
    page.run(include_str!("../vendor/axe-core-4.14.1/axe.min.js")).unwrap();
    let result = page.run_async(
        "axe.run().then((r) => done({ violations: r.violations, passes: r.passes.length }), (e) => done(String(e)));",
    );
    assert!(result["passes"].as_u64() > Some(10), "axe-core looked at nothing: {result}");
    let text = |violation: &Value| {
        let nodes = violation["nodes"].as_array().unwrap().iter();
        let places: Vec<String> =
            nodes.map(|node| format!("{} {}", node["target"], node["failureSummary"])).collect();
        format!("{} ({}): {places:#?}", violation["id"], violation["impact"])
    };
    result["violations"].as_array().unwrap().iter().map(text).collect()
}

/// Every view in a theme: accessible, nothing wider than a phone, and pictures of them.
fn inspect(theme: &str) {
    browse(alarming, |page, world| {
        page.prefer(theme);
        let mut wrong = Vec::new();
        for view in VIEWS {
            for (width, height) in [WIDE, PHONE] {
                page.resize(width, height);
                open(page, world, view);
                let content = page.js("document.documentElement.scrollWidth");
                if content.as_u64() > Some(width.into()) {
                    wrong.push(format!("{view} is {content} pixels wide on {width}"));
                }
                for violation in violations(page) {
                    wrong.push(format!("{view} at {width}: {violation}"));
                }
                // All of it, where the page is higher than the window.
                let whole = page.js("document.documentElement.scrollHeight").as_u64().unwrap();
                page.resize(width, height.max(u32::try_from(whole).unwrap()));
                page.screenshot(&format!("{view}-{theme}-{width}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn every_view_is_accessible_at_every_width_in_light() {
    inspect("light");
}

#[test]
fn every_view_is_accessible_at_every_width_in_dark() {
    inspect("dark");
}

#[test]
fn the_theme_follows_the_system_until_one_is_chosen() {
    browse(incident, |page, world| {
        // The darker of two is the one whose background has less light.
        let light = || {
            page.js("getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)").as_u64().unwrap()
        };
        let ink =
            || page.js("document.querySelector('[data-test=panel-scores] .xtick text').style.fill");
        page.prefer("light");
        page.visit(world.server(), &format!("/overview?{WHOLE}"));
        page.until_ready("panel-scores");
        let (day, day_ink) = (light(), ink());
        assert!(day > 600);

        // Charts follow without a reload.
        page.prefer("dark");
        page.until(&format!("document.querySelector('[data-test=panel-scores] .xtick text').style.fill !== {day_ink}"));
        let (night, night_ink) = (light(), ink());
        assert!(night < 150, "{night}");

        page.click("theme-menu");
        page.click("theme-light");
        page.until(&format!("document.querySelector('[data-test=panel-scores] .xtick text').style.fill === {day_ink}"));
        assert_eq!(light(), day);
        page.reload();
        page.until_ready("panel-scores");
        assert_eq!((light(), ink()), (day, day_ink.clone()));

        page.prefer("light");
        page.click("theme-menu");
        page.click("theme-dark");
        page.until(&format!("document.querySelector('[data-test=panel-scores] .xtick text').style.fill === {night_ink}"));
        page.click("nav-sources");
        page.reload();
        page.until_shown("source");
        assert_eq!(light(), night);
        page.click("theme-menu");
        page.click("theme-system");
        assert_eq!(light(), day);
    });
}

#[test]
fn the_first_page_is_small() {
    browse(incident, |page, world| {
        for (path, there) in [
            (format!("/overview?{WHOLE}"), "[data-test=panel-scores][data-state=ready]"),
            (format!("/explore?{WHOLE}"), "row"),
            ("/sql".to_owned(), "sql-editor"),
        ] {
            // Nothing that another view has loaded counts for nothing here.
            page.devtools("Network.clearBrowserCache", &json!({}));
            page.visit(world.server(), &path);
            page.until_shown(there);
            let size = |name: &str| {
                let entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]";
                number_of(page, &format!("{entries}.reduce((sum, entry) => sum + entry.{name}, 0)"))
            };
            let (sent, whole) = (size("encodedBodySize"), size("decodedBodySize"));
            assert!(sent > 100_000 && sent < 1_500_000, "{path}: {sent} bytes");
            assert!(sent * 2 < whole, "{path}: {sent} of {whole} bytes");
        }
    });
}

fn number_of(page: &Page, expression: &str) -> u64 {
    page.js(expression).as_u64().unwrap()
}

#[test]
fn an_alert_is_told_and_leads_to_its_records() {
    browse(alarming, |page, world| {
        page.visit(world.server(), "/sources");
        page.until_text("fact-alerts", "1 anomaly open");
        page.until("document.title.startsWith('(1) Sources')");
        page.click("fact-alerts");
        page.until_shown("[data-test=alert-table] .tabulator-row");
        assert_eq!(page.text("alerts-open"), "1");
        let series = page.texts("[data-test=alert-table] .tabulator-cell[tabulator-field=series]");
        assert_eq!(series, ["payment"]);
        page.click("[data-test=alert-table] .tabulator-cell[tabulator-field=began]");
        page.until_shown("row");
        assert_eq!(page.parameter("q"), "service:payment level:error");
        let range = "ts >= '{from}'::timestamp and ts < '{to}'::timestamp and service = 'payment'";
        let range = range
            .replace("{from}", &page.parameter("from").replace('Z', ""))
            .replace("{to}", &page.parameter("to").replace('Z', ""));
        let count = number(world, &format!("select count(*) from errors where {range}"));
        page.until_text("result-count", &format!("{count} records"));
    });
}

#[test]
fn the_keyboard_goes_everywhere() {
    browse(incident, |page, world| {
        page.visit(world.server(), &format!("/overview?{WHOLE}"));
        page.until_ready("panel-anomalies");
        for (keys, path) in [
            ("ge", "/explore"),
            ("gs", "/sql"),
            ("ga", "/alerts"),
            ("gr", "/sources"),
            ("go", "/overview"),
        ] {
            page.press(keys);
            page.until_address(path);
            if path == "/sql" {
                page.until_shown("sql-editor");
            }
        }
        page.press("ge");
        page.until_shown("row");
        page.press("j");
        page.until_shown(".row-current");
        page.press("jj");
        page.until(
            "document.querySelectorAll('[data-test=row]')[2]?.classList.contains('row-current')",
        );
        page.press("\u{e007}");
        page.until_shown("detail");
        page.press("/");
        page.until("document.activeElement.dataset.test === 'query'");
        page.press("level:error\u{e007}");
        page.until_address("q=level:error");
    });
}
