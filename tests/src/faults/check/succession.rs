//! What a unit had that has ended is its successor's, handed over once, and nothing else is passed on.

use std::collections::{HashMap, HashSet};

use proto::intake::v1::CustodyMoved;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{Transfer, TransferEvent, TransferState};

use super::super::evidence::{Evidence, Kept, Moved, Row};
use super::super::record::{Act, Answer, Kind, heirs};
use super::acts::{Trace, of_routing};
use super::{Finding, Wrong};

/// Compares the units that have ended with those that were to, and follows what they had through both logs.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let heirs = heirs(&evidence.acts);
    let mut findings: Vec<_> = asked_for(&evidence.acts).filter_map(not_done).collect();
    let all_are_known = asked_for(&evidence.acts).all(|act| act.answer.is_some());
    findings.extend(ended(&heirs, all_are_known, &evidence.ended));
    findings.extend(in_log(&evidence.routing, &heirs));
    findings.extend(told(&evidence.routing, &evidence.intake));
    findings.extend(evidence.kept.iter().map(still_there));
    findings
}

/// Who does the work of which unit that has ended.
type Heirs<'a> = HashMap<&'a str, &'a str>;

fn asked_for(acts: &[Act]) -> impl Iterator<Item = &Act> {
    acts.iter().filter(|act| act.kind == Kind::EndUnit)
}

fn not_done(act: &Act) -> Option<Finding> {
    let (wrong, text) = match &act.answer {
        Some((_, Answer::Acknowledged(_))) => return None,
        Some((_, Answer::Refused(reason))) => (
            Wrong::Refused,
            format!("the end of a unit was refused: {reason}"),
        ),
        None => (
            Wrong::NotDrained,
            format!(
                "the end of a unit was sent {} times without an answer",
                act.tries
            ),
        ),
    };
    Some(Finding::new(wrong, "", text))
}

/// Units end where that was asked for, and only there.
fn ended(heirs: &Heirs<'_>, all_are_known: bool, ended: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for unit in heirs.keys() {
        if !ended.iter().any(|ended| ended == unit) {
            let text = format!("{unit} was told to have ended, and goes on");
            findings.push(Finding::new(Wrong::Lost, "", text));
        }
    }
    for unit in ended {
        if all_are_known && !heirs.contains_key(unit.as_str()) {
            let text = format!("{unit} has ended, which nobody asked for");
            findings.push(Finding::new(Wrong::Unasked, "", text));
        }
    }
    findings
}

/// Custody goes from a unit that has ended to its successor, once, and the transfer stays as it was.
fn in_log(log: &[Row<Moved>], heirs: &Heirs<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (row, before, moved) in with_before(log) {
        if moved.event != TransferEvent::Inherited {
            continue;
        }
        let heir = before.and_then(|before| heirs.get(before.custodian.as_str()));
        let is_again = before.is_some_and(|before| before.custodian == moved.custodian);
        let wrong = match (before, heir) {
            (Some(before), Some(heir)) if is_handed_over(before, moved, heir) => continue,
            (_, Some(_)) => Wrong::Custody,
            (_, None) if is_again => Wrong::Doubled,
            (_, None) => Wrong::Unasked,
        };
        let (uid, custodian) = (&moved.transfer.uid, &moved.custodian);
        let from = before.map_or("nobody", |before| before.custodian.as_str());
        let text = format!("transfer {uid} is inherited by {custodian} from {from}");
        findings.push(Finding::new(wrong, &row.dossier, text));
    }
    findings
}

/// The events of a log, each with the one before it of the same transfer.
fn with_before(log: &[Row<Moved>]) -> impl Iterator<Item = (&Row<Moved>, Option<&Moved>, &Moved)> {
    let mut last: HashMap<&str, &Moved> = HashMap::new();
    let moved = log
        .iter()
        .filter_map(|row| Some((row, row.change.as_ref()?)));
    moved.map(move |(row, moved)| {
        let before = last.insert(&moved.transfer.uid, moved);
        (row, before, moved)
    })
}

/// Whether the successor has what the unit that was responsible had of a transfer, and all else is as before.
fn is_handed_over(before: &Moved, now: &Moved, heir: &str) -> bool {
    let (was, is) = (&before.transfer, &now.transfer);
    let units = if is_with_receiver(was) {
        (was.from_unit_uid.as_str(), heir)
    } else {
        (heir, was.to_unit_uid.as_str())
    };
    let stands = |of: &Transfer| (of.state, of.offer_epoch, of.custody_epoch);
    now.custodian == heir
        && units == (is.from_unit_uid.as_str(), is.to_unit_uid.as_str())
        && stands(was) == stands(is)
        && was.dead_letter_since == is.dead_letter_since
        && is_due_as_before(was, is)
}

/// No clock begins anew.
fn is_due_as_before(was: &Transfer, is: &Transfer) -> bool {
    was.due == is.due && was.hand_over_due == is.hand_over_due
}

/// Whether it was accepted, and did not go back since: its sender is responsible no more.
fn is_with_receiver(transfer: &Transfer) -> bool {
    matches!(
        transfer.state(),
        TransferState::Accepted | TransferState::Completed
    )
}

/// The offers that went on from units that have ended to their successors.
pub fn passed_on(log: &[Row<Moved>], heirs: &Heirs<'_>) -> HashSet<Trace> {
    let offers = with_before(log).filter(|(_, before, moved)| {
        before.is_some_and(|before| is_passed_on(before, moved, heirs))
    });
    offers
        .filter_map(|(_, _, moved)| of_routing(moved))
        .collect()
}

fn is_passed_on(before: &Moved, now: &Moved, heirs: &Heirs<'_>) -> bool {
    let (was, is) = (&before.transfer, &now.transfer);
    let heir = heirs.get(was.to_unit_uid.as_str());
    (before.event, now.event) == (TransferEvent::Rehomed, TransferEvent::Offered)
        && heir.is_some_and(|heir| *heir == is.to_unit_uid)
        && is.offer_epoch == was.offer_epoch + 1
        && is_due_as_before(was, is)
}

/// A transfer, the epoch of its custody, and whose that is.
type Custody<'a> = (&'a str, i64, &'a str);

/// The custody that successors have.
pub struct Inherited<'a>(HashSet<Custody<'a>>);

impl<'a> Inherited<'a> {
    /// By routing's log.
    pub fn by(log: &'a [Row<Moved>]) -> Self {
        Self(inherited(log).map(|(_, custody)| custody).collect())
    }

    /// Whether this tells intake of it.
    pub fn includes(&self, moved: &CustodyMoved) -> bool {
        self.0.contains(&custody_of(moved))
    }
}

/// What intake is told of: whoever offers something, or has it back, is not its concern.
fn inherited(log: &[Row<Moved>]) -> impl Iterator<Item = (&Row<Moved>, Custody<'_>)> {
    let moved = log
        .iter()
        .filter_map(|row| Some((row, row.change.as_ref()?)));
    let inherited = moved.filter(|(_, moved)| {
        moved.event == TransferEvent::Inherited && is_with_receiver(&moved.transfer)
    });
    inherited.map(|(row, moved)| {
        let transfer = &moved.transfer;
        let custodian = moved.custodian.as_str();
        (
            row,
            (transfer.uid.as_str(), transfer.custody_epoch, custodian),
        )
    })
}

fn custody_of(moved: &CustodyMoved) -> Custody<'_> {
    let custodian = moved.custodian_uid.as_str();
    (moved.transfer_uid.as_str(), moved.custody_epoch, custodian)
}

/// Intake tells of each custody once that a successor has.
fn told(routing: &[Row<Moved>], intake: &[Row<Change>]) -> Vec<Finding> {
    let mut times: HashMap<Custody<'_>, usize> = HashMap::new();
    for row in intake {
        if let Some(Change::CustodyMoved(moved)) = &row.change {
            *times.entry(custody_of(moved)).or_default() += 1;
        }
    }
    let mut findings = Vec::new();
    for (row, custody) in inherited(routing) {
        let (transfer, epoch, heir) = custody;
        let wrong = match times.get(&custody) {
            Some(1) => continue,
            Some(_) => Wrong::Doubled,
            None => Wrong::Lost,
        };
        let text = format!(
            "{heir} has {transfer} under custody {epoch}, and intake does not tell that once"
        );
        findings.push(Finding::new(wrong, &row.dossier, text));
    }
    findings
}

fn still_there(kept: &Kept) -> Finding {
    let Kept {
        unit,
        transfer,
        dossier,
    } = kept;
    let text = format!("transfer {transfer} is still with {unit}, which has ended");
    Finding::new(Wrong::Custody, dossier, text)
}

#[cfg(test)]
mod tests {
    use TransferEvent::{Accepted, Inherited as Passed, Offered, Rehomed};

    use super::super::given::{log, on};
    use super::*;

    /// A sender and a receiver.
    type Units = (&'static str, &'static str);

    fn transfer(state: TransferState, (from, to): Units, offer: i64) -> Transfer {
        Transfer {
            uid: "transfer".to_owned(),
            state: state.into(),
            from_unit_uid: from.to_owned(),
            to_unit_uid: to.to_owned(),
            offer_epoch: offer,
            custody_epoch: i64::from(state == TransferState::Accepted),
            ..Transfer::default()
        }
    }

    /// An event of an offer, for which the sender is responsible.
    fn of_offer(event: TransferEvent, units: Units, offer: i64) -> Moved {
        Moved {
            event,
            transfer: transfer(TransferState::Offered, units, offer),
            custodian: units.0.to_owned(),
        }
    }

    /// An event of what was accepted, for which the receiver is responsible.
    fn held(event: TransferEvent, units: Units) -> Moved {
        Moved {
            event,
            transfer: transfer(TransferState::Accepted, units, 1),
            custodian: units.1.to_owned(),
        }
    }

    fn heirs() -> Heirs<'static> {
        HashMap::from([("old", "new")])
    }

    fn wrong(findings: Vec<Finding>) -> Vec<Wrong> {
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    /// In which way a log of one transfer is wrong.
    fn wrong_in(moves: impl IntoIterator<Item = Moved>) -> Vec<Wrong> {
        wrong(in_log(&log(moves), &heirs()))
    }

    #[test]
    fn what_a_unit_had_that_ended_and_its_successor_has_once_is_right() {
        let accepted = [
            held(Accepted, ("sender", "old")),
            held(Passed, ("sender", "new")),
        ];
        assert_eq!(wrong_in(accepted), []);
        let own = || {
            log([
                of_offer(Offered, ("old", "old"), 1),
                of_offer(Passed, ("new", "old"), 1),
                of_offer(Rehomed, ("new", "old"), 1),
                of_offer(Offered, ("new", "new"), 2),
            ])
        };
        assert_eq!(wrong(in_log(&own(), &heirs())), []);
        let offer = ("offered", "transfer".to_owned(), 2);
        assert_eq!(passed_on(&own(), &heirs()), HashSet::from([offer]));
    }

    #[test]
    fn what_is_inherited_twice_or_of_a_unit_that_goes_on_is_found() {
        let twice = [
            held(Accepted, ("sender", "old")),
            held(Passed, ("sender", "new")),
            held(Passed, ("sender", "new")),
        ];
        assert_eq!(wrong_in(twice), [Wrong::Doubled]);
        let of_another = [
            held(Accepted, ("sender", "another")),
            held(Passed, ("sender", "new")),
        ];
        assert_eq!(wrong_in(of_another), [Wrong::Unasked]);
        assert_eq!(
            wrong_in([held(Passed, ("sender", "new"))]),
            [Wrong::Unasked]
        );
    }

    #[test]
    fn what_goes_to_a_third_or_does_not_stay_as_it_was_is_found() {
        let to_a_third = [
            held(Accepted, ("sender", "old")),
            held(Passed, ("sender", "third")),
        ];
        assert_eq!(wrong_in(to_a_third), [Wrong::Custody]);
        let with_its_sender = [
            held(Accepted, ("sender", "old")),
            held(Passed, ("new", "new")),
        ];
        assert_eq!(wrong_in(with_its_sender), [Wrong::Custody]);
        let anew = [
            of_offer(Offered, ("old", "unit"), 1),
            of_offer(Passed, ("new", "unit"), 2),
        ];
        assert_eq!(wrong_in(anew), [Wrong::Custody]);
        let mut by_another_clock = held(Passed, ("sender", "new"));
        by_another_clock.transfer.due = Some(on(1));
        let by_another_clock = [held(Accepted, ("sender", "old")), by_another_clock];
        assert_eq!(wrong_in(by_another_clock), [Wrong::Custody]);
        let mut given_up = of_offer(Offered, ("old", "unit"), 1);
        given_up.transfer.dead_letter_since = Some(on(1));
        let forgotten = [given_up, of_offer(Passed, ("new", "unit"), 1)];
        assert_eq!(wrong_in(forgotten), [Wrong::Custody]);
    }

    #[test]
    fn offers_that_go_on_to_a_third_or_from_a_unit_that_goes_on_are_nobodys() {
        for (from, to) in [("old", "third"), ("another", "new")] {
            let log = log([
                of_offer(Rehomed, ("sender", from), 1),
                of_offer(Offered, ("sender", to), 2),
            ]);
            assert_eq!(passed_on(&log, &heirs()), HashSet::new());
        }
    }

    fn custody_moved() -> Change {
        Change::CustodyMoved(CustodyMoved {
            transfer_uid: "transfer".to_owned(),
            custody_epoch: 1,
            custodian_uid: "new".to_owned(),
            ..CustodyMoved::default()
        })
    }

    #[test]
    fn intake_tells_once_of_what_a_successor_has_and_not_of_what_it_offers() {
        let has = || log([held(Passed, ("sender", "new"))]);
        let by = |intake: &[Row<Change>]| wrong(told(&has(), intake));
        assert_eq!(by(&log([custody_moved()])), []);
        assert_eq!(by(&[]), [Wrong::Lost]);
        let twice = log([custody_moved(), custody_moved()]);
        assert_eq!(by(&twice), [Wrong::Doubled]);
        let offers = log([of_offer(Passed, ("new", "unit"), 1)]);
        assert_eq!(wrong(told(&offers, &[])), []);
    }

    #[test]
    fn units_that_go_on_after_their_end_or_end_unasked_and_what_they_keep_are_found() {
        let after = |units: &[&str], all_are_known| {
            let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
            wrong(ended(&heirs(), all_are_known, &units))
        };
        assert_eq!(after(&["old"], true), []);
        assert_eq!(after(&[], true), [Wrong::Lost]);
        assert_eq!(after(&["old", "another"], true), [Wrong::Unasked]);
        assert_eq!(after(&["old", "another"], false), []);
        let kept = Kept {
            unit: "old".to_owned(),
            transfer: "transfer".to_owned(),
            dossier: "dossier".to_owned(),
        };
        assert_eq!(still_there(&kept).wrong, Wrong::Custody);
    }
}
