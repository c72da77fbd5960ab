//! Getting in, staying connected, and beginning with nothing.

use fantoccini::key::Key;

use super::browser::{World, browse};
use super::worlds::{empty, grouped, incident, number};
use crate::common::server::Server;
use crate::common::{Pintail, lines, until};

const TOKEN: &str = "correct horse battery staple";

fn behind_a_token() -> World {
    let pintail = Pintail::with("app.log", lines(0..10));
    let server = Server::start_with(&pintail, &[], &[("PINTAIL_TOKEN", TOKEN)]).with_token(TOKEN);
    World::new(pintail, server)
}

#[test]
fn the_page_asks_for_the_token() {
    browse(behind_a_token, |page, world| {
        page.visit(world.server(), "/explore?from=all");
        page.until_shown("login");
        assert!(!page.shows("row"));
        page.fill("login-token", "incorrect horse");
        page.click("login-submit");
        page.until_text("login-error", "That is not the token.");
        page.fill("login-token", TOKEN);
        page.send("login-token", Key::Enter);
        page.until_gone("login");
        page.until_text("result-count", "10 records");
        page.until_shown("row");
        page.expect_complaints(&["status of 401"]);

        // Not again in this session, whatever one opens: complaints would be told.
        page.reload();
        page.until_text("result-count", "10 records");
        page.click("nav-sql");
        page.until_shown("sql-table");
        assert!(!page.shows("login"));
        page.click("nav-explore");
        page.until_shown("row");
        page.click("download-menu");
        page.click("download-csv");
        assert_eq!(page.download_text(".csv").lines().count(), 11);
    });
}

#[test]
fn a_lost_connection_is_said_and_comes_back() {
    browse(incident, |page, world| {
        page.visit(world.server(), "/overview?from=all");
        page.until_ready("panel-volume");
        assert!(!page.shows("connection-bar"));
        let address = world.server().address.clone();
        world.stop();
        page.click("refresh-now");
        page.until_shown("connection-bar");
        // What was there stays.
        assert!(page.shows("[data-test=panel-volume][data-state=ready]"));
        page.until_gone("[data-test=panel-volume] [data-test=error]");

        let listen = address.trim_start_matches("http://");
        world.start(Server::spawn(world.pintail.command(["serve", "--listen", listen])));
        page.until_gone("connection-bar");
        page.until_ready("panel-volume");
        page.click("nav-explore");
        let all = number(world, "select count(*) from logs");
        page.until_text("result-count", &grouped(all));
        page.expect_complaints(&[
            "ERR_CONNECTION_REFUSED",
            "ERR_CONNECTION_RESET",
            "ERR_EMPTY_RESPONSE",
            "ERR_INCOMPLETE",
        ]);
    });
}

#[test]
fn an_empty_database_says_how_to_begin() {
    browse(empty, |page, world| {
        page.visit(world.server(), "/");
        page.until_shown("start");
        let text = page.text("start");
        for command in ["pintail serve", "pintail ingest", "pintail demo"] {
            assert!(text.contains(command), "{text}");
        }
        for (view, hook) in [
            ("explore", "empty"),
            ("sql", "sql-example"),
            ("alerts", "panel-alerts"),
            ("sources", "empty"),
        ] {
            page.click(&format!("nav-{view}"));
            page.until_shown(hook);
        }
        page.visit(world.server(), "/explore");
        page.until_text("empty", "There are no records yet");
    });
}

#[test]
fn the_first_record_fills_an_empty_page() {
    let waiting = || {
        let pintail = Pintail::new();
        let glob = pintail.path("*.log").display().to_string();
        let server = Server::start(&pintail, &[&glob]);
        World::new(pintail, server)
    };
    browse(waiting, |page, world| {
        page.visit(world.server(), "/overview?from=all");
        page.until_shown("start");
        world.pintail.write("app.log", lines(0..10));
        until("the records", || number(world, "select count(*) from logs") == 10);
        page.until_ready("panel-volume");
        page.until_gone("start");
        assert_eq!(page.attribute("fact-records", "title"), "10");
    });
}
