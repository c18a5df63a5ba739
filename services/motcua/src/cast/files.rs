//! The cast in files: `officers.csv` and `positions.csv`, which `motcua import` reads, `providers.json`, which `motcua serve` reads,
//! and what only its owner has: the applicants and the key with which they all sign in.

use std::fs;
use std::path::Path;

use kit::keys::PrivateKey;
use kit::stand_in::Providers;
use proto::intake::v1::{Applicant, ApplicantNumberKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Cast, Error, Officer, Part, Player, Role, number_kind};

/// The province's units, as `deploy/daklak` has them.
pub const UNITS: &str = include_str!("../../../../deploy/daklak/units.csv");
/// The file for `motcua serve --providers`.
pub const PROVIDERS: &str = "providers.json";

const OFFICERS: &str = "officers.csv";
const POSITIONS: &str = "positions.csv";
const APPLICANTS: &str = "applicants.csv";
const KEY: &str = "providers.pem";
/// Before all that is played or measured.
const FIRST_DAY: &str = "2017-01-01";

#[derive(Serialize, Deserialize)]
struct OfficerRow {
    subject: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct PositionRow {
    subject: String,
    role: String,
    unit: String,
    first_day: String,
    last_day: String,
    acting_for: String,
}

#[derive(Serialize, Deserialize)]
struct ApplicantRow {
    subject: String,
    name: String,
    number_kind: String,
    number: String,
}

impl Cast {
    /// Writes into a folder what `motcua import` reads of the officers, and what `motcua serve` reads of the providers.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder)?;
        let mut officers = csv::Writer::from_path(folder.join(OFFICERS))?;
        let mut positions = csv::Writer::from_path(folder.join(POSITIONS))?;
        for player in &self.players {
            if let Part::Officer(officer) = &player.part {
                officers.serialize(OfficerRow::of(player, officer))?;
                positions.serialize(PositionRow::of(player, officer))?;
            }
        }
        officers.flush()?;
        positions.flush()?;
        let settings = self.providers.settings().to_string();
        Ok(fs::write(folder.join(PROVIDERS), settings)?)
    }

    /// Writes everybody and the key of the providers into a folder that [`Cast::load`] reads.
    ///
    /// # Errors
    /// When it cannot be written, or holds a key already.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        self.write(folder)?;
        self.providers.key().save(&folder.join(KEY))?;
        let mut applicants = csv::Writer::from_path(folder.join(APPLICANTS))?;
        for player in &self.players {
            if let Part::Citizen(applicant) = &player.part {
                applicants.serialize(ApplicantRow::of(player, applicant))?;
            }
        }
        Ok(applicants.flush()?)
    }

    /// The cast that was saved in a folder.
    ///
    /// # Errors
    /// When there is none, or a file of it is broken.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let key = PrivateKey::load(&folder.join(KEY))?;
        let mut cast = Self::at(Providers::new(key));
        let officers: Vec<OfficerRow> = rows(&folder.join(OFFICERS))?;
        let positions: Vec<PositionRow> = rows(&folder.join(POSITIONS))?;
        for (officer, position) in officers.into_iter().zip(positions) {
            let part = position.part(officer.name);
            let part = part.ok_or_else(|| Error::NotOurs(officer.subject.clone()))?;
            cast.join(officer.subject, part);
        }
        let applicants: Vec<ApplicantRow> = rows(&folder.join(APPLICANTS))?;
        for applicant in applicants {
            let subject = applicant.subject.clone();
            let part = applicant.part();
            let part = part.ok_or_else(|| Error::NotOurs(subject.clone()))?;
            cast.join(subject, part);
        }
        Ok(cast)
    }
}

fn rows<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, Error> {
    let rows = csv::Reader::from_path(path)?.into_deserialize();
    Ok(rows.collect::<Result<_, _>>()?)
}

impl OfficerRow {
    fn of(player: &Player, officer: &Officer) -> Self {
        Self {
            subject: player.subject.clone(),
            name: officer.name.clone(),
        }
    }
}

impl PositionRow {
    fn of(player: &Player, officer: &Officer) -> Self {
        Self {
            subject: player.subject.clone(),
            role: officer.role.as_str().to_owned(),
            unit: officer.unit.clone(),
            first_day: FIRST_DAY.to_owned(),
            last_day: String::new(),
            acting_for: String::new(),
        }
    }

    fn part(self, name: String) -> Option<Part> {
        let mut roles = Role::ALL.into_iter();
        let role = roles.find(|role| role.as_str() == self.role)?;
        let unit = self.unit;
        Some(Part::Officer(Officer { unit, role, name }))
    }
}

impl ApplicantRow {
    fn of(player: &Player, applicant: &Applicant) -> Self {
        Self {
            subject: player.subject.clone(),
            name: applicant.name.clone(),
            number_kind: number_kind(applicant).as_str().to_owned(),
            number: applicant.number.clone(),
        }
    }

    fn part(self) -> Option<Part> {
        let kind = match self.number_kind.as_str() {
            "mst" => ApplicantNumberKind::Mst,
            "cccd" => ApplicantNumberKind::Cccd,
            _ => return None,
        };
        Some(Part::Citizen(Applicant {
            name: self.name,
            number_kind: kind.into(),
            number: self.number,
            ..Applicant::default()
        }))
    }
}

/// The units that have a desk: all but the province itself.
///
/// # Errors
/// When the program's own table is broken.
pub fn units_with_desks() -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Unit {
        uid: String,
        kind: String,
    }
    let units = csv::Reader::from_reader(UNITS.as_bytes()).into_deserialize();
    let units: Vec<Unit> = units.collect::<Result<_, _>>()?;
    let desks = units.into_iter().filter(|unit| unit.kind != "province");
    Ok(desks.map(|unit| unit.uid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{Dice, Names};

    #[test]
    fn the_province_has_218_desks() {
        assert_eq!(units_with_desks().unwrap().len(), 218);
    }

    #[test]
    fn a_cast_that_was_saved_is_the_same_when_it_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::load().unwrap();
        let cast = Cast::new(&["daklak-0035".to_owned()], 11, &names, Dice::new(1));
        cast.save(folder.path()).unwrap();
        let loaded = Cast::load(folder.path()).unwrap();
        let again = tempfile::tempdir().unwrap();
        loaded.save(again.path()).unwrap();
        for file in [OFFICERS, POSITIONS, APPLICANTS, PROVIDERS, KEY] {
            let [saved, again] = [&folder, &again].map(|folder| folder.path().join(file));
            assert_eq!(fs::read(saved).unwrap(), fs::read(again).unwrap(), "{file}");
        }
        assert_eq!((loaded.officers(), loaded.applicants()), (4, 11));
    }
}
