//! Made-up people and businesses: their names and numbers.

use proto::intake::v1::{Applicant, ApplicantNumberKind};
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _};
use serde::Deserialize;

use super::Error;

/// Parts of names with how often they are met; `people` are those whose custom it is.
const NAMES: &str = include_str!("names.csv");
/// Of a hundred people in the province so many have an Êđê name.
const EDE_PERCENT: u32 = 15;
/// Weights of the first nine digits of a tax code.
const MST_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// The names that people in the province have.
#[derive(Debug)]
pub struct Names(Vec<Part>);

#[derive(Debug, Deserialize)]
struct Part {
    people: String,
    #[serde(rename = "part")]
    place: String,
    sex: char,
    name: String,
    weight: u32,
}

impl Names {
    /// Reads the names that the program carries.
    ///
    /// # Errors
    /// When its own table is broken.
    pub fn load() -> Result<Self, Error> {
        let parts = csv::Reader::from_reader(NAMES.as_bytes()).into_deserialize();
        Ok(Self(parts.collect::<Result<_, _>>()?))
    }

    /// A citizen with a valid CCCD of the province.
    pub fn citizen(&self, dice: &mut StdRng) -> Applicant {
        let sex = if dice.random_bool(0.5) { 'F' } else { 'M' };
        let name = if dice.random_ratio(EDE_PERCENT, 100) {
            let given = self.pick("ede", "given", sex, dice);
            format!("{given} {}", self.pick("ede", "family", sex, dice))
        } else {
            let family = self.pick("kinh", "family", sex, dice);
            let middle = self.pick("kinh", "middle", sex, dice);
            format!(
                "{family} {middle} {}",
                self.pick("kinh", "given", sex, dice)
            )
        };
        applicant(name, ApplicantNumberKind::Cccd, cccd(sex, dice), dice)
    }

    /// A business with a valid tax code.
    pub fn business(&self, dice: &mut StdRng) -> Applicant {
        let form = [
            "Công ty TNHH",
            "Công ty Cổ phần",
            "Doanh nghiệp tư nhân",
            "Hợp tác xã",
        ];
        let form = form[dice.random_range(0..form.len())];
        let middle = self.pick("kinh", "middle", 'M', dice);
        let name = format!("{form} {middle} {}", self.pick("kinh", "given", 'M', dice));
        applicant(name, ApplicantNumberKind::Mst, mst(dice), dice)
    }

    fn pick(&self, people: &str, place: &str, sex: char, dice: &mut impl Rng) -> &str {
        let fits = |candidate: &&Part| {
            candidate.people == people
                && candidate.place == place
                && [sex, 'U'].contains(&candidate.sex)
        };
        let parts: Vec<_> = self.0.iter().filter(fits).collect();
        let weights = WeightedIndex::new(parts.iter().map(|part| part.weight));
        weights.map_or("", |weights| &parts[weights.sample(dice)].name)
    }
}

fn applicant(
    name: String,
    kind: ApplicantNumberKind,
    number: String,
    dice: &mut impl Rng,
) -> Applicant {
    Applicant {
        name,
        number_kind: kind.into(),
        number,
        party_uid: String::new(),
        phone: format!("09{:08}", dice.random_range(0..100_000_000)),
    }
}

/// 066 for Đắk Lắk, century and sex, year of birth, six digits.
fn cccd(sex: char, dice: &mut impl Rng) -> String {
    let year = dice.random_range(1940..=1999);
    let century_and_sex = u32::from(sex == 'F');
    format!(
        "066{century_and_sex}{:02}{:06}",
        year % 100,
        dice.random_range(0..1_000_000)
    )
}

/// Ten digits, of which the last checks the others; begins with 6000, as tax codes of the province do.
fn mst(dice: &mut impl Rng) -> String {
    loop {
        let digits = format!("6000{:05}", dice.random_range(0..100_000));
        let weighted = digits
            .bytes()
            .zip(MST_WEIGHTS)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight);
        let check = 10 - weighted.sum::<u32>() % 11;
        if check < 10 {
            return format!("{digits}{check}");
        }
    }
}

#[cfg(test)]
mod tests {
    use kit::identity_number::{IdentityNumber, Kind};

    use super::*;
    use crate::cast::Dice;

    #[test]
    fn every_number_that_is_made_up_is_well_formed() {
        let names = Names::load().unwrap();
        for subject in 0..500 {
            let mut dice = Dice::new(1).on("applicant", subject);
            let (citizen, business) = (names.citizen(&mut dice), names.business(&mut dice));
            IdentityNumber::parse(Kind::Cccd, &citizen.number, "number").unwrap();
            IdentityNumber::parse(Kind::Mst, &business.number, "number").unwrap();
            assert!(citizen.number.starts_with("066"));
            assert!(citizen.name.split(' ').count() >= 2, "{}", citizen.name);
        }
    }
}
