//! The column `unit.succession`: where the work of an ended unit went, as JSON, since it is told anew as a whole.

use crate::unit::{Change, Heir, Succession, Uid};

#[derive(serde::Serialize, serde::Deserialize)]
struct Cell {
    change: Change,
    heirs: Vec<HeirCell>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct HeirCell {
    to: String,
    is_whole: bool,
    is_default: bool,
    basis: String,
}

pub(super) fn read(cell: &str) -> Result<Succession, serde_json::Error> {
    let cell: Cell = serde_json::from_str(cell)?;
    let heir = |heir: HeirCell| Heir {
        to: Uid::new(heir.to),
        is_whole: heir.is_whole,
        is_default: heir.is_default,
        basis: heir.basis,
    };
    Ok(Succession {
        change: cell.change,
        heirs: cell.heirs.into_iter().map(heir).collect(),
    })
}

pub(super) fn write(succession: &Succession) -> Result<String, serde_json::Error> {
    let heir = |heir: &Heir| HeirCell {
        to: heir.to.to_string(),
        is_whole: heir.is_whole,
        is_default: heir.is_default,
        basis: heir.basis.clone(),
    };
    serde_json::to_string(&Cell {
        change: succession.change,
        heirs: succession.heirs.iter().map(heir).collect(),
    })
}
