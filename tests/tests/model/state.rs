//! What both stores have, what of either log the other has not heard, and what an onlooker remembers of the past.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use intake::model as intake;
use kit::log::NewEvent;
use prost::Message as _;
use proto::event::v1::Event;
use proto::intake::v1::{DossierChange, dossier_change};
use proto::routing::v1::{Transfer, TransferChange, TransferEvent, TransferState};
use routing::model as routing;

use super::act::{Seen, Step, Which};
use super::world::DOSSIER;

/// A state of the model.
#[derive(Clone)]
pub struct State {
    pub intake: Arc<intake::Intake>,
    pub routing: Arc<routing::Routing>,
    /// What intake has not heard of routing, in order.
    pub to_intake: Queue<intake::Act>,
    /// What routing has not heard of intake, in order.
    pub to_routing: Queue<routing::Act>,
    /// Routing's log as `motcua check` folds it.
    pub log: Arc<routing::Log>,
    /// Who holds what, by as much of routing's log as intake has heard.
    pub known: Arc<BTreeMap<String, Held>>,
    pub past: Past,
}

/// The events that wait for a consumer, and the last that it has taken in where it may forget that.
#[derive(Clone, Debug)]
pub struct Queue<A> {
    waiting: VecDeque<Arc<News<A>>>,
    last: Option<Arc<News<A>>>,
}

impl<A> Default for Queue<A> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            last: None,
        }
    }
}

impl<A> Queue<A> {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn take(&mut self, may_forget: bool) -> Option<Arc<News<A>>> {
        let next = self.waiting.pop_front()?;
        self.last = may_forget.then(|| Arc::clone(&next));
        Some(next)
    }

    pub fn last(&self) -> Option<&Arc<News<A>>> {
        self.last.as_ref()
    }
}

/// One event that asks something of the other service.
pub struct News<A> {
    pub act: A,
    /// The change as it stands in the log.
    change: Vec<u8>,
    /// What tells it from others, whatever the revision was.
    mark: u64,
}

impl<A: fmt::Debug> fmt::Debug for News<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.act.fmt(f)
    }
}

/// A custody that intake has heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub unit: String,
    pub epoch: i64,
    pub lasts: bool,
}

/// What an onlooker remembers.
#[derive(Clone, Debug, Default, Hash)]
pub struct Past {
    /// The transfers that were ever offered, with their uids.
    pub offered: BTreeMap<Which, String>,
    /// What the replies to acceptances and returns said.
    pub accepted: BTreeSet<Seen>,
    /// How often intake told of a decision, a withdrawal or a stop.
    pub ends: u8,
    /// How often somebody left the straight way.
    pub deviations: u8,
    /// A unit is no more.
    pub unit_ended: bool,
    /// A step was done after it was cancelled.
    pub done_late: bool,
    /// What should never have been done.
    pub wrong: BTreeSet<Wrong>,
    /// Why a consumer could not apply an event.
    pub parked: Option<String>,
}

/// What should never be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// An offer was answered by who had seen another.
    StaleOffer,
    /// A step was done under a custody that it is not held under.
    StaleCustody,
    /// An offer was answered, or a step done, for a unit that it is not of.
    AnotherUnit,
    /// The applicant was asked, a decision recorded, or a result returned, by who did not hold the step.
    NotTheHolder,
    /// What was done was opened again.
    Reopened,
    /// A unit that is no more still answers for something or is offered it.
    LeftBehind,
}

impl State {
    pub fn new(intake: intake::Intake, routing: routing::Routing) -> Self {
        Self {
            intake: Arc::new(intake),
            routing: Arc::new(routing),
            to_intake: Queue::default(),
            to_routing: Queue::default(),
            log: Arc::default(),
            known: Arc::default(),
            past: Past::default(),
        }
    }

    pub fn dossier(&self) -> &intake::Dossier {
        self.intake.dossier(DOSSIER).unwrap()
    }

    pub fn journey(&self) -> Option<&routing::Journey> {
        self.routing.journey(DOSSIER)
    }

    pub fn transfer(&self, which: Which) -> Option<&routing::Transfer> {
        self.journey()?
            .transfer(self.past.offered.get(&which)?)
            .ok()
    }

    /// The transfers that are done.
    pub fn done(&self) -> impl Iterator<Item = &routing::Transfer> {
        let transfers = self
            .journey()
            .into_iter()
            .flat_map(routing::Journey::transfers);
        transfers.filter(|transfer| matches!(transfer.state, routing::State::Completed(..)))
    }

    /// Whether a step comes after another on the way, near or far.
    pub fn comes_after(&self, step: Step, other: Step) -> bool {
        let mut steps = self.journey().into_iter().flat_map(|of| &of.route.steps);
        let before = steps.find(|planned| planned.key == step.key());
        let mut before = before.into_iter().flat_map(|planned| &planned.after);
        before.any(|key| {
            let before = Step::of(key);
            before == other || self.comes_after(before, other)
        })
    }

    /// Whether a unit answers for a branch, or is offered a step.
    pub fn has_work_of(&self, unit: &str) -> bool {
        let journey = || self.journey().into_iter();
        let mut holdings = journey().flat_map(routing::Journey::holdings);
        let mut transfers = journey().flat_map(routing::Journey::transfers);
        holdings.any(|holding| holding.custodian == unit)
            || transfers
                .any(|transfer| transfer.state == routing::State::Offered && transfer.to == unit)
    }

    /// Whether both have heard everything.
    pub fn is_quiet(&self) -> bool {
        self.to_intake.is_empty() && self.to_routing.is_empty()
    }

    /// Intake has written this into its log.
    pub fn told_by_intake(&mut self, event: &NewEvent) {
        let told = DossierChange::decode(&*event.change).unwrap();
        if let Some(
            dossier_change::Change::Decided(_)
            | dossier_change::Change::Withdrawn(_)
            | dossier_change::Change::Stopped(_),
        ) = told.change
        {
            self.past.ends += 1;
        }
        if let Some(act) = routing::from_intake(&envelope("intake", event)).unwrap() {
            self.to_routing.waiting.push_back(Arc::new(News {
                act,
                mark: mark(&event.change),
                change: event.change.clone(),
            }));
        }
    }

    /// Routing has written this into its log.
    pub fn told_by_routing(&mut self, event: &NewEvent) {
        let told = TransferChange::decode(&*event.change).unwrap();
        let mut transfer = told.transfer.clone().unwrap();
        let which = self.past.which(&transfer);
        if let TransferEvent::Accepted | TransferEvent::Returned = told.event() {
            self.past.accepted.insert(Seen {
                transfer: which,
                epoch: transfer.custody_epoch,
            });
        }
        if let Some(act) = intake::from_routing(&envelope("routing", event)).unwrap() {
            transfer.revision = 0;
            let without_revision = TransferChange {
                transfer: Some(transfer),
                ..told.clone()
            };
            self.to_intake.waiting.push_back(Arc::new(News {
                act,
                mark: mark(&without_revision.encode_to_vec()),
                change: event.change.clone(),
            }));
        }
        Arc::make_mut(&mut self.log).take(told);
    }

    /// Intake has heard this of routing.
    pub fn heard(&mut self, news: &News<intake::Act>) {
        let told = TransferChange::decode(&*news.change).unwrap();
        let transfer = told.transfer.unwrap();
        let lasts = transfer.state() == TransferState::Accepted;
        let held = Held {
            unit: transfer.to_unit_uid,
            epoch: transfer.custody_epoch,
            lasts,
        };
        Arc::make_mut(&mut self.known).insert(transfer.uid, held);
    }
}

impl Past {
    /// The name of a transfer, also of one that was never heard of.
    fn which(&mut self, transfer: &Transfer) -> Which {
        let mut known = self.offered.iter();
        if let Some((which, _)) = known.find(|(_, uid)| **uid == transfer.uid) {
            return *which;
        }
        let step = Step::of(&transfer.step_key);
        let before = self.offered.keys().filter(|which| which.step == step);
        let time = before.count() + 1;
        let which = Which { step, time };
        self.offered.insert(which, transfer.uid.clone());
        which
    }
}

fn mark(change: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    change.hash(&mut hasher);
    hasher.finish()
}

fn envelope(owner: &str, event: &NewEvent) -> Event {
    Event {
        owner: owner.to_owned(),
        subject: event.subject.clone(),
        change: Some(prost_types::Any {
            type_url: format!("type.googleapis.com/{}", event.change_type),
            value: event.change.clone(),
        }),
        ..Event::default()
    }
}

/// What tells two states apart: not the revisions, which only count, and not the deadlines, by which nobody is stopped.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.hash_dossier(hasher);
        if let Some(journey) = self.journey() {
            hash_journey(journey, hasher);
        }
        self.to_intake.hash(hasher);
        self.to_routing.hash(hasher);
        self.past.hash(hasher);
    }
}

impl<A> Hash for Queue<A> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let waiting = self.waiting.iter().map(|news| news.mark);
        waiting.collect::<Vec<_>>().hash(hasher);
        let last = self.last.as_ref().map(|news| news.mark);
        last.hash(hasher);
    }
}

impl State {
    fn hash_dossier(&self, hasher: &mut impl Hasher) {
        let dossier = self.dossier();
        dossier.state.name().hash(hasher);
        dossier.state.receipt().is_some().hash(hasher);
        dossier.units.returning.hash(hasher);
        let course = &dossier.course;
        for asked in [&course.guidance, &course.supplement] {
            let answered = asked.as_ref().map(|asked| asked.answered_at.is_some());
            answered.hash(hasher);
        }
        let paid = course.payments.iter().map(|order| order.paid.is_some());
        paid.collect::<Vec<_>>().hash(hasher);
        for stop in &course.stops {
            (&stop.transfer, stop.to.is_some()).hash(hasher);
        }
        course.postponed().is_some().hash(hasher);
        course.rung.hash(hasher);
        let custodies = self.intake.custodies(DOSSIER).iter();
        let custodies: BTreeMap<_, _> = custodies
            .map(|custody| {
                let purpose = custody.purpose as u8;
                let standing = custody.standing as u8;
                let held = (&custody.unit, custody.epoch, purpose, standing);
                (&custody.transfer, held)
            })
            .collect();
        custodies.hash(hasher);
    }
}

fn hash_journey(journey: &routing::Journey, hasher: &mut impl Hasher) {
    let route = &journey.route;
    (route.open, route.custody_epoch).hash(hasher);
    (&route.suspended_by, &route.returning).hash(hasher);
    // What opens meanwhile waits for that.
    route.stopped_at.is_some().hash(hasher);
    for transfer in journey.transfers() {
        let (state, epoch) = (transfer.state, transfer.state.custody_epoch());
        (
            &transfer.uid,
            state.name(),
            state.ended_at().is_some(),
            epoch,
        )
            .hash(hasher);
        let given_back = transfer.given_back.as_ref();
        let given_back = given_back.map(|before| (&before.by, before.held.epoch));
        (given_back, transfer.dead_letter.is_some()).hash(hasher);
        transfer.on_hold.hash(hasher);
        (&transfer.from, &transfer.to, &transfer.offered_before).hash(hasher);
        transfer.offer_epoch.hash(hasher);
    }
    for holding in journey.holdings() {
        (&holding.transfer, &holding.custodian, holding.ordinal).hash(hasher);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let hash = |state: &Self| {
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            hasher.finish()
        };
        hash(self) == hash(other)
    }
}

/// As much as tells what is wrong.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "dossier {}", self.dossier().state.name())?;
        for transfer in self
            .journey()
            .into_iter()
            .flat_map(routing::Journey::transfers)
        {
            let (key, state) = (&transfer.work.key, transfer.state.name());
            let (from, to, offer) = (&transfer.from, &transfer.to, transfer.offer_epoch);
            let (epoch, back) = (transfer.state.custody_epoch(), &transfer.given_back);
            writeln!(
                f,
                "  {key}: {state} under {epoch:?}, {from} to {to}, offer {offer}, given back {back:?}"
            )?;
        }
        for holding in self
            .journey()
            .into_iter()
            .flat_map(routing::Journey::holdings)
        {
            writeln!(
                f,
                "  {} is responsible for {}",
                holding.custodian, holding.step
            )?;
        }
        for custody in self.intake.custodies(DOSSIER) {
            writeln!(f, "  intake: {custody:?}")?;
        }
        writeln!(f, "  to intake {:?}", self.to_intake.waiting)?;
        writeln!(f, "  to routing {:?}", self.to_routing.waiting)?;
        write!(f, "  {:?}", self.past)
    }
}
