//! Which column of a table is what: by its name, and where the names are unknown, by what
//! the first rows hold. Windows' Event Viewer calls its time `Date and Time` in one language and
//! `Datum und Uhrzeit` in another.

use super::{Cells, STAMP_COLUMNS_MAX};
use crate::parse::level::level_of_word;
use crate::parse::time::{self, Date, Stamp};
use crate::parse::{Mismatch, formats::names};
use names::{Rank, Role, STAND_IN};

/// The longest name of a column: longer ones are text, not headers.
const NAME_BYTES_MAX: usize = 64;
/// Rows that are looked at where names tell nothing, and lines that one of them may span.
const ROWS_MAX: usize = 20;
const ROW_LINES_MAX: usize = 64;
/// A header of unknown names has as many columns: two words and a comma are a sentence.
const UNKNOWN_COLUMNS_MIN: usize = 3;

/// What Event Viewer calls the source of an event and its number, in the languages of Windows.
const SOURCES: [(&str, &str); 13] = [
    ("Source", "Event ID"),
    ("Quelle", "Ereignis-ID"),
    ("Source", "ID de l’événement"),
    ("Source", "ID de l'événement"),
    ("Origen", "Id. del evento"),
    ("Origine", "ID evento"),
    ("Bron", "Gebeurtenis-id"),
    ("Origem", "Identificação do Evento"),
    ("Źródło", "Identyfikator zdarzenia"),
    ("Källa", "Händelse-ID"),
    ("Источник", "Код события"),
    ("ソース", "イベント ID"),
    ("来源", "事件 ID"),
];

pub struct Column {
    pub name: String,
    pub part: Part,
    /// It has no name in the header, and may be missing in a row.
    pub is_extra: bool,
}

/// What a column is of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A piece of the timestamp, by its place.
    Stamp(usize),
    Level,
    Service,
    Host,
    Message,
    Field,
}

/// The columns of a table with this header, if it is one and has a timestamp. `lines` are what
/// follows it.
pub fn columns(header: &str, delimiter: u8, lines: &[&str]) -> Option<Vec<Column>> {
    let names = cells_of(header, delimiter).ok()?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if names.len() < 2 || !names.iter().all(|name| is_name(name)) {
        return None;
    }
    let rows = rows(lines, delimiter, names.len());
    let by_name = stamp_columns(&names);
    let is_known = by_name.is_some();
    let stamp = match (by_name, &rows) {
        (Some(stamp), _) => stamp,
        (None, Some(rows)) => stamp_by_content(&names, rows)?,
        (None, None) => return None,
    };
    let rows = rows.unwrap_or_default();
    let mut parts = vec![Part::Field; names.len()];
    for (place, &column) in stamp.iter().enumerate() {
        parts[column] = Part::Stamp(place);
    }
    let roles = [
        (Part::Level, level_column(&names, &rows, is_known)),
        (Part::Service, service_column(&names)),
        (Part::Host, best_column(&names, Role::Host)),
        (Part::Message, best_column(&names, Role::Message)),
    ];
    for (part, column) in roles {
        if let Some(column) = column.filter(|column| !stamp.contains(column)) {
            parts[column] = part;
        }
    }
    let mut columns: Vec<Column> = names
        .into_iter()
        .zip(parts)
        .map(|(name, part)| Column { name, part, is_extra: false })
        .collect();
    settle_message(&mut columns, &rows, is_known);
    Some(columns)
}

/// Where no name says which column is the message: one that the header forgot, as Event Viewer
/// does, in a header of unknown names the one with the longest text, or the only one of text that
/// is nothing else.
fn settle_message(columns: &mut Vec<Column>, rows: &[Vec<String>], is_known: bool) {
    if columns.iter().any(|column| column.part == Part::Message) {
        return;
    }
    if !rows.is_empty() && rows.iter().all(|row| row.len() == columns.len() + 1) {
        columns.push(Column { name: "message".to_owned(), part: Part::Message, is_extra: true });
    } else if !is_known {
        let length = |at: usize| rows.iter().map(|row| row[at].len()).sum::<usize>();
        let fields = (0..columns.len()).filter(|&at| columns[at].part == Part::Field);
        if let Some(longest) = fields.max_by_key(|&at| length(at)) {
            columns[longest].part = Part::Message;
        }
    } else {
        let is_field = |at: &usize| columns[*at].part == Part::Field;
        let mut fields = (0..columns.len()).filter(is_field);
        if let (Some(only), None) = (fields.next(), fields.next())
            && holds_text(only, rows)
        {
            columns[only].part = Part::Message;
        }
    }
}

/// Whether what a column holds is text rather than numbers.
fn holds_text(column: usize, rows: &[Vec<String>]) -> bool {
    let mut cells = rows.iter().map(|row| row[column].trim()).filter(|cell| !cell.is_empty());
    let is_text = |cell: &str| {
        cell.starts_with(char::is_alphabetic) && !matches!(cell, "true" | "false" | "null" | "NaN")
    };
    cells.clone().next().is_some() && cells.all(is_text)
}

/// The first rows, their cells owned; `None` if one has another width.
fn rows(lines: &[&str], delimiter: u8, width: usize) -> Option<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut joined = 0;
    for line in lines {
        if joined == 0 && line.trim().is_empty() {
            continue;
        }
        if joined > 0 {
            row.push('\n');
        }
        row.push_str(line);
        joined += 1;
        match cells_of(&row, delimiter) {
            Err(Mismatch::Incomplete) if joined < ROW_LINES_MAX => continue,
            Ok(cells) if cells.len() == width || cells.len() == width + 1 => rows.push(cells),
            _ => return None,
        }
        row.clear();
        joined = 0;
        if rows.len() == ROWS_MAX {
            break;
        }
    }
    Some(rows)
}

fn cells_of(line: &str, delimiter: u8) -> Result<Vec<String>, Mismatch> {
    let mut cells = Cells { rest: Some(line), delimiter };
    let mut found = Vec::new();
    while let Some(cell) = cells.next()? {
        found.push(cell.into_owned());
    }
    Ok(found)
}

/// The columns that make the timestamp: one, or a day's and the time's in their order.
fn stamp_columns(names: &[String]) -> Option<Vec<usize>> {
    let is = |column: &usize, wanted: &str| names[*column].eq_ignore_ascii_case(wanted);
    let days: Vec<usize> = (0..names.len())
        .filter(|column| ["date", "month", "day"].iter().any(|wanted| is(column, wanted)))
        .collect();
    match best_column(names, Role::Time) {
        Some(time) if is(&time, "time") && days.len() < STAMP_COLUMNS_MAX => {
            Some(days.into_iter().chain([time]).collect())
        }
        Some(time) => Some(vec![time]),
        None => Some(vec![best_column(names, Role::Date)?]),
    }
}

/// The first column that holds a date with a time in every row, under a header that is none.
fn stamp_by_content(names: &[String], rows: &[Vec<String>]) -> Option<Vec<usize>> {
    if names.len() < UNKNOWN_COLUMNS_MIN || rows.is_empty() {
        return None;
    }
    let column = (0..names.len()).find(|&at| rows.iter().all(|row| is_stamp(row[at].trim())))?;
    (!names.iter().any(|name| is_stamp(name))).then(|| vec![column])
}

fn is_stamp(cell: &str) -> bool {
    matches!(
        time::read(cell.as_bytes()),
        Some((Stamp::Civil { date: Date::Full { .. } | Date::Short(_), .. }, length))
            if length == cell.len()
    )
}

/// The column of levels: of those whose names say so one with words rather than numbers, and
/// in a header of unknown names one that holds nothing else.
fn level_column(names: &[String], rows: &[Vec<String>], is_known: bool) -> Option<usize> {
    let has_words = |at: &usize| {
        let mut cells = rows.iter().map(|row| row[*at].trim()).filter(|cell| !cell.is_empty());
        cells.clone().next().is_some() && cells.all(|cell| level_of_word(cell).is_some())
    };
    let says_level = |at: &usize| {
        let name = names[*at].to_ascii_lowercase();
        !is_known || name.contains("level") || name.contains("severity")
    };
    let named = best_column(names, Role::Level);
    named
        .filter(has_words)
        .or_else(|| (0..names.len()).filter(says_level).find(has_words))
        .or(named)
}

/// The column of services: the provider of an event, in Windows.
fn service_column(names: &[String]) -> Option<usize> {
    let has = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    [Role::Service, Role::Component]
        .into_iter()
        .find_map(|role| best_column(names, role))
        .or_else(|| has("ProviderName"))
        .or_else(|| {
            let (source, _) =
                SOURCES.iter().find(|(source, id)| has(source).is_some() && has(id).is_some())?;
            has(source)
        })
}

/// The column with the best name for a role. Names of what may stand in for a message are
/// none: columns hold them in every row, and the fields say more.
fn best_column(names: &[String], role: Role) -> Option<usize> {
    let rank_of = |name: &String| -> Option<Rank> {
        names::role_of(name).filter(|(of, rank)| *of == role && *rank < STAND_IN).map(|of| of.1)
    };
    (0..names.len()).filter_map(|at| Some((rank_of(&names[at])?, at))).min().map(|best| best.1)
}

/// Names as headers have them, and the empty one of a trailing delimiter.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || " _-.@#/()[]%&'’".contains(c))
}
