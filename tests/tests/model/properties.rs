//! What holds in every state, and what can be reached.

use std::collections::BTreeMap;

use intake::model as intake;
use intake::{Purpose, Standing};
use routing::model as routing;
use stateright::Property;

use super::play::Play;
use super::state::{State, Wrong};
use super::world::{DOSSIER, Way};

type Holds = fn(&Play, &State) -> bool;

/// Those of a way.
pub fn of(way: Way) -> Vec<Property<Play>> {
    let always: [(&'static str, Holds); 14] = [
        (
            "an open branch has one custodian, a closed one none",
            |_, state| one_custodian(state),
        ),
        (
            "until an offer is accepted its sender is responsible",
            |_, state| sender_until_accepted(state),
        ),
        ("a step is offered once at a time", |_, state| {
            one_offer(state)
        }),
        ("motcua check finds nothing", |_, state| {
            check_finds_nothing(state)
        }),
        (
            "a dossier is decided, withdrawn or stopped once",
            |_, state| state.past.ends <= 1,
        ),
        ("an offer is answered by who has seen it", |_, state| {
            never(state, Wrong::StaleOffer)
        }),
        (
            "a step is done under the custody that it is held under",
            |_, state| never(state, Wrong::StaleCustody),
        ),
        (
            "an offer is answered, and a step done, for its unit",
            |_, state| never(state, Wrong::AnotherUnit),
        ),
        ("only the holder decides and returns", |_, state| {
            never(state, Wrong::NotTheHolder)
        }),
        ("what is done is not opened again", |_, state| {
            never(state, Wrong::Reopened)
        }),
        ("every event can be applied", |_, state| {
            state.past.parked.is_none()
        }),
        (
            "when all is heard intake knows who holds what",
            |_, state| !state.is_quiet() || views_agree(state),
        ),
        (
            "when all is heard the journey is as open as the dossier",
            |_, state| !state.is_quiet() || as_open(state),
        ),
        (
            "when all is heard the step of who asked waits",
            |_, state| !state.is_quiet() || who_asked_waits(state),
        ),
    ];
    let sometimes: [(&'static str, Holds); 5] = [
        ("a result is returned", |_, state| {
            is(state, "RETURNED") && state.is_quiet()
        }),
        (
            "a withdrawal is before a decision that could have been",
            |_, state| withdrawn_before_decision(state),
        ),
        (
            "a decision is before a withdrawal that could have been",
            |_, state| is(state, "RESULT_READY"),
        ),
        ("a step is done after it was cancelled", |_, state| {
            state.past.done_late
        }),
        match way {
            Way::Joins => (
                "who asked has gone on before routing heard of it",
                |_, state| asked_and_gone_on(state),
            ),
            Way::LeadDecides => (
                "an offer is recalled that the decision came before",
                |_, state| recalled_by_decision(state),
            ),
        },
    ];
    let always = always.map(|(name, holds)| Property::always(name, holds));
    let sometimes = sometimes.map(|(name, holds)| Property::sometimes(name, holds));
    always.into_iter().chain(sometimes).collect()
}

fn never(state: &State, wrong: Wrong) -> bool {
    !state.past.wrong.contains(&wrong)
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

fn one_custodian(state: &State) -> bool {
    let is_open = state.journey().is_some_and(|journey| journey.route.open);
    let somebody = transfers(state)
        .iter()
        .any(|transfer| !custodians(state, transfer).is_empty());
    let each = transfers(state).iter().all(|transfer| {
        let count = custodians(state, transfer).len();
        match transfer.state {
            routing::State::Offered | routing::State::Declined | routing::State::Accepted(_) => {
                count == 1
            }
            // It may wait for others, until what comes after them is offered.
            routing::State::Completed(..) => count <= 1,
            routing::State::Recalled(_) | routing::State::Cancelled(..) => count == 0,
        }
    });
    each && somebody == is_open
}

fn sender_until_accepted(state: &State) -> bool {
    transfers(state).iter().all(|transfer| {
        let responsible = match transfer.state {
            routing::State::Offered | routing::State::Declined => &transfer.from,
            routing::State::Accepted(_) => &transfer.to,
            routing::State::Completed(..)
            | routing::State::Recalled(_)
            | routing::State::Cancelled(..) => return true,
        };
        custodians(state, transfer)
            .iter()
            .all(|custodian| custodian == responsible)
    })
}

fn one_offer(state: &State) -> bool {
    let mut offers: BTreeMap<&str, usize> = BTreeMap::new();
    for transfer in transfers(state) {
        *offers.entry(&transfer.work.key).or_default() += 1;
    }
    offers.values().all(|count| *count == 1)
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

/// A dossier on its way has somebody whose turn it is; one that has ended has nobody.
fn as_open(state: &State) -> bool {
    let is_under_way = match &state.dossier().state {
        intake::State::Submitted | intake::State::Refused(_) => return state.journey().is_none(),
        intake::State::Received(_)
        | intake::State::Processing(_)
        | intake::State::SupplementRequested(_)
        | intake::State::PaymentRequested(_)
        | intake::State::ResultReady(..) => true,
        intake::State::Withdrawn(..) | intake::State::Stopped(..) | intake::State::Returned(..) => {
            false
        }
    };
    let turns = transfers(state)
        .iter()
        .any(|transfer| match transfer.state {
            routing::State::Offered | routing::State::Declined | routing::State::Accepted(_) => {
                true
            }
            routing::State::Completed(..)
            | routing::State::Recalled(_)
            | routing::State::Cancelled(..) => false,
        });
    let is_open = state.journey().is_some_and(|journey| journey.route.open);
    turns == is_under_way && is_open == is_under_way
}

fn who_asked_waits(state: &State) -> bool {
    let Some(journey) = state.journey() else {
        return true;
    };
    let dossier = state.dossier();
    let stop = dossier.course.standing();
    let stop = stop.filter(|_| dossier.state.stands_still());
    let holds = |stop: &&str| {
        let asker = journey.transfer(stop);
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
