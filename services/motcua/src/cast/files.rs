//! The cast in files: `callers.csv`, which `motcua import` reads, and a folder of private keys.

use std::fs;
use std::path::Path;

use kit::keys::PrivateKey;
use proto::intake::v1::{Applicant, ApplicantNumberKind};
use serde::{Deserialize, Serialize};

use super::{Cast, Error, Part, Player, Role};

/// The province's units, as `deploy/daklak` has them.
pub const UNITS: &str = include_str!("../../../../deploy/daklak/units.csv");

const CALLERS: &str = "callers.csv";
const KEYS: &str = "keys";
const APPLICANT: &str = "applicant";

/// A row of a file of callers; what does not apply is empty.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Row {
    subject: String,
    role: String,
    unit: String,
    public_key: String,
    name: String,
    number_kind: String,
    number: String,
}

impl Cast {
    /// Writes what `motcua import` reads: who may call, and with which public key.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut file = csv::Writer::from_path(path)?;
        for player in &self.players {
            file.serialize(Row::of(player))?;
        }
        Ok(file.flush()?)
    }

    /// Writes the callers and their private keys into a folder that [`Cast::load`] reads.
    ///
    /// # Errors
    /// When it cannot be written, or holds keys already.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        let keys = folder.join(KEYS);
        fs::create_dir_all(&keys)?;
        for player in &self.players {
            player
                .key
                .save(&keys.join(format!("{}.pem", player.subject)))?;
        }
        self.write(&folder.join(CALLERS))
    }

    /// The cast that was saved in a folder.
    ///
    /// # Errors
    /// When there is none, or a file of it is broken.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let mut cast = Self::default();
        let callers = folder.join(CALLERS);
        for row in csv::Reader::from_path(&callers)?.into_deserialize() {
            let row: Row = row?;
            let key = folder.join(KEYS).join(format!("{}.pem", row.subject));
            let key = PrivateKey::load(&key)?;
            let subject = row.subject.clone();
            let part = row.part().ok_or_else(|| Error::NotOurs(subject.clone()))?;
            cast.join(subject, part, key);
        }
        Ok(cast)
    }
}

impl Row {
    fn of(player: &Player) -> Self {
        let row = Self {
            subject: player.subject.clone(),
            public_key: player.key.public().to_base64(),
            ..Self::default()
        };
        match &player.part {
            Part::Officer(unit, role) => Self {
                role: role.as_str().to_owned(),
                unit: unit.clone(),
                ..row
            },
            Part::Citizen(citizen) => Self {
                role: APPLICANT.to_owned(),
                name: citizen.name.clone(),
                number_kind: number_kind(citizen).to_owned(),
                number: citizen.number.clone(),
                ..row
            },
        }
    }

    fn part(self) -> Option<Part> {
        if let Some(role) = Role::ALL
            .into_iter()
            .find(|role| role.as_str() == self.role)
        {
            return Some(Part::Officer(self.unit, role));
        }
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

fn number_kind(applicant: &Applicant) -> &'static str {
    match applicant.number_kind() {
        ApplicantNumberKind::Mst => "mst",
        ApplicantNumberKind::Passport => "passport",
        ApplicantNumberKind::Cmnd => "cmnd",
        ApplicantNumberKind::Cccd | ApplicantNumberKind::Unspecified => "cccd",
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
        let rows = |cast: &Cast| -> Vec<String> {
            let rows = cast.players.iter().map(Row::of);
            rows.map(|row| format!("{row:?}")).collect()
        };
        assert_eq!(rows(&loaded), rows(&cast));
        assert_eq!((loaded.officers(), loaded.applicants()), (3, 11));
    }
}
