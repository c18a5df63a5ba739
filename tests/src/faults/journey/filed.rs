//! How dossiers are handed in: by citizens, by the systems of units, at counters.

use proto::intake::v1::{Dossier, SubmitDossierRequest};
use rand::RngExt as _;

use super::{Refused, Scene, asked};
use crate::cast::subject;
use crate::faults::plan::{Fate, Plan, citizen};
use crate::new_request_id;

/// What a system is told that hands in once more what it has handed in.
const HANDED_IN_BEFORE: &str = "ORIGIN_TAKEN";

pub(super) async fn hand_in(scene: &Scene, plan: &Plan<'_>) -> Result<Dossier, Refused> {
    let line = &scene.line;
    let dossier = if let Some(number) = plan.citizen {
        if let Some(client) = system_of(scene, plan) {
            return hand_in_by(client, scene, plan).await;
        }
        let caller = citizen(number);
        let submitted = line.act(plan.number, &caller, None, plan.submit());
        submitted.await?.message.dossier
    } else if plan.fate == Fate::Offline {
        return asked::take_in_offline(scene, plan).await;
    } else {
        let desk = subject(plan.desk, "receptionist");
        let registered = line.act(plan.number, &desk, None, plan.register());
        registered.await?.message.dossier
    };
    dossier.ok_or_else(|| "a reply without a dossier".to_owned())
}

/// The system that hands it in, where chance will have one and the desk has one. Whoever is guided answers, and did so itself.
fn system_of<'a>(scene: &'a Scene, plan: &Plan<'_>) -> Option<&'a str> {
    let mut dice = scene.dice.on("by a system", plan.number);
    let is_wanted = plan.fate != Fate::Guided && dice.random_bool(0.5);
    let system = scene.systems.of(plan.desk).filter(|_| is_wanted);
    system.map(|system| system.client.as_str())
}

/// A system hands it in under a code of its own, and then once more, as one does that has lost what it was told. That is refused;
/// where it is not, the checks say so.
async fn hand_in_by(client: &str, scene: &Scene, plan: &Plan<'_>) -> Result<Dossier, Refused> {
    let submit = SubmitDossierRequest {
        external_id: format!("HS-{}", plan.number),
        ..plan.submit()
    };
    let again = SubmitDossierRequest {
        request_id: new_request_id(),
        ..submit.clone()
    };
    let line = &scene.line;
    let submitted = line.act(plan.number, client, None, submit).await?;
    match line.act(plan.number, client, None, again).await {
        Err(reason) if reason != HANDED_IN_BEFORE => return Err(reason),
        Ok(_) | Err(_) => {}
    }
    let dossier = submitted.message.dossier;
    dossier.ok_or_else(|| "a reply without a dossier".to_owned())
}
