//! What holds in every state, and what can be reached.

use std::collections::BTreeSet;

use intake::model as intake;
use intake::{Purpose, Standing};
use routing::model as routing;
use stateright::Property;

use super::play::Play;
use super::state::{State, Wrong};
use super::world::{DOSSIER, Way};

/// Those of a way.
pub fn of(way: Way) -> Vec<Property<Play>> {
    let mut properties = always();
    properties.extend(when_all_is_heard());
    properties.extend(sometimes(way));
    properties
}

fn always() -> Vec<Property<Play>> {
    let holds = Property::always;
    vec![
        holds("an open branch has one custodian", |_, state| {
            one_custodian(state)
        }),
        holds("the sender is responsible until acceptance", |_, state| {
            sender_until_accepted(state)
        }),
        holds("a step is offered to one, or held by one", |_, state| {
            one_at_a_time(state)
        }),
        holds("motcua check finds nothing", |_, state| {
            check_finds_nothing(state)
        }),
        holds("a dossier ends or is decided once", |_, state| {
            state.past.ends <= 1
        }),
        holds("an offer is answered by who has seen it", |_, state| {
            never(state, Wrong::StaleOffer)
        }),
        holds("a step is done by who has its custody", |_, state| {
            never(state, Wrong::StaleCustody)
        }),
        holds("a unit acts on its own transfers", |_, state| {
            never(state, Wrong::AnotherUnit)
        }),
        holds("the holder decides and returns", |_, state| {
            never(state, Wrong::NotTheHolder)
        }),
        holds("what is done stays done", |_, state| {
            never(state, Wrong::Reopened)
        }),
        holds("every event can be applied", |_, state| {
            state.past.parked.is_none()
        }),
    ]
}

fn when_all_is_heard() -> Vec<Property<Play>> {
    let holds = Property::always;
    vec![
        holds("heard, intake knows who holds what", |_, state| {
            once_heard(state, views_agree)
        }),
        holds(
            "heard, the journey is as open as the dossier",
            |_, state| once_heard(state, as_open),
        ),
        holds(
            "heard, a decision leaves nothing but the result",
            |_, state| once_heard(state, nothing_beside_result),
        ),
        holds("heard, the step of who asked waits", |_, state| {
            once_heard(state, who_asked_waits)
        }),
    ]
}

fn sometimes(way: Way) -> Vec<Property<Play>> {
    let reached = Property::sometimes;
    let of_the_way = match way {
        Way::Joins => reached("who asked has gone on meanwhile", |_, state| {
            asked_and_gone_on(state)
        }),
        Way::LeadDecides => reached("a decision recalls an offer", |_, state| {
            recalled_by_decision(state)
        }),
    };
    vec![
        reached("a result is returned", |_, state| is_returned(state)),
        reached("a withdrawal comes before a decision", |_, state| {
            withdrawn_before_decision(state)
        }),
        // Up to it, it could have been withdrawn.
        reached("a decision comes before a withdrawal", |_, state| {
            is(state, "RESULT_READY")
        }),
        reached("a step is done that was cancelled", |_, state| {
            state.past.done_late
        }),
        of_the_way,
    ]
}

fn never(state: &State, wrong: Wrong) -> bool {
    !state.past.wrong.contains(&wrong)
}

/// In the states in which both have heard everything.
fn once_heard(state: &State, holds: fn(&State) -> bool) -> bool {
    !state.is_quiet() || holds(state)
}

fn is_returned(state: &State) -> bool {
    state.is_quiet() && is(state, "RETURNED")
}

fn is(state: &State, name: &str) -> bool {
    state.dossier().state.name() == name
}

fn transfers(state: &State) -> &[routing::Transfer] {
    state.journey().map_or(&[], |journey| journey.transfers())
}

/// The units that are responsible for the branch of a transfer.
fn custodians<'a>(state: &'a State, transfer: &routing::Transfer) -> Vec<&'a str> {
    let holdings = state.journey().into_iter().flat_map(|of| of.holdings());
    let of_it = holdings.filter(|holding| holding.transfer == transfer.uid);
    of_it.map(|holding| holding.custodian.as_str()).collect()
}

/// Whose turn it is with a transfer.
enum Turn {
    /// It is offered, or back at the sender.
    Sender,
    /// It was accepted.
    Receiver,
    /// It is done, and may wait for others until what comes after them is offered.
    Others,
    /// It has ended.
    Nobody,
}

impl Turn {
    fn of(transfer: &routing::Transfer) -> Self {
        match transfer.state {
            routing::State::Offered | routing::State::Declined => Self::Sender,
            routing::State::Accepted(_) => Self::Receiver,
            routing::State::Completed(..) => Self::Others,
            routing::State::Recalled(_) | routing::State::Cancelled(..) => Self::Nobody,
        }
    }

    fn is_somebodys(&self) -> bool {
        matches!(self, Self::Sender | Self::Receiver)
    }
}

fn is_open(state: &State) -> bool {
    state.journey().is_some_and(|journey| journey.route.open)
}

/// And an open route has an open branch, a closed one has none.
fn one_custodian(state: &State) -> bool {
    let mut somebody = false;
    let each = transfers(state).iter().all(|transfer| {
        let count = custodians(state, transfer).len();
        somebody |= count > 0;
        match Turn::of(transfer) {
            Turn::Sender | Turn::Receiver => count == 1,
            Turn::Others => count <= 1,
            Turn::Nobody => count == 0,
        }
    });
    each && somebody == is_open(state)
}

fn sender_until_accepted(state: &State) -> bool {
    transfers(state).iter().all(|transfer| {
        let responsible = match Turn::of(transfer) {
            Turn::Sender => &transfer.from,
            Turn::Receiver => &transfer.to,
            Turn::Others | Turn::Nobody => return true,
        };
        let mut custodians = custodians(state, transfer).into_iter();
        custodians.all(|custodian| custodian == responsible)
    })
}

fn one_at_a_time(state: &State) -> bool {
    let mut steps = BTreeSet::new();
    let mut turns = transfers(state)
        .iter()
        .filter(|transfer| Turn::of(transfer).is_somebodys());
    turns.all(|transfer| steps.insert(transfer.work.key.as_str()))
}

fn check_finds_nothing(state: &State) -> bool {
    let found = state.log.compare(state.journey());
    let add_up = found.pairs.values().all(|offers| offers.add_up());
    add_up && found.without_custodian + found.with_two + found.differing == 0
}

fn views_agree(state: &State) -> bool {
    let known = state.intake.custodies(DOSSIER);
    let agrees = |transfer: &routing::Transfer| {
        let standing = match transfer.state {
            routing::State::Offered => Standing::Offered,
            routing::State::Accepted(_) => Standing::Holds,
            routing::State::Completed(..) | routing::State::Cancelled(..) => Standing::Held,
            routing::State::Declined | routing::State::Recalled(_) => Standing::Left,
        };
        let acceptance = transfer.state.acceptance();
        let epoch = acceptance.map_or(0, |acceptance| acceptance.epoch);
        known.iter().any(|custody| {
            custody.transfer == transfer.uid
                && custody.unit == transfer.to
                && custody.epoch == epoch
                && custody.standing == standing
        })
    };
    known.len() == transfers(state).len() && transfers(state).iter().all(agrees)
}

/// With a dossier on its way it is somebody's turn; with one that has ended it is nobody's.
fn as_open(state: &State) -> bool {
    let is_under_way = match &state.dossier().state {
        intake::State::Submitted | intake::State::Refused(_) => return state.journey().is_none(),
        intake::State::Received(_)
        | intake::State::Processing(_)
        | intake::State::SupplementRequested(_)
        | intake::State::PaymentRequested(_)
        | intake::State::ResultReady(..) => true,
        intake::State::Withdrawn(None, _) => return state.journey().is_none(),
        intake::State::Withdrawn(Some(_), _)
        | intake::State::Stopped(..)
        | intake::State::Returned(..) => false,
    };
    let mut turns = transfers(state).iter().map(Turn::of);
    let is_somebodys = turns.any(|turn| turn.is_somebodys());
    is_somebodys == is_under_way && is_open(state) == is_under_way
}

fn nothing_beside_result(state: &State) -> bool {
    let mut turns = transfers(state)
        .iter()
        .filter(|transfer| Turn::of(transfer).is_somebodys());
    !is(state, "RESULT_READY") || turns.all(|transfer| transfer.work.key == routing::RESULT)
}

fn who_asked_waits(state: &State) -> bool {
    let Some(journey) = state.journey() else {
        return true;
    };
    let dossier = state.dossier();
    let stop = dossier.course.standing();
    let stop = stop.filter(|_| dossier.state.stands_still());
    let holds = |asker: &&str| {
        let asker = journey.transfer(asker);
        asker.is_ok_and(|asker| matches!(asker.state, routing::State::Accepted(_)))
    };
    let waiting = stop.map(|stop| stop.transfer.as_str()).filter(holds);
    journey.route.suspended_by.as_deref() == waiting
}

fn withdrawn_before_decision(state: &State) -> bool {
    let mut custodies = state.intake.custodies(DOSSIER).iter();
    let could_have = custodies
        .any(|custody| custody.purpose == Purpose::Decide && custody.standing == Standing::Holds);
    is(state, "WITHDRAWN") && could_have
}

fn recalled_by_decision(state: &State) -> bool {
    let mut transfers = transfers(state).iter();
    let recalled = transfers.any(|transfer| matches!(transfer.state, routing::State::Recalled(_)));
    is(state, "RESULT_READY") && recalled
}

fn asked_and_gone_on(state: &State) -> bool {
    let waits = state
        .journey()
        .is_some_and(|journey| journey.route.suspended_by.is_some());
    state.is_quiet() && state.dossier().state.stands_still() && !waits
}
