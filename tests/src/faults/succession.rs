//! Units that end in the middle of a day while dossiers are under way: what is theirs is their successors' from then on (domain.md
//! R16).
//!
//! Nobody is told here. Whoever acts for such a unit goes on until that is refused, signs in anew, and acts for the successor;
//! what it was offered comes again from the successor's queue; and dossiers are handed in where they always were.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::clock;
use proto::identity::v1::{ImportUnitsRequest, UnitChange, UnitSuccession};
use rand::seq::SliceRandom as _;

use super::dice::{Dice, pick};
use super::journey::Scene;
use super::line::Line;
use super::plan::{Plan, WAITING, waits};
use super::province::{Province, Unit};
use super::record::{OF_NO_JOURNEY, Succession};
use crate::cast::ADMINISTRATOR;
use crate::new_request_id;

/// One unit in so many ends.
const ONE_IN: usize = 30;
/// Units have to stand below one that exists, so none of these ends.
const HAS_UNITS_BELOW: &str = "district";
/// How refusals are reasoned that may follow from a token that was got before a unit ended. One of now has the successor's rights,
/// too.
const BY_THE_TOKEN: [&str; 5] = [
    "TRANSFER_NOT_FOUND",
    "DOSSIER_NOT_FOUND",
    "BLOCK_NOT_FOUND",
    "UNIT_NOT_YOURS",
    "NOT_THE_HOLDER",
];
/// How whoever answers an offer of a unit is refused where that has gone on to the successor, and may have been answered there.
const GONE_ON: [&str; 4] = [
    "OFFER_CHANGED",
    "STATE_FORBIDS",
    "NOT_ASSIGNED",
    "OFFICER_NOT_IN_ROLE",
];

/// Which units have ended, as far as is known here.
#[derive(Default)]
pub struct Ends(Mutex<State>);

#[derive(Default)]
struct State {
    units: HashSet<String>,
    /// Whether one is ending just now.
    is_under_way: bool,
    /// When it was told that one had ended, since the run began.
    told: Option<Duration>,
}

impl Ends {
    /// A unit may have ended from now on.
    fn begin(&self, unit: &str) {
        self.with(|state| {
            state.units.insert(unit.to_owned());
            state.is_under_way = true;
        });
    }

    /// It has ended by now.
    fn told(&self, now: Duration) {
        self.with(|state| {
            state.is_under_way = false;
            state.told = Some(now);
        });
    }

    /// Whether a unit may have ended.
    pub fn may_include(&self, unit: &str) -> bool {
        self.with(|state| state.units.contains(unit))
    }

    /// Whether a refusal of somebody with a token of that time may follow from that alone.
    pub fn may_explain(&self, reason: &str, token_of: Duration) -> bool {
        let has_ended_since =
            |state: &mut State| state.is_under_way || state.told.is_some_and(|at| token_of <= at);
        goes_by_the_token(reason) && self.with(has_ended_since)
    }

    /// Whether whoever answers an offer of a unit may be refused since that has gone on to another.
    pub fn may_have_moved(&self, unit: &str, reason: &str) -> bool {
        GONE_ON.contains(&reason) && self.may_include(unit)
    }

    /// The units that may have ended.
    pub fn units(&self) -> HashSet<String> {
        self.with(|state| state.units.clone())
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether another token might help.
pub fn goes_by_the_token(reason: &str) -> bool {
    BY_THE_TOKEN.contains(&reason)
}

/// Ends units one after the other in the middle half of a run in which faults come for so long.
pub async fn reorganise(scene: Arc<Scene>, faults_for: Duration) {
    let successions = chosen(&scene.province, scene.dice);
    tokio::time::sleep(faults_for / 4).await;
    let count = u32::try_from(successions.len()).unwrap_or(u32::MAX);
    for succession in &successions {
        end(&scene.line, succession).await;
        tokio::time::sleep(faults_for / 2 / count).await;
    }
}

/// Which units end, and whose successors others are. Some have dossiers that lie there; none of the successors ends.
fn chosen(province: &Province, dice: Dice) -> Vec<Succession> {
    let lying = (0..).filter(|number| waits(*number)).take(WAITING / 2);
    let lying = lying.map(|number| Plan::of(number, province, dice).desk);
    let has_lying: HashSet<&str> = lying.collect();
    let mut dice = dice.on("reorganised", 0);
    let may_end = |unit: &&Unit| unit.kind != HAS_UNITS_BELOW;
    let mut units: Vec<&Unit> = province.units.iter().filter(may_end).collect();
    units.shuffle(&mut dice);
    units.sort_by_key(|unit| !has_lying.contains(unit.uid.as_str()));
    let (ending, others) = units.split_at((province.units.len() / ONE_IN).max(1));
    let mut successions = Vec::new();
    for unit in ending {
        let alike = others.iter().filter(|other| other.kind == unit.kind);
        let alike: Vec<&Unit> = alike.copied().collect();
        successions.push(Succession {
            unit: unit.uid.clone(),
            heir: pick(&mut dice, &alike).uid.clone(),
        });
    }
    successions
}

/// A unit ends: its last day was yesterday.
async fn end(line: &Line, succession: &Succession) {
    let today = clock::local(line.civil()).date();
    let merged = UnitSuccession {
        from_uid: succession.unit.clone(),
        to_uid: succession.heir.clone(),
        day: today.to_string(),
        change: UnitChange::Merged.into(),
        is_whole: true,
        is_default: true,
        basis: String::new(),
    };
    let request = ImportUnitsRequest {
        request_id: new_request_id(),
        successions: vec![merged],
        ..ImportUnitsRequest::default()
    };
    line.ends.begin(&succession.unit);
    // Where it is refused, the checks say so.
    let _ = line.act(OF_NO_JOURNEY, ADMINISTRATOR, None, request).await;
    line.ends.told(line.now());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_in_thirty_ends_some_of_them_with_dossiers_and_a_successor_never_does() {
        let province = Province::read();
        for seed in 0..20 {
            let dice = Dice::new(seed);
            let successions = chosen(&province, dice);
            assert_eq!(successions.len(), province.units.len() / ONE_IN);
            let ended: HashSet<&str> = successions.iter().map(|of| of.unit.as_str()).collect();
            assert_eq!(ended.len(), successions.len());
            let kind = |uid: &str| {
                let unit = province.units.iter().find(|unit| unit.uid == uid);
                unit.map(|unit| unit.kind.as_str())
            };
            for of in &successions {
                assert!(!ended.contains(of.heir.as_str()));
                assert_eq!(kind(&of.unit), kind(&of.heir));
            }
            let desk = |number| Plan::of(number, &province, dice).desk;
            let mut lying = (0..100).filter(|number| waits(*number)).map(desk);
            assert!(lying.any(|desk| ended.contains(desk)), "seed {seed}");
        }
    }

    #[test]
    fn a_token_of_before_a_unit_ended_explains_a_refusal_and_one_of_after_that_does_not() {
        let (ends, at) = (Ends::default(), Duration::from_secs);
        let explains = |token_of| ends.may_explain("UNIT_NOT_YOURS", at(token_of));
        assert!(!explains(1), "nothing has ended");
        ends.begin("unit");
        assert!(explains(1) && explains(3), "it may end at any time");
        ends.told(at(2));
        assert!(explains(1) && !explains(3));
        assert!(!ends.may_explain("STATE_FORBIDS", at(1)));
        assert!(ends.may_have_moved("unit", "OFFER_CHANGED"));
        assert!(!ends.may_have_moved("another", "OFFER_CHANGED"));
    }
}
