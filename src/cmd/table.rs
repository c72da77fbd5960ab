//! Tables for terminals: a line a row, as wide as the terminal, long texts cut.

use comfy_table::{CellAlignment, Table, TableComponent, presets};

use crate::escape;
use crate::store::output::ColumnInfo;

/// Columns are not made narrower than this to make room for others.
const COLUMN_CHARS_MIN: usize = 8;
/// Blanks that stand around a cell, and after it.
const PADDING_CHARS: usize = 3;

/// The table as text. Elsewhere than on a terminal nothing is cut.
pub fn drawn(columns: &[ColumnInfo], mut rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_style(TableComponent::HeaderLines, '─')
        .set_style(TableComponent::MiddleHeaderIntersections, '─')
        .set_header(columns.iter().map(|column| escape::line(&column.name).into_owned()));
    if let Some(width) = table.width() {
        let widths = fitted(&natural_widths(columns, &rows), &texts(columns), width.into());
        for row in &mut rows {
            for (cell, &width) in row.iter_mut().zip(&widths) {
                cut(cell, width);
            }
        }
    }
    table.add_rows(rows);
    for (at, _) in columns.iter().enumerate().filter(|(_, column)| column.is_number()) {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn natural_widths(columns: &[ColumnInfo], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let longest = cell.lines().map(|line| line.chars().count()).max();
            *width = (*width).max(longest.unwrap_or(0));
        }
    }
    widths
}

/// Which columns may be cut: numbers, times and levels say something else then.
fn texts(columns: &[ColumnInfo]) -> Vec<bool> {
    let is_short = |column: &ColumnInfo| {
        let whole = ["TIMESTAMP", "ENUM", "DATE", "TIME", "BOOLEAN"];
        column.is_number() || whole.iter().any(|name| column.type_name.starts_with(name))
    };
    columns.iter().map(|column| !is_short(column)).collect()
}

/// Widths that together fit `total`: of the columns that may be cut, the widest first.
fn fitted(natural: &[usize], may_be_cut: &[bool], total: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    loop {
        let used: usize = widths.iter().map(|width| width + PADDING_CHARS).sum();
        let widest = widths.iter_mut().zip(may_be_cut).filter(|(_, cut)| **cut).map(|(w, _)| w);
        match widest.max() {
            Some(widest) if used > total && *widest > COLUMN_CHARS_MIN => *widest -= 1,
            _ => return widths,
        }
    }
}

/// Cuts a cell to its first line and to `width`, if it is wider.
fn cut(cell: &mut String, width: usize) {
    let fits = cell.lines().all(|line| line.chars().count() <= width);
    if fits {
        return;
    }
    let line = cell.lines().next().unwrap_or_default();
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    *cell = format!("{kept}…");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way() {
        let all = [true; 3];
        assert_eq!(fitted(&[10, 100, 20], &all, 80), [10, 41, 20]);
        assert_eq!(fitted(&[10, 20], &all, 80), [10, 20]);
        assert_eq!(fitted(&[30, 30, 30], &all, 20), [8, 8, 8]);
        assert_eq!(fitted(&[30, 30], &[false, true], 20), [30, 8]);
    }

    #[test]
    fn cells_are_cut_and_tamed() {
        let mut cell = escape::lines("a\u{1b}[31mlong message").into_owned();
        cut(&mut cell, 8);
        assert_eq!(cell, "a\u{241b}[31ml…");
        let mut cell = "first\nsecond line".to_owned();
        cut(&mut cell, 8);
        assert_eq!(cell, "first…");
    }
}
