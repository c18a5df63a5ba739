//! What intake can be asked to do.

use chrono::NaiveDate;
use kit::authority::Rights;
use kit::caller::Role;
use kit::copies::Copy;
use kit::seal::DataKey;

use crate::code::DossierCode;
use crate::custody::{Claim, Custodian, Purpose, Standing};
use crate::dossier::{
    Addition, Applicant, Channel, Correction, Decision, FiledBy, HandedIn, Item, Method, Origin,
};
use kit::clock::Moment;

/// A command, or what an event of another service asks for.
#[derive(Clone, Debug)]
pub enum Act {
    /// Something is handed in.
    Hand(Box<Handed>),
    /// Codes are set aside for a counter that will be offline.
    Reserve(Reservation),
    /// What is left of such codes is given back.
    GiveBack(GivenBack),
    /// A step of a dossier's life.
    On(OnDossier),
    /// Routing told of an offer or of a change of custody.
    Custody(CustodyChange),
    /// The operator has what is personal about a dossier forgotten.
    Erase(Erasure),
    /// Deadlines are reckoned anew by the calendar of now.
    Reckon(Vec<String>),
    /// Time has come for alarms of these dossiers.
    Ring(Vec<String>),
    /// Another service told of a unit, procedure or calendar.
    Copies(Vec<Copy>),
}

/// Whom to forget, and why.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The dossier.
    pub dossier: String,
    /// Why.
    pub why: Why,
}

/// Why a person is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The person asked for it.
    Asked,
    /// It was kept for as long as it has to be.
    Expired,
    /// A court or an authority ordered it.
    Ordered,
    /// It should never have been there.
    Mistaken,
}

/// What is handed in.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Who hands it in, and by what right.
    pub rights: Rights,
    /// The uid that the dossier gets.
    pub uid: String,
    /// The key that what is personal about it gets.
    pub key: DataKey,
    /// The local day on which it comes.
    pub date: NaiveDate,
    /// National code of the procedure.
    pub procedure_code: String,
    /// The case; empty means `standard`.
    pub case_key: String,
    /// Whose desk gets it.
    pub receiving_unit: String,
    /// Who decides, where that is said.
    pub competent_unit: Option<String>,
    /// Whose desk returns the result, where it is another than the receiving one.
    pub returning_unit: Option<String>,
    /// Who applies.
    pub applicant: Applicant,
    /// The party that applies, where it is known.
    pub party: Option<String>,
    /// The documents.
    pub components: Vec<HandedIn>,
    /// What was filled in, in JSON; may be empty.
    pub form: String,
    /// How it comes.
    pub channel: Channel,
    /// Who hands it in.
    pub filed_by: FiledBy,
    /// Where it was handed in first.
    pub origin: Option<Origin>,
    /// A desk registers it, and so has received it at once.
    pub at_desk: bool,
    /// What its counter gave out while it was offline.
    pub offline: Option<Offline>,
}

/// What a counter gave out while it was offline.
#[derive(Clone, Debug)]
pub struct Offline {
    /// On the receipt.
    pub code: DossierCode,
    /// When it received the dossier; on the day of the code.
    pub received_at: Moment,
}

/// How many codes are set aside, and for when.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// Who asks, and by what right.
    pub rights: Rights,
    /// The uid that the block gets.
    pub uid: String,
    /// The unit.
    pub unit: String,
    /// The local day on which they are given out.
    pub date: NaiveDate,
    /// How many.
    pub count: u32,
}

/// Which codes are given back, and why.
#[derive(Clone, Debug)]
pub struct GivenBack {
    /// Who gives them back, and by what right.
    pub rights: Rights,
    /// The block.
    pub block: String,
    /// Why those that are left are void.
    pub reason: String,
}

/// A step of a dossier's life.
#[derive(Clone, Debug)]
pub struct OnDossier {
    /// Who takes it, and by what right.
    pub rights: Rights,
    /// The dossier.
    pub dossier: String,
    /// The revision that the caller has seen; 0 does not check.
    pub expected_revision: i64,
    /// The step.
    pub verb: Verb,
}

/// The steps.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `ReceiveDossier`.
    Receive,
    /// `RefuseDossier` with its reason.
    Refuse(String),
    /// `GuideDossier` with all that is missing.
    Guide(Vec<Item>),
    /// `ForwardDossier` to the unit that is competent.
    Forward(String),
    /// `RequestSupplement` by a holder.
    AskSupplement(Claim, Vec<Item>),
    /// `SupplementDossier`.
    Supplement(Addition),
    /// `RequestPayment` by a holder.
    AskPayment(Claim, Vec<Order>),
    /// `ConfirmPayment`.
    Pay(Confirmed),
    /// `PostponeAppointment`.
    Postpone(Postponed),
    /// `CorrectDossier` with its reason.
    Correct(Box<Correction>, String),
    /// `StopDossier` with its reason.
    Stop(String),
    /// `WithdrawDossier` with its reason.
    Withdraw(String),
    /// `RecordDecision` by the holder, with what goes with the result on paper: that itself has no key.
    Decide(Claim, Box<Decision>, Vec<HandedIn>),
    /// `ReturnResult` by the holder.
    Return(Claim, Method),
}

/// What is to be paid.
#[derive(Clone, Debug)]
pub struct Order {
    /// The uid that it gets.
    pub uid: String,
    /// What it is for.
    pub name: String,
    /// In đồng.
    pub amount_vnd: i64,
}

/// What was paid.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The order.
    pub order: String,
    /// In đồng.
    pub amount_vnd: i64,
    /// The number of the receipt, or the provider's own.
    pub reference: String,
}

/// A new promise.
#[derive(Clone, Debug)]
pub struct Postponed {
    /// When the result will be there.
    pub to: Moment,
    /// Why, as the applicant reads it.
    pub reason: String,
    /// The norm that allows it; may be empty.
    pub legal_basis: String,
}

/// What routing told of the custody of a step.
#[derive(Clone, Debug)]
pub struct CustodyChange {
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
    /// The unit that it is offered to or that accepted it.
    pub unit: String,
    /// The custody epoch of the acceptance.
    pub epoch: i64,
    /// What it may do.
    pub purpose: Purpose,
    /// What the step is called, where it is outside the limit.
    pub outside: Option<String>,
    /// How the unit stands to it now.
    pub standing: Standing,
    /// Since when it stands so.
    pub since: Moment,
    /// The offer goes on to another unit at once, of which is told next.
    pub offered_on: bool,
    /// Who is responsible for the step now; `None` once its work is done.
    pub custodian: Option<Custodian>,
    /// The unit that custody moved to; `None` where it stayed.
    pub moved_to: Option<String>,
    /// The role of the position by which an officer moved it.
    pub role: Option<Role>,
    /// The hash of routing's own history entry.
    pub routing_hash: Vec<u8>,
}
