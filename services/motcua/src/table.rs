//! How tables look.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// The width of tables where there is no terminal.
const WIDTH: u16 = 120;
/// A line under the header and nothing else.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these columns; those of figures are flushed right.
pub fn with_columns(columns: &[&str], figures: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table.set_header(columns.iter().copied());
    for column in figures {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
