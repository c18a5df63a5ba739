//! Paper, as it is stated.

use kit::failure::Violation;
use kit::fields::{Fields, required};
use proto::routing::v1 as pb;

use crate::paper::Piece;

const COMPONENT: usize = 64;
const NAME: usize = 200;
const MOST_PIECES: usize = 100;
const MOST_SHEETS: i32 = 1_000;

/// The pieces in a field.
pub fn pieces(fields: &mut Fields, field: &str, pieces: &[pb::Paper]) -> Vec<Piece> {
    if pieces.len() > MOST_PIECES {
        fields.reject(Violation::new(
            field,
            "TOO_MANY",
            format!(
                "has {} entries, at most {MOST_PIECES} are allowed",
                pieces.len()
            ),
            format!("có {} mục, nhiều nhất là {MOST_PIECES}", pieces.len()),
        ));
    }
    let pieces = pieces.iter().take(MOST_PIECES).enumerate();
    pieces
        .map(|(index, stated)| piece(fields, &format!("{field}[{index}]"), stated))
        .collect()
}

fn piece(fields: &mut Fields, field: &str, stated: &pb::Paper) -> Piece {
    let component = match stated.component.as_str() {
        "" => String::new(),
        component => fields.text(&format!("{field}.component"), component, COMPONENT),
    };
    let (originals, copies) = (stated.originals, stated.copies);
    for (name, sheets) in [("originals", originals), ("copies", copies)] {
        if !(0..=MOST_SHEETS).contains(&sheets) {
            fields.reject(Violation::new(
                format!("{field}.{name}"),
                "OUT_OF_RANGE",
                format!("must be 0 to {MOST_SHEETS}"),
                format!("phải từ 0 đến {MOST_SHEETS}"),
            ));
        }
    }
    if (originals, copies) == (0, 0) {
        fields.reject(required(&format!("{field}.originals")));
    }
    Piece {
        component,
        name: fields.text(&format!("{field}.name"), &stated.name, NAME),
        originals,
        copies,
    }
}
