//! The paper that travels with a transfer: which originals and copies, and its own receipt. It never stops the clock of the dossier,
//! and only the step that waits for it begins with its receipt. Pure.

use kit::clock::Moment;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What travels, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// What the sender stated; empty where nothing travels.
    pub pieces: Vec<Piece>,
    /// `None` until it came.
    pub receipt: Option<Receipt>,
}

/// The sheets of one component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The key of the component; empty for what the procedure does not ask for.
    pub component: String,
    /// What it is, which may speak of a person.
    pub name: String,
    /// How many originals.
    pub originals: i32,
    /// How many copies.
    pub copies: i32,
}

/// The receipt of paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The unit.
    pub unit: String,
    /// Who in it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// What was stated and had not come.
    pub missing: Vec<Piece>,
}

impl Paper {
    /// Paper that sets out.
    #[must_use]
    pub fn of(pieces: Vec<Piece>) -> Self {
        Self {
            pieces,
            receipt: None,
        }
    }

    /// Whether it is under way.
    #[must_use]
    pub fn travels(&self) -> bool {
        !self.pieces.is_empty() && self.receipt.is_none()
    }

    /// It came.
    ///
    /// # Errors
    /// `PAPER_NOT_STATED`, `PAPER_ALREADY_RECEIVED`.
    pub fn receive(&self, receipt: Receipt) -> Result<Self, Error> {
        if self.receipt.is_some() {
            return Err(Error::PaperAlreadyReceived);
        }
        if self.pieces.is_empty() {
            return Err(Error::PaperNotStated(String::new()));
        }
        let missing = receipt.missing.iter();
        if let Some(unknown) = missing.clone().find(|piece| !self.states(piece)) {
            return Err(Error::PaperNotStated(unknown.component.clone()));
        }
        Ok(Self {
            pieces: self.pieces.clone(),
            receipt: Some(receipt),
        })
    }

    /// Whether so much of it was stated.
    fn states(&self, missing: &Piece) -> bool {
        let same = |piece: &&Piece| {
            (&piece.component, &piece.name) == (&missing.component, &missing.name)
                || (!missing.component.is_empty() && piece.component == missing.component)
        };
        let stated = self.pieces.iter().find(same);
        stated.is_some_and(|piece| {
            missing.originals <= piece.originals && missing.copies <= piece.copies
        })
    }
}
