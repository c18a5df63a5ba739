//! Steps outside the limit: while one is under way and nothing that the limit counts, the clock of the dossier stands still
//! (domain.md 6). When that begins and ends, routing's events say, however late they come.

#[cfg(test)]
mod tests;

use kit::clock::Moment;
use proto::intake::v1::dossier_change::Change as Told;

use super::World;
use super::resume::Ended;
use crate::custody::Custody;
use crate::dossier::{Dossier, Restart, Stop, Why};
use crate::error::Error;
use crate::wire;

/// The dossier whose clock stands still for one of these steps from then on, or for none, and what is told of it. Nothing changes
/// where it stood still for one of them already, and once it is decided or closed.
pub(super) fn follow(
    world: &World,
    dossier: Dossier,
    stopping: &[&Custody],
    (by, at): (&str, Moment),
) -> Result<(Dossier, Vec<Told>), Error> {
    let stops = |step: &&Custody| {
        let stop = dossier.course.outside();
        stop.is_some_and(|stop| stop.transfer == step.transfer)
    };
    if dossier.state.undecided().is_none() || stopping.iter().any(stops) {
        return Ok((dossier, Vec::new()));
    }
    let (mut dossier, told) = over(world, dossier, (by, at))?;
    let mut told: Vec<Told> = told.into_iter().collect();
    let first = stopping.first();
    if let Some((step, name)) = first.and_then(|step| Some((step, step.outside.as_ref()?))) {
        let stop = Stop {
            why: Why::OutsideLimit(name.clone()),
            then: Restart::Resumes,
            from: at,
            to: None,
            transfer: step.transfer.clone(),
        };
        told.push(wire::event::clock_stopped(&stop, (&[], &[]), None));
        dossier = dossier.go_outside(stop);
    }
    Ok((dossier, told))
}

/// The dossier whose clock stands still for no such step from then on, and what is told of that if it did.
pub(super) fn over(
    world: &World,
    dossier: Dossier,
    (by, at): (&str, Moment),
) -> Result<(Dossier, Option<Told>), Error> {
    let (Some(receipt), Some(stop)) = (dossier.state.undecided(), dossier.course.outside()) else {
        return Ok((dossier, None));
    };
    let ended = Ended {
        before: &dossier,
        receipt,
        stop,
        by,
        at,
    };
    let (after, told) = ended.go_on(world, dossier.clone().come_inside(at))?;
    Ok((after, Some(told)))
}
