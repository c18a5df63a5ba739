//! The state of the play: every dossier's course, what is to happen, and which offers must come through the queue.

mod asking;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDateTime;
use proto::routing::v1 as routing;
use proto::routing::v1::Transfer;

use super::act::{Act, Held};
use super::agenda::{Agenda, Entry};
use super::counts::{Counts, StepTime};
use super::course::Course;
use super::error::Error;
use super::pace::Pace;
use super::plan::{Fate, Filing, Way};
use super::province::Province;
use super::reply::{dossier_in, transfer_in};
use crate::rpc::Answer;

/// The step key of the way of a result to the desk.
const RESULT: &str = "result";

/// The state of the play.
pub struct Stage {
    /// The province.
    pub province: Province,
    /// What is handed in.
    pub filings: Vec<Filing>,
    /// How far each dossier is.
    pub courses: Vec<Course>,
    /// What is to happen.
    pub agenda: Agenda<Act>,
    /// Running counts.
    pub counts: Counts,
    /// How long steps took.
    pub steps: Vec<StepTime>,
    pace: Pace,
    dossiers: HashMap<String, usize>,
    expected: BTreeSet<(usize, String)>,
    seen: HashSet<(String, i64)>,
    /// Those whose desk has promised another time, or is about to.
    apologising: HashSet<usize>,
}

impl Stage {
    /// Everybody is about to come with their dossiers.
    #[must_use]
    pub fn new(province: Province, filings: Vec<Filing>, pace: Pace) -> Self {
        let mut agenda = Agenda::new();
        for (dossier, filing) in filings.iter().enumerate() {
            let act = match filing.way {
                Way::Online(_) => Act::Submit,
                Way::InVain(_) => Act::SubmitInVain,
                Way::Counter => Act::Register,
            };
            agenda.note(filing.at, dossier, act);
        }
        Self {
            courses: vec![Course::default(); filings.len()],
            province,
            filings,
            agenda,
            counts: Counts::default(),
            steps: Vec::new(),
            pace,
            dossiers: HashMap::new(),
            expected: BTreeSet::new(),
            seen: HashSet::new(),
            apologising: HashSet::new(),
        }
    }

    /// Takes in the reply to an act and notes what follows.
    ///
    /// # Errors
    /// When the reply is not what the contract says.
    pub fn take_in(&mut self, entry: Entry<Act>, answer: &Answer) -> Result<(), Error> {
        let Entry {
            at, dossier, act, ..
        } = entry;
        if let Some(told) = dossier_in(&act, answer)? {
            self.courses[dossier].learn(&told);
        }
        match act {
            Act::SubmitInVain => {}
            Act::Submit => self.submitted(dossier, at),
            Act::Register | Act::Receive => self.received(dossier),
            Act::Refuse | Act::Withdraw => self.closed(dossier),
            Act::Guide => self.guided(dossier, at),
            Act::AskSupplement(held) => self.asked_supplement(dossier, held, at),
            Act::Supplement(None) => self.receive_soon(dossier, at),
            Act::Supplement(Some(held)) => {
                self.counts.supplements_given += 1;
                self.goes_on(dossier, held, answer, at);
            }
            Act::AskPayment(held) => self.asked_payment(dossier, held, answer, at)?,
            Act::Pay(held, _) => {
                self.counts.payments_made += 1;
                self.goes_on(dossier, held, answer, at);
            }
            Act::Apologise(_) => self.counts.apologies += 1,
            Act::Accept(_) => self.accepted(dossier, answer, at)?,
            Act::Decline(_) => self.declined(dossier, answer, at)?,
            Act::Forward(offer) => self.expect(dossier, &offer.step_key),
            Act::Complete(held) => self.completed(dossier, &held, answer, at)?,
            Act::Decide(held) => self.decided(dossier, &held, at),
            Act::Return(held) => self.returned(dossier, &held, at),
        }
        Ok(())
    }

    fn submitted(&mut self, dossier: usize, at: NaiveDateTime) {
        let uid = self.courses[dossier].uid.clone();
        self.dossiers.insert(uid, dossier);
        let act = match self.filings[dossier].fate {
            Fate::Refused => Act::Refuse,
            Fate::Guided => Act::Guide,
            _ => Act::Receive,
        };
        self.agenda
            .note(self.pace.answered(dossier, at), dossier, act);
    }

    fn received(&mut self, dossier: usize) {
        let uid = self.courses[dossier].uid.clone();
        self.dossiers.insert(uid, dossier);
        self.counts.received += 1;
        let procedure = &self.province.procedures[self.filings[dossier].procedure];
        let first = procedure
            .first_steps
            .iter()
            .map(|step| (dossier, step.clone()));
        self.expected.extend(first);
    }

    fn closed(&mut self, dossier: usize) {
        self.courses[dossier].close();
        self.expected.retain(|(of, _)| *of != dossier);
    }

    fn accepted(
        &mut self,
        dossier: usize,
        answer: &Answer,
        at: NaiveDateTime,
    ) -> Result<(), Error> {
        let reply: routing::AcceptTransferResponse = answer.read()?;
        let transfer = transfer_in(reply.transfer, answer)?;
        self.courses[dossier].accepted();
        self.counts.handed_over += 1;
        let fate = self.filings[dossier].fate;
        let unit = self
            .province
            .place(&transfer.to_unit_uid)
            .unwrap_or_default();
        let done = match transfer.step_key.as_str() {
            RESULT => self.pace.collected(dossier, at),
            _ => self.pace.done(dossier, fate, &transfer, unit),
        };
        let asks = self.asks(dossier, &transfer);
        let act = asks.unwrap_or_else(|| what_ends(fate, &transfer));
        let held = Held {
            transfer,
            position: answer.position.clone(),
            resumed: None,
        };
        let when = match asks {
            Some(_) => self.pace.asked(dossier, at),
            None => done,
        };
        self.apologise_before(dossier, &held.transfer, (at, done));
        self.agenda.note(when, dossier, act(held));
        Ok(())
    }

    fn declined(
        &mut self,
        dossier: usize,
        answer: &Answer,
        at: NaiveDateTime,
    ) -> Result<(), Error> {
        let reply: routing::DeclineTransferResponse = answer.read()?;
        let transfer = transfer_in(reply.transfer, answer)?;
        self.counts.declined += 1;
        let course = &mut self.courses[dossier];
        course.open_offers = course.open_offers.saturating_sub(1);
        self.agenda.note(
            self.pace.forwarded(dossier, at),
            dossier,
            Act::Forward(transfer),
        );
        Ok(())
    }

    fn completed(
        &mut self,
        dossier: usize,
        held: &Held,
        answer: &Answer,
        at: NaiveDateTime,
    ) -> Result<(), Error> {
        let reply: routing::CompleteTransferResponse = answer.read()?;
        self.step_done(dossier, held, at);
        for offered in &reply.offered {
            self.expect(dossier, &offered.step_key);
        }
        Ok(())
    }

    fn decided(&mut self, dossier: usize, held: &Held, at: NaiveDateTime) {
        self.step_done(dossier, held, at);
        self.counts.decided += 1;
        self.expect(dossier, RESULT);
    }

    fn returned(&mut self, dossier: usize, held: &Held, at: NaiveDateTime) {
        self.step_done(dossier, held, at);
        self.counts.returned += 1;
    }

    fn step_done(&mut self, dossier: usize, held: &Held, at: NaiveDateTime) {
        let course = &mut self.courses[dossier];
        course.open_steps = course.open_steps.saturating_sub(1);
        self.counts.steps_done += 1;
        if held.transfer.step_key != RESULT {
            let accepted = super::time::of(held.transfer.accepted_at.as_ref());
            self.steps.push(StepTime {
                unit: self
                    .province
                    .place(&held.transfer.to_unit_uid)
                    .unwrap_or_default(),
                minutes: self.pace.office.between(accepted, at),
            });
        }
    }

    fn expect(&mut self, dossier: usize, step: &str) {
        self.expected.insert((dossier, step.to_owned()));
    }

    /// Takes in an offer that came through the queue; tells of which dossier it is if it is new and asks for work.
    pub fn deliver(&mut self, offer: &Transfer) -> Option<usize> {
        if !self.seen.insert((offer.uid.clone(), offer.offer_epoch)) {
            self.counts.delivered_again += 1;
            return None;
        }
        let dossier = *self.dossiers.get(&offer.dossier_uid)?;
        self.expected.remove(&(dossier, offer.step_key.clone()));
        let course = &mut self.courses[dossier];
        if course.is_over() {
            return None;
        }
        course.open_offers += 1;
        if offer.offer_epoch == 1 {
            course.open_steps += 1;
        }
        Some(dossier)
    }

    /// Notes what the unit will do with an offer.
    pub fn answer_offer(&mut self, dossier: usize, offer: Transfer) {
        let at = super::time::of(offer.offered_at.as_ref());
        let at = self.pace.accepted(dossier, &offer, at);
        let declines = self.filings[dossier].fate == Fate::Declined && offer.offer_epoch == 1;
        let first = &self.province.procedures[self.filings[dossier].procedure].first_steps;
        let act = if declines && first.contains(&offer.step_key) {
            Act::Decline
        } else {
            Act::Accept
        };
        self.agenda.note(at, dossier, act(Box::new(offer)));
    }

    /// Whether offers must still come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.expected.is_empty()
    }

    /// Which offers must still come.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let name = |(dossier, step): &(usize, String)| {
            format!("{} of {}", step, self.courses[*dossier].code)
        };
        self.expected.iter().map(name).collect()
    }

    /// Offers that no unit has accepted.
    #[must_use]
    pub fn open_offers(&self) -> usize {
        self.courses.iter().map(|course| course.open_offers).sum()
    }

    /// Steps offered to, declined or held by a unit.
    #[must_use]
    pub fn open_steps(&self) -> usize {
        self.courses.iter().map(|course| course.open_steps).sum()
    }
}

/// How a step ends that was just accepted.
fn what_ends(fate: Fate, step: &Transfer) -> fn(Held) -> Act {
    match (fate, step.step_key.as_str()) {
        (_, RESULT) => Act::Return,
        (Fate::Withdrawn, _) => |_| Act::Withdraw,
        _ if step.decides => Act::Decide,
        _ => Act::Complete,
    }
}
