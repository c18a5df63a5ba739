//! A dossier with a form, on which the desk guides; with paper, of which not all comes; and with a clerk's slip.

use proto::catalogue::v1::Procedure;
use proto::intake::v1::{
    Applicant, ApplicantNumberKind, CorrectDossierRequest, Dossier, GetHistoryRequest,
    GuideDossierRequest, RequestItem, SubmitDossierRequest, SupplementDossierRequest,
};
use proto::routing::v1::{CompleteTransferRequest, GetManifestRequest, Paper, ReceivePaperRequest};
use tests::cast::{AN, COMMUNE, DISTRICT};
use tests::filing::DECIDED_BY_DISTRICT;
use tests::{Actor, Suite, desk, new_request_id};

use super::{
    CORRECTED, CORRECTION, FILLED, GONE, GUIDANCE, MENDED, OLD_NUMBER, SHEET, applicant, words,
};

const SCHEMA: &str = r#"{"type":"object","required":["note"],"additionalProperties":false,"properties":{"note":{"type":"string","title":"Nội dung đề nghị"}}}"#;
const FIELD: &str = "form_data.note";

fn with_form(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    SCHEMA.clone_into(&mut case.form_schema);
    draft
}

fn form(word: &str) -> String {
    let words = words();
    format!(r#"{{"note":"{word}, {words}"}}"#)
}

fn of_her(word: &str) -> String {
    format!("Giấy của bà {word} Niê")
}

/// A sheet with this word in its name.
pub fn sheet(word: &str) -> Paper {
    Paper {
        component: "evidence".to_owned(),
        name: of_her(word),
        originals: 1,
        copies: 1,
    }
}

/// All that may be said of a dossier that is filled in and travels on paper.
pub async fn with_form_and_paper(suite: &Suite) {
    let position = suite.publish(DECIDED_BY_DISTRICT.code, with_form).await;
    // Routing has taken the version in, too.
    suite.must_add_up().await;
    let an = suite.actor(AN).after(Some(&position));
    let dossier = guided(suite, &an).await;
    let receive = desk::receive(&dossier);
    suite.receptionist(COMMUNE).ok(receive).await;
    sent_on_paper(suite).await;
    corrected(suite, &dossier).await;
    must_be_there(suite, &dossier.uid).await;
}

/// Handed in online with a form, and mended as the desk asks.
async fn guided(suite: &Suite, an: &Actor) -> Dossier {
    let submit = SubmitDossierRequest {
        applicant: Some(Applicant {
            number_kind: ApplicantNumberKind::Cmnd.into(),
            number: OLD_NUMBER.to_owned(),
            ..applicant()
        }),
        form_data: form(FILLED),
        ..DECIDED_BY_DISTRICT.online(COMMUNE)
    };
    let submitted = an.ok(submit.clone()).await.message.dossier.unwrap();
    assert_eq!(an.ok(submit).await.message.dossier.unwrap(), submitted);
    let guide = GuideDossierRequest {
        request_id: new_request_id(),
        dossier_uid: submitted.uid.clone(),
        expected_revision: 0,
        items: vec![RequestItem {
            place: FIELD.to_owned(),
            reason: of_her(GUIDANCE),
        }],
    };
    let desk = suite.receptionist(COMMUNE);
    desk.ok(guide.clone()).await;
    desk.ok(guide).await;
    let mend = SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: submitted.uid,
        expected_revision: 0,
        components: Vec::new(),
        form_data: form(MENDED),
    };
    an.ok(mend.clone()).await;
    an.ok(mend).await.message.dossier.unwrap()
}

/// The commune sends it to its district with a sheet, which does not come.
async fn sent_on_paper(suite: &Suite) {
    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let complete = CompleteTransferRequest {
        paper: vec![sheet(SHEET)],
        ..desk::complete(&held)
    };
    let examiner = suite.officer_of(&held.transfer).at("2017-08-28T09:30");
    examiner.ok(complete.clone()).await;
    let completed = examiner.ok(complete).await.message;
    let [offer] = &completed.offered[..] else {
        panic!("one step is offered: {completed:?}");
    };
    let desk = suite.receptionist(DISTRICT).at("2017-08-28T10:00");
    let list = GetManifestRequest {
        from_unit_uid: COMMUNE.to_owned(),
        to_unit_uid: DISTRICT.to_owned(),
        ..Default::default()
    };
    let manifest = desk.ok(list).await.message;
    assert!(manifest.text.contains(SHEET), "it is there: {manifest:?}");
    suite.accept(offer, "2017-08-28T10:00").await;
    let receive = ReceivePaperRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        missing: vec![sheet(GONE)],
    };
    desk.ok(receive.clone()).await;
    desk.ok(receive).await;
}

async fn corrected(suite: &Suite, dossier: &Dossier) {
    let correct = CorrectDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        reason: of_her(CORRECTION),
        applicant: Some(Applicant {
            name: of_her(CORRECTED),
            ..applicant()
        }),
        ..Default::default()
    };
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T11:00");
    desk.ok(correct.clone()).await;
    desk.ok(correct).await;
}

/// Whoever may read it reads all of it.
async fn must_be_there(suite: &Suite, uid: &str) {
    let ask = GetHistoryRequest {
        dossier_uid: uid.to_owned(),
    };
    let history = suite.leader(COMMUNE).ok(ask).await.message;
    let route = suite.route(uid, COMMUNE).await;
    let told = format!("{history:?} {route:?}");
    for word in [
        OLD_NUMBER, FILLED, MENDED, GUIDANCE, SHEET, GONE, CORRECTED, CORRECTION,
    ] {
        assert!(told.contains(word), "{word} is not there: {told}");
    }
}
