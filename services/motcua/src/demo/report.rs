//! What a person wants to see at the end.

mod asked;
mod journey;
mod scope;
mod tables;

pub use asked::{asked_and_promised, examples};
pub use journey::Journey;
pub use scope::strangers_see_nothing;
pub use tables::{by_kind_of_unit, by_level_and_channel, slowest_units};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        let figures = [0, 7, 999, 1_000, 12_345, 1_234_567].map(thousands);
        assert_eq!(figures, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }
}
