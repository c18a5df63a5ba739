//! `PartyService`.

use proto::identity::v1::party_service_client::PartyServiceClient;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{
    GetCallerRequest, GetPartyRequest, IdentityNumber, IdentityNumberKind, Party, PartyKind,
    RegisterPartyRequest,
};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use tonic::{Code, Response, Status};

use crate::support::{Suite, refused};

const NUMBER: &str = "066190004567";

fn request(request_id: &str, name: &str, number: &str) -> RegisterPartyRequest {
    RegisterPartyRequest {
        request_id: request_id.to_owned(),
        kind: PartyKind::Citizen.into(),
        name: name.to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Cccd.into(),
            value: number.to_owned(),
        }),
        ..Default::default()
    }
}

async fn register(suite: &Suite, message: RegisterPartyRequest) -> Result<Response<Party>, Status> {
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let reply = parties
        .register_party(suite.by("desk", message).await)
        .await?;
    Ok(reply.map(|reply| reply.party.unwrap()))
}

async fn get(suite: &Suite, subject: &str, uid: &str) -> Result<Response<Party>, Status> {
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let message = GetPartyRequest {
        uid: uid.to_owned(),
    };
    let reply = parties.get_party(suite.by(subject, message).await).await?;
    Ok(reply.map(|reply| reply.party.unwrap()))
}

#[tokio::test]
async fn a_registered_party_is_read_back_and_told_in_the_log() {
    let suite = Suite::start().await;
    let events = suite.store.events().await;
    let reply = register(&suite, request("r-1", " H'Hen Niê ", NUMBER))
        .await
        .unwrap();
    assert!(reply.metadata().contains_key("motcua-position"));
    let party = reply.into_inner();
    assert_eq!(
        (party.name.as_str(), party.kind(), party.revision),
        ("H'Hen Niê", PartyKind::Citizen, 1)
    );
    assert_eq!(party.identity_number.as_ref().unwrap().value, NUMBER);
    assert_eq!(
        get(&suite, "client", &party.uid)
            .await
            .unwrap()
            .into_inner(),
        party
    );
    assert_eq!(suite.store.events().await, events + 1);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_reply_and_does_nothing() {
    let suite = Suite::start().await;
    let first = register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap();
    let events = suite.store.events().await;
    let second = register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap();
    assert_eq!(
        second.metadata().get("motcua-position"),
        first.metadata().get("motcua-position")
    );
    assert_eq!(second.into_inner(), first.into_inner());
    assert_eq!(suite.store.events().await, events);
}

#[tokio::test]
async fn a_request_id_is_not_used_for_something_else() {
    let suite = Suite::start().await;
    register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap();
    let reply = register(&suite, request("r-1", "H'Hen Niê", "066190004568")).await;
    refused(reply, Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_number_that_is_known_gives_the_party_that_has_it() {
    let suite = Suite::start().await;
    let first = register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap()
        .into_inner();
    let events = suite.store.events().await;
    let second = register(&suite, request("r-2", "H Hen Nie", NUMBER))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second, first);
    assert_eq!(suite.store.events().await, events);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_registration_is_told_at_once() {
    let suite = Suite::start().await;
    let mut message = request("not an id", "", "12345");
    message.kind = 0;
    let text = refused(
        register(&suite, message).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in ["request_id", "kind", "name", "identity_number.value"] {
        assert!(text.contains(field), "{field} is missing in: {text}");
    }
    let mut business = request("r-1", "Công ty Cổ phần FPT", NUMBER);
    business.kind = PartyKind::Business.into();
    let text = refused(
        register(&suite, business).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert!(text.contains("identity_number.kind"), "{text}");
}

#[tokio::test]
async fn a_wrong_check_digit_is_named() {
    let suite = Suite::start().await;
    let mut message = request("r-1", "Công ty Cổ phần Sữa Việt Nam", "0300588560");
    message.identity_number.as_mut().unwrap().kind = IdentityNumberKind::Mst.into();
    let status = register(&suite, message.clone()).await.unwrap_err();
    let violations = tonic_types::StatusExt::get_details_bad_request(&status)
        .unwrap()
        .field_violations;
    assert_eq!(violations.len(), 1);
    assert!(violations[0].description.starts_with("CHECK_DIGIT_WRONG: "));
    message.kind = PartyKind::Business.into();
    message.identity_number.as_mut().unwrap().value = "0300588569".to_owned();
    assert_eq!(
        register(&suite, message).await.unwrap().into_inner().kind(),
        PartyKind::Business
    );
}

#[tokio::test]
async fn a_citizen_reads_itself_and_does_not_learn_of_others() {
    let suite = Suite::start().await;
    let other = register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap()
        .into_inner()
        .uid;
    refused(
        get(&suite, "citizen", &other).await,
        Code::NotFound,
        "PARTY_NOT_FOUND",
    );
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let caller = tokens
        .get_caller(suite.by("citizen", GetCallerRequest {}).await)
        .await
        .unwrap();
    let mut own = caller.into_inner().caller.unwrap();
    let own = own.grants.remove(0).party_uids.remove(0);
    assert_eq!(
        get(&suite, "citizen", &own)
            .await
            .unwrap()
            .into_inner()
            .name,
        "Y Moan Êban"
    );
}

#[tokio::test]
async fn a_party_that_does_not_exist_is_not_found_and_an_examiner_may_not_ask() {
    let suite = Suite::start().await;
    refused(
        get(&suite, "desk", "nobody").await,
        Code::NotFound,
        "PARTY_NOT_FOUND",
    );
    refused(
        get(&suite, "examiner", "nobody").await,
        Code::PermissionDenied,
        "RPC_NOT_GRANTED",
    );
}

#[tokio::test]
async fn names_and_numbers_stand_in_the_table_of_parties_only() {
    let suite = Suite::start().await;
    register(&suite, request("r-1", "H'Hen Niê", NUMBER))
        .await
        .unwrap();
    let db = suite.store.db.read();
    for (table, column) in [("reply", "body"), ("log_event", "change")] {
        let rows = db
            .query_all_raw(Statement::from_string(
                db.get_database_backend(),
                format!("SELECT {column} FROM {table}"),
            ))
            .await
            .unwrap();
        assert!(!rows.is_empty(), "{table} is empty");
        let bytes = |row: &QueryResult| {
            let text = row.try_get_by_index::<String>(0).map(String::into_bytes);
            text.or_else(|_| row.try_get_by_index::<Vec<u8>>(0))
                .unwrap()
        };
        let has_it = |value: Vec<u8>| {
            value
                .windows(NUMBER.len())
                .any(|part| part == NUMBER.as_bytes())
        };
        let found = rows.iter().any(|row| has_it(bytes(row)));
        assert!(!found, "{table}.{column} has the number");
    }
}
