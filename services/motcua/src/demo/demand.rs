//! What people ask for, and where: procedures and desks with their weights.

use proto::catalogue::v1::CompetentLevel;
use proto::identity::v1::UnitKind;
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _};

use super::error::Error;
use super::province::{Province, Unit};
use crate::cast::Dice;

/// Of a hundred dossiers so many are decided by communes, districts and departments.
const LEVELS: [(CompetentLevel, u32); 3] = [
    (CompetentLevel::Commune, 70),
    (CompetentLevel::District, 20),
    (CompetentLevel::Department, 10),
];
/// Of a hundred dossiers that districts decide so many are handed in at one of their communes.
const AT_A_COMMUNE_PERCENT: u32 = 20;

/// The procedures that people know, with how often they are asked for among those of their level.
const KNOWN: [(&str, f64); 23] = [
    ("1.001193", 16.0),
    ("2.000635", 18.0),
    ("1.004873", 12.0),
    ("2.001035", 8.0),
    ("1.000894", 7.0),
    ("2.000986", 7.0),
    ("1.000656", 6.0),
    ("1.011607", 6.0),
    ("1.004884", 4.0),
    ("1.004859", 4.0),
    ("2.001019", 1.0),
    ("2.001263", 1.0),
    ("2.000815", 30.0),
    ("2.000884", 12.0),
    ("1.001612", 12.0),
    ("1.013225", 10.0),
    ("1.012753", 8.0),
    ("1.116909", 8.0),
    ("1.001266", 4.0),
    ("1.116910", 4.0),
    ("1.013831", 25.0),
    ("1.012783", 14.0),
    ("1.012784", 10.0),
];

/// What all other procedures of a level weigh together.
fn tail_weight(level: CompetentLevel) -> f64 {
    match level {
        CompetentLevel::Department => 45.0,
        CompetentLevel::District => 10.0,
        CompetentLevel::Commune | CompetentLevel::Unspecified => 7.0,
    }
}

/// What people ask for, and where.
#[derive(Debug)]
pub struct Demand {
    levels: Choice<CompetentLevel>,
    procedures: Vec<(CompetentLevel, Choice<usize>)>,
    offline: Choice<usize>,
    communes: Choice<usize>,
    districts: Choice<usize>,
}

/// Some of which one is chosen by weight.
#[derive(Debug)]
struct Choice<T> {
    among: Vec<T>,
    weights: WeightedIndex<f64>,
}

impl<T: Copy> Choice<T> {
    fn new(what: &str, weighted: Vec<(T, f64)>) -> Result<Self, Error> {
        let weights = WeightedIndex::new(weighted.iter().map(|(_, weight)| *weight));
        let weights = weights.map_err(|_| Error::Province(format!("it has no {what}")))?;
        let among = weighted.into_iter().map(|(item, _)| item).collect();
        Ok(Self { among, weights })
    }

    fn pick(&self, dice: &mut impl Rng) -> T {
        self.among[self.weights.sample(dice)]
    }
}

impl Demand {
    /// The demand of this province.
    ///
    /// # Errors
    /// When it has no procedures or no units to ask.
    pub fn new(province: &Province, dice: Dice) -> Result<Self, Error> {
        let mut procedures = Vec::new();
        for (level, _) in LEVELS {
            let weighted = weighted_procedures(province, level);
            procedures.push((level, Choice::new("procedures of a level", weighted)?));
        }
        let offline = weighted_procedures(province, CompetentLevel::Commune).into_iter();
        let offline = offline
            .filter(|(place, _)| province.procedures[*place].online_level < 3)
            .collect();
        let levels = LEVELS.map(|(level, percent)| (level, f64::from(percent)));
        Ok(Self {
            levels: Choice::new("levels", levels.to_vec())?,
            procedures,
            offline: Choice::new("procedure of level 2", offline)?,
            communes: Choice::new(
                "communes",
                weighted_units(province, UnitKind::Commune, dice),
            )?,
            districts: Choice::new(
                "districts",
                weighted_units(province, UnitKind::District, dice),
            )?,
        })
    }

    /// A procedure and the desk where somebody asks for it.
    pub fn ask(&self, province: &Province, dice: &mut StdRng) -> (usize, usize) {
        let level = self.levels.pick(dice);
        let procedures = self.procedures.iter().find(|(of, _)| *of == level);
        let procedure = procedures.map_or(0, |(_, choice)| choice.pick(dice));
        (procedure, self.desk(province, procedure, dice))
    }

    /// A procedure that is not online, and a desk that would take it.
    pub fn ask_offline(&self, province: &Province, dice: &mut StdRng) -> (usize, usize) {
        let procedure = self.offline.pick(dice);
        (procedure, self.desk(province, procedure, dice))
    }

    fn desk(&self, province: &Province, procedure: usize, dice: &mut StdRng) -> usize {
        let procedure = &province.procedures[procedure];
        match procedure.level {
            CompetentLevel::Department => province.place(&procedure.lead).unwrap_or_default(),
            CompetentLevel::District if dice.random_ratio(100 - AT_A_COMMUNE_PERCENT, 100) => {
                self.districts.pick(dice)
            }
            CompetentLevel::District | CompetentLevel::Commune | CompetentLevel::Unspecified => {
                self.communes.pick(dice)
            }
        }
    }
}

fn weighted_procedures(province: &Province, level: CompetentLevel) -> Vec<(usize, f64)> {
    let known = |code: &str| {
        KNOWN
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, weight)| *weight)
    };
    let of_level = province
        .procedures
        .iter()
        .enumerate()
        .filter(|(_, procedure)| procedure.level == level);
    let weighted: Vec<_> = of_level
        .map(|(place, procedure)| (place, known(&procedure.code)))
        .collect();
    let unknown = weighted
        .iter()
        .filter(|(_, weight)| weight.is_none())
        .count();
    let share = tail_weight(level) / f64::from(u32::try_from(unknown).unwrap_or(u32::MAX).max(1));
    weighted
        .into_iter()
        .map(|(place, weight)| (place, weight.unwrap_or(share)))
        .collect()
}

/// Towns have more people; beyond that the census is left to chance.
fn weighted_units(province: &Province, kind: UnitKind, dice: Dice) -> Vec<(usize, f64)> {
    let of_kind = province
        .units
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.kind == kind);
    let weigh = |(place, unit): (usize, &Unit)| {
        let town = match unit.subtype.as_str() {
            "thành phố" => 3.0,
            "phường" => 2.0,
            "thị xã" | "thị trấn" => 1.5,
            _ => 1.0,
        };
        (
            place,
            town * dice.on("population", place).random_range(0.6..1.6),
        )
    };
    of_kind.map(weigh).collect()
}
