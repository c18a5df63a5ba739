//! What `motcua check` asks of intake's store: are the codes whole, was history altered?

use std::collections::{HashMap, HashSet};

use kit::seal::{Inspection, Keyring};
use sea_orm::{ConnectionTrait, DbErr};

use crate::store;

/// What the codes in the store look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// How many there are.
    pub dossiers: usize,
    /// Numbers that were given out and belong to no dossier.
    pub missing: usize,
    /// Codes that two dossiers have.
    pub twice: usize,
}

/// Counts holes and repetitions in the numbers of every desk and day.
///
/// # Errors
/// When the store does not answer.
pub async fn codes(db: &impl ConnectionTrait) -> Result<Codes, DbErr> {
    let given_out = store::all_numbers(db).await?;
    let codes = store::codes(db).await?;
    let mut seen = HashSet::new();
    let mut numbers: HashMap<(String, String), HashSet<u32>> = HashMap::new();
    let mut found = Codes {
        dossiers: codes.len(),
        ..Codes::default()
    };
    for (unit, code) in codes {
        let mut parts = code.rsplitn(3, '-');
        let number = parts
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        let day = parts.next().unwrap_or_default().to_owned();
        numbers.entry((unit, day)).or_default().insert(number);
        if !seen.insert(code) {
            found.twice += 1;
        }
    }
    for ((unit, date), last) in given_out {
        let key = (unit, date.format("%y%m%d").to_string());
        let present = numbers.remove(&key).unwrap_or_default();
        found.missing += (1..=last)
            .filter(|number| !present.contains(number))
            .count();
    }
    // Numbers that no desk's counter accounts for.
    found.missing += numbers.values().map(HashSet::len).sum::<usize>();
    Ok(found)
}

/// The dossiers that some unit must be responsible for.
///
/// # Errors
/// When the store does not answer.
pub async fn in_flight(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    store::in_flight(db).await
}

/// Opens what is personal about every dossier.
///
/// # Errors
/// When the store does not answer.
pub async fn personal(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    store::inspect(db, ring).await
}
