//! Names, numbers and words that are to be read nowhere, and a life in which all of them are said.

#[path = "seeds/filled_in.rs"]
mod filled_in;
#[path = "seeds/people.rs"]
mod people;

use proto::intake::v1::{
    Applicant, ApplicantNumberKind, RefuseDossierRequest, RegisterDossierRequest,
    SubmitDossierRequest, WithdrawDossierRequest,
};
use proto::routing::v1::{DeclineTransferRequest, ForwardTransferRequest};
use tests::cast::{AN, COMMUNE, OFFICER_NAME, OTHER_COMMUNE, particulars};
use tests::filing::BIRTH;
use tests::{Suite, desk, new_request_id};

use super::notices;

pub const NAME: &str = "Qwyzhmok Êban Kdăm";
const NUMBER: &str = "066088777303";
const OLD_NUMBER: &str = "240777306";
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
/// What is filled in, and what it is mended to.
const FILLED: &str = "Zqwxfilled";
const MENDED: &str = "Zqwxmended";
const GUIDANCE: &str = "Zqwxguide";
/// A sheet of paper, and one that did not come.
const SHEET: &str = "Zqwxsheet";
const GONE: &str = "Zqwxgone";
/// Who applies, as a clerk's slip is mended, and why.
const CORRECTED: &str = "Zqwxname";
const CORRECTION: &str = "Zqwxslip";

/// What must be found nowhere.
pub fn seeded() -> Vec<&'static str> {
    let (name, number) = particulars(AN);
    let mut seeded = vec![
        NAME,
        "Qwyzhmok",
        NUMBER,
        OLD_NUMBER,
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
        FILLED,
        MENDED,
        GUIDANCE,
        SHEET,
        GONE,
        CORRECTED,
        CORRECTION,
    ];
    seeded.extend(notices::WORDS);
    seeded
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

/// Whatever may be said of people is said, much of it twice by the same call: to an end, and refused, withdrawn, asked, put off,
/// corrected, declined and forwarded on the way.
pub async fn whole_life(suite: &Suite) {
    people::parties(suite).await;
    people::officers(suite).await;
    notices::asked_and_put_off(suite).await;
    filled_in::with_form_and_paper(suite).await;
    not_taken(suite).await;
    let desk = suite.receptionist(COMMUNE);
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

/// One is refused by the desk, another withdrawn.
async fn not_taken(suite: &Suite) {
    let (an, desk) = (suite.actor(AN), suite.receptionist(COMMUNE));
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
        paper: vec![filled_in::sheet(SHEET)],
    };
    suite.receptionist(COMMUNE).ok(forward).await;
    suite.work_off(OTHER_COMMUNE, "2017-08-28T09:00").await;
}
