//! What a queue brings, a manifest lists and a count counts is what the caller may read, and nothing else.

use std::collections::BTreeSet;

use kit::caller::Role;
use kit::testing::until;
use proto::routing::v1::modify_leases_request::Change;
use proto::routing::v1::{
    Delivery, ForwardTransferRequest, GetManifestRequest, GetManifestResponse,
    GetQueueStatsRequest, GetTransferRequest, ListDeadLettersRequest, ListTransfersRequest,
    ModifyLeasesRequest, Paper, PullTransfersRequest, Transfer, TransferState,
};
use tests::cast::{DEPARTMENT, OFFICE, OTHER_DEPARTMENT};
use tests::subscriber::{key, seconds};
use tests::suite::PATIENCE;
use tests::{Actor, Suite, desk};
use tonic::Status;

use crate::scene::{Standing, World};
use crate::strangers::{must_be_denied, names, transfers_at, transfers_of};
use crate::tokens::roles;

/// More deliveries of an offer than all who may take it make together, each by a pull and a stream.
const MOST_DELIVERIES: usize = 24;
/// When the scenes were played.
const AFTER_THAT: &str = "2017-08-28T10:00";
/// How many seconds a pull waits for what must come.
const WAIT: i64 = 10;

/// A world whose queue gives no offer up before everybody was brought it.
async fn patient_world() -> World {
    let mut suite = Suite::load().await;
    suite.set("MOTCUA_MOST_DELIVERIES", MOST_DELIVERIES.to_string());
    suite.restart().await;
    World::of(suite).await
}

/// A dossier in every standing, and two more, one of them a stranger's, that are sent on with paper.
async fn dossiers(world: &World) -> Vec<String> {
    let mut dossiers = Vec::new();
    for standing in Standing::ALL {
        dossiers.push(world.scene(standing).await.dossier.uid);
    }
    let with_paper = [
        (Standing::Sender, OFFICE),
        (Standing::Stranger, OTHER_DEPARTMENT),
    ];
    for (standing, to) in with_paper {
        let scene = world.scene(standing).await;
        let sheet = Paper {
            component: "form".to_owned(),
            name: "Đơn đề nghị".to_owned(),
            originals: 1,
            copies: 0,
        };
        let forward = ForwardTransferRequest {
            paper: vec![sheet],
            ..desk::forward(&scene.transfer, to)
        };
        let desk = world.suite.receptionist(DEPARTMENT).at(AFTER_THAT);
        desk.ok(forward).await;
        dossiers.push(scene.dossier.uid);
    }
    world.suite.everything_told().await;
    dossiers
}

#[tokio::test]
async fn queues_manifests_and_counts_tell_of_what_the_caller_may_read_and_of_nothing_else() {
    let world = patient_world().await;
    let dossiers = dossiers(&world).await;
    let transfers = transfers_of(&world, &dossiers).await;
    what_is_brought_may_be_read(&world, &transfers).await;
    wear_out(&world, OFFICE).await;
    let transfers = transfers_of(&world, &dossiers).await;
    dead_letters_and_counts_may_be_read(&world, &transfers).await;
    manifests_may_be_read(&world, &transfers).await;
}

async fn what_is_brought_may_be_read(world: &World, transfers: &[Transfer]) {
    let offers = of_kind(transfers, |of| of.state() == TransferState::Offered);
    let mut seen = BTreeSet::new();
    for name in names(world) {
        for role in roles() {
            let actor = world.mint.actor(&world.suite, role, name);
            let here = transfers_at(name, &actor, &offers).await;
            let by_pull = pulled(name, &actor, here.len()).await;
            let by_stream = streamed(name, &actor, here.len()).await;
            assert_eq!(by_pull.is_some(), by_stream.is_some(), "{role:?} of {name}");
            for brought in [by_pull, by_stream].into_iter().flatten() {
                assert_eq!(brought, here, "{role:?} of {name}");
                seen.insert(brought);
            }
        }
    }
    // Nothing, and what the department, the other department and the office are offered.
    assert!(seen.len() >= 4, "{seen:?}");
}

async fn dead_letters_and_counts_may_be_read(world: &World, transfers: &[Transfer]) {
    let dead = of_kind(transfers, |of| of.dead_letter_since.is_some());
    let mut seen = BTreeSet::new();
    for name in names(world) {
        for role in roles() {
            let actor = world.mint.actor(&world.suite, role, name);
            let letters = dead_letters(name, &actor).await;
            let counted = counted(name, &actor).await;
            assert_eq!(letters.is_some(), counted.is_some(), "{role:?} of {name}");
            let Some((letters, counted)) = letters.zip(counted) else {
                continue;
            };
            let here = transfers_at(name, &actor, &dead).await;
            assert_eq!(letters, here, "{role:?} of {name}");
            let listed = (offers_listed(name, &actor).await, letters.len());
            assert_eq!(counted, listed, "{role:?} of {name}");
            seen.insert((counted, letters));
        }
    }
    // Nothing, open offers that are delivered, and such as were given up.
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.iter().any(|((_, dead), _)| *dead > 0), "{seen:?}");
}

async fn manifests_may_be_read(world: &World, transfers: &[Transfer]) {
    let travelling = of_kind(transfers, |of| !of.paper.is_empty());
    let mut seen = BTreeSet::new();
    for name in names(world) {
        for role in roles() {
            let actor = world.mint.actor(&world.suite, role, name);
            for sent in &travelling {
                let Some(manifest) = manifest(sent, &actor).await else {
                    continue;
                };
                let mut readable = BTreeSet::new();
                for beside in travelling.iter().filter(|beside| same_way(beside, sent)) {
                    let uid = beside.uid.clone();
                    if actor.call(GetTransferRequest { uid }).await.is_ok() {
                        readable.insert(beside.uid.clone());
                    }
                }
                let listed = uids(&manifest.transfers);
                assert_eq!(listed, readable, "{role:?} of {name}");
                must_print_no_other(&manifest, transfers);
                seen.insert((name, listed));
            }
        }
    }
    // Both ends of both ways: the department sends to two units.
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen.iter().all(|(_, listed)| listed.len() == 1));
}

fn of_kind(transfers: &[Transfer], is_meant: fn(&Transfer) -> bool) -> Vec<Transfer> {
    let meant = transfers.iter().filter(|transfer| is_meant(transfer));
    meant.cloned().collect()
}

fn uids(transfers: &[Transfer]) -> BTreeSet<String> {
    let uids = transfers.iter().map(|transfer| transfer.uid.clone());
    uids.collect()
}

fn brought(deliveries: Vec<Delivery>) -> BTreeSet<String> {
    let transfers = deliveries.into_iter().filter_map(|of| of.transfer);
    transfers.map(|transfer| transfer.uid).collect()
}

fn same_way(one: &Transfer, other: &Transfer) -> bool {
    (&one.from_unit_uid, &one.to_unit_uid) == (&other.from_unit_uid, &other.to_unit_uid)
}

/// What was answered to a caller who is in the role for it.
fn answer<T>(answered: Result<T, Status>) -> Option<T> {
    answered.inspect_err(must_be_denied).ok()
}

/// What pulling brings, which must be so much and may be more; it is given back.
async fn pulled(unit: &str, actor: &Actor, number: usize) -> Option<BTreeSet<String>> {
    let mut deliveries = Vec::new();
    loop {
        let must_come = deliveries.len() < number;
        let pull = PullTransfersRequest {
            unit_uid: unit.to_owned(),
            max_transfers: 100,
            wait: must_come.then(|| seconds(WAIT)),
            lease: None,
        };
        let come = answer(actor.call(pull).await)?.message.deliveries;
        if come.is_empty() {
            break;
        }
        deliveries.extend(come);
    }
    give_back(unit, actor, &deliveries).await;
    Some(brought(deliveries))
}

/// What a stream brings, which must be so much and may be more; it is given back when the stream has ended.
async fn streamed(unit: &str, actor: &Actor, number: usize) -> Option<BTreeSet<String>> {
    let mut stream = answer(actor.subscribe(unit).await)?;
    let mut deliveries = stream.next_of(number).await;
    deliveries.extend(stream.come().await);
    stream.close();
    stream.end().await.unwrap();
    Some(brought(deliveries))
}

async fn give_back(unit: &str, actor: &Actor, deliveries: &[Delivery]) {
    if deliveries.is_empty() {
        return;
    }
    let modify = ModifyLeasesRequest {
        unit_uid: unit.to_owned(),
        deliveries: deliveries.iter().map(key).collect(),
        change: Some(Change::GiveBack(seconds(0))),
    };
    actor.ok(modify).await;
}

/// Has the offers to a unit delivered until the queue gives them up.
async fn wear_out(world: &World, unit: &str) {
    let examiner = world.mint.actor(&world.suite, Some(Role::Examiner), unit);
    let offers = offers_listed(unit, &examiner).await;
    assert!(offers > 0, "nothing is offered to {unit}");
    until("they are given up", PATIENCE, async || {
        pulled(unit, &examiner, 0).await;
        let letters = dead_letters(unit, &examiner).await?;
        (letters.len() == offers).then_some(())
    })
    .await;
}

async fn dead_letters(unit: &str, actor: &Actor) -> Option<BTreeSet<String>> {
    let list = ListDeadLettersRequest {
        unit_uid: unit.to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let listed = answer(actor.call(list).await)?;
    Some(uids(&listed.message.transfers))
}

/// How many open offers there are, and how many dead letters among them.
async fn counted(unit: &str, actor: &Actor) -> Option<(usize, usize)> {
    let ask = GetQueueStatsRequest {
        unit_uid: unit.to_owned(),
    };
    let stats = answer(actor.call(ask).await)?.message;
    let number = |count: i64| usize::try_from(count).unwrap();
    Some((number(stats.open), number(stats.dead_letters)))
}

async fn offers_listed(unit: &str, actor: &Actor) -> usize {
    let list = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        state: TransferState::Offered.into(),
        page_size: 500,
        ..Default::default()
    };
    actor.ok(list).await.message.transfers.len()
}

/// What the sender of a transfer sends that way on paper.
async fn manifest(sent: &Transfer, actor: &Actor) -> Option<GetManifestResponse> {
    let list = GetManifestRequest {
        from_unit_uid: sent.from_unit_uid.clone(),
        to_unit_uid: sent.to_unit_uid.clone(),
        page_size: 500,
        page_token: String::new(),
    };
    Some(answer(actor.call(list).await)?.message)
}

/// What is to be printed has the codes of what is listed, and of nothing else.
fn must_print_no_other(manifest: &GetManifestResponse, transfers: &[Transfer]) {
    let codes = |transfers: &[Transfer]| -> BTreeSet<String> {
        let codes = transfers.iter().map(|of| of.dossier_code.clone());
        codes.collect()
    };
    let mut printed = codes(transfers);
    printed.retain(|code| manifest.text.contains(code));
    assert_eq!(printed, codes(&manifest.transfers), "{}", manifest.text);
}
