//! Seeded names, numbers and words are in no store, queue, log line or span, in no spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proto::identity::v1::{
    AddPartyNumberRequest, DisableOfficerRequest, FindPartyRequest, GetOfficerRequest,
    GrantProxyRequest, IdentityNumber, IdentityNumberKind, MergePartiesRequest, Party, PartyKind,
    RegisterOfficerRequest, RegisterPartyRequest, UpdatePartyRequest,
};
use proto::intake::v1::{
    Applicant, ApplicantNumberKind, RefuseDossierRequest, RegisterDossierRequest,
    SubmitDossierRequest, WithdrawDossierRequest,
};
use proto::routing::v1::{DeclineTransferRequest, ForwardTransferRequest};
use tests::cast::{ADMINISTRATOR, AN, COMMUNE, OFFICER_NAME, OTHER_COMMUNE, particulars};
use tests::filing::BIRTH;
use tests::receiver::hex;
use tests::{Receiver, Suite, desk, new_request_id};

use super::tamper;

const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
const NAME: &str = "Qwyzhmok Êban Kdăm";
const NUMBER: &str = "066088777303";
const PHONE: &str = "0905777456";
const ADDRESS: &str = "77 Xqvzlane";
const BUSINESS_NAME: &str = "Công ty Wqxzbean";
const BUSINESS: &str = "0100109106";
const PASSPORT: &str = "USA-QX7777303";
const EMAIL: &str = "qwyzhmok@xqvz.example";
const BIRTH_DATE: &str = "1977-07-19";
const DECISION: &str = "777/QĐ-Zqwx";
const SIGNER: &str = "Phó Chủ tịch Vqzxsign";
const OFFICER: &str = "Zqvxhlinh Niê Siêng";

/// What must be found nowhere.
fn seeded() -> Vec<&'static str> {
    let (name, number) = particulars(AN);
    vec![
        NAME,
        "Qwyzhmok",
        NUMBER,
        PHONE,
        ADDRESS,
        "QX7777303",
        EMAIL,
        BIRTH_DATE,
        BUSINESS_NAME,
        "Wqxzbean",
        BUSINESS,
        DECISION,
        SIGNER,
        "Vqzxsign",
        OFFICER,
        "Zqvxhlinh",
        OFFICER_NAME,
        name,
        number,
    ]
}

/// Words in which everything is said.
fn words() -> String {
    format!("{NAME}, {NUMBER}, {PHONE}, {ADDRESS}, {BUSINESS_NAME}, {BUSINESS}")
}

fn applicant() -> Applicant {
    Applicant {
        name: NAME.to_owned(),
        number_kind: ApplicantNumberKind::Cccd.into(),
        number: NUMBER.to_owned(),
        party_uid: String::new(),
        phone: PHONE.to_owned(),
    }
}

fn online() -> SubmitDossierRequest {
    SubmitDossierRequest {
        applicant: Some(applicant()),
        ..BIRTH.online(COMMUNE)
    }
}

fn at_counter() -> RegisterDossierRequest {
    RegisterDossierRequest {
        applicant: Some(applicant()),
        ..BIRTH.at_counter(COMMUNE)
    }
}

/// All that may be told of a party: details, a second number, a proxy with its evidence, a merge.
async fn of_parties(suite: &Suite, known: &Party) {
    let desk = suite.receptionist(COMMUNE);
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
    let person = RegisterPartyRequest {
        request_id: new_request_id(),
        kind: PartyKind::Foreigner.into(),
        name: NAME.to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Passport.into(),
            value: PASSPORT.to_owned(),
        }),
        ..Default::default()
    };
    let person = desk.ok(person).await.message.party.unwrap();
    let cccd = IdentityNumber {
        kind: IdentityNumberKind::Cccd.into(),
        value: NUMBER.to_owned(),
    };
    let add = AddPartyNumberRequest {
        request_id: new_request_id(),
        uid: person.uid.clone(),
        expected_revision: 0,
        identity_number: Some(cccd.clone()),
    };
    desk.ok(add).await;
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
    let identity_number = Some(cccd);
    let found = desk.ok(FindPartyRequest { identity_number }).await;
    assert_eq!(found.merged_from_uid, person.uid);
}

/// An officer is registered and kept out; those of the cast came from a file.
async fn of_officers(suite: &Suite) {
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

/// Everything that may be said is said, each call twice: to an end, refused, withdrawn, declined and forwarded on the way.
async fn whole_life(suite: &Suite) {
    let (an, desk) = (suite.actor(AN), suite.receptionist(COMMUNE));
    let party = RegisterPartyRequest {
        request_id: new_request_id(),
        kind: PartyKind::Business.into(),
        name: BUSINESS_NAME.to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Mst.into(),
            value: BUSINESS.to_owned(),
        }),
        ..Default::default()
    };
    let known = desk.ok(party.clone()).await.message.party.unwrap();
    assert_eq!(desk.ok(party).await.message.party.unwrap(), known);
    of_parties(suite, &known).await;
    of_officers(suite).await;
    let submitted = an.ok(online()).await.message.dossier.unwrap();
    let refuse = RefuseDossierRequest {
        request_id: new_request_id(),
        dossier_uid: submitted.uid,
        expected_revision: 0,
        reason: words(),
    };
    desk.ok(refuse.clone()).await;
    desk.ok(refuse).await;
    let submitted = an.ok(online()).await.message.dossier.unwrap();
    let withdraw = WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: submitted.uid,
        expected_revision: 0,
        reason: words(),
    };
    an.ok(withdraw).await;
    let request = at_counter();
    let dossier = desk.ok(request.clone()).await.message.dossier.unwrap();
    assert_eq!(desk.ok(request).await.message.dossier.unwrap(), dossier);
    between_units(suite).await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    let mut decide = desk::decide(&signed);
    let decision = decide.decision.as_mut().unwrap();
    DECISION.clone_into(&mut decision.number);
    SIGNER.clone_into(&mut decision.signer);
    let leader = suite.leader(COMMUNE).after(signed.position.as_ref());
    leader.ok(decide).await;
    let result = suite.take_over(COMMUNE, "2017-08-28T11:00").await;
    let returned = suite.give_back(&result, "2017-08-28T14:00").await;
    assert_eq!(returned.applicant.unwrap().name, NAME, "it is there");
}

async fn between_units(suite: &Suite) {
    let offer = suite.offer_to(COMMUNE).await;
    let decline = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: words(),
    };
    suite.officer_of(&offer).ok(decline).await;
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        to_unit_uid: OTHER_COMMUNE.to_owned(),
        reason: words(),
        paper: Vec::new(),
    };
    suite.receptionist(COMMUNE).ok(forward).await;
    suite.work_off(OTHER_COMMUNE, "2017-08-28T09:00").await;
}

/// A text as it may stand somewhere: plain, in hex, and in base64 wherever it begins in a group of three bytes.
fn spellings(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let hex = hex(bytes);
    let mut spellings = vec![text.to_owned(), hex.to_uppercase(), hex];
    for before in 0..3 {
        let padded = [&vec![0; before], bytes].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // The letters at both ends depend on what stands beside it.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        spellings.push(encoded[from..to].to_owned());
    }
    spellings
}

/// The seeded texts that are in it.
fn found_in(place: &[u8]) -> Vec<String> {
    let told = |text: &&str| {
        let mut spellings = spellings(text).into_iter();
        spellings.any(|spelling| contains(place, spelling.as_bytes()))
    };
    seeded()
        .into_iter()
        .filter(told)
        .map(str::to_owned)
        .collect()
}

fn contains(place: &[u8], what: &[u8]) -> bool {
    place.windows(what.len()).any(|window| window == what)
}

#[tokio::test]
async fn no_dump_log_or_trace_holds_a_seeded_name_number_or_word() {
    let receiver = Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    suite.set("RUST_LOG", "debug");
    suite.restart().await;
    whole_life(&suite).await;
    suite.everything_told().await;
    // While it serves, with all that a checkpoint has not written over, and at rest.
    for service in SERVICES {
        let dump = suite.store_dump(service);
        assert!(contains(&dump, b"log_event"), "{service}: no dump");
        assert_eq!(found_in(&dump), [""; 0], "the store of {service}");
    }
    if let Some(queue) = suite.queue_dump().await {
        assert!(contains(&queue, b"DossierChange"), "no dump");
        assert_eq!(found_in(&queue), [""; 0], "the queue");
    }
    assert!(suite.terminate().await.success());
    for service in SERVICES {
        assert_eq!(found_in(&suite.store_dump(service)), [""; 0], "{service}");
    }
    let (log, told) = (suite.log().into_bytes(), receiver.bytes());
    assert!(contains(&log, b"DeclineTransfer") && contains(&told, b"DeclineTransfer"));
    assert_eq!(found_in(&log), [""; 0], "the log");
    assert_eq!(found_in(&told), [""; 0], "a span or metric");
}

#[test]
fn a_text_is_found_in_every_spelling_and_place() {
    for text in seeded() {
        for before in ["", "a", "bc", "def"] {
            let whole = format!("{before}{text} and more");
            let hex = hex(whole.as_bytes());
            for place in [STANDARD_NO_PAD.encode(&whole), hex, whole] {
                assert!(
                    found_in(place.as_bytes()).contains(&text.to_owned()),
                    "{text} in {place}"
                );
            }
        }
    }
    assert_eq!(found_in("Nguyễn Văn A, 066088000003".as_bytes()), [""; 0]);
}

#[tokio::test]
async fn what_is_planted_in_a_store_is_found() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.everything_told().await;
    assert_eq!(found_in(&suite.store_dump("intake")), [""; 0]);
    let plant = format!("UPDATE dossier SET case_key = '{NAME}'");
    assert_eq!(tamper(&suite, "intake", &plant).await, 1);
    assert_eq!(found_in(&suite.store_dump("intake")), [NAME, "Qwyzhmok"]);
}
