//! The row of a dossier.

use kit::clock;
use kit::seal::{Blind, DataKey, Keyring};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::personal::{Personal, open, seal};
use super::{CONTENT, bad_row, micros};
use crate::code::DossierCode;
use crate::dossier::{Channel, Closing, Decision, Dossier, Filing, Outcome, Receipt, State, Units};

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
    /// All that is personal, sealed under the dossier's data key; none once it was erased.
    pub personal: Option<Vec<u8>>,
    pub party_uid: Option<String>,
    /// A keyed hash; none once the person was erased.
    pub content_digest: Option<Vec<u8>>,
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
    pub due: Option<i64>,
    /// The version of the calendar that `due` was reckoned with.
    pub calendar_revision: Option<i64>,
    pub closed_at: Option<i64>,
    /// JSON.
    pub decision: Option<String>,
    pub returned_at: Option<i64>,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a change may touch; all else stays as it was handed in (R13).
pub const MAY_CHANGE: [Column; 12] = [
    Column::State,
    Column::Personal,
    Column::ContentDigest,
    Column::CompetentUnit,
    Column::ReceivedAt,
    Column::Appointment,
    Column::Due,
    Column::CalendarRevision,
    Column::ClosedAt,
    Column::Decision,
    Column::ReturnedAt,
    Column::Revision,
];

/// The numbers of the states in which the clock runs.
pub const RUNNING: [i32; 2] = [2, 4];

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
        let closing = match &dossier.state {
            State::Refused(closing) | State::Withdrawn(_, closing) => Some(closing),
            State::Submitted
            | State::Received(_)
            | State::Processing(_)
            | State::ResultReady(..)
            | State::Returned(..) => None,
        };
        let (decision, returned_at) = match &dossier.state {
            State::ResultReady(_, decision) => (Some(decision), None),
            State::Returned(_, decision, at) => (Some(decision), Some(micros(*at))),
            State::Submitted
            | State::Received(_)
            | State::Refused(_)
            | State::Processing(_)
            | State::Withdrawn(..) => (None, None),
        };
        let filing = &dossier.filing;
        let content = dossier.content_digest();
        let content = content.map(|digest| ring.blind(CONTENT, &digest));
        Ok(Self {
            uid: dossier.uid.clone(),
            code: dossier.code.to_string(),
            state: number_of(&dossier.state),
            procedure_code: filing.procedure_code.clone(),
            procedure_version: filing.procedure_version,
            case_key: filing.case_key.clone(),
            channel: channel_number(filing.channel),
            personal: seal(dossier)?,
            party_uid: filing.party.clone(),
            content_digest: content.transpose()?.map(Blind::into_bytes),
            components: json(&filing.components)?,
            fees: json(&filing.fees)?,
            limit_extra: i32::try_from(filing.limit_extra).map_err(|_| bad_row("limit_extra"))?,
            receiving_unit: dossier.units.receiving.clone(),
            competent_unit: dossier.units.competent.clone(),
            returning_unit: dossier.units.returning.clone(),
            submitted_at: micros(dossier.submitted_at),
            received_at: receipt.map(|receipt| micros(receipt.received_at)),
            appointment: receipt.map(|receipt| micros(receipt.appointment)),
            due: receipt.map(|receipt| micros(receipt.due)),
            calendar_revision: receipt.map(|receipt| receipt.calendar),
            closed_at: closing.map(|closing| micros(closing.at)),
            decision: decision
                .map(|decision| json(&stored_decision(decision)))
                .transpose()?,
            returned_at,
            revision: dossier.revision,
        })
    }

    /// The dossier of a row and its data key.
    pub fn into_domain(self, key: Option<DataKey>) -> Result<Dossier, DbErr> {
        let personal = open(&self.uid, self.personal.as_deref(), key.as_ref())?;
        let key = key.filter(|_| personal.is_some());
        let personal = personal.unwrap_or_default();
        let state = self.state(&personal)?;
        Ok(Dossier {
            state,
            key,
            filing: Filing {
                procedure_code: self.procedure_code,
                procedure_version: self.procedure_version,
                case_key: self.case_key,
                channel: channel(self.channel)?,
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

    fn state(&self, personal: &Personal) -> Result<State, DbErr> {
        Ok(match self.state {
            1 => State::Submitted,
            2 => State::Received(self.receipt()?),
            3 => State::Refused(self.closing(personal)?),
            4 => State::Processing(self.receipt()?),
            7 => State::Withdrawn(self.receipt().ok(), self.closing(personal)?),
            9 => State::ResultReady(self.receipt()?, self.decision(personal)?),
            10 => {
                let returned_at = self.returned_at.ok_or_else(|| bad_row("returned_at"))?;
                State::Returned(
                    self.receipt()?,
                    self.decision(personal)?,
                    clock::from_micros(returned_at),
                )
            }
            _ => return Err(bad_row("state")),
        })
    }

    fn receipt(&self) -> Result<Receipt, DbErr> {
        Ok(Receipt {
            received_at: clock::from_micros(
                self.received_at.ok_or_else(|| bad_row("received_at"))?,
            ),
            appointment: clock::from_micros(
                self.appointment.ok_or_else(|| bad_row("appointment"))?,
            ),
            due: clock::from_micros(self.due.ok_or_else(|| bad_row("due"))?),
            calendar: self
                .calendar_revision
                .ok_or_else(|| bad_row("calendar_revision"))?,
        })
    }

    fn closing(&self, personal: &Personal) -> Result<Closing, DbErr> {
        Ok(Closing {
            reason: personal.closing_reason.clone(),
            at: clock::from_micros(self.closed_at.ok_or_else(|| bad_row("closed_at"))?),
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
            unit: stored.unit,
            recorded_at: clock::from_micros(stored.recorded_at),
        })
    }
}

fn stored_decision(decision: &Decision) -> StoredDecision {
    StoredDecision {
        granted: decision.outcome == Outcome::Granted,
        date: decision.date,
        unit: decision.unit.clone(),
        recorded_at: micros(decision.recorded_at),
    }
}

fn number_of(state: &State) -> i32 {
    match state {
        State::Submitted => 1,
        State::Received(_) => 2,
        State::Refused(_) => 3,
        State::Processing(_) => 4,
        State::Withdrawn(..) => 7,
        State::ResultReady(..) => 9,
        State::Returned(..) => 10,
    }
}

fn channel_number(channel: Channel) -> i32 {
    match channel {
        Channel::Online => 1,
        Channel::Counter => 2,
        Channel::Post => 3,
    }
}

fn channel(number: i32) -> Result<Channel, DbErr> {
    match number {
        1 => Ok(Channel::Online),
        2 => Ok(Channel::Counter),
        3 => Ok(Channel::Post),
        _ => Err(bad_row("channel")),
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Type(error.to_string()))
}

pub(super) fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| bad_row(&error.to_string()))
}
