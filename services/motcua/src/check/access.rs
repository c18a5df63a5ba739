//! Are the access logs as they were written? The root of every closed day is computed again.

use std::fmt;

use kit::access::{self, Audit};
use kit::db::Place;

use super::Error;

/// Those who keep one.
const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];

/// What was found, service by service.
pub struct AccessLogs(Vec<(&'static str, Audit)>);

impl AccessLogs {
    /// Whether nothing was altered, removed or added.
    pub fn are_whole(&self) -> bool {
        self.faults().next().is_none()
    }

    /// The days that do not fit.
    pub fn faults(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().flat_map(|(service, audit)| {
            let faults = audit.faults.iter();
            faults.map(move |fault| format!("{service} on {}: {}", fault.day, fault.what))
        })
    }
}

impl fmt::Display for AccessLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: i64 = self.0.iter().map(|(_, audit)| audit.entries).sum();
        let closed: usize = self.0.iter().map(|(_, audit)| audit.closed).sum();
        write!(
            f,
            "{entries} entries, closed days {closed}, days that do not fit {}",
            self.faults().count()
        )
    }
}

/// Checks all of them.
pub async fn check(place: &Place) -> Result<AccessLogs, Error> {
    let mut found = Vec::new();
    for service in SERVICES {
        let db = place.open_read_only(service).await?;
        found.push((service, access::audit(&db).await?));
    }
    Ok(AccessLogs(found))
}
