//! What the API answers is so: counts say what was counted, times have their zone, what is nested is found.

mod common;

use common::server::Server;
use common::{Pintail, lines};
use serde_json::{Value, json};

/// A facet of an answer.
fn facet<'a>(facets: &'a Value, name: &str) -> &'a Value {
    let all = facets["facets"].as_array().unwrap();
    all.iter().find(|facet| facet["name"] == name).unwrap_or_else(|| panic!("no {name}: {facets}"))
}

fn count(facet: &Value, value: &str) -> i64 {
    let values = facet["values"].as_array().unwrap();
    values.iter().find(|it| it["value"] == value).map_or(0, |it| it["count"].as_i64().unwrap())
}

/// More records than facets look at: a FATAL and a service of its own among the oldest only, ten records a
/// second.
fn many() -> (Pintail, Server) {
    let pintail = Pintail::new();
    let line = |at: usize| {
        let (minute, second, ms) = (at / 600, at / 10 % 60, at % 10 * 100);
        let (hour, minute) = (minute / 60, minute % 60);
        let (level, service) = if at < 10 { ("FATAL", "old") } else { ("INFO", "new") };
        format!(
            "{{\"ts\":\"2026-01-05T{hour:02}:{minute:02}:{second:02}.{ms:03}Z\",\"level\":\"{level}\",\
             \"service\":\"{service}\",\"msg\":\"message\"}}\n"
        )
    };
    pintail.write("app.log", (0..60_000).map(line).collect::<String>());
    pintail.ingest(["app.log"]);
    let server = Server::start(&pintail, &[]);
    (pintail, server)
}

#[test]
fn levels_and_services_are_counted_over_all_and_the_rest_says_over_how_many() {
    let (_pintail, server) = many();
    let all = server.json("/api/facets");
    let [level, service, source] = ["level", "service", "source"].map(|name| facet(&all, name));
    assert_eq!((count(level, "FATAL"), count(level, "INFO")), (10, 59_990));
    assert_eq!((count(service, "old"), count(service, "new")), (10, 59_990));
    assert_eq!((&level["exact"], &level["counted"]), (&json!(true), &json!(60_000)));
    assert_eq!((&source["exact"], &source["counted"]), (&json!(false), &json!(50_000)));
    assert_eq!(all["exact"], false);

    // A range within minutes: the records of their parts, and no others.
    let range = "from=2026-01-05T00:00:00.450Z&to=2026-01-05T01:39:00.050Z";
    let part = server.json(&format!("/api/facets?{range}"));
    let sql = "select count(*) from logs where ts >= '2026-01-05 00:00:00.450' and ts < '2026-01-05 01:39:00.050'";
    assert_eq!(json!(count(facet(&part, "level"), "INFO")), {
        server.value(&format!("{sql} and level = 'INFO'"))
    });
    assert_eq!(json!(count(facet(&part, "service"), "old")), {
        server.value(&format!("{sql} and service = 'old'"))
    });
    // So does the count beside the histogram, whose bars are whole.
    for q in ["", "level:info,fatal", "message"] {
        let volume = server.json(&format!("/api/volume?{range}&buckets=20&q={q}"));
        assert_eq!(volume["total"], server.value(sql), "{q}");
    }
    let filtered = server.json("/api/facets?q=level:fatal,info");
    assert_eq!(count(facet(&filtered, "level"), "FATAL"), 10);

    // Of what counts do not know, as far as it was looked.
    let words = server.json("/api/facets?q=message");
    let level = facet(&words, "level");
    assert_eq!((count(level, "INFO"), &level["exact"]), (50_000, &json!(false)));
}

fn nested() -> (Pintail, Server) {
    let pintail = Pintail::new();
    let records = [
        r#""http":{"status":500,"path":"/a"},"tags":["blue","red"],"user.id":7"#,
        r#""http":{"status":200,"path":"/a"},"tags":["red","red"],"user.id":7"#,
        r#""http":{"status":500,"path":"/b"},"tags":[],"items":[{"id":1}]"#,
        r#""http":null,"tags":"[blue]""#,
    ];
    let line = |(at, fields): (usize, &&str)| {
        format!(
            "{{\"ts\":\"2026-01-05T00:00:0{at}Z\",\"level\":\"info\",\"msg\":\"m{at}\",{fields}}}\n"
        )
    };
    pintail.write("app.log", records.iter().enumerate().map(line).collect::<String>());
    pintail.ingest(["app.log"]);
    let server = Server::start(&pintail, &[]);
    (pintail, server)
}

#[test]
fn what_is_nested_has_facets_that_searches_find() {
    let (_pintail, server) = nested();
    let all = server.json("/api/facets");
    assert_eq!(count(facet(&all, "http.status"), "500"), 2);
    assert_eq!(count(facet(&all, "http.path"), "/a"), 2);
    assert_eq!(count(facet(&all, "tags"), "red"), 2, "once a record");
    assert_eq!(count(facet(&all, "user.id"), "7"), 2);
    let names: Vec<&str> =
        all["fields"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    for name in ["http.status", "http.path", "tags", "user.id"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(!names.contains(&"http"), "{names:?}");
    let found = |q: &str| {
        let answer = server.json(&format!("/api/logs?q={q}"));
        let records = answer["records"].as_array().unwrap().iter();
        let mut found: Vec<String> =
            records.map(|it| it["message"].as_str().unwrap().to_owned()).collect();
        found.sort();
        found.join(" ")
    };
    for (q, messages) in [
        ("tags:blue", "m0"),
        ("tags:red", "m0 m1"),
        ("tags:blue,red", "m0 m1"),
        ("-tags:red", "m2 m3"),
        ("tags:re*", "m0 m1"),
        ("tags:~^bl", "m0"),
        ("tags:green", ""),
        ("tags:%22[blue]%22", "m3"),
        ("http.status:500", "m0 m2"),
        ("http.status:%3E=500", "m0 m2"),
        ("user.id:7", "m0 m1"),
        ("tags:*", "m0 m1 m2 m3"),
    ] {
        assert_eq!(found(q), messages, "{q}");
    }
}

#[test]
fn the_lines_around_one_are_found_however_far_apart_they_are() {
    let pintail = Pintail::new();
    let sparse: String = (1..=9)
        .map(|day| format!("2026-01-0{day} 12:00:00.000 INFO rare: message {day}\n"))
        .collect();
    pintail.write("rare.log", sparse);
    pintail.write("dense.log", lines(0..500));
    pintail.ingest(["rare.log", "dense.log"]);
    let server = Server::start(&pintail, &[]);
    let id = server.json("/api/logs?q=service:rare+%22message+5%22")["records"][0]["id"].clone();
    let around = |before: usize, after: usize| {
        let answer = server.json(&format!("/api/around?id={id}&before={before}&after={after}"));
        let messages: Vec<String> = answer["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["message"].as_str().unwrap().replace("message ", ""))
            .collect();
        messages.join(" ")
    };
    assert_eq!(around(2, 2), "3 4 5 6 7");
    assert_eq!(around(20, 20), "1 2 3 4 5 6 7 8 9");
    assert_eq!(around(0, 0), "5");
    assert_eq!(around(0, 1), "5 6");
    // Whatever times records claim.
    pintail.write(
        "old.log",
        "1971-01-01 00:00:00.000 INFO auth: a1\n1971-02-01 00:00:00.000 INFO auth: a2\n",
    );
    pintail.run(["ingest", "-q", "old.log"]);
    let id = server.value("select rowid from logs where message = 'a2'");
    let answer = server.json(&format!("/api/around?id={id}&before=5&after=5"));
    assert_eq!(answer["records"].as_array().unwrap().len(), 2, "{answer}");
}

#[test]
fn records_of_one_instant_are_in_the_order_in_which_they_came() {
    let pintail = Pintail::new();
    let same: String =
        (0..50).map(|at| format!("2026-01-05 00:00:00.000 INFO m{at:02}\n")).collect();
    pintail.write("app.log", same);
    pintail.ingest(["app.log"]);
    let server = Server::start(&pintail, &[]);
    let id = server.json("/api/logs?q=m25")["records"][0]["id"].clone();
    let answer = server.json(&format!("/api/around?id={id}&before=2&after=2"));
    let messages: Vec<&str> = answer["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["m23", "m24", "m25", "m26", "m27"]);
}

#[test]
fn times_in_files_have_their_zone() {
    let pintail = Pintail::new();
    pintail.write("app.log", "2026-01-05 10:00:00.226 INFO m\n");
    pintail.ingest(["app.log"]);
    assert!(pintail.ok(["export"]).contains("\n2026-01-05T10:00:00.226Z,INFO,"));
    let server = Server::start(&pintail, &[]);
    assert!(pintail.ok(["export"]).contains("\n2026-01-05T10:00:00.226Z,INFO,"), "of a server");
    let csv = server.get("/api/download").text();
    assert!(csv.contains("\n2026-01-05T10:00:00.226Z,INFO,"), "{csv}");
    let jsonl = server.get("/api/download?format=jsonl").json();
    assert_eq!(jsonl["ts"], "2026-01-05T10:00:00.226Z");
    let sql = "select ts, ts as \"a \"\"b\"\"\", ts::timestamp_s as s, ts::timestamp_ns as ns, null::timestamp as n, 'infinity'::timestamp as i, ts::date as d from logs";
    let asked = |format: &str| {
        let accept = [("accept", format)];
        server.post("/api/sql", &json!({ "sql": sql }), &accept)
    };
    let line = asked("text/csv").text().lines().nth(1).unwrap().to_owned();
    assert_eq!(
        line,
        "2026-01-05T10:00:00.226Z,2026-01-05T10:00:00.226Z,2026-01-05T10:00:00Z,\
         2026-01-05T10:00:00.226Z,,infinity,2026-01-05"
    );
    let row = asked("application/x-ndjson").json();
    assert_eq!(row["a \"b\""], "2026-01-05T10:00:00.226Z");
    assert_eq!((&row["n"], &row["i"]), (&Value::Null, &json!("infinity")));
}

#[test]
fn a_path_that_is_none_is_told_to_people_and_to_programs() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    let page = server.get_with("/dashboard", &[("accept", "text/html,*/*;q=0.8")]);
    assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
    assert!(page.text().contains("There is no such page"));
    for (path, accept) in [("/dashboard", "*/*"), ("/api/nothing", "text/html")] {
        let answer = server.get_with(path, &[("accept", accept)]);
        assert_eq!((answer.status, answer.error().0.as_str()), (404, "not_found"), "{path}");
    }
}

#[test]
fn a_server_whose_port_is_taken_leaves_no_database() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let pintail = Pintail::new();
    let complaint = pintail.fails(2, ["serve", "--listen", &address]);
    assert!(complaint.contains("in use"), "{complaint}");
    let left: Vec<_> =
        std::fs::read_dir(pintail.dir()).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(left.iter().all(|path| !path.display().to_string().contains("duckdb")), "{left:?}");
}

#[test]
fn a_server_says_where_its_database_is() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &["--db", "x.duckdb"]);
    let said = server.json("/api/status")["database"].as_str().unwrap().to_owned();
    let path = pintail.path("x.duckdb");
    assert_eq!(std::fs::canonicalize(said).unwrap(), std::fs::canonicalize(path).unwrap());
}

#[test]
fn a_time_that_is_none_is_named_with_its_parameter() {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    for path in ["volume", "scores", "logs", "facets", "services", "anomalies", "download"] {
        let answer = server.get(&format!("/api/{path}?from=bogus"));
        assert_eq!(answer.status, 400, "{path}");
        let message = answer.error().1;
        assert!(message.starts_with("from: invalid time 'bogus'"), "{path}: {message}");
    }
}

#[test]
fn the_page_itself_is_open_where_a_token_is_set() {
    let pintail = Pintail::new();
    let server = Server::start_with(&pintail, &[], &[("PINTAIL_TOKEN", "t")]);
    for path in ["/", "/overview", "/explore", "/sources", "/favicon.svg", "/js/app.js"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get("/dashboard").status, 404);
    assert_eq!(server.get("/api/status").status, 401);
}
