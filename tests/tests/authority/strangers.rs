//! Nothing of a stranger's dossier in any list, queue or refusal.

use std::collections::BTreeSet;

use kit::caller::Role;
use proto::intake::v1::ListDossiersRequest;
use proto::routing::v1::{GetTransferRequest, ListTransfersRequest};
use tests::cast::{COMMUNE, DEPARTMENT, DISTRICT, OFFICE, OTHER_COMMUNE, OTHER_DEPARTMENT};
use tests::rpc::Method;
use tests::{Actor, desk, new_request_id};
use tonic::Status;

use crate::probe::{Outcome, Probe, Subject, officers, subject_of};
use crate::scene::{Place, Scene, Standing, World};
use crate::tokens::roles;

const UNITS: [&str; 6] = [
    COMMUNE,
    OTHER_COMMUNE,
    DISTRICT,
    DEPARTMENT,
    OTHER_DEPARTMENT,
    OFFICE,
];

/// A refusal in full, with the names of what was asked for taken out.
fn in_full(refused: &Status, scene: &Scene) -> String {
    let details = String::from_utf8_lossy(refused.details()).into_owned();
    let text = format!("{:?} {} {details}", refused.code(), refused.message());
    text.replace(&scene.dossier.uid, "it")
        .replace(&scene.transfer.uid, "it")
}

#[tokio::test]
async fn a_strangers_dossier_is_refused_in_the_words_for_one_that_does_not_exist() {
    let world = World::start().await;
    let stranger = world.scene(Standing::Stranger).await;
    let officers = officers(&world, OFFICE).await;
    let mut nothing = world.scene(Standing::Stranger).await;
    nothing.dossier.uid = new_request_id();
    nothing.transfer.uid = new_request_id();
    let methods = Method::all();
    let about_dossiers = |method: &&Method| subject_of(&method.short_name()) == Subject::Dossier;
    let mut compared = 0;
    for method in methods.iter().filter(about_dossiers) {
        for role in roles() {
            for place in [Place::OwnUnit, Place::OwnDossier] {
                let actor = world.name(&stranger, place);
                let actor = world.mint.actor(&world.suite, role, actor);
                let ask = async |scene| {
                    let probe = Probe {
                        method,
                        world: &world,
                        scene,
                        officers: &officers,
                    };
                    probe.ask(&actor).await
                };
                let (outcome, answer) = ask(&stranger).await;
                let (Outcome::Unknown, Err(refused)) = (outcome, answer) else {
                    continue;
                };
                let (_, control) = ask(&nothing).await;
                let control = in_full(&control.unwrap_err(), &nothing);
                assert_eq!(in_full(&refused, &stranger), control, "{method:?} {role:?}");
                assert!(!control.contains(&stranger.dossier.code), "{control}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn lists_hold_what_the_caller_may_read_and_nothing_else() {
    let world = World::start().await;
    let mut dossiers = Vec::new();
    for standing in Standing::ALL {
        dossiers.push(world.scene(standing).await.dossier.uid);
    }
    let units = UNITS
        .into_iter()
        .chain(world.parties.iter().map(String::as_str));
    let mut seen = BTreeSet::new();
    for name in units {
        for role in roles() {
            let actor = world.mint.actor(&world.suite, role, name);
            let mut readable = BTreeSet::new();
            for uid in &dossiers {
                if actor.call(desk::by_uid(uid)).await.is_ok() {
                    readable.insert(uid.clone());
                }
            }
            let listed = actor.call(ListDossiersRequest::default()).await;
            let listed = listed
                .map(|reply| reply.message.dossiers)
                .unwrap_or_default();
            let listed: BTreeSet<_> = listed.into_iter().map(|dossier| dossier.uid).collect();
            assert_eq!(listed, readable, "{role:?} of {name}");
            read_each_transfer(&actor, name, role).await;
            seen.insert(readable);
        }
    }
    // Nobody, one owner or the other, and units by what they do: the comparison was not of nothing with nothing.
    assert!(seen.len() >= 6, "{seen:?}");
}

async fn read_each_transfer(actor: &Actor, unit: &str, role: Option<Role>) {
    let list = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        ..Default::default()
    };
    let Ok(listed) = actor.call(list).await else {
        return;
    };
    for transfer in listed.message.transfers {
        let uid = transfer.uid;
        let read = actor.call(GetTransferRequest { uid }).await;
        assert!(read.is_ok(), "{role:?} of {unit}: {read:?}");
    }
}
