//! What is told of parties and officers.

use proto::identity::v1::{
    AddPartyNumberRequest, DisableOfficerRequest, FindPartyRequest, GetOfficerRequest,
    GrantProxyRequest, IdentityNumber, IdentityNumberKind, MergePartiesRequest, Party, PartyKind,
    RegisterOfficerRequest, RegisterPartyRequest, UpdatePartyRequest,
};
use tests::cast::{ADMINISTRATOR, COMMUNE};
use tests::{Actor, Suite, new_request_id};

use super::{
    ADDRESS, BIRTH_DATE, BUSINESS, BUSINESS_NAME, EMAIL, NAME, NUMBER, OFFICER, OLD_NUMBER,
    PASSPORT, PHONE, words,
};

fn number(kind: IdentityNumberKind, value: &str) -> IdentityNumber {
    IdentityNumber {
        kind: kind.into(),
        value: value.to_owned(),
    }
}

/// Registers a party, twice by the same call.
async fn registered(
    desk: &Actor,
    kind: PartyKind,
    name: &str,
    identity_number: IdentityNumber,
) -> Party {
    let register = RegisterPartyRequest {
        request_id: new_request_id(),
        kind: kind.into(),
        name: name.to_owned(),
        identity_number: Some(identity_number),
        ..Default::default()
    };
    let party = desk.ok(register.clone()).await.message.party.unwrap();
    assert_eq!(desk.ok(register).await.message.party.unwrap(), party);
    party
}

/// All that may be told of parties: details, numbers, a proxy with its evidence, a merge.
pub async fn parties(suite: &Suite) {
    let desk = suite.receptionist(COMMUNE);
    let mst = number(IdentityNumberKind::Mst, BUSINESS);
    let known = registered(&desk, PartyKind::Business, BUSINESS_NAME, mst).await;
    detailed(&desk, &known).await;
    let passport = number(IdentityNumberKind::Passport, PASSPORT);
    let person = registered(&desk, PartyKind::Foreigner, NAME, passport).await;
    let cccd = number(IdentityNumberKind::Cccd, NUMBER);
    let add = AddPartyNumberRequest {
        request_id: new_request_id(),
        uid: person.uid.clone(),
        expected_revision: 0,
        identity_number: Some(cccd.clone()),
    };
    desk.ok(add).await;
    merged(&desk, &known, &person).await;
    let identity_number = Some(cccd);
    let found = desk.ok(FindPartyRequest { identity_number }).await;
    assert_eq!(found.merged_from_uid, person.uid);
    let cmnd = number(IdentityNumberKind::Cmnd, OLD_NUMBER);
    registered(&desk, PartyKind::Citizen, NAME, cmnd.clone()).await;
    let identity_number = Some(cmnd);
    let found = desk.ok(FindPartyRequest { identity_number }).await;
    assert_eq!(found.message.party.unwrap().name, NAME, "it is there");
}

async fn detailed(desk: &Actor, known: &Party) {
    let update = UpdatePartyRequest {
        request_id: new_request_id(),
        uid: known.uid.clone(),
        expected_revision: 0,
        name: BUSINESS_NAME.to_owned(),
        phones: vec![PHONE.to_owned()],
        addresses: vec![ADDRESS.to_owned()],
        email: EMAIL.to_owned(),
        birth_date: BIRTH_DATE.to_owned(),
        ..Default::default()
    };
    desk.ok(update).await;
}

/// One acts for the other, and then both are one.
async fn merged(desk: &Actor, known: &Party, person: &Party) {
    let grant = GrantProxyRequest {
        request_id: new_request_id(),
        grantor_uid: known.uid.clone(),
        proxy_uid: person.uid.clone(),
        first_day: "2017-08-01".to_owned(),
        last_day: "2017-08-31".to_owned(),
        evidence: words(),
        ..Default::default()
    };
    desk.ok(grant).await;
    let merge = MergePartiesRequest {
        request_id: new_request_id(),
        survivor_uid: known.uid.clone(),
        merged_uid: person.uid.clone(),
        expected_revision: 0,
    };
    desk.ok(merge).await;
}

/// An officer is registered and kept out; those of the cast came from a file.
pub async fn officers(suite: &Suite) {
    let administrator = suite.actor(ADMINISTRATOR);
    let subject = "officer-of-the-dump".to_owned();
    let register = RegisterOfficerRequest {
        request_id: new_request_id(),
        subject: subject.clone(),
        name: OFFICER.to_owned(),
        unit_uid: COMMUNE.to_owned(),
    };
    administrator.ok(register.clone()).await;
    administrator.ok(register).await;
    let disable = DisableOfficerRequest {
        request_id: new_request_id(),
        subject: subject.clone(),
        expected_revision: 0,
    };
    administrator.ok(disable).await;
    let read = administrator.ok(GetOfficerRequest { subject }).await;
    let officer = read.message.officer.unwrap();
    assert_eq!(officer.name, OFFICER, "it is there");
}
