//! What the callers know: every act that they asked for, and what was answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The journey of an act that is of none.
pub const OF_NO_JOURNEY: usize = usize::MAX;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `SubmitDossier`.
    Submit,
    /// `RegisterDossier`.
    Register,
    /// `ReceiveDossier`.
    Receive,
    /// `RefuseDossier`.
    Refuse,
    /// `GuideDossier`.
    Guide,
    /// `ForwardDossier`.
    SendOn,
    /// `CorrectDossier`.
    Correct,
    /// `RequestSupplement`.
    AskSupplement,
    /// `SupplementDossier`.
    Supplement,
    /// `RequestPayment`.
    AskPayment,
    /// `ConfirmPayment`.
    Pay,
    /// `PostponeAppointment`.
    Postpone,
    /// `StopDossier`.
    Stop,
    /// `ReserveCodes`.
    Reserve,
    /// `ReturnCodes`.
    GiveBack,
    /// `WithdrawDossier`.
    Withdraw,
    /// `AcceptTransfer`.
    Accept,
    /// `DeclineTransfer`.
    Decline,
    /// `ForwardTransfer`.
    Forward,
    /// `CompleteTransfer`.
    Complete,
    /// `RecallTransfer`.
    Recall,
    /// `ReturnTransfer`.
    ReturnStep,
    /// `SendBackTransfer`.
    SendBack,
    /// `ClaimTransfer`.
    Claim,
    /// `AssignTransfer`.
    Assign,
    /// `ReleaseTransfer`.
    Release,
    /// `RecordDecision`.
    Decide,
    /// `ReturnResult`.
    Return,
    /// `BatchAcceptTransfers`.
    TakeIn,
    /// `ReceivePaper`.
    ReceivePaper,
    /// `RedriveDeadLetters`.
    Redrive,
    /// `ImportCalendar`.
    Announce,
    /// `ImportUnits`.
    EndUnit,
}

impl Kind {
    /// All of them; the last is so here, too.
    pub const ALL: [Self; Self::EndUnit as usize + 1] = [
        Self::Submit,
        Self::Register,
        Self::Receive,
        Self::Refuse,
        Self::Guide,
        Self::SendOn,
        Self::Correct,
        Self::AskSupplement,
        Self::Supplement,
        Self::AskPayment,
        Self::Pay,
        Self::Postpone,
        Self::Stop,
        Self::Reserve,
        Self::GiveBack,
        Self::Withdraw,
        Self::Accept,
        Self::Decline,
        Self::Forward,
        Self::Complete,
        Self::Recall,
        Self::ReturnStep,
        Self::SendBack,
        Self::Claim,
        Self::Assign,
        Self::Release,
        Self::Decide,
        Self::Return,
        Self::TakeIn,
        Self::ReceivePaper,
        Self::Redrive,
        Self::Announce,
        Self::EndUnit,
    ];
}

/// One act that a caller asked for until it was answered.
#[derive(Clone, Debug)]
pub struct Act {
    /// What.
    pub kind: Kind,
    /// Of which journey.
    pub journey: usize,
    /// Who.
    pub caller: String,
    /// The id under which it was asked for, the same each time.
    pub request_id: String,
    /// When it was sent first, since the run began.
    pub sent: Duration,
    /// How often it was sent.
    pub tries: u32,
    /// Whether it was sent on a stream first.
    pub on_a_stream: bool,
    /// What came back, and when; nothing where the run ended first.
    pub answer: Option<(Duration, Answer)>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Acknowledged(Told),
    /// It is not done: the reason.
    Refused(String),
}

/// What an acknowledging reply tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The dossier.
    pub dossier: String,
    /// Its code, where the reply has it.
    pub code: String,
    /// The transfer, where it is about one.
    pub transfer: String,
    /// Which change of the transfer it was: the custody epoch where that rises, the offer epoch of answers to an offer, the
    /// revision of what an officer does about it. Of a calendar: its version.
    pub epoch: i64,
    /// The offer that the caller has seen and answers, or makes; 0 where it is about none.
    pub offer: i64,
    /// The transfer by which an earlier step is done again, where the dossier was sent back.
    pub anew: String,
    /// The code that it has in the system that handed it in; empty where none did.
    pub origin: String,
    /// The day that is off from now on, where one was announced.
    pub day_off: String,
    /// Which unit has ended, where one did.
    pub succession: Option<Box<Succession>>,
    /// What it tells of each, where it is about several.
    pub each: Vec<Told>,
}

/// A unit that is no more, and the one that does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The unit that has ended.
    pub unit: String,
    /// Its successor.
    pub heir: String,
}

/// Of several.
impl FromIterator<Self> for Told {
    fn from_iter<I: IntoIterator<Item = Self>>(each: I) -> Self {
        Self {
            each: each.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl Act {
    /// What was acknowledged, if it was.
    pub fn told(&self) -> Option<&Told> {
        match &self.answer {
            Some((_, Answer::Acknowledged(told))) => Some(told),
            _ => None,
        }
    }

    /// What was acknowledged as a whole, and of each where it is about several.
    pub fn tells(&self) -> impl Iterator<Item = &Told> {
        let told = self.told().into_iter();
        told.flat_map(|told| std::iter::once(told).chain(&told.each))
    }
}

/// The days that are off since they were announced.
pub fn days_off<'a>(acts: impl IntoIterator<Item = &'a Act>) -> BTreeSet<String> {
    let told = acts.into_iter().filter_map(Act::told);
    let announced = told.filter(|told| !told.day_off.is_empty());
    announced.map(|told| told.day_off.clone()).collect()
}

/// The successors of the units that have ended, by these.
pub fn heirs(acts: &[Act]) -> HashMap<&str, &str> {
    let told = acts.iter().filter_map(Act::told);
    let ended = told.filter_map(|told| told.succession.as_deref());
    ended
        .map(|of| (of.unit.as_str(), of.heir.as_str()))
        .collect()
}

/// All acts of a run.
#[derive(Default)]
pub struct Book(Mutex<Vec<Act>>);

impl Book {
    /// Notes an act before it is sent; its place in the book.
    pub fn open(&self, act: Act) -> usize {
        let mut acts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        acts.push(act);
        acts.len() - 1
    }

    /// Notes that it is sent.
    pub fn sent(&self, place: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[place].tries += 1;
    }

    /// Notes that it is sent on a stream first.
    pub fn on_a_stream(&self, place: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[place].on_a_stream = true;
    }

    /// Notes what came back.
    pub fn close(&self, place: usize, at: Duration, answer: Answer) {
        let mut acts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        acts[place].answer = Some((at, answer));
    }

    /// Everything that was noted.
    pub fn acts(&self) -> Vec<Act> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The days that are off since they were announced.
    pub fn days_off(&self) -> BTreeSet<String> {
        days_off(&*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many acts of a kind are acknowledged.
    pub fn acknowledged(&self, kind: Option<Kind>) -> usize {
        let acts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |act: &&Act| kind.is_none_or(|kind| act.kind == kind) && act.told().is_some();
        acts.iter().filter(counts).count()
    }
}
