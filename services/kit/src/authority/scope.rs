//! What a caller may know.

use std::collections::{BTreeMap, BTreeSet};

use super::Relation;

/// What a caller may know of dossiers, transfers or parties. Every query over them starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those to which one of these units or parties stands so; none at all when this is empty.
    Of(BTreeMap<Relation, BTreeSet<String>>),
}

impl Scope {
    /// Nothing at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Of(BTreeMap::new())
    }

    /// Whether somebody who stands so to an object may know of it.
    #[must_use]
    pub fn covers(&self, standing: &[(Relation, &str)]) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(known) => standing.iter().any(|(relation, name)| {
                known
                    .get(relation)
                    .is_some_and(|names| names.contains(*name))
            }),
        }
    }
}
