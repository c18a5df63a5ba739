//! Nothing of a stranger's dossier in any list, watch or refusal.

use std::collections::BTreeSet;

use proto::intake::v1::{ListDossiersRequest, WatchDossiersRequest};
use proto::routing::v1::{
    GetRouteRequest, GetTransferRequest, ListTransfersRequest, Transfer, TransferState,
};
use tests::cast::{
    COMMUNE, CONSTRUCTION, DEPARTMENT, DISTRICT, OFFICE, OTHER_COMMUNE, OTHER_DEPARTMENT,
};
use tests::rpc::Method;
use tests::suite::PATIENCE;
use tests::{Actor, desk, new_request_id};
use tonic::{Code, Status};

use crate::probe::{Outcome, Probe, Subject, officers, subject_of};
use crate::scene::{Place, Scene, Standing, World};
use crate::tokens::roles;

const UNITS: [&str; 7] = [
    COMMUNE,
    OTHER_COMMUNE,
    DISTRICT,
    DEPARTMENT,
    CONSTRUCTION,
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
async fn lists_and_watches_hold_what_the_caller_may_read_and_nothing_else() {
    let world = World::start().await;
    let mut dossiers = Vec::new();
    for standing in Standing::ALL {
        dossiers.push(world.scene(standing).await.dossier.uid);
    }
    world.suite.everything_told().await;
    let transfers = transfers_of(&world, &dossiers).await;
    let (mut seen, mut seen_on_the_way) = (BTreeSet::new(), BTreeSet::new());
    for name in names(&world) {
        for role in roles() {
            let actor = world.mint.actor(&world.suite, role, name);
            let mut readable = BTreeSet::new();
            for uid in &dossiers {
                if actor.call(desk::by_uid(uid)).await.is_ok() {
                    readable.insert(uid.clone());
                }
            }
            assert_eq!(listed(&actor).await, readable, "{role:?} of {name}");
            assert_eq!(watched(&actor).await, readable, "{role:?} of {name}");
            let here = transfers_at(name, &actor, &transfers).await;
            let on_the_list = transfers_listed(name, &actor).await;
            assert_eq!(on_the_list, here, "{role:?} of {name}");
            seen.insert(readable);
            seen_on_the_way.insert(here);
        }
    }
    // Nobody, one owner or the other, and units by what they do: the comparison was not of nothing with nothing.
    assert!(seen.len() >= 7, "{seen:?}");
    assert!(seen_on_the_way.len() >= 4, "{seen_on_the_way:?}");
}

/// For whom callers have a role: units of all kinds, and both parties.
pub fn names(world: &World) -> Vec<&str> {
    let parties = world.parties.iter().map(String::as_str);
    UNITS.into_iter().chain(parties).collect()
}

/// A list is refused to nobody but those who are not in the role for it.
pub fn must_be_denied(refused: &Status) {
    let denied = [Code::PermissionDenied, Code::Unauthenticated];
    assert!(denied.contains(&refused.code()), "{refused:?}");
}

/// A call that is refused tells nothing.
fn told_nothing<T>(refused: &Status) -> BTreeSet<T> {
    must_be_denied(refused);
    BTreeSet::new()
}

/// The dossiers that a list shows.
async fn listed(actor: &Actor) -> BTreeSet<String> {
    match actor.call(ListDossiersRequest::default()).await {
        Ok(listed) => {
            let dossiers = listed.message.dossiers.into_iter();
            dossiers.map(|dossier| dossier.uid).collect()
        }
        Err(refused) => told_nothing(&refused),
    }
}

/// The dossiers that a watch names from the beginning up to the bookmark, also as such that have left the scope.
async fn watched(actor: &Actor) -> BTreeSet<String> {
    let mut watch = match actor.follow(WatchDossiersRequest::default()).await {
        Ok(watch) => watch,
        Err(refused) => return told_nothing(&refused),
    };
    let mut named = BTreeSet::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, watch.message()).await;
        let told = match next.expect("a bookmark comes") {
            Ok(told) => told.expect("the watch goes on"),
            Err(refused) => return told_nothing(&refused),
        };
        let dossier = told.dossier.map(|dossier| dossier.uid);
        let left = Some(told.left_scope_uid).filter(|uid| !uid.is_empty());
        match dossier.or(left) {
            Some(uid) => named.insert(uid),
            None => return named,
        };
    }
}

/// All transfers of these dossiers: the department had a part in each that is on its way.
pub async fn transfers_of(world: &World, dossiers: &[String]) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    for uid in dossiers {
        let desk = world.suite.receptionist(DEPARTMENT);
        let dossier_uid = uid.clone();
        let route = desk.call(GetRouteRequest { dossier_uid }).await;
        if let Ok(route) = route {
            transfers.extend(route.message.transfers);
        }
    }
    assert!(transfers.len() > 2 * dossiers.len(), "{transfers:?}");
    transfers
}

/// Which of these transfers are at a unit and may be read.
pub async fn transfers_at(unit: &str, actor: &Actor, transfers: &[Transfer]) -> BTreeSet<String> {
    let mut readable = BTreeSet::new();
    for transfer in transfers.iter().filter(|of| of.to_unit_uid == unit) {
        let uid = transfer.uid.clone();
        if actor.call(GetTransferRequest { uid }).await.is_ok() {
            readable.insert(transfer.uid.clone());
        }
    }
    readable
}

/// The transfers that the list of a unit shows in whatever state.
async fn transfers_listed(unit: &str, actor: &Actor) -> BTreeSet<String> {
    let states = (1..).map_while(|state| TransferState::try_from(state).ok());
    let list = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        page_size: 500,
        states: states.map(i32::from).collect(),
        ..Default::default()
    };
    match actor.call(list).await {
        Ok(listed) => {
            let transfers = listed.message.transfers.into_iter();
            transfers.map(|transfer| transfer.uid).collect()
        }
        Err(refused) => told_nothing(&refused),
    }
}
