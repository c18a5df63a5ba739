//! The model check: every interleaving of what both services can be asked and can hear, in a small world.
//!
//! Three units and one dossier with two parallel steps, and the *real* decisions of intake and routing (`intake::model`,
//! `routing::model`): every call by everybody who might make it, with every offer and acceptance that was ever seen, withdrawals
//! and decisions at once, events taken in late, and brought again. What holds in every state is in `properties`; what can
//! happen, and where a new act belongs, in `act`.
//!
//! What a place and a saved reply are for is `kit`'s, and modelled as it promises: the place of a consumer is committed with
//! the effect, so an event that is brought again is passed by, and a request that is repeated gets the reply of before. A
//! process may be killed in any state: the state is what is committed. The last test plays a consumer that does not keep its
//! place, and must find it out.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "model/act.rs"]
mod act;
#[path = "model/call.rs"]
mod call;
#[path = "model/play.rs"]
mod play;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/state.rs"]
mod state;
#[path = "model/world.rs"]
mod world;

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model as _};

use act::{PLAYED, REOPENING};
use play::{Bounds, Play};
use world::Way;

/// What the ordinary run goes through.
fn bounds(way: Way) -> Bounds {
    Bounds {
        way,
        deviations: 1,
        by: None,
        behind: 3,
        keeps_places: true,
    }
}

/// Goes through all states within the bounds, up to so many acts after each other.
fn checked(play: Play, depth: Option<usize>) -> impl Checker<Play> {
    let checker = play.checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = match depth {
        Some(depth) => checker.target_max_depth(depth),
        None => checker,
    };
    checker.spawn_bfs().join()
}

/// What does not hold, and how it came to that.
fn failure(checker: &impl Checker<Play>) -> Option<Failure> {
    let play = checker.model();
    let mut found = checker.discoveries().into_iter();
    let (_, path) = found.find(|(name, _)| {
        let property = play.property(name);
        property.expectation.discovery_is_failure()
    })?;
    let last = path.last_state();
    let properties = play.properties().into_iter();
    let broken = properties.filter(|property| {
        property.expectation.discovery_is_failure() && !(property.condition)(play, last)
    });
    Some(Failure {
        broken: broken.map(|property| property.name).collect(),
        told: format!("{path}{last:?}"),
        acts: path.into_actions().len(),
    })
}

struct Failure {
    /// What does not hold in the last state.
    broken: Vec<&'static str>,
    /// The acts that led there, and that state.
    told: String,
    acts: usize,
}

/// The shortest way to what does not hold, if there is one.
fn shortest_failure(bounds: Bounds, checker: &impl Checker<Play>) -> Option<Failure> {
    let any = failure(checker)?;
    let mut depths = 1..=any.acts;
    let shorter = depths.find_map(|depth| failure(&checked(Play::new(bounds), Some(depth + 1))));
    Some(shorter.unwrap_or(any))
}

/// Goes through all states within the bounds and tells how many there are.
fn holds_everywhere(bounds: Bounds) -> usize {
    let play = Play::new(bounds);
    let played = play.played();
    let checker = checked(play, None);
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{bounds:?}: {states} states, up to {depth} acts after each other");
    if let Some(found) = shortest_failure(bounds, &checker) {
        panic!("not in every state: {:#?}\n{}", found.broken, found.told);
    }
    checker.assert_properties();
    if bounds.by.is_none() {
        let mut all = BTreeSet::from(PLAYED);
        if bounds.way == Way::LeadDecides {
            // There is no step before, and nothing to be sent back to.
            all.retain(|played| !REOPENING.contains(played));
        }
        let played: BTreeSet<_> = played.lock().unwrap().clone();
        assert_eq!(played, all, "is played");
    }
    states
}

#[test]
fn two_branches_that_join_hold_in_every_state() {
    assert!(holds_everywhere(bounds(Way::Joins)) > 20_000);
}

/// Where there is most to go back on.
const GOING_BACK: &[&str] = &["SendBackTransfer"];
/// The same and a return, while the applicant is asked.
const ASKED_AND_BACK: &[&str] = &["ReturnTransfer", "SendBackTransfer", "RequestSupplement"];

#[test]
fn a_long_way_on_which_a_dossier_goes_back_holds_in_every_state() {
    let back = Bounds {
        by: Some(GOING_BACK),
        ..bounds(Way::Long)
    };
    assert!(holds_everywhere(back) > 4_500);
}

#[test]
fn a_lead_that_decides_beside_another_holds_in_every_state() {
    assert!(holds_everywhere(bounds(Way::LeadDecides)) > 13_000);
}

/// As far as `MOTCUA_MODEL_DEVIATIONS` says.
fn further(way: Way) -> Bounds {
    let asked = std::env::var("MOTCUA_MODEL_DEVIATIONS").ok();
    Bounds {
        deviations: asked.map_or(2, |asked| asked.parse().expect("a number")),
        behind: 6,
        ..bounds(way)
    }
}

#[test]
#[ignore = "takes minutes"]
fn two_branches_that_join_hold_further() {
    assert!(holds_everywhere(further(Way::Joins)) > 200_000);
}

#[test]
#[ignore = "takes minutes"]
fn what_goes_back_while_the_applicant_is_asked_holds() {
    for way in [Way::LeadDecides, Way::Joins] {
        let asked = Bounds {
            by: Some(ASKED_AND_BACK),
            deviations: 2,
            ..bounds(way)
        };
        assert!(holds_everywhere(asked) > 90_000);
    }
}

#[test]
#[ignore = "takes minutes"]
fn a_lead_that_decides_beside_another_holds_further() {
    assert!(holds_everywhere(further(Way::LeadDecides)) > 80_000);
}

#[test]
fn a_consumer_that_does_not_keep_its_place_is_found_out() {
    let forgetful = Bounds {
        keeps_places: false,
        deviations: 0,
        ..bounds(Way::LeadDecides)
    };
    let checker = checked(Play::new(forgetful), None);
    let found = shortest_failure(forgetful, &checker).expect("a counterexample");
    println!("{:#?}\n{}", found.broken, found.told);
}
