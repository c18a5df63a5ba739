//! What the suite has in its store, read back through gRPC, against what it acknowledged.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures::stream;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::intake::v1::{Dossier, ListDossiersRequest};
use proto::routing::v1::{ListTransfersRequest, TransferState};

use super::course::Course;
use super::error::Error;
use super::line::Line;
use super::province::Province;
use super::report::thousands;
use crate::cast::Role;

const PAGE: i32 = 500;
const AT_ONCE: usize = 16;

/// What the store has against what was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    acknowledged: usize,
    there: usize,
    missing: Vec<String>,
    doubled: usize,
    other_state: Vec<String>,
}

impl Comparison {
    /// Compares every acknowledged dossier with the stored ones. All calls have been answered: nothing else may be there.
    #[must_use]
    pub fn of(courses: &[Course], stored: &[Dossier]) -> Self {
        let mut by_uid = HashMap::new();
        for dossier in stored {
            by_uid.entry(dossier.uid.as_str()).or_insert(dossier);
        }
        let mut comparison = Self::default();
        for course in courses.iter().filter(|course| course.exists()) {
            comparison.acknowledged += 1;
            let found = by_uid.remove(course.uid.as_str());
            let found = found.filter(|dossier| {
                dossier.code == course.code && dossier.revision >= course.revision
            });
            match found {
                None => comparison.missing.push(course.code.clone()),
                Some(dossier) => {
                    comparison.there += 1;
                    if dossier.state() != course.state {
                        comparison.other_state.push(course.code.clone());
                    }
                }
            }
        }
        comparison.doubled = stored.len().saturating_sub(comparison.there);
        comparison
    }

    /// Whether every acknowledged dossier is there, once.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.doubled == 0
    }

    /// The dossiers whose state is another one than was acknowledged. Acceptances reach intake a moment later.
    #[must_use]
    pub fn in_other_state(&self) -> &[String] {
        &self.other_state
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} dossiers acknowledged: {} there, {} missing, {} doubled",
            thousands(self.acknowledged),
            thousands(self.there),
            self.missing.len(),
            self.doubled
        )
    }
}

/// Every dossier of every desk.
///
/// # Errors
/// What the suite refuses.
pub async fn dossiers(line: &Arc<Line>, province: &Province) -> Result<Vec<Dossier>, Error> {
    let desks = province
        .units
        .iter()
        .map(|unit| dossiers_of(line, &unit.uid));
    let pages: Vec<_> = stream::iter(desks).buffered(AT_ONCE).try_collect().await?;
    Ok(pages.into_iter().flatten().collect())
}

async fn dossiers_of(line: &Line, unit: &str) -> Result<Vec<Dossier>, Error> {
    let receptionist = line.cast().officer(unit, Role::Receptionist);
    let mut request = ListDossiersRequest {
        receiving_unit_uid: unit.to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    let mut dossiers = Vec::new();
    loop {
        let page = line.read(receptionist, &request).await?;
        dossiers.extend(page.dossiers);
        if page.next_page_token.is_empty() {
            return Ok(dossiers);
        }
        request.page_token = page.next_page_token;
    }
}

/// How many steps units have done, and how many are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Completed.
    pub done: usize,
    /// Offered, accepted, or its sender's again.
    pub open: usize,
}

/// Counts the steps of every unit.
///
/// # Errors
/// What the suite refuses.
pub async fn steps(line: &Arc<Line>, province: &Province) -> Result<Steps, Error> {
    let units = province.units.iter().map(|unit| async move {
        let done = transfers_of(line, &unit.uid, TransferState::Completed).await?;
        let open = transfers_of(line, &unit.uid, TransferState::Unspecified).await?;
        Ok::<_, Error>((done, open))
    });
    let units: Vec<_> = stream::iter(units).buffered(AT_ONCE).try_collect().await?;
    Ok(Steps {
        done: units.iter().map(|(done, _)| done).sum(),
        open: units.iter().map(|(_, open)| open).sum(),
    })
}

/// A step that is its sender's again stands in the sender's list and, in another unit's, is not counted again.
async fn transfers_of(line: &Line, unit: &str, state: TransferState) -> Result<usize, Error> {
    let receptionist = line.cast().officer(unit, Role::Receptionist);
    let mut request = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        state: state.into(),
        page_size: PAGE,
        ..Default::default()
    };
    let mut count = 0;
    loop {
        let page = line.read(receptionist, &request).await?;
        let of_unit = page
            .transfers
            .iter()
            .filter(|transfer| match transfer.state() {
                TransferState::Declined => transfer.from_unit_uid == unit,
                TransferState::Recalled | TransferState::Returned
                    if transfer.ended_at.is_none() =>
                {
                    transfer.from_unit_uid == unit
                }
                _ => transfer.to_unit_uid == unit,
            });
        count += of_unit.count();
        if page.next_page_token.is_empty() {
            return Ok(count);
        }
        request.page_token = page.next_page_token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(uid: &str, revision: i64) -> Course {
        Course {
            uid: uid.to_owned(),
            code: format!("code of {uid}"),
            revision,
            ..Course::default()
        }
    }

    fn stored(uid: &str, revision: i64) -> Dossier {
        Dossier {
            uid: uid.to_owned(),
            code: format!("code of {uid}"),
            revision,
            ..Dossier::default()
        }
    }

    #[test]
    fn what_is_there_once_and_at_least_as_far_is_whole() {
        let courses = [course("a", 2), course("b", 1), Course::default()];
        assert!(Comparison::of(&courses, &[stored("b", 1), stored("a", 3)]).is_whole());
    }

    #[test]
    fn what_is_gone_behind_or_doubled_is_seen() {
        let courses = [course("a", 2), course("b", 1)];
        assert!(!Comparison::of(&courses, &[stored("a", 2)]).is_whole());
        assert!(!Comparison::of(&courses, &[stored("a", 1), stored("b", 1)]).is_whole());
        let twice = [stored("a", 2), stored("b", 1), stored("b", 1)];
        assert!(!Comparison::of(&courses, &twice).is_whole());
        let stranger = [stored("a", 2), stored("b", 1), stored("c", 1)];
        assert!(!Comparison::of(&courses, &stranger).is_whole());
    }
}
