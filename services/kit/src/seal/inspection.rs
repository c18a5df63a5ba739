//! What a check of sealed columns finds.

use std::fmt;

/// What a check of sealed columns found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// How many were opened.
    pub opened: usize,
    /// How many belong to somebody who was erased.
    pub erased: usize,
    /// Those that do not open, and why.
    pub unreadable: Vec<String>,
}

impl Inspection {
    /// Notes one that was opened, was erased (`None`), or does not open.
    pub fn note<T>(&mut self, row: impl fmt::Display, found: Result<Option<T>, impl fmt::Display>) {
        match found {
            Ok(Some(_)) => self.opened += 1,
            Ok(None) => self.erased += 1,
            Err(error) => self.unreadable.push(format!("{row}: {error}")),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.opened += other.opened;
        self.erased += other.erased;
        self.unreadable.extend(other.unreadable);
        self
    }
}
