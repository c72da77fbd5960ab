//! Databases that earlier versions wrote are opened, and go on as if they had always been this one's:
//! what was read stays, files are known again, and requests are taken.
//!
//! `upgrade/<commit>.duckdb.zst` was written by that commit from `upgrade/app.log.zst`, a file with a
//! reject and records of other times, and two requests.

mod common;

use std::path::Path;

use common::Pintail;
use common::server::Server;

const DATABASES: [&str; 1] = ["4f44e51"];
const RECORDS: i64 = 4_006;

fn unpacked(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade").join(name);
    zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap()
}

/// A directory with the database as `pintail.duckdb`, and the log that is in it.
fn old(commit: &str) -> Pintail {
    let pintail = Pintail::new();
    pintail.write("pintail.duckdb", unpacked(&format!("{commit}.duckdb.zst")));
    pintail.write("app.log", unpacked("app.log.zst"));
    pintail
}

#[test]
fn old_databases_are_read_and_written_on() {
    for commit in DATABASES {
        let pintail = old(commit);
        assert_eq!(pintail.count("logs"), RECORDS, "{commit}");
        assert_eq!(pintail.count("rejects"), 1);
        assert_eq!(pintail.value("select sum(n)::bigint from rollups"), RECORDS);
        assert_eq!(pintail.column("select message from far_times"), ["far"]);
        pintail.assert_sound();

        // The file lies somewhere else now, and is known by its content.
        assert_eq!(pintail.ingest(["app.log"]).lines, 0, "{commit}");
        pintail.append("app.log", "2026-01-05 12:00:00.000 INFO: one more\n");
        assert_eq!(pintail.ingest(["app.log"]).records, 1);
        pintail.ok(["detect", "--detector", "zscore", "--threshold", "2"]);
        assert_eq!(pintail.count("logs"), RECORDS + 1);
        pintail.assert_sound();
    }
}

#[test]
fn old_databases_are_served() {
    for commit in DATABASES {
        let pintail = old(commit);
        let server = Server::start(&pintail, &[]);
        let key = [("idempotency-key", "k2")];
        for stored in [1, 0] {
            let answer = server.send("POST", "/insert/jsonline", &key, b"{\"_msg\":\"new\"}\n");
            assert_eq!(answer.json()["stored"], stored, "{commit}: {}", answer.json());
        }
        let overview = server.get("/api/status");
        assert_eq!(overview.status, 200, "{commit}: {}", overview.json());
        drop(server);
        assert_eq!(pintail.count("logs"), RECORDS + 1, "{commit}");
        pintail.assert_sound();
    }
}
