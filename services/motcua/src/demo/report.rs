//! What a person wants to see at the end.

mod journey;
mod scope;
mod tables;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

pub use journey::Journey;
pub use scope::strangers_see_nothing;
pub use tables::{by_kind_of_unit, by_level_and_channel, slowest_units};

/// The width of tables where there is no terminal.
const WIDTH: u16 = 120;
/// A line under the header and nothing else.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// `12,345`.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A table with these columns; those of figures are flushed right.
fn table(columns: &[&str], figures: std::ops::Range<usize>) -> Table {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        let figures = [0, 7, 999, 1_000, 12_345, 1_234_567].map(thousands);
        assert_eq!(figures, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }
}
