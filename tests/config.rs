//! The configuration as its users meet it: who goes before whom, what is refused, what `pintail
//! check` prints.

mod common;

use std::net::TcpListener;

use common::server::Server;
use common::{Pintail, Run};

/// A run with variables in its environment.
fn run(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let output = pintail.command(args).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What `pintail check` prints.
fn printed(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> String {
    let all: Vec<&str> = ["check"].iter().chain(args).copied().collect();
    let run = run(pintail, &all, variables);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    run.stdout
}

/// What it says is in force.
fn effective(pintail: &Pintail, args: &[&str], variables: &[(&str, &str)]) -> toml::Table {
    let text = printed(pintail, args, variables);
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A port that is free for now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn flags_go_before_variables_before_the_file_before_defaults() {
    let pintail = Pintail::new();
    let threshold = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["--listen", "127.0.0.1:0"], args].concat();
        effective(&pintail, &args, variables)["threshold"].as_float().unwrap()
    };
    let variable = [("PINTAIL_THRESHOLD", "4")];
    assert_eq!(threshold(&[], &[]), 6.0);
    assert_eq!(threshold(&[], &variable), 4.0);
    pintail.write("pintail.toml", "threshold = 3\n");
    assert_eq!(threshold(&[], &[]), 3.0);
    assert_eq!(threshold(&[], &variable), 4.0);
    assert_eq!(threshold(&["--threshold", "5"], &variable), 5.0);
    // A file that is named is read instead of the one beside the database.
    pintail.write("other.toml", "threshold = 2.5\n");
    assert_eq!(threshold(&["--config", "other.toml"], &[]), 2.5);
    assert_eq!(threshold(&[], &[("PINTAIL_CONFIG", "other.toml")]), 2.5);
    std::fs::create_dir(pintail.path("elsewhere")).unwrap();
    assert_eq!(threshold(&["--db", "elsewhere/x.duckdb"], &[]), 6.0);
}

#[test]
fn who_said_what_is_shown() {
    let pintail = Pintail::new();
    pintail.write("pintail.toml", "drain_seconds = 3\n");
    let args = ["check", "--listen", "127.0.0.1:0"];
    let run = run(&pintail, &args, &[("PINTAIL_BODY_MAX_MIB", "5")]);
    for line in [
        "drain_seconds = 3  # from the file",
        "body_max_mib = 5  # from the environment",
        "listen = \"127.0.0.1:0\"  # from the command line",
        "receive_memory_mib = 256  # default",
        "# token_file is not set",
    ] {
        assert!(run.stdout.lines().any(|known| known == line), "{line}: {}", run.stdout);
    }
}

#[test]
fn paths_of_a_file_are_meant_from_where_it_is() {
    let pintail = Pintail::new();
    std::fs::create_dir_all(pintail.path("data/logs")).unwrap();
    pintail.write("data/pintail.toml", "follow = ['logs']\nlisten = '127.0.0.1:0'\n");
    let shown = effective(&pintail, &["--db", "data/x.duckdb"], &[]);
    let follow = shown["follow"][0].as_str().unwrap();
    assert_eq!(follow, pintail.path("data/logs").to_str().unwrap());
    // Those of the command line replace them, and are meant from where it is.
    let shown = effective(&pintail, &["--db", "data/x.duckdb", "data"], &[]);
    assert_eq!(shown["follow"].as_array().unwrap().len(), 1);
    assert!(shown["follow"][0].as_str().unwrap().ends_with("data"));
    let both = std::env::join_paths([pintail.path("data"), pintail.path("data/logs")]).unwrap();
    let variables = [("PINTAIL_FOLLOW", both.to_str().unwrap())];
    let shown = effective(&pintail, &["--db", "data/x.duckdb"], &variables);
    assert_eq!(shown["follow"].as_array().unwrap().len(), 2);
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_the_nearest_name() {
    let pintail = Pintail::new();
    pintail.write("pintail.toml", "# comment\n\nlisen = '127.0.0.1:1'\n[mail]\nhots = 'x'\n");
    let expected = "pintail: pintail.toml line 3: unknown key \"lisen\"; did you mean \"listen\"?\n\
                    pintail: pintail.toml line 5: unknown key \"hots\" in [mail]; did you mean \"host\"?\n";
    assert_eq!(pintail.fails(2, ["check"]), expected);
    assert_eq!(pintail.fails(2, ["serve"]), expected);
    assert!(pintail.fails(2, ["check", "--config", "none.toml"]).contains("none.toml"));
}

#[test]
fn every_problem_is_told_at_once() {
    let pintail = Pintail::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    pintail.write("formats.toml", "[format.x]\npattern = '('\n");
    pintail.write("a.pem", "no certificate");
    pintail.write(
        "pintail.toml",
        format!(
            "follow = ['none/*.log']\nlisten = '{taken}'\nformats = 'formats.toml'\n\
             tls_cert = 'a.pem'\ntls_key = 'a.pem'\npublic_url = 'pintail.example.org'\n\
             body_max_mib = 512\n[mail]\nhost = 'localhost'\n"
        ),
    );
    let problems = pintail.fails(2, ["check"]);
    for problem in [
        "no file matches",
        &format!("listen on {taken}"),
        "formats.toml: format x",
        "a.pem: there is no certificate",
        "public_url",
        "body_max_mib (512) is above receive_memory_mib (256)",
        "PINTAIL_SMTP_TO is missing",
    ] {
        assert!(problems.contains(problem), "{problem}: {problems}");
    }
    assert!(problems.lines().all(|line| line.starts_with("pintail: ")), "{problems}");
    assert_eq!(problems.lines().count(), 7, "{problems}");
}

#[test]
fn what_check_prints_says_the_same_again() {
    let pintail = Pintail::new();
    pintail.write("odd \"name\" \u{7f}.log", "");
    pintail.write("password", "hunter2\n");
    pintail.write("token", "sesame\n");
    pintail.write(
        "pintail.toml",
        "allow_host = ['logs.example.org']\ntoken_file = 'token'\n\
         [mail]\nhost = 'mail.example.org'\nuser = 'me'\npassword_file = 'password'\n\
         from = 'a@example.org'\nto = 'b@example.org, c@example.org'\n",
    );
    let args = ["odd \"name\" \u{7f}.log", "--listen", "127.0.0.1:0", "--threshold", "4.5"];
    let variables =
        [("PINTAIL_TIMEZONE", "Europe/Berlin"), ("PINTAIL_SYSLOG", "[::1]:0,127.0.0.1:0")];
    let text = printed(&pintail, &args, &variables);
    let first: toml::Table = text.parse().unwrap();
    assert_eq!(first["mail"]["port"].as_integer(), Some(587));
    pintail.write("again.toml", &text);
    assert_eq!(effective(&pintail, &["--config", "again.toml"], &[]), first);
}

#[test]
fn no_secret_is_printed() {
    let pintail = Pintail::new();
    pintail.write("password", "hunter2\n");
    pintail.write("smtp.toml", "password = 'hunter2'\nuser = 'me'\n");
    pintail.write(
        "pintail.toml",
        "[mail]\nhost = 'localhost'\nfrom = 'a@example.org'\nto = 'b@example.org'\n",
    );
    let args = ["check", "--listen", "127.0.0.1:0"];
    let token = ("PINTAIL_TOKEN", "sesame");
    for variables in [
        [token, ("PINTAIL_SMTP_USER", "me"), ("PINTAIL_SMTP_PASSWORD", "hunter2")],
        [token, ("PINTAIL_SMTP_USER", "me"), ("PINTAIL_SMTP_PASSWORD_FILE", "password")],
        [token, ("PINTAIL_SMTP_FILE", "smtp.toml"), ("X", "")],
    ] {
        let run = run(&pintail, &args, &variables);
        assert_eq!(run.code, Some(0), "{run:?}");
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(!all.contains("hunter2") && !all.contains("sesame"), "{all}");
        assert!(all.contains("password"), "{all}");
    }
    for wrong in [
        "password = 'hunter2'",
        "pasword = 'hunter2'",
        "[mail]\npassword = 'hunter2'",
        "hunter = ['hunter2",
    ] {
        pintail.write("pintail.toml", wrong);
        let problems = pintail.fails(2, ["check"]);
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn an_address_that_our_own_server_has_is_no_problem() {
    let pintail = Pintail::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let server = Server::start(&pintail, &["--listen", &listen]);
    pintail.ok(["check", "--listen", &listen]);
    assert!(
        pintail.fails(2, ["check", "--db", "other.duckdb", "--listen", &listen]).contains("in use")
    );
    server.stop();
}
