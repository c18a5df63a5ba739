//! The row of a dossier.

use kit::clock::{self, Moment};
use kit::seal::{Blind, DataKey, Keyring};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::clock::Model as Clock;
use super::personal::{Personal, open, seal};
use super::{CONTENT, bad_row, micros, numbers, words};
use crate::code::DossierCode;
use crate::dossier::{
    Closing, Course, Decision, Dossier, Filing, Origin, Outcome, Receipt, Return, State, Units,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: String,
    pub code: String,
    /// The national portal's number.
    pub state: i32,
    pub procedure_code: String,
    pub procedure_version: i32,
    pub case_key: String,
    pub channel: i32,
    pub filed_by: i32,
    pub origin_system: Option<String>,
    pub origin_code: Option<String>,
    /// All that is personal, sealed under the dossier's data key; none once it was erased.
    pub personal: Option<Vec<u8>>,
    pub party_uid: Option<String>,
    /// A keyed hash; none once the person was erased.
    pub content_digest: Option<Vec<u8>>,
    /// Keyed hashes of the words of the applicant's name; none once the person was erased.
    pub words: Option<String>,
    /// JSON.
    pub components: String,
    /// JSON.
    pub fees: String,
    pub limit_extra: i32,
    pub receiving_unit: String,
    pub competent_unit: String,
    pub returning_unit: String,
    pub submitted_at: i64,
    pub received_at: Option<i64>,
    pub appointment: Option<i64>,
    pub answer_by: Option<i64>,
    /// JSON, without what is personal; none where nothing happened.
    pub course: Option<String>,
    pub closed_at: Option<i64>,
    /// JSON.
    pub decision: Option<String>,
    pub returned_at: Option<i64>,
    pub return_method: Option<i32>,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a change may touch; all else stays as it was handed in (R13).
pub const MAY_CHANGE: [Column; 16] = [
    Column::State,
    Column::Personal,
    Column::ContentDigest,
    Column::Words,
    Column::Components,
    Column::CompetentUnit,
    Column::ReturningUnit,
    Column::ReceivedAt,
    Column::Appointment,
    Column::AnswerBy,
    Column::Course,
    Column::ClosedAt,
    Column::Decision,
    Column::ReturnedAt,
    Column::ReturnMethod,
    Column::Revision,
];

#[derive(Serialize, Deserialize)]
struct StoredDecision {
    granted: bool,
    date: chrono::NaiveDate,
    unit: String,
    recorded_at: i64,
}

impl Model {
    /// The row of a dossier.
    pub fn from_domain(dossier: &Dossier, ring: &Keyring) -> Result<Self, DbErr> {
        let receipt = dossier.state.receipt();
        let (closing, decision) = (dossier.state.closing(), dossier.state.decision());
        let returned = match &dossier.state {
            State::Returned(_, _, how) => Some(how),
            _ => None,
        };
        let (origin_system, origin_code) = dossier
            .filing
            .origin
            .clone()
            .map(|origin| (origin.system, origin.code))
            .unzip();
        let filing = &dossier.filing;
        let content = dossier.content_digest();
        let content = content.map(|digest| ring.blind(CONTENT, &digest));
        Ok(Self {
            uid: dossier.uid.clone(),
            code: dossier.code.to_string(),
            state: numbers::of_state(&dossier.state),
            procedure_code: filing.procedure_code.clone(),
            procedure_version: filing.procedure_version,
            case_key: filing.case_key.clone(),
            channel: numbers::of_channel(filing.channel),
            filed_by: numbers::of_filed_by(filing.filed_by),
            origin_system,
            origin_code,
            personal: seal(dossier)?,
            party_uid: filing.party.clone(),
            content_digest: content.transpose()?.map(Blind::into_bytes),
            words: words::kept(dossier, ring)?,
            components: json(&filing.components)?,
            fees: json(&filing.fees)?,
            limit_extra: i32::try_from(filing.limit_extra).map_err(|_| bad_row("limit_extra"))?,
            receiving_unit: dossier.units.receiving.clone(),
            competent_unit: dossier.units.competent.clone(),
            returning_unit: dossier.units.returning.clone(),
            submitted_at: micros(dossier.submitted_at),
            received_at: receipt.map(|receipt| micros(receipt.received_at)),
            appointment: receipt.map(|receipt| micros(receipt.appointment)),
            answer_by: dossier.answer_by.map(micros),
            course: course(dossier)?,
            closed_at: closing.map(|closing| micros(closing.at)),
            decision: decision
                .map(|decision| json(&stored_decision(decision)))
                .transpose()?,
            returned_at: returned.map(|how| micros(how.at)),
            return_method: returned.map(|how| numbers::of_method(how.method)),
            revision: dossier.revision,
        })
    }

    /// The dossier of a row, its clock's row and its data key.
    pub fn into_domain(self, clock: &Clock, key: Option<DataKey>) -> Result<Dossier, DbErr> {
        let personal = open(&self.uid, self.personal.as_deref(), key.as_ref())?;
        let key = key.filter(|_| personal.is_some());
        let personal = personal.unwrap_or_default();
        let state = self.state(&personal, clock)?;
        // What is personal about it is sealed; without that, the rest stands open.
        let course = match (personal.course.clone(), &self.course) {
            (Some(course), _) => course,
            (None, Some(text)) => parse(text)?,
            (None, None) => Course::default(),
        };
        let origin = self.origin_system.zip(self.origin_code);
        Ok(Dossier {
            state,
            answer_by: self.answer_by.map(clock::from_micros),
            course,
            key,
            filing: Filing {
                procedure_code: self.procedure_code,
                procedure_version: self.procedure_version,
                case_key: self.case_key,
                channel: numbers::channel(self.channel)?,
                filed_by: numbers::filed_by(self.filed_by)?,
                origin: origin.map(|(system, code)| Origin { system, code }),
                applicant: personal.applicant()?,
                party: self.party_uid,
                components: parse(&self.components)?,
                form: personal.form,
                fees: parse(&self.fees)?,
                limit_extra: u32::try_from(self.limit_extra).map_err(|_| bad_row("limit_extra"))?,
            },
            uid: self.uid,
            code: DossierCode::stored(self.code),
            units: Units {
                receiving: self.receiving_unit,
                competent: self.competent_unit,
                returning: self.returning_unit,
            },
            submitted_at: clock::from_micros(self.submitted_at),
            revision: self.revision,
        })
    }

    fn state(&self, personal: &Personal, clock: &Clock) -> Result<State, DbErr> {
        let receipt = || self.receipt(clock);
        Ok(match self.state {
            1 => State::Submitted,
            2 => State::Received(receipt()?),
            3 => State::Refused(self.closing(personal)?),
            4 => State::Processing(receipt()?),
            5 => State::SupplementRequested(receipt()?),
            6 => State::PaymentRequested(receipt()?),
            7 => State::Withdrawn(receipt().ok(), self.closing(personal)?),
            8 => State::Stopped(receipt()?, self.closing(personal)?),
            9 => State::ResultReady(receipt()?, self.decision(personal)?),
            10 => State::Returned(
                receipt()?,
                self.decision(personal)?,
                Return {
                    at: time(self.returned_at, "returned_at")?,
                    method: numbers::method(self.return_method)?,
                },
            ),
            _ => return Err(bad_row("state")),
        })
    }

    fn receipt(&self, clock: &Clock) -> Result<Receipt, DbErr> {
        Ok(Receipt {
            received_at: time(self.received_at, "received_at")?,
            appointment: time(self.appointment, "appointment")?,
            due: clock.due()?,
        })
    }

    fn closing(&self, personal: &Personal) -> Result<Closing, DbErr> {
        Ok(Closing {
            reason: personal.closing_reason.clone(),
            at: time(self.closed_at, "closed_at")?,
        })
    }

    fn decision(&self, personal: &Personal) -> Result<Decision, DbErr> {
        let text = self
            .decision
            .as_deref()
            .ok_or_else(|| bad_row("decision"))?;
        let stored: StoredDecision = parse(text)?;
        Ok(Decision {
            outcome: if stored.granted {
                Outcome::Granted
            } else {
                Outcome::Refused
            },
            number: personal.decision_number.clone(),
            date: stored.date,
            signer: personal.signer.clone(),
            evidence: personal.evidence.clone(),
            unit: stored.unit,
            recorded_at: clock::from_micros(stored.recorded_at),
        })
    }
}

fn time(micros: Option<i64>, column: &str) -> Result<Moment, DbErr> {
    micros
        .map(clock::from_micros)
        .ok_or_else(|| bad_row(column))
}

fn course(dossier: &Dossier) -> Result<Option<String>, DbErr> {
    let open = dossier.course.clone().forgotten();
    let has_one = open != Course::default();
    has_one.then(|| json(&open)).transpose()
}

fn stored_decision(decision: &Decision) -> StoredDecision {
    StoredDecision {
        granted: decision.outcome == Outcome::Granted,
        date: decision.date,
        unit: decision.unit.clone(),
        recorded_at: micros(decision.recorded_at),
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Type(error.to_string()))
}

pub(super) fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| bad_row(&error.to_string()))
}
