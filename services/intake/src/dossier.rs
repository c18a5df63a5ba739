//! A dossier and its life: pure, without store or wire.

mod alarm;
mod content;
mod course;
mod erasure;
mod life;
mod state;
#[cfg(test)]
pub mod tests;

use std::collections::BTreeSet;

use kit::clock::Moment;
use kit::identity_number::IdentityNumber;
use kit::seal::DataKey;

use crate::code::DossierCode;

pub use alarm::Alarm;
pub use content::content_digest;
pub use course::{
    Adjustment, Apology, Asked, Cause, Course, Item, Paid, Payment, Restart, Stop, Why,
};
pub use life::{Addition, Correction};
pub use state::{
    Closing, Decision, Due, InvalidTransition, Method, Outcome, Receipt, Return, State,
};

/// One application under one version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// Ours, lasting.
    pub uid: String,
    /// On the receipt; never changes.
    pub code: DossierCode,
    /// What was handed in.
    pub filing: Filing,
    /// Who receives, decides and returns (R10).
    pub units: Units,
    /// When it was handed in.
    pub submitted_at: Moment,
    /// Where in its life it is.
    pub state: State,
    /// When whoever has its turn must have answered: the desk a submission, the applicant a supplement.
    pub answer_by: Option<Moment>,
    /// What happened to it on its way.
    pub course: Course,
    /// Raised by every change.
    pub revision: i64,
    /// The key of all that is personal about it; none once that was erased.
    pub key: Option<DataKey>,
}

impl Dossier {
    /// The receipt while the clock runs: units work on it, and not in steps outside the limit alone.
    #[must_use]
    pub fn running(&self) -> Option<Receipt> {
        let receipt = self.state.worked_on();
        receipt.filter(|_| self.course.outside().is_none())
    }

    /// Whether the clock stands still: the applicant is waited for, or nothing but steps outside the limit is under way.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        self.state.undecided().is_some() && self.running().is_none()
    }
}

/// What was handed in. Only a supplement or a correction changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// National code of the procedure.
    pub procedure_code: String,
    /// The version that the dossier stays on.
    pub procedure_version: i32,
    /// The case of the version.
    pub case_key: String,
    /// How it came; never changes.
    pub channel: Channel,
    /// Who handed it in; never changes.
    pub filed_by: FiledBy,
    /// Where it was handed in first, if that was another system; never changes.
    pub origin: Option<Origin>,
    /// Who applies; nothing once it was erased.
    pub applicant: Option<Applicant>,
    /// The party that applies, where it is known.
    pub party: Option<String>,
    /// The documents.
    pub components: Vec<HandedIn>,
    /// What was filled in, in JSON; empty where there is no form, or once it was erased. Personal.
    pub form: String,
    /// What is to be paid.
    pub fees: Vec<FeeDue>,
    /// What the limit of the case is longer by where it was handed in, in the unit of the limit.
    pub limit_extra: u32,
}

/// What is to be paid for a dossier.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FeeDue {
    /// Unique in the dossier.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// In đồng.
    pub amount_vnd: i64,
    /// Before the dossier is received; otherwise while it is processed.
    pub before_reception: bool,
}

impl Filing {
    /// Names the version that the dossier stays on among the copies of the catalogue.
    #[must_use]
    pub fn version_key(&self) -> String {
        kit::copies::version_key(&self.procedure_code, self.procedure_version)
    }
}

/// How a dossier came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Online.
    Online,
    /// At a counter.
    Counter,
    /// By public post.
    Post,
}

/// Who handed a dossier in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiledBy {
    /// The applicant.
    Itself,
    /// Someone with the applicant's power.
    Proxy,
    /// An officer at a desk.
    Officer,
    /// Another system.
    System,
}

/// Where a dossier was handed in first: unique for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The system.
    pub system: String,
    /// Its code there.
    pub code: String,
}

/// Who applies, as stated when it was handed in. Personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// Full name.
    pub name: String,
    /// The number by which the applicant is known.
    pub number: IdentityNumber,
    /// Phone number; empty when none was given.
    pub phone: String,
}

/// One component as it was handed in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct HandedIn {
    /// Its key in the procedure version.
    pub key: String,
    /// How many originals.
    pub originals: i32,
    /// How many copies.
    pub copies: i32,
}

/// The three units of a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// Whose desk has it; never changes.
    pub receiving: String,
    /// Who decides.
    pub competent: String,
    /// Whose desk returns the result.
    pub returning: String,
}

impl Units {
    /// Whether this is one of them.
    #[must_use]
    pub fn include(&self, unit: &str) -> bool {
        [&self.receiving, &self.competent, &self.returning]
            .iter()
            .any(|own| own.as_str() == unit)
    }

    /// Whether one of these is among them.
    #[must_use]
    pub fn include_any(&self, units: &BTreeSet<&str>) -> bool {
        [&self.receiving, &self.competent, &self.returning]
            .iter()
            .any(|own| units.contains(own.as_str()))
    }
}
