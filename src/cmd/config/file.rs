//! pintail.toml. Every problem is told with its line, and all of them at once; values are
//! repeated only where the key is known to hold no secret.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::settings::{Settings, keys};
use crate::alert::MailTable;
use crate::error::{Error, Result};

/// How alike two names are, from 0 to 1, for one to be suggested for the other.
const ALIKE: f64 = 0.75;

/// What people write into a configuration file that does not belong there, and where it does.
const SECRETS: [(&str, &str); 2] = [
    ("token", "a secret does not belong here; give token_file, or set PINTAIL_TOKEN"),
    ("password", "a secret does not belong here; give password_file, or set PINTAIL_SMTP_PASSWORD"),
];

/// Reads the file.
///
/// # Errors
/// [`Error::Configuration`] with every problem.
pub fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::Configuration(vec![Error::file("read", path, error).to_string()])
    })?;
    let mut settings = parse(&text).map_err(|problems| {
        Error::Configuration(
            problems
                .into_iter()
                .map(|(line, problem)| format!("{} line {line}: {problem}", path.display()))
                .collect(),
        )
    })?;
    settings.relative_to(path.parent().unwrap_or(Path::new("")));
    Ok(settings)
}

/// A line and what is wrong in it.
type Problem = (usize, String);

fn parse(text: &str) -> Result<Settings, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems = Problems { text, found: Vec::new() };
    if !errors.is_empty() {
        for error in errors {
            problems.add(error.span().unwrap_or_default(), error.message());
        }
        return Err(problems.found);
    }
    problems.look_at::<Settings>(table.get_ref(), "");
    if problems.found.is_empty() {
        match toml::from_str(text) {
            Ok(settings) => return Ok(settings),
            Err(error) => problems.add(error.span().unwrap_or_default(), error.message()),
        }
    }
    problems.found.sort();
    Err(problems.found)
}

struct Problems<'t> {
    text: &'t str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    /// Looks at every key by itself, so that one problem does not hide another.
    fn look_at<T: DeserializeOwned + serde::Serialize + Default>(
        &mut self,
        table: &DeTable<'_>,
        within: &str,
    ) {
        let known = match keys(&T::default()) {
            Value::Object(keys) => keys.into_iter().map(|(key, _)| key).collect(),
            _ => Vec::new(),
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if !known.iter().any(|known| known == name) {
                self.add(key.span(), &unknown(name, within, &known));
            } else if let (true, "mail", Some(mail)) =
                (within.is_empty(), name, value.get_ref().as_table())
            {
                self.look_at::<MailTable>(mail, "mail");
            } else if let Err(error) = alone::<T>(key, value) {
                let at = error.span().filter(|span| !span.is_empty()).unwrap_or(value.span());
                self.add(at, &format!("{name}: {}", plain(error.message())));
            }
        }
    }

    fn add(&mut self, at: Range<usize>, problem: &str) {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        self.found.push((line, problem.trim().replace('\n', ", ")));
    }
}

/// Whether this key may have this value.
fn alone<T: DeserializeOwned>(
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<T, toml::de::Error> {
    let mut table = DeTable::new();
    table.insert(key.clone(), value.clone());
    T::deserialize(toml::de::Deserializer::from(Spanned::new(value.span(), table)))
}

/// What serde says, in words of the file instead of Rust's.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("expected f64", "expected a number"),
        ("expected u64", "expected a whole number"),
        ("expected u16", "expected a port"),
        ("expected path string", "expected a path in quotes"),
        ("expected a sequence", "expected a list"),
        ("invalid socket address syntax", "expected ADDR:PORT"),
    ];
    WORDS.iter().fold(message.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

fn unknown(name: &str, within: &str, known: &[String]) -> String {
    if let Some((_, why)) = SECRETS.iter().find(|(secret, _)| *secret == name) {
        return format!("{name}: {why}");
    }
    let place = if within.is_empty() { String::new() } else { format!(" in [{within}]") };
    let alike = |other: &String| strsim::jaro_winkler(name, other);
    let nearest = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest.filter(|nearest| alike(nearest) >= ALIKE) {
        Some(nearest) => format!("unknown key {name:?}{place}; did you mean {nearest:?}?"),
        None => format!("unknown key {name:?}{place}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Configuration;
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = parse(text).unwrap_err();
        problems.into_iter().map(|(line, problem)| format!("{line}: {problem}")).collect()
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_lines() {
        let text = "follow = ['/var/log']\n\nlisen = '127.0.0.1:80'\nthreshold = 'high'\n\
                    query_timeout = 3\ndrain_seconds = 100000\ntimezone = 'Mars'\n\
                    [mail]\nhots = 'x'\nport = 70000\npassword = 'hunter2'\n";
        let problems = problems(text);
        assert_eq!(problems[0], "3: unknown key \"lisen\"; did you mean \"listen\"?");
        assert!(
            problems[1]
                .starts_with("4: threshold: invalid type: string \"high\", expected a number"),
            "{problems:?}"
        );
        assert!(problems[2].ends_with("did you mean \"query_timeout_seconds\"?"), "{problems:?}");
        assert!(problems[3].ends_with("100000 is not in 0..=3600"), "{problems:?}");
        assert!(problems[4].starts_with("7: timezone: not a zone"), "{problems:?}");
        assert_eq!(problems[5], "9: unknown key \"hots\" in [mail]; did you mean \"host\"?");
        assert!(problems[6].starts_with("10: port: "), "{problems:?}");
        assert!(problems[7].starts_with("11: password: a secret does not belong"), "{problems:?}");
        assert!(!problems.concat().contains("hunter2"));
        assert!(problems.iter().all(|problem| !problem.contains('\n')));
    }

    #[test]
    fn text_that_is_no_toml_has_a_line_too() {
        let problems = problems("listen = '127.0.0.1:80'\nfollow = [\n");
        assert!(problems[0].starts_with("2: ") || problems[0].starts_with("3: "), "{problems:?}");
    }

    /// Every key stands in the example, and would be read if it were not a comment.
    #[test]
    fn the_example_has_every_key() {
        let example = include_str!("../../../data/service/pintail.toml");
        let text: String = example
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let settings = parse(&text).unwrap();
        for key in Settings::keys() {
            assert!(settings.has(&key), "{key}");
        }
        let Value::Object(mail) = keys(&settings.mail.unwrap()) else { panic!("no [mail]") };
        let missing = mail.iter().find(|(_, value)| value.is_null());
        assert_eq!(missing, None);
        // And what it says to be the default is that.
        let defaults = keys(&Configuration::from(Settings::default()));
        let shown = keys(&Configuration::from(parse(&text).unwrap()));
        for key in [
            "listen",
            "timezone",
            "false_alarms_per_day",
            "judge_after_seconds",
            "body_max_mib",
            "receive_memory_mib",
            "tee",
            "insecure",
            "query_timeout_seconds",
            "drain_seconds",
            "database_memory_mib",
        ] {
            assert_eq!(shown[key], defaults[key], "{key}");
        }
    }

    /// README's table names every key, and no other.
    #[test]
    fn the_readme_has_every_key() {
        let readme = include_str!("../../../README.md");
        let (_, section) = readme.split_once("\n### Configuration").unwrap();
        let section = section.split("\n### ").next().unwrap();
        let mut shown: Vec<String> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .flat_map(|line| line.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
            .map(str::to_owned)
            .collect();
        shown.sort();
        let mut known = Settings::keys();
        let Value::Object(mail) = keys(&MailTable::default()) else { panic!("no keys") };
        known.extend(mail.into_iter().map(|(key, _)| format!("mail.{key}")));
        known.sort();
        assert_eq!(shown, known);
    }

    #[test]
    fn every_key_is_read() {
        let text = "follow = ['a', 'b*']\nthreshold = 4\nsyslog = ['127.0.0.1:5514']\ntee = true\n\
                    [mail]\nhost = 'localhost'\nto = 'a@example.org, b@example.org'\n";
        let settings = parse(text).unwrap();
        assert_eq!(settings.follow.unwrap().len(), 2);
        assert_eq!(settings.server.threshold.unwrap().0, 4.0);
        assert_eq!(settings.syslog.unwrap()[0].port(), 5514);
        assert_eq!(settings.mail.unwrap().host.as_deref(), Some("localhost"));
    }
}
