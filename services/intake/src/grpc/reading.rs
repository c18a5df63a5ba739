//! What is told of applicants is recorded first.

use std::collections::BTreeSet;

use kit::access::Reading;
use kit::authority::Context;
use kit::caller::{Caller, Grant, Reach, Role};
use kit::failure::Failure;

use super::Dossiers;
use crate::custody::Standing;
use crate::dossier::Dossier;
use crate::error::Error;
use crate::store;

impl Dossiers {
    /// Records that the caller of an rpc is told of these dossiers and their applicants.
    pub(super) async fn record(
        &self,
        context: &Context,
        rpc: &'static str,
        dossiers: &[Dossier],
    ) -> Result<(), Failure> {
        let reading = Reading {
            rpc,
            objects: dossiers
                .iter()
                .map(|dossier| dossier.uid.as_str())
                .collect(),
            is_handled: self.are_handled(context.caller(), dossiers).await?,
        };
        self.access.read(context, &reading)
    }

    /// Whether each of them is the business of a unit of the caller: it receives, decides or returns, or holds a step now.
    async fn are_handled(&self, caller: &Caller, dossiers: &[Dossier]) -> Result<bool, Error> {
        let units: BTreeSet<&str> = caller.grants.iter().flat_map(units).collect();
        let others = dossiers
            .iter()
            .filter(|dossier| !dossier.units.include_any(&units))
            .map(|dossier| dossier.uid.as_str());
        let others: BTreeSet<&str> = others.collect();
        if others.is_empty() || units.is_empty() {
            return Ok(others.is_empty());
        }
        let custodies = store::custodies(self.db.read(), &others).await?;
        let held: BTreeSet<&str> = custodies
            .iter()
            .filter(|custody| custody.standing == Standing::Holds)
            .filter(|custody| units.contains(custody.unit.as_str()))
            .map(|custody| custody.dossier.as_str())
            .collect();
        Ok(held == others)
    }
}

fn units(grant: &Grant) -> impl Iterator<Item = &str> {
    let named = match (&grant.reach, grant.role) {
        // An auditor handles nothing.
        (_, Role::Auditor) | (Reach::Everywhere, _) => &[],
        (Reach::At(names), _) => names.as_slice(),
    };
    named.iter().map(String::as_str)
}
