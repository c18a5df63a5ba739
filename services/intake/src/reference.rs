//! What intake knows of procedures: its copies, as far as it needs them.

use kit::copies::UnitKind;
use worktime::Limit;

use crate::error::Error;

/// A procedure with the version in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// National code.
    pub code: String,
    /// The kind of unit that decides.
    pub level: UnitKind,
    /// The department that leads the field.
    pub lead_unit: String,
    /// Done by an agency beside the province's units.
    pub vertical_agency: bool,
    /// 1 to 4.
    pub online_level: i32,
    /// Number of the version in force.
    pub version: i32,
    /// What must be handed in.
    pub components: Vec<Component>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A document that must be handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Unique in the version.
    pub key: String,
    /// What it is.
    pub name: String,
    /// How many originals at least.
    pub originals: i32,
    /// How many copies at least.
    pub copies: i32,
}

/// A case with its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Unique in the version.
    pub key: String,
    /// How long the units have.
    pub limit: Limit,
    /// Whether the unit above the receiving one decides.
    pub decided_above: bool,
    /// Whether the province's units have a route for it.
    pub routed: bool,
}

impl Procedure {
    /// The case that a dossier names; `standard` when it names none.
    ///
    /// # Errors
    /// When there is no such case.
    pub fn case(&self, key: &str) -> Result<&Case, Error> {
        let key = if key.is_empty() { "standard" } else { key };
        self.cases
            .iter()
            .find(|case| case.key == key)
            .ok_or_else(|| Error::CaseNotFound {
                procedure: self.code.clone(),
                case: key.to_owned(),
            })
    }
}
