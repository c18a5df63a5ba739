//! Who acts for whom.

use proto::identity::v1::party_service_client::PartyServiceClient;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{
    GetCallerRequest, GrantProxyRequest, IdentityNumber, IdentityNumberKind, ListProxiesRequest,
    MergePartiesRequest, Party, PartyKind, Proxy, RegisterPartyRequest, RevokeProxyRequest,
    UnmergePartiesRequest,
};
use tonic::{Code, Response, Status};

use crate::support::{Suite, refused};

const DAY: &str = "2025-08-15";

fn new_id() -> String {
    kit::clock::new_uid()
}

async fn registered(suite: &Suite, cccd: &str) -> Party {
    let message = RegisterPartyRequest {
        request_id: new_id(),
        kind: PartyKind::Citizen.into(),
        name: "Y Moan".to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Cccd.into(),
            value: cccd.to_owned(),
        }),
        ..Default::default()
    };
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let reply = parties
        .register_party(suite.by("desk", message).await)
        .await;
    reply.unwrap().into_inner().party.unwrap()
}

fn from_to(grantor: &str, proxy: &str) -> GrantProxyRequest {
    GrantProxyRequest {
        request_id: new_id(),
        grantor_uid: grantor.to_owned(),
        proxy_uid: proxy.to_owned(),
        first_day: "2025-08-01".to_owned(),
        last_day: "2025-08-31".to_owned(),
        procedure_codes: Vec::new(),
        dossier_uid: String::new(),
        evidence: "Hợp đồng ủy quyền số 77, Văn phòng công chứng".to_owned(),
    }
}

async fn grant(
    suite: &Suite,
    by: &str,
    message: GrantProxyRequest,
) -> Result<Response<Proxy>, Status> {
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let reply = parties.grant_proxy(suite.by(by, message).await).await?;
    Ok(reply.map(|reply| reply.proxy.unwrap()))
}

async fn revoke(suite: &Suite, by: &str, uid: &str) -> Result<Response<Proxy>, Status> {
    let message = RevokeProxyRequest {
        request_id: new_id(),
        uid: uid.to_owned(),
    };
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let reply = parties.revoke_proxy(suite.by(by, message).await).await?;
    Ok(reply.map(|reply| reply.proxy.unwrap()))
}

async fn list(suite: &Suite, by: &str, party: &str) -> Result<Response<Vec<Proxy>>, Status> {
    let party_uid = party.to_owned();
    let message = ListProxiesRequest { party_uid };
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let reply = parties.list_proxies(suite.by(by, message).await).await?;
    Ok(reply.map(|reply| reply.proxies))
}

/// Whom a party represents on a day, by the first uid of each.
async fn represented(suite: &Suite, party: &str, day: &str) -> Vec<(Vec<String>, String)> {
    let day = day.parse().unwrap();
    let found = identity::represented_by(suite.store.db.read(), party, day).await;
    let told = found.unwrap().into_iter().map(|represented| {
        let parties = represented.parties.into_iter().collect();
        (parties, format!("{:?}", represented.reach))
    });
    told.collect()
}

/// The party of the caller `citizen`.
async fn own_party(suite: &Suite) -> String {
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let request = suite.by("citizen", GetCallerRequest {}).await;
    let caller = tokens.get_caller(request).await.unwrap().into_inner();
    let mut caller = caller.caller.unwrap();
    caller.grants.remove(0).party_uids.remove(0)
}

#[tokio::test]
async fn a_proxy_holds_within_its_days_until_it_is_revoked() {
    let suite = Suite::start().await;
    let grantor = registered(&suite, "066190004567").await.uid;
    let acting = registered(&suite, "054085000123").await.uid;
    let events = suite.store.events().await;
    let granted = grant(&suite, "desk", from_to(&grantor, &acting)).await;
    let granted = granted.unwrap().into_inner();
    assert_eq!(granted.recorded_by, "desk");
    assert_eq!(suite.store.events().await, events + 1);
    let whole = [(vec![grantor.clone()], "All".to_owned())];
    for day in ["2025-08-01", DAY, "2025-08-31"] {
        assert_eq!(represented(&suite, &acting, day).await, whole, "{day}");
    }
    for day in ["2025-07-31", "2025-09-01"] {
        assert_eq!(represented(&suite, &acting, day).await, [], "{day}");
    }
    assert_eq!(represented(&suite, &grantor, DAY).await, []);
    for party in [&grantor, &acting] {
        let listed = list(&suite, "desk", party).await.unwrap().into_inner();
        assert_eq!(listed, std::slice::from_ref(&granted));
    }
    let revoked = revoke(&suite, "desk", &granted.uid)
        .await
        .unwrap()
        .into_inner();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(represented(&suite, &acting, DAY).await, []);
    let again = revoke(&suite, "desk", &granted.uid)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, revoked);
}

#[tokio::test]
async fn a_proxy_may_be_for_some_procedures_or_for_one_dossier() {
    let suite = Suite::start().await;
    let grantor = registered(&suite, "066190004567").await.uid;
    let acting = registered(&suite, "054085000123").await.uid;
    let some = GrantProxyRequest {
        procedure_codes: vec!["1.001193".to_owned(), "1.000894".to_owned()],
        ..from_to(&grantor, &acting)
    };
    grant(&suite, "desk", some).await.unwrap();
    let one = GrantProxyRequest {
        dossier_uid: "dossier-1".to_owned(),
        ..from_to(&grantor, &acting)
    };
    grant(&suite, "client", one).await.unwrap();
    let mut reaches: Vec<String> = represented(&suite, &acting, DAY)
        .await
        .into_iter()
        .map(|(_, reach)| reach)
        .collect();
    reaches.sort();
    assert_eq!(
        reaches,
        [
            r#"Dossier("dossier-1")"#,
            r#"Procedures(["1.001193", "1.000894"])"#
        ]
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_proxy_is_told_at_once() {
    let suite = Suite::start().await;
    let party = registered(&suite, "066190004567").await.uid;
    let wrong = GrantProxyRequest {
        request_id: String::new(),
        proxy_uid: String::new(),
        last_day: "2025-07-31".to_owned(),
        procedure_codes: vec!["1.001193".to_owned()],
        dossier_uid: "dossier-1".to_owned(),
        ..from_to(&party, "")
    };
    let reply = grant(&suite, "desk", wrong).await;
    let text = refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    for field in ["request_id", "proxy_uid", "last_day", "procedure_codes"] {
        assert!(text.contains(field), "{field} is missing in: {text}");
    }
    let undated = GrantProxyRequest {
        first_day: String::new(),
        last_day: "31/08/2025".to_owned(),
        ..from_to(&party, "other")
    };
    let reply = grant(&suite, "desk", undated).await;
    let text = refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    assert!(
        text.contains("first_day") && text.contains("last_day"),
        "{text}"
    );
    let nobody = grant(&suite, "desk", from_to(&party, "nobody")).await;
    refused(nobody, Code::NotFound, "PARTY_NOT_FOUND");
    let itself = grant(&suite, "desk", from_to(&party, &party)).await;
    refused(itself, Code::FailedPrecondition, "SAME_PARTY");
    let unknown = revoke(&suite, "desk", "nothing").await;
    refused(unknown, Code::NotFound, "PROXY_NOT_FOUND");
}

#[tokio::test]
async fn an_applicant_grants_and_revokes_for_itself_and_learns_of_nobody_elses() {
    let suite = Suite::start().await;
    let own = own_party(&suite).await;
    let other = registered(&suite, "066190004567").await.uid;
    let third = registered(&suite, "054085000123").await.uid;
    let granted = grant(&suite, "citizen", from_to(&own, &other)).await;
    let granted = granted.unwrap().into_inner();
    let to_own = grant(&suite, "desk", from_to(&other, &own)).await;
    let to_own = to_own.unwrap().into_inner();
    let stranger = grant(&suite, "citizen", from_to(&other, &third)).await;
    refused(stranger, Code::NotFound, "PARTY_NOT_FOUND");
    let hidden = revoke(&suite, "citizen", &to_own.uid).await;
    refused(hidden, Code::NotFound, "PROXY_NOT_FOUND");
    refused(
        list(&suite, "citizen", &other).await,
        Code::NotFound,
        "PARTY_NOT_FOUND",
    );
    let listed = list(&suite, "citizen", &own).await.unwrap().into_inner();
    let evidence: Vec<(&str, bool)> = listed
        .iter()
        .map(|proxy| (proxy.uid.as_str(), !proxy.evidence.is_empty()))
        .collect();
    assert_eq!(
        evidence,
        [(to_own.uid.as_str(), false), (granted.uid.as_str(), true)]
    );
    revoke(&suite, "citizen", &granted.uid).await.unwrap();
}

#[tokio::test]
async fn a_proxy_stands_for_whatever_both_were_merged_with() {
    let suite = Suite::start().await;
    let grantor = registered(&suite, "066190004567").await.uid;
    let twin = registered(&suite, "066190004777").await.uid;
    let acting = registered(&suite, "054085000123").await.uid;
    let again = registered(&suite, "054085000777").await.uid;
    grant(&suite, "desk", from_to(&grantor, &acting))
        .await
        .unwrap();
    for (survivor_uid, merged_uid) in [(&twin, &grantor), (&again, &acting)] {
        let message = MergePartiesRequest {
            request_id: new_id(),
            survivor_uid: survivor_uid.clone(),
            merged_uid: merged_uid.clone(),
            expected_revision: 0,
        };
        let mut parties = PartyServiceClient::new(suite.channel.clone());
        let merged = parties.merge_parties(suite.by("desk", message).await).await;
        merged.unwrap();
    }
    let mut both = vec![grantor, twin];
    both.sort();
    for party in [&acting, &again] {
        let told = represented(&suite, party, DAY).await;
        assert_eq!(told, [(both.clone(), "All".to_owned())]);
        assert_eq!(
            list(&suite, "desk", party)
                .await
                .unwrap()
                .into_inner()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn a_power_stays_with_whoever_gave_it_when_a_merge_is_undone() {
    let suite = Suite::start().await;
    let giver = registered(&suite, "066190004567").await.uid;
    let other = registered(&suite, "066190004777").await.uid;
    let acting = registered(&suite, "054085000123").await.uid;
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let merge = MergePartiesRequest {
        request_id: new_id(),
        survivor_uid: other.clone(),
        merged_uid: giver.clone(),
        expected_revision: 0,
    };
    let merged = parties.merge_parties(suite.by("desk", merge).await);
    merged.await.unwrap();
    grant(&suite, "desk", from_to(&giver, &acting))
        .await
        .unwrap();
    let mut both = vec![giver.clone(), other];
    both.sort();
    let all = "All".to_owned();
    let told = represented(&suite, &acting, DAY).await;
    assert_eq!(told, [(both, all.clone())]);
    let unmerge = UnmergePartiesRequest {
        request_id: new_id(),
        merged_uid: giver.clone(),
        expected_revision: 0,
    };
    let unmerged = parties.unmerge_parties(suite.by("desk", unmerge).await);
    unmerged.await.unwrap();
    let told = represented(&suite, &acting, DAY).await;
    assert_eq!(told, [(vec![giver], all)]);
}
