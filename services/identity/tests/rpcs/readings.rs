//! Whoever is told of a person is recorded, whichever rpc tells it.

use std::time::Duration;

use kit::caller::Role;
use kit::testing::until;
use proto::identity::v1 as pb;
use proto::identity::v1::party_service_client::PartyServiceClient;

use crate::staff::named;
use crate::support::{Suite, texts};

const DAY: &str = "2017-08-28";
/// How soon it must be recorded; it takes about a second.
const RECORDED_WITHIN: Duration = Duration::from_secs(10);
/// Everything about the readings of a store, in their order.
const READINGS: &str = "SELECT rpc || ' ' || subject || ' ' || purpose || ' ' || objects \
     FROM access_log WHERE kind = 'reading' ORDER BY day, number";

/// One rpc of `PartyService`, as this caller.
macro_rules! call {
    ($suite:expr, $by:expr, $rpc:ident, $message:expr) => {{
        let mut parties = PartyServiceClient::new($suite.channel.clone());
        let replied = parties.$rpc($suite.by($by, $message).await).await;
        replied.unwrap().into_inner()
    }};
}

fn new_id() -> String {
    kit::clock::new_uid()
}

fn number(kind: pb::IdentityNumberKind, value: &str) -> pb::IdentityNumber {
    pb::IdentityNumber {
        kind: kind.into(),
        value: value.to_owned(),
    }
}

fn person(cccd: &str) -> pb::RegisterPartyRequest {
    pb::RegisterPartyRequest {
        request_id: new_id(),
        kind: pb::PartyKind::Citizen.into(),
        name: "H'Hen Niê".to_owned(),
        identity_number: Some(number(pb::IdentityNumberKind::Cccd, cccd)),
        ..Default::default()
    }
}

fn by_uid(party: &pb::Party) -> pb::GetPartyRequest {
    pb::GetPartyRequest {
        uid: party.uid.clone(),
    }
}

fn power(grantor: &pb::Party, proxy: &pb::Party) -> pb::GrantProxyRequest {
    pb::GrantProxyRequest {
        request_id: new_id(),
        grantor_uid: grantor.uid.clone(),
        proxy_uid: proxy.uid.clone(),
        first_day: DAY.to_owned(),
        last_day: DAY.to_owned(),
        ..Default::default()
    }
}

/// The readings that stand in the store, once one of this caller is among them, which was the last.
async fn recorded(suite: &Suite, last: &str) -> Vec<String> {
    let is_last = |reading: &String| reading.split(' ').nth(1) == Some(last);
    until("the last reading is written", RECORDED_WITHIN, async || {
        let readings = texts(suite, READINGS).await;
        readings.iter().any(is_last).then_some(readings)
    })
    .await
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one rpc of the service after the other"
)]
async fn every_rpc_that_tells_of_a_party_is_a_reading_of_it() {
    let suite = Suite::start_on(DAY).await;
    let (cccd, cmnd) = ("066190004567", "241234567");
    let own = call!(suite, "desk", register_party, person(cccd));
    let twin = call!(suite, "desk", register_party, person("054085000123"));
    let other = call!(suite, "desk", register_party, person("066085000777"));
    let [own, twin, other] = [own, twin, other].map(|registered| registered.party.unwrap());
    call!(suite, "desk", get_party, by_uid(&own));
    let identity_number = Some(number(pb::IdentityNumberKind::Cccd, cccd));
    let find = pb::FindPartyRequest { identity_number };
    call!(suite, "desk", find_party, find);
    let update = pb::UpdatePartyRequest {
        request_id: new_id(),
        uid: own.uid.clone(),
        name: "H'Hen Niê Kđăm".to_owned(),
        ..Default::default()
    };
    call!(suite, "desk", update_party, update);
    let add = pb::AddPartyNumberRequest {
        request_id: new_id(),
        uid: own.uid.clone(),
        identity_number: Some(number(pb::IdentityNumberKind::Cmnd, cmnd)),
        ..Default::default()
    };
    call!(suite, "desk", add_party_number, add);
    call!(suite, "desk", grant_proxy, power(&own, &other));
    let party_uid = own.uid.clone();
    let list = pb::ListProxiesRequest { party_uid };
    call!(suite, "desk", list_proxies, list);
    let merge = pb::MergePartiesRequest {
        request_id: new_id(),
        survivor_uid: own.uid.clone(),
        merged_uid: twin.uid.clone(),
        ..Default::default()
    };
    call!(suite, "desk", merge_parties, merge);
    let unmerge = pb::UnmergePartiesRequest {
        request_id: new_id(),
        merged_uid: twin.uid.clone(),
        ..Default::default()
    };
    call!(suite, "desk", unmerge_parties, unmerge);
    call!(suite, "client", get_party, by_uid(&own));

    let mut both = [own.uid.as_str(), other.uid.as_str()];
    both.sort_unstable();
    let (own, twin, both) = (own.uid.as_str(), twin.uid.as_str(), both.join(" "));
    let expected = [
        ("RegisterParty", "desk handling", own),
        ("RegisterParty", "desk handling", twin),
        ("RegisterParty", "desk handling", other.uid.as_str()),
        ("GetParty", "desk unstated", own),
        ("FindParty", "desk unstated", own),
        ("UpdateParty", "desk handling", own),
        ("AddPartyNumber", "desk handling", own),
        ("ListProxies", "desk unstated", both.as_str()),
        ("MergeParties", "desk handling", own),
        ("UnmergeParties", "desk handling", twin),
        ("GetParty", "client unstated", own),
    ];
    let expected = expected.map(|(rpc, by, whom)| {
        let service = "motcua.identity.v1.PartyService";
        format!("{service}/{rpc} {by} {whom}")
    });
    assert_eq!(recorded(&suite, "client").await, expected);
}

#[tokio::test]
async fn every_rpc_that_tells_the_name_of_an_officer_is_a_reading_of_it() {
    let suite = Suite::start_on(DAY).await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator.register("minh", "new").await;
    administrator.officer("lan").await;
    let list = pb::ListOfficersRequest::default();
    let listed = administrator.list_officers(list).await.unwrap();
    let listed = listed.into_inner().officers;
    let listed: Vec<&str> = listed.iter().map(|officer| &*officer.subject).collect();
    assert_eq!(listed, ["lan", "minh"]);
    let itself = suite.caller("minh", Role::Examiner, &["new"]);
    itself.get_officer(named("minh")).await.unwrap();

    let expected = [
        "GetOfficer admin handling lan",
        "ListOfficers admin handling lan minh",
        "GetOfficer minh handling minh",
    ];
    let service = "motcua.identity.v1.OfficerService";
    let expected = expected.map(|reading| format!("{service}/{reading}"));
    assert_eq!(recorded(&suite, "minh").await, expected);
}
