//! Readings of dossiers: with every act on one, by its history, by a watch.

use proto::intake::v1::{
    CorrectDossierRequest, Dossier, ForwardDossierRequest, GetHistoryRequest, GuideDossierRequest,
    HandedIn, PostponeAppointmentRequest, RecordDecisionRequest, RefuseDossierRequest,
    ReturnResultRequest, SupplementDossierRequest, WatchDossiersRequest, WithdrawDossierRequest,
};
use tests::cast::{AN, COMMUNE, OTHER_COMMUNE, subject};
use tests::filing::{BIRTH, MARRIAGE};
use tests::suite::PATIENCE;
use tests::{Actor, Suite, desk, new_request_id};

use crate::{Entry, Told, entries};

const OWN: &str = "own";
const HANDLING: &str = "handling";

fn evidence(copies: i32) -> HandedIn {
    HandedIn {
        component_key: "evidence".to_owned(),
        originals: 1,
        copies,
    }
}

fn guide(dossier: &Dossier) -> GuideDossierRequest {
    GuideDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        items: vec![desk::item("evidence")],
        ..Default::default()
    }
}

fn supplement(dossier: &Dossier) -> SupplementDossierRequest {
    SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        components: vec![evidence(1)],
        ..Default::default()
    }
}

fn forward(dossier: &Dossier) -> ForwardDossierRequest {
    ForwardDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        competent_unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    }
}

/// One copy more than the clerk wrote down.
fn correct(dossier: &Dossier) -> CorrectDossierRequest {
    let mut components = dossier.components.clone();
    components.retain(|handed_in| handed_in.component_key != "evidence");
    components.push(evidence(2));
    CorrectDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        reason: "Ghi nhầm số bản sao".to_owned(),
        components,
        ..Default::default()
    }
}

fn refuse(dossier: &Dossier) -> RefuseDossierRequest {
    RefuseDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        reason: "Không thuộc thẩm quyền".to_owned(),
        ..Default::default()
    }
}

fn withdraw(dossier: &Dossier) -> WithdrawDossierRequest {
    WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        reason: "Không còn nhu cầu".to_owned(),
        ..Default::default()
    }
}

fn postpone(dossier: &Dossier) -> PostponeAppointmentRequest {
    let at = "2017-09-05T17:00:00".parse().unwrap();
    PostponeAppointmentRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        new_appointment: Some(kit::clock::to_timestamp(kit::clock::from_local(at))),
        reason: "Chờ ý kiến của cơ quan phối hợp".to_owned(),
        ..Default::default()
    }
}

/// Somebody hands a dossier in online.
async fn submitted(told: &mut Told, applicant: (&str, &Actor)) -> Dossier {
    let submitted = told.by(applicant, MARRIAGE.online(COMMUNE), OWN).await;
    submitted.message.dossier.unwrap()
}

/// All readings are of these dossiers.
fn must_be_of(entries: &[Entry], dossiers: &[&Dossier]) {
    for reading in entries.iter().filter(|entry| entry.kind == "reading") {
        let mut dossiers = dossiers.iter();
        assert!(
            dossiers.any(|dossier| dossier.uid == reading.objects),
            "{reading:?}"
        );
    }
}

#[tokio::test]
async fn whoever_acts_on_a_dossier_on_its_way_reads_it() {
    let mut suite = Suite::start().await;
    let mut told = Told::default();
    let (an, citizen) = (suite.actor(AN).subject().await, suite.actor(AN));
    let name = |role| subject(COMMUNE, role);
    let (receives, desk) = (name("receptionist"), suite.receptionist(COMMUNE));

    let dossier = submitted(&mut told, (&an, &citizen)).await;
    let at_desk = (receives.as_str(), &desk);
    told.by(at_desk, guide(&dossier), HANDLING).await;
    told.by((&an, &citizen), supplement(&dossier), OWN).await;
    let forwarded = told.by(at_desk, forward(&dossier), HANDLING).await;
    let forwarded = forwarded.message.dossier.unwrap();
    told.by(at_desk, desk::receive(&forwarded), HANDLING).await;
    told.by(at_desk, correct(&dossier), HANDLING).await;

    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite.examiner(COMMUNE).after(held.position.as_ref());
    let (who, at_ten) = (name("examiner"), examiner.at("2017-08-28T10:00"));
    let asked = desk::ask_supplement(&held, "evidence");
    told.by((&who, &at_ten), asked, HANDLING).await;
    let answers = citizen.at("2017-08-28T10:30");
    told.by((&an, &answers), supplement(&dossier), OWN).await;
    let ordered = desk::ask_payment(&held, &[1_000]);
    let at_eleven = examiner.at("2017-08-28T11:00");
    let ordered = told.by((&who, &at_eleven), ordered, HANDLING).await;
    let ordered = ordered.message.dossier.unwrap();
    let cashier = suite.cashier(COMMUNE).at("2017-08-28T14:00");
    let confirm = desk::confirm(&dossier, &ordered.payments[0]);
    let paid = told
        .by((&name("cashier"), &cashier), confirm, HANDLING)
        .await;

    let examiner = examiner.after(paid.position.as_ref());
    let completes = examiner.at("2017-08-28T15:00");
    completes.ok(desk::complete(&held)).await;
    let signing = suite.take_over(COMMUNE, "2017-08-28T15:10").await;
    suite.decide(&signing, "2017-08-28T15:20").await;
    told.note::<RecordDecisionRequest>(&name("leader"), HANDLING);
    let result = suite.take_over(COMMUNE, "2017-08-28T15:30").await;
    suite.give_back(&result, "2017-08-28T15:40").await;
    told.note::<ReturnResultRequest>(&receives, HANDLING);
    assert_eq!(suite.terminate().await.code(), Some(0));

    let recorded = entries(&suite, "intake").await;
    told.must_be_all(&recorded);
    must_be_of(&recorded, &[&dossier]);
}

#[tokio::test]
async fn whoever_ends_a_dossier_early_or_takes_one_in_reads_it_too() {
    let mut suite = Suite::start().await;
    let mut told = Told::default();
    let (an, citizen) = (suite.actor(AN).subject().await, suite.actor(AN));
    let (name, desk) = (
        subject(COMMUNE, "receptionist"),
        suite.receptionist(COMMUNE),
    );
    let (applicant, at_desk) = ((an.as_str(), &citizen), (name.as_str(), &desk));
    let refused = submitted(&mut told, applicant).await;
    told.by(at_desk, refuse(&refused), HANDLING).await;
    let withdrawn = submitted(&mut told, applicant).await;
    told.by(applicant, withdraw(&withdrawn), OWN).await;
    let registered = told.by(at_desk, BIRTH.at_counter(COMMUNE), HANDLING).await;
    let registered = registered.message.dossier.unwrap();
    told.by(at_desk, postpone(&registered), HANDLING).await;
    told.by(at_desk, desk::stop(&registered), HANDLING).await;
    // Codes that no dossier has are nobody's.
    let reserved = desk.ok(desk::reserve(COMMUNE, "2017-08-28", 1)).await;
    desk.ok(desk::return_codes(&reserved.block_uid)).await;
    assert_eq!(suite.terminate().await.code(), Some(0));

    let recorded = entries(&suite, "intake").await;
    told.must_be_all(&recorded);
    must_be_of(&recorded, &[&refused, &withdrawn, &registered]);
}

/// What a watch from the beginning tells up to the bookmark.
async fn watched(actor: &Actor) -> Vec<Dossier> {
    let watch = actor.follow(WatchDossiersRequest::default()).await;
    let mut watch = watch.unwrap();
    let mut told = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, watch.message()).await;
        let next = next.expect("a bookmark comes").unwrap().unwrap();
        match next.dossier {
            Some(dossier) => told.push(dossier),
            None => return told,
        }
    }
}

#[tokio::test]
async fn the_history_of_a_dossier_and_what_a_watch_tells_are_readings() {
    let mut suite = Suite::start().await;
    let mut told = Told::default();
    let (name, desk) = (
        subject(COMMUNE, "receptionist"),
        suite.receptionist(COMMUNE),
    );
    let registered = told.by((&name, &desk), BIRTH.at_counter(COMMUNE), HANDLING);
    let dossier = registered.await.message.dossier.unwrap();
    let history = GetHistoryRequest {
        dossier_uid: dossier.uid.clone(),
    };
    told.by((&name, &desk), history, HANDLING).await;
    suite.everything_told().await;
    let changes = watched(&desk).await;
    assert!(!changes.is_empty());
    for change in changes {
        assert_eq!(change.uid, dossier.uid);
        told.note::<WatchDossiersRequest>(&name, HANDLING);
    }
    // Elsewhere nothing is told of it, so that nothing is read.
    let elsewhere = suite.receptionist(OTHER_COMMUNE);
    assert_eq!(watched(&elsewhere).await, []);
    assert_eq!(suite.terminate().await.code(), Some(0));

    let recorded = entries(&suite, "intake").await;
    told.must_be_all(&recorded);
    must_be_of(&recorded, &[&dossier]);
}
