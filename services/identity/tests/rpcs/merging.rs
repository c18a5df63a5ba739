//! Parties that are found, change, turn out to be one, and are taken apart again.

use proto::identity::v1::party_service_client::PartyServiceClient;
use proto::identity::v1::{
    AddPartyNumberRequest, AddPartyNumberResponse, FindPartyRequest, FindPartyResponse,
    GetPartyRequest, GetPartyResponse, IdentityNumber, IdentityNumberKind, MergePartiesRequest,
    MergePartiesResponse, Party, PartyKind, RegisterPartyRequest, RegisterPartyResponse, Sex,
    UnmergePartiesRequest, UnmergePartiesResponse, UpdatePartyRequest, UpdatePartyResponse,
};
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use crate::support::{Suite, refused};

const CCCD: &str = "066190004567";
const CMND: &str = "241234567";
const OTHER_CCCD: &str = "054085000123";

/// One rpc of `PartyService` as this caller.
macro_rules! call {
    ($suite:expr, $by:expr, $rpc:ident, $message:expr) => {{
        let mut parties = PartyServiceClient::new($suite.channel.clone());
        parties.$rpc($suite.by($by, $message).await).await
    }};
}

fn number(kind: IdentityNumberKind, value: &str) -> IdentityNumber {
    IdentityNumber {
        kind: kind.into(),
        value: value.to_owned(),
    }
}

fn new_id() -> String {
    kit::clock::new_uid()
}

fn person(name: &str, cccd: &str) -> RegisterPartyRequest {
    RegisterPartyRequest {
        request_id: new_id(),
        kind: PartyKind::Citizen.into(),
        name: name.to_owned(),
        identity_number: Some(number(IdentityNumberKind::Cccd, cccd)),
        ..Default::default()
    }
}

async fn register(suite: &Suite, message: RegisterPartyRequest) -> RegisterPartyResponse {
    let reply: Result<Response<RegisterPartyResponse>, Status> =
        call!(suite, "desk", register_party, message);
    reply.unwrap().into_inner()
}

async fn registered(suite: &Suite, name: &str, cccd: &str) -> Party {
    register(suite, person(name, cccd)).await.party.unwrap()
}

async fn get(suite: &Suite, uid: &str) -> GetPartyResponse {
    let uid = uid.to_owned();
    let reply = call!(suite, "desk", get_party, GetPartyRequest { uid });
    reply.unwrap().into_inner()
}

async fn find(
    suite: &Suite,
    number: IdentityNumber,
) -> Result<Response<FindPartyResponse>, Status> {
    let identity_number = Some(number);
    call!(
        suite,
        "desk",
        find_party,
        FindPartyRequest { identity_number }
    )
}

async fn add(
    suite: &Suite,
    party: &Party,
    number: IdentityNumber,
) -> Result<Response<AddPartyNumberResponse>, Status> {
    let message = AddPartyNumberRequest {
        request_id: new_id(),
        uid: party.uid.clone(),
        expected_revision: 0,
        identity_number: Some(number),
    };
    call!(suite, "desk", add_party_number, message)
}

async fn merge(
    suite: &Suite,
    survivor: &Party,
    merged: &Party,
) -> Result<Response<MergePartiesResponse>, Status> {
    let message = MergePartiesRequest {
        request_id: new_id(),
        survivor_uid: survivor.uid.clone(),
        merged_uid: merged.uid.clone(),
        expected_revision: 0,
    };
    call!(suite, "desk", merge_parties, message)
}

async fn unmerge(
    suite: &Suite,
    merged: &Party,
) -> Result<Response<UnmergePartiesResponse>, Status> {
    let message = UnmergePartiesRequest {
        request_id: new_id(),
        merged_uid: merged.uid.clone(),
        expected_revision: 0,
    };
    call!(suite, "desk", unmerge_parties, message)
}

fn update(party: &Party) -> UpdatePartyRequest {
    UpdatePartyRequest {
        request_id: new_id(),
        uid: party.uid.clone(),
        expected_revision: party.revision,
        name: "H'Hen Niê".to_owned(),
        phones: vec!["0905123456".to_owned()],
        addresses: vec!["Buôn Sứt M'đưng, Cư Suê".to_owned()],
        email: "hhen@example.vn".to_owned(),
        birth_date: "1990-05-28".to_owned(),
        sex: Sex::Female.into(),
    }
}

#[tokio::test]
async fn every_kind_of_party_is_registered_by_its_own_numbers() {
    let suite = Suite::start().await;
    let parties = [
        (
            PartyKind::Foreigner,
            IdentityNumberKind::Passport,
            "usa-123 456 789",
        ),
        (PartyKind::Agency, IdentityNumberKind::Mst, "6000234538"),
        (
            PartyKind::Organisation,
            IdentityNumberKind::Mst,
            "6000234538-001",
        ),
        (PartyKind::Citizen, IdentityNumberKind::Cmnd, CMND),
    ];
    for (kind, register_of, value) in parties {
        let message = RegisterPartyRequest {
            kind: kind.into(),
            identity_number: Some(number(register_of, value)),
            ..person("Somebody", CCCD)
        };
        let party = register(&suite, message).await.party.unwrap();
        assert_eq!(party.kind(), kind);
        let found = find(&suite, number(register_of, value)).await.unwrap();
        assert_eq!(found.into_inner().party.unwrap(), party);
    }
    let message = RegisterPartyRequest {
        kind: PartyKind::Agency.into(),
        ..person("Sở Y tế", CCCD)
    };
    let reply = call!(suite, "desk", register_party, message);
    let text = refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    assert!(
        text.contains("cơ quan, tổ chức phải dùng mã số thuế"),
        "{text}"
    );
}

#[tokio::test]
async fn a_persons_tax_code_of_12_digits_gives_the_same_party() {
    let suite = Suite::start().await;
    let party = registered(&suite, "H'Hen Niê", CCCD).await;
    let tax_code = number(IdentityNumberKind::Mst, CCCD);
    let found = find(&suite, tax_code.clone()).await.unwrap();
    assert_eq!(found.into_inner().party.unwrap().uid, party.uid);
    let message = RegisterPartyRequest {
        identity_number: Some(tax_code),
        ..person("H'Hen Niê", CCCD)
    };
    let again = register(&suite, message).await;
    assert!(again.exists && again.warnings.is_empty(), "{again:?}");
    assert_eq!(again.party.unwrap(), party);
}

#[tokio::test]
async fn what_a_number_tells_otherwise_is_warned_of() {
    let suite = Suite::start().await;
    let message = RegisterPartyRequest {
        birth_date: "1991".to_owned(),
        sex: Sex::Male.into(),
        ..person("H'Hen Niê", CCCD)
    };
    let first = register(&suite, message).await;
    let reasons: Vec<_> = first.warnings.iter().map(|told| &*told.reason).collect();
    assert_eq!(reasons, ["SEX_DIFFERS", "BIRTH_YEAR_DIFFERS"]);
    assert!(first.warnings.iter().all(|told| !told.message.is_ascii()));
    let again = register(&suite, person("Hờ Hen Niê", CCCD)).await;
    let reasons: Vec<_> = again.warnings.iter().map(|told| &*told.reason).collect();
    assert_eq!(
        reasons,
        ["SEX_DIFFERS", "BIRTH_YEAR_DIFFERS", "NAME_DIFFERS"]
    );
}

#[tokio::test]
async fn eight_registrations_of_one_number_at_once_give_one_party() {
    let suite = Suite::start().await;
    let events = suite.store.events().await;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let request = suite.by("desk", person("H'Hen Niê", CCCD)).await;
        let mut parties = PartyServiceClient::new(suite.channel.clone());
        calls.spawn(async move { parties.register_party(request).await.unwrap().into_inner() });
    }
    let replies = calls.join_all().await;
    let uids: std::collections::BTreeSet<_> = replies
        .iter()
        .map(|reply| reply.party.as_ref().unwrap().uid.clone())
        .collect();
    assert_eq!(uids.len(), 1);
    assert_eq!(replies.iter().filter(|reply| !reply.exists).count(), 1);
    assert_eq!(suite.store.events().await, events + 1);
}

#[tokio::test]
async fn a_party_is_found_by_any_of_its_numbers_and_a_number_is_one_partys_only() {
    let suite = Suite::start().await;
    let party = registered(&suite, "H'Hen Niê", CCCD).await;
    let other = registered(&suite, "Y Moan", OTHER_CCCD).await;
    let cmnd = number(IdentityNumberKind::Cmnd, CMND);
    let added = add(&suite, &party, cmnd.clone())
        .await
        .unwrap()
        .into_inner();
    let added = added.party.unwrap();
    assert_eq!(added.identity_numbers.len(), 2);
    assert_eq!(
        added.identity_number, party.identity_number,
        "the first stays first"
    );
    let events = suite.store.events().await;
    let again = add(&suite, &party, cmnd.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.party.unwrap(), added);
    assert_eq!(suite.store.events().await, events);
    let found = find(&suite, cmnd.clone()).await.unwrap().into_inner();
    assert_eq!(found.party.unwrap(), added);
    let taken = add(&suite, &other, cmnd).await;
    let status = taken.as_ref().unwrap_err().clone();
    let text = refused(taken, Code::AlreadyExists, "NUMBER_TAKEN");
    assert!(
        !text.contains(CMND) && !status.message().contains(CMND),
        "{status:?}"
    );
    let passport = number(IdentityNumberKind::Passport, "USA-123456789");
    let firm = RegisterPartyRequest {
        kind: PartyKind::Business.into(),
        identity_number: Some(number(IdentityNumberKind::Mst, "0300588569")),
        ..person("Vinamilk", CCCD)
    };
    let firm = register(&suite, firm).await.party.unwrap();
    let unfit = add(&suite, &firm, passport).await;
    refused(unfit, Code::FailedPrecondition, "NUMBER_UNFIT");
    let unknown = find(&suite, number(IdentityNumberKind::Cccd, "066085999999")).await;
    let text = refused(unknown, Code::NotFound, "PARTY_NOT_FOUND");
    assert!(!text.contains("066085999999"), "{text}");
}

#[tokio::test]
async fn details_are_told_anew_and_a_change_that_was_not_seen_is_refused() {
    let suite = Suite::start().await;
    let party = registered(&suite, "Hờ Hen", CCCD).await;
    let message = update(&party);
    let reply: UpdatePartyResponse = call!(suite, "desk", update_party, message.clone())
        .unwrap()
        .into_inner();
    let updated = reply.party.unwrap();
    assert_eq!(
        (updated.name.as_str(), updated.revision, updated.sex()),
        ("H'Hen Niê", 2, Sex::Female)
    );
    assert_eq!(updated.addresses, ["Buôn Sứt M'đưng, Cư Suê"]);
    assert_eq!(get(&suite, &party.uid).await.party.unwrap(), updated);
    let again = call!(suite, "desk", update_party, message).unwrap();
    assert_eq!(again.into_inner().party.unwrap(), updated);
    let late = call!(suite, "desk", update_party, update(&party));
    refused(late, Code::Aborted, "REVISION_CHANGED");
    let own = call!(suite, "citizen", update_party, update(&updated));
    refused(own, Code::PermissionDenied, "RPC_NOT_GRANTED");
}

#[tokio::test]
async fn everything_that_is_wrong_with_details_is_told_at_once_and_nothing_is_repeated() {
    let suite = Suite::start().await;
    let party = registered(&suite, "H'Hen Niê", CCCD).await;
    let message = UpdatePartyRequest {
        expected_revision: -1,
        name: " ".to_owned(),
        phones: vec!["12ab5678".to_owned()],
        addresses: vec![String::new()],
        email: "hhen at example".to_owned(),
        birth_date: "28/05/1990".to_owned(),
        ..update(&party)
    };
    let reply = call!(suite, "desk", update_party, message);
    let text = refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    for field in [
        "expected_revision",
        "name",
        "phones[0]",
        "addresses[0]",
        "email",
        "birth_date",
    ] {
        assert!(text.contains(field), "{field} is missing in: {text}");
    }
    for value in ["12ab5678", "hhen at", "28/05"] {
        assert!(!text.contains(value), "{text}");
    }
}

#[tokio::test]
async fn a_merged_party_answers_as_its_survivor_and_says_so() {
    let suite = Suite::start().await;
    let survivor = registered(&suite, "H'Hen Niê", CCCD).await;
    let merged = registered(&suite, "Hờ Hen", OTHER_CCCD).await;
    let reply = merge(&suite, &survivor, &merged)
        .await
        .unwrap()
        .into_inner();
    let standing = reply.party.unwrap();
    assert_eq!(standing.merged_uids, [merged.uid.as_str()]);
    let told = get(&suite, &merged.uid).await;
    assert_eq!(told.merged_from_uid, merged.uid);
    assert_eq!(told.party.unwrap(), standing);
    assert_eq!(get(&suite, &survivor.uid).await.merged_from_uid, "");
    let found = find(&suite, number(IdentityNumberKind::Cccd, OTHER_CCCD));
    let found = found.await.unwrap().into_inner();
    assert_eq!(
        (found.merged_from_uid, found.party.unwrap()),
        (merged.uid.clone(), standing.clone())
    );
    let again = register(&suite, person("Hờ Hen", OTHER_CCCD)).await;
    assert_eq!(
        (again.exists, again.party.unwrap()),
        (true, standing.clone())
    );
    let there = add(
        &suite,
        &standing,
        number(IdentityNumberKind::Cccd, OTHER_CCCD),
    )
    .await;
    assert_eq!(there.unwrap().into_inner().party.unwrap(), standing);
    let late = call!(
        suite,
        "desk",
        update_party,
        update(&Party {
            revision: 0,
            ..merged.clone()
        })
    );
    refused(late, Code::FailedPrecondition, "PARTY_MERGED");
    let twice = merge(&suite, &survivor, &merged).await;
    refused(twice, Code::FailedPrecondition, "SAME_PARTY");
    let itself = merge(&suite, &survivor, &survivor).await;
    refused(itself, Code::FailedPrecondition, "SAME_PARTY");
    let uids = identity::parties_of(suite.store.db.read(), &merged.uid).await;
    assert_eq!(uids.unwrap(), [survivor.uid, merged.uid].into());
}

#[tokio::test]
async fn a_merge_that_is_undone_restores_both_exactly() {
    let suite = Suite::start().await;
    let survivor = registered(&suite, "H'Hen Niê", CCCD).await;
    let merged = registered(&suite, "Hờ Hen", OTHER_CCCD).await;
    let cmnd = number(IdentityNumberKind::Cmnd, CMND);
    let merged = add(&suite, &merged, cmnd.clone())
        .await
        .unwrap()
        .into_inner();
    let merged = merged.party.unwrap();
    merge(&suite, &survivor, &merged).await.unwrap();
    let restored = unmerge(&suite, &merged).await.unwrap().into_inner();
    assert_eq!(restored.survivor_uid, survivor.uid);
    let as_before = |party: &Party, changes: i64| Party {
        revision: party.revision + changes,
        ..party.clone()
    };
    assert_eq!(restored.party.unwrap(), as_before(&merged, 2));
    let told = get(&suite, &merged.uid).await;
    assert_eq!(told.party.unwrap(), as_before(&merged, 2));
    let told = get(&suite, &survivor.uid).await;
    assert_eq!(told.party.unwrap(), as_before(&survivor, 2));
    let found = find(&suite, cmnd).await.unwrap().into_inner();
    assert_eq!(found.party.unwrap().uid, merged.uid);
    let again = unmerge(&suite, &merged).await;
    refused(again, Code::FailedPrecondition, "PARTY_NOT_MERGED");
}

#[tokio::test]
async fn a_survivor_that_is_merged_in_its_turn_takes_its_own_along_and_back() {
    let suite = Suite::start().await;
    let a = registered(&suite, "A", CCCD).await;
    let b = registered(&suite, "B", OTHER_CCCD).await;
    let c = registered(&suite, "C", "066085000777").await;
    merge(&suite, &b, &c).await.unwrap();
    let standing = merge(&suite, &a, &b).await.unwrap().into_inner();
    let mut both = vec![b.uid.clone(), c.uid.clone()];
    both.sort();
    assert_eq!(standing.party.unwrap().merged_uids, both);
    let told = get(&suite, &c.uid).await;
    assert_eq!(
        (told.party.unwrap().uid, told.merged_from_uid),
        (a.uid.clone(), c.uid.clone())
    );
    let third = merge(&suite, &a, &c).await;
    refused(third, Code::FailedPrecondition, "SAME_PARTY");
    let restored = unmerge(&suite, &b).await.unwrap().into_inner();
    assert_eq!(restored.party.unwrap().merged_uids, [c.uid.as_str()]);
    assert_eq!(get(&suite, &c.uid).await.party.unwrap().uid, b.uid);
    assert_eq!(
        get(&suite, &a.uid).await.party.unwrap().merged_uids,
        [""; 0]
    );
}

#[tokio::test]
async fn two_parties_that_are_merged_into_each_other_at_once_have_one_survivor() {
    let suite = Suite::start().await;
    let (a, b) = (
        registered(&suite, "A", CCCD).await,
        registered(&suite, "B", OTHER_CCCD).await,
    );
    let (one, other) = tokio::join!(merge(&suite, &a, &b), merge(&suite, &b, &a));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let (of_a, of_b) = (get(&suite, &a.uid).await, get(&suite, &b.uid).await);
    assert_eq!(of_a.party, of_b.party);
}
