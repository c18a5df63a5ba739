//! What is personal about a dossier: one sealed column.

use kit::identity_number::IdentityNumber;
use kit::seal::{self, DataKey, Place};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::bad_row;
use super::entity::{json, parse};
use crate::dossier::{Applicant, Course, Decision, Dossier};

/// As it is sealed, in JSON.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Personal {
    applicant: Option<Particulars>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub closing_reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub decision_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signer: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// What happened on its way, with what people wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
}

#[derive(Serialize, Deserialize)]
struct Particulars {
    name: String,
    kind: String,
    number: String,
    phone: String,
}

/// What is personal about a dossier, sealed; nothing once it was erased.
pub(super) fn seal(dossier: &Dossier) -> Result<Option<Vec<u8>>, DbErr> {
    let Some(key) = &dossier.key else {
        return Ok(None);
    };
    let text = json(&Personal::of(dossier))?;
    Ok(Some(key.seal(place(&dossier.uid), text.as_bytes())))
}

/// What was sealed; nothing where it or its key was erased.
pub(super) fn open(
    uid: &str,
    sealed: Option<&[u8]>,
    key: Option<&DataKey>,
) -> Result<Option<Personal>, DbErr> {
    let Some((sealed, key)) = sealed.zip(key) else {
        return Ok(None);
    };
    let text = key.open(place(uid), sealed)?;
    let text = String::from_utf8(text).map_err(|_| seal::Error::Altered)?;
    parse(&text).map(Some)
}

fn place(uid: &str) -> Place<'_> {
    Place {
        table: "dossier",
        column: "personal",
        row: uid,
    }
}

impl Personal {
    fn of(dossier: &Dossier) -> Self {
        let applicant = dossier.filing.applicant.as_ref();
        let applicant = applicant.map(|applicant| Particulars {
            name: applicant.name.clone(),
            kind: applicant.number.kind().as_str().to_owned(),
            number: applicant.number.value().to_owned(),
            phone: applicant.phone.clone(),
        });
        let mut personal = Self {
            applicant,
            form: dossier.filing.form.clone(),
            ..Self::default()
        };
        if let Some(closing) = dossier.state.closing() {
            personal.closing_reason.clone_from(&closing.reason);
        }
        if let Some(decision) = dossier.state.decision() {
            personal.decided(decision);
        }
        let course = &dossier.course;
        let says_something = *course != course.clone().forgotten();
        personal.course = says_something.then(|| course.clone());
        personal
    }

    fn decided(&mut self, decision: &Decision) {
        self.decision_number.clone_from(&decision.number);
        self.signer.clone_from(&decision.signer);
        self.evidence.clone_from(&decision.evidence);
    }

    /// Who applies.
    pub fn applicant(&self) -> Result<Option<Applicant>, DbErr> {
        let Some(applicant) = &self.applicant else {
            return Ok(None);
        };
        let bad_number = || bad_row("the applicant's number");
        let kind = applicant.kind.parse().map_err(|()| bad_number())?;
        let number = IdentityNumber::parse(kind, &applicant.number, "number");
        Ok(Some(Applicant {
            name: applicant.name.clone(),
            number: number.map_err(|_| bad_number())?,
            phone: applicant.phone.clone(),
        }))
    }
}
