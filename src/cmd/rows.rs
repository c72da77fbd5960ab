//! Rows of a result as a table, CSV, JSON, JSON lines or Markdown.

use std::io::Write;

use super::table;
use crate::error::Result;
use crate::escape;
use crate::render::{csv_cell, csv_row};
use crate::store::output::{ColumnInfo, Flow, Rendering, RowSink};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RowFormat {
    /// For people
    Table,
    /// RFC 4180 with a header; null is empty
    Csv,
    /// One array of objects
    Json,
    /// One object a line
    Jsonl,
    /// A Markdown table
    Markdown,
    /// Apache Parquet, zstd-compressed
    Parquet,
}

impl RowFormat {
    /// What the rows must consist of.
    pub fn rendering(self) -> Rendering {
        match self {
            RowFormat::Json | RowFormat::Jsonl => Rendering::Json,
            _ => Rendering::Text,
        }
    }
}

/// Writes rows in one of the formats. [`RowWriter::finish`] writes what is still held back.
pub struct RowWriter<'w> {
    out: &'w mut dyn Write,
    format: RowFormat,
    /// Rows after which no more are taken.
    limit: Option<usize>,
    /// Whether cells of CSV are made safe for spreadsheets.
    csv_safe: bool,
    columns: Vec<ColumnInfo>,
    /// The cells of a table, held back until their widths are known.
    cells: Vec<Vec<String>>,
    rows: usize,
    cut: bool,
}

impl<'w> RowWriter<'w> {
    pub fn new(out: &'w mut dyn Write, format: RowFormat, limit: Option<usize>) -> RowWriter<'w> {
        RowWriter {
            out,
            format,
            limit,
            csv_safe: false,
            columns: Vec::new(),
            cells: Vec::new(),
            rows: 0,
            cut: false,
        }
    }

    /// Whether no cell of CSV may be a formula to a spreadsheet.
    #[must_use]
    pub fn csv_safe(self, csv_safe: bool) -> RowWriter<'w> {
        RowWriter { csv_safe, ..self }
    }

    /// Rows written.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there were more rows than the limit.
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    pub fn finish(&mut self) -> Result<()> {
        match self.format {
            RowFormat::Table if !self.columns.is_empty() => {
                let cells = std::mem::take(&mut self.cells);
                writeln!(self.out, "{}", table::drawn(&self.columns, cells))?;
            }
            RowFormat::Json if !self.columns.is_empty() => {
                self.out.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
            }
            _ => {}
        }
        self.out.flush()?;
        Ok(())
    }

    fn markdown_row<'a>(&mut self, values: impl Iterator<Item = &'a str>) -> Result<()> {
        for value in values {
            let value = value.replace('\\', "\\\\").replace('|', "\\|").replace('\n', "<br>");
            let value = escape::line(&value);
            write!(self.out, "| {value} ")?;
        }
        self.out.write_all(b"|\n")?;
        Ok(())
    }
}

impl RowSink for RowWriter<'_> {
    fn columns(&mut self, columns: &[ColumnInfo]) -> Result<()> {
        self.columns = columns.to_vec();
        let names = || columns.iter().map(|column| column.name.as_str());
        match self.format {
            RowFormat::Table => Ok(()),
            RowFormat::Csv => {
                Ok(csv_row(self.out, names().map(|name| csv_cell(name, self.csv_safe)))?)
            }
            RowFormat::Markdown => {
                self.markdown_row(names())?;
                for column in columns {
                    let line: &[u8] = if column.is_number() { b"| ---: " } else { b"| --- " };
                    self.out.write_all(line)?;
                }
                self.out.write_all(b"|\n")?;
                Ok(())
            }
            RowFormat::Json | RowFormat::Jsonl | RowFormat::Parquet => Ok(()),
        }
    }

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow> {
        if self.limit.is_some_and(|limit| self.rows >= limit) {
            self.cut = true;
            return Ok(Flow::Enough);
        }
        let texts = values.iter().map(|value| value.unwrap_or_default());
        match self.format {
            RowFormat::Table => {
                self.cells.push(texts.map(|text| escape::lines(text).into_owned()).collect());
            }
            RowFormat::Csv => csv_row(self.out, texts.map(|text| csv_cell(text, self.csv_safe)))?,
            RowFormat::Markdown => self.markdown_row(texts)?,
            RowFormat::Json => {
                self.out.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                self.out.write_all(values[0].unwrap_or("null").as_bytes())?;
            }
            RowFormat::Jsonl | RowFormat::Parquet => {
                self.out.write_all(values[0].unwrap_or("null").as_bytes())?;
                self.out.write_all(b"\n")?;
            }
        }
        self.rows += 1;
        Ok(Flow::More)
    }
}
