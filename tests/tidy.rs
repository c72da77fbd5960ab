//! House rules that a compiler does not know.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(root().join(dir))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The part of a source file that ships.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn each_library_is_named_where_it_belongs() {
    for (library, places) in [
        ("duckdb::", &["src/store/"][..]),
        ("axum::", &["src/http/"]),
        ("lettre::", &["src/alert/"]),
        ("socket2::", &["src/receive/datagrams.rs"]),
        ("ureq::", &["src/cmd/connection.rs"]),
        ("clap::", &["src/cmd/", "src/config.rs", "src/main.rs"]),
        ("rustyline::", &["src/cmd/prompt.rs"]),
        ("indicatif::", &["src/cmd/"]),
    ] {
        for (path, text) in files("src", "rs") {
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            let belongs = places.iter().any(|place| path.starts_with(place));
            assert!(belongs || !product(&text).contains(library), "{path} names {library}");
        }
    }
}

#[test]
fn every_query_says_what_it_is_for() {
    let mut seen = 0;
    for (path, text) in files("sql", "sql") {
        assert!(text.starts_with("-- "), "{} does not begin with a comment", path.display());
        let detects = path.to_string_lossy().contains("detect");
        if detects {
            for part in ["Method:", "Parameters:", "Columns:"] {
                assert!(text.contains(part), "{} lacks {part}", path.display());
            }
        }
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn every_format_has_its_specification() {
    for kind in pintail::parse::formats::KINDS {
        let named = |name: &str| root().join(format!("tests/spec/formats/{name}.md")).exists();
        // TSV is specified with CSV.
        assert!(named(kind.name) || kind.name == "tsv", "no tests/spec/formats/{}.md", kind.name);
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in files("src", "rs") {
        assert!(text.starts_with("//!"), "{} does not begin with a comment", path.display());
    }
}

#[test]
fn the_readme_is_finished() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for word in readme.split_whitespace().filter(|word| word.contains('_')) {
        let shouts = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        assert!(!shouts, "{word} is a place that nobody filled");
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (path, text) in files("src", "rs") {
        for word in ["TODO", "FIXME", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_runs_no_text() {
    let mut seen = 0;
    for extension in ["html", "js", "css"] {
        for (path, text) in files("web", extension) {
            if path.starts_with(root().join("web/vendor")) {
                continue;
            }
            seen += 1;
            let place = path.display();
            // The one address that is a name and no place: that of SVG.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for word in [
                "https://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "eval(",
                "new Function",
            ] {
                assert!(!text.contains(word), "{place} has {word}");
            }
            assert!(text.lines().count() <= 400, "{place} is long");
            let is_module = extension == "js";
            assert!(!is_module || text.starts_with("//"), "{place} does not say what it is for");
        }
    }
    assert!(seen > 20, "{seen}");
}
