//! What holds in every state, and what can be reached.

use std::collections::BTreeSet;

use intake::model as intake;
use intake::{Purpose, Standing};
use routing::model as routing;
use stateright::Property;

use super::play::{Bounds, Play};
use super::state::{State, Wrong};
use super::world::{DOSSIER, Way};

/// Those within bounds.
pub fn of(bounds: &Bounds) -> Vec<Property<Play>> {
    let mut properties = always();
    properties.extend(when_all_is_heard());
    properties.extend(sometimes(bounds.way));
    if bounds.way == Way::Joins {
        properties.push(Property::sometimes(
            "who asked has gone on meanwhile",
            |_, state| asked_and_gone_on(state),
        ));
        properties.push(Property::sometimes(
            "a step opens while the applicant is asked",
            |_, state: &State| state.is_quiet() && is_any_on_hold(state),
        ));
    }
    if bounds.by.is_none() {
        properties.push(Property::sometimes(
            "a decision overtakes the return of its step",
            |_, state| decided_and_given_back(state),
        ));
        properties.push(Property::sometimes(
            "a unit ends and its heir goes on to the end",
            |_, state| is_returned(state) && state.past.unit_ended,
        ));
    }
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
        holds(
            "a step is begun once, after what it waits for",
            |_, state| in_turn(state),
        ),
        holds("custody moves under an epoch of its own", |_, state| {
            an_epoch_for_each(state)
        }),
        holds("a dead letter is an open offer", |_, state| {
            dead_letters_are_open(state)
        }),
        holds(
            "what is on hold waits at its sender's for the clock",
            |_, state| on_hold_waits(state),
        ),
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
        holds("the holder asks, decides and returns", |_, state| {
            never(state, Wrong::NotTheHolder)
        }),
        holds("what is done stays done", |_, state| {
            never(state, Wrong::Reopened)
        }),
        holds(
            "a unit that is no more leaves nothing behind",
            |_, state| never(state, Wrong::LeftBehind),
        ),
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
        holds(
            "heard, nothing is on hold once the clock runs",
            |_, state| once_heard(state, on_hold_while_the_clock_stands_still),
        ),
    ]
}

fn sometimes(way: Way) -> Vec<Property<Play>> {
    let reached = Property::<Play>::sometimes;
    let of_the_way = match way {
        Way::Joins | Way::Long => vec![
            reached("sent back, a dossier goes on to the end", |_, state| {
                is_returned(state) && is_any(state, "RETURNED")
            }),
            reached("a decision overtakes what was sent back", |_, state| {
                is(state, "RESULT_READY")
                    && is_any(state, "UNDONE")
                    && is_any(state, "RECALLED")
                    && !is_any(state, "RETURNED")
            }),
        ],
        Way::LeadDecides => vec![reached("a decision recalls an offer", |_, state| {
            recalled_by_decision(state)
        })],
    };
    let mut all = vec![
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
    ];
    all.extend(of_the_way);
    all
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

fn is_any(state: &State, name: &str) -> bool {
    let mut transfers = transfers(state).iter();
    transfers.any(|transfer| transfer.state.name() == name)
}

fn transfers(state: &State) -> &[routing::Transfer] {
    state.journey().map_or(&[], |journey| journey.transfers())
}

/// The units that are responsible for the branch of a transfer.
fn custodians<'a>(state: &'a State, transfer: &routing::Transfer) -> Vec<&'a str> {
    let holdings = state
        .journey()
        .into_iter()
        .flat_map(routing::Journey::holdings);
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
            routing::State::Offered
            | routing::State::Declined
            | routing::State::CalledBack
            | routing::State::GivenBack(_) => Self::Sender,
            routing::State::Accepted(_) => Self::Receiver,
            routing::State::Completed(..) => Self::Others,
            routing::State::Recalled(_)
            | routing::State::Cancelled(..)
            | routing::State::SentBack(..)
            | routing::State::Undone(..) => Self::Nobody,
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

/// As long as nothing is decided. What was under way when the dossier was sent back does not count any more.
fn in_turn(state: &State) -> bool {
    let transfers = transfers(state);
    let is_decided = transfers
        .iter()
        .any(|transfer| transfer.work.key == routing::RESULT);
    let Some(journey) = state.journey().filter(|_| is_open(state) && !is_decided) else {
        return true;
    };
    let is_done = |key: &String| state.done().any(|done| done.work.key == *key);
    let mut steps = BTreeSet::new();
    let mut counting = transfers
        .iter()
        .filter(|transfer| !transfer.state.is_superseded());
    counting.all(|transfer| {
        let key = &transfer.work.key;
        let mut planned = journey.route.steps.iter();
        let planned = planned.find(|step| step.key == *key);
        let in_turn = planned.is_some_and(|step| step.after.iter().all(is_done));
        in_turn && steps.insert(key)
    })
}

fn an_epoch_for_each(state: &State) -> bool {
    let Some(journey) = state.journey() else {
        return true;
    };
    let mut epochs = BTreeSet::new();
    transfers(state).iter().all(|transfer| {
        let raised = match (transfer.state, &transfer.given_back) {
            (routing::State::GivenBack(epoch), Some(before)) => epoch > before.held.epoch,
            (routing::State::GivenBack(_), None) => false,
            _ => true,
        };
        let epoch = transfer.state.custody_epoch();
        let own =
            epoch.is_none_or(|epoch| epoch <= journey.route.custody_epoch && epochs.insert(epoch));
        raised && own
    })
}

fn dead_letters_are_open(state: &State) -> bool {
    let mut dead = transfers(state)
        .iter()
        .filter(|transfer| transfer.dead_letter.is_some());
    dead.all(|transfer| transfer.state == routing::State::Offered)
}

fn is_any_on_hold(state: &State) -> bool {
    transfers(state).iter().any(|transfer| transfer.on_hold)
}

/// Nobody holds it, nobody was brought it too often, and routing knows that the clock stands still.
fn on_hold_waits(state: &State) -> bool {
    let stopped = state.journey().and_then(|journey| journey.route.stopped_at);
    let mut on_hold = transfers(state).iter().filter(|transfer| transfer.on_hold);
    on_hold.all(|transfer| {
        let is_senders = matches!(Turn::of(transfer), Turn::Sender);
        is_senders && transfer.dead_letter.is_none() && stopped.is_some()
    })
}

fn on_hold_while_the_clock_stands_still(state: &State) -> bool {
    state.dossier().state.stands_still() || !is_any_on_hold(state)
}

fn check_finds_nothing(state: &State) -> bool {
    let found = state.log.compare(state.journey());
    let add_up = found.pairs.values().all(routing::Offers::add_up);
    let wrong = found.without_custodian + found.with_two + found.offered_twice + found.differing;
    add_up && wrong == 0
}

fn views_agree(state: &State) -> bool {
    let known = state.intake.custodies(DOSSIER);
    let agrees = |transfer: &routing::Transfer| {
        let standing = match transfer.state {
            routing::State::Offered => Standing::Offered,
            routing::State::Accepted(_) => Standing::Holds,
            routing::State::Completed(..)
            | routing::State::Cancelled(..)
            | routing::State::GivenBack(_)
            | routing::State::SentBack(..)
            | routing::State::Undone(..) => Standing::Held,
            routing::State::Declined | routing::State::CalledBack | routing::State::Recalled(_) => {
                Standing::Left
            }
        };
        let epoch = transfer.state.custody_epoch().unwrap_or_default();
        // Whoever has given it back is known by the epoch that this raised, also when it is offered again.
        let is_newer = |known: i64| transfer.given_back.is_some() && known > epoch;
        known.iter().any(|custody| {
            custody.transfer == transfer.uid
                && custody.unit == transfer.to
                && custody.standing == standing
                && (custody.epoch == epoch
                    || standing != Standing::Holds && is_newer(custody.epoch))
        })
    };
    known.len() == transfers(state).len() && transfers(state).iter().all(agrees)
}

/// With a dossier on its way it is somebody's turn; with one that has ended it is nobody's.
fn as_open(state: &State) -> bool {
    let is_under_way = match &state.dossier().state {
        intake::State::Submitted
        | intake::State::Refused(_)
        | intake::State::Withdrawn(None, _) => return state.journey().is_none(),
        intake::State::Received(_)
        | intake::State::Processing(_)
        | intake::State::SupplementRequested(_)
        | intake::State::PaymentRequested(_)
        | intake::State::ResultReady(..) => true,
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
    let suspended = journey.route.suspended_by.as_deref();
    // Whoever asked may have given the step back before that was heard of: then it need not wait.
    let given_back = |asker: &str| {
        let asker = journey.transfer(asker);
        asker.is_ok_and(|asker| asker.given_back.is_some())
    };
    suspended == waiting || suspended.is_none() && waiting.is_some_and(given_back)
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

fn decided_and_given_back(state: &State) -> bool {
    state.done().any(|done| {
        let given_back = done.given_back.as_ref().map(|before| before.held);
        done.work.decides && given_back.is_some() && given_back == done.state.acceptance()
    })
}

fn asked_and_gone_on(state: &State) -> bool {
    let waits = state
        .journey()
        .is_some_and(|journey| journey.route.suspended_by.is_some());
    state.is_quiet() && state.dossier().state.stands_still() && !waits
}
