//! Arguments that several commands take.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result as PintailResult};
use crate::parse::formats::{Formats, KINDS, custom};
use crate::parse::level::level_of_word;
use crate::parse::time::{DateOrder, EXAMPLES, Undated, Zone, given};
use crate::record::Micros;

/// How logs are to be read.
#[derive(Clone, Debug, clap::Args)]
pub struct ReadingArgs {
    /// Read every line in this format: a name listed by `pintail ingest --help`, or
    /// `regex:(?<ts>…) (?<level>…) …`
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,

    /// Formats of your own: a TOML file with [format.NAME] and `pattern = '(?<ts>…)…'`
    #[arg(long, value_name = "FILE")]
    formats: Option<PathBuf>,

    /// Zone of timestamps that name none: UTC, local, +02:00 or a name such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    pub timezone: Zone,

    /// Order of day, month and year in dates such as 01/02/26: mdy, dmy or ymd [default: what the
    /// lines of each file tell]
    #[arg(long, value_name = "ORDER", value_parser = date_order)]
    pub date_order: Option<DateOrder>,

    /// Time of lines of a file that has no times: mtime (of the file), arrival (now), or reject
    #[arg(long, value_name = "TIME", default_value = "mtime", value_parser = undated)]
    pub undated: Undated,
}

impl ReadingArgs {
    /// What `--format` says.
    pub fn forced(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// The text of the user's own formats.
    pub fn own_formats(&self) -> PintailResult<Option<String>> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|error| Error::file("read", path, error))
        };
        self.formats.as_ref().map(read).transpose()
    }

    pub fn formats(&self) -> PintailResult<Formats> {
        let formats = formats(self.format.as_deref(), self.formats.as_deref())?;
        Ok(formats.with_date_order(self.date_order).with_undated(self.undated))
    }
}

/// The formats that there are, with those of a file, or only the one that is forced.
pub fn formats(forced: Option<&str>, file: Option<&Path>) -> PintailResult<Formats> {
    let custom = match file {
        None => Vec::new(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| Error::file("read", path, error))?;
            custom::from_file(&text)
                .map_err(|reason| Error::usage(format!("{}: {reason}", path.display())))?
        }
    };
    Formats::new(custom, forced).map_err(|reason| Error::usage(format!("--format: {reason}")))
}

pub fn zone(name: &str) -> Result<Zone, String> {
    Zone::from_name(name).ok_or_else(|| {
        "not a zone; give UTC, local, an offset such as +02:00, or a name such as Europe/Berlin"
            .to_owned()
    })
}

pub fn date_order(name: &str) -> Result<DateOrder, String> {
    DateOrder::from_name(name).ok_or_else(|| {
        "not an order; give mdy (month/day/year), dmy (day/month/year) or ymd (year/month/day)"
            .to_owned()
    })
}

fn undated(name: &str) -> Result<Undated, String> {
    Undated::from_name(name).ok_or_else(|| "give arrival, mtime or reject".to_owned())
}

pub fn formats_help() -> String {
    let width = KINDS.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let mut help = "Formats:\n".to_owned();
    for kind in KINDS {
        help.push_str(&format!("  {:width$}  {}\n", kind.name, kind.about));
    }
    help
}

/// A number of standard deviations.
pub fn threshold(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(z) if z > 0.0 && z.is_finite() => Ok(z),
        _ => Err("give a number above 0".to_owned()),
    }
}

/// Any spelling of a time as one that SQL reads.
pub fn time(text: &str) -> Result<String, String> {
    given(text, super::show::now())
        .and_then(chrono::DateTime::from_timestamp_micros)
        .map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
        .ok_or_else(|| format!("not a time; {EXAMPLES}"))
}

/// A time that [`time`] has understood.
pub fn micros(time: &str) -> PintailResult<Micros> {
    chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f")
        .map(|time| time.and_utc().timestamp_micros())
        .map_err(|_| Error::Internal("a time is not as it was made"))
}

/// Any spelling of a level as the enum's.
pub fn level(text: &str) -> Result<String, String> {
    level_of_word(text)
        .map(|level| level.name().to_owned())
        .ok_or_else(|| "not a level; there are trace, debug, info, warn, error and fatal".into())
}
