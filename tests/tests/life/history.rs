//! What a history holds of what changed: what it was, and what it is.

use prost::Message as _;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    ClockResumed, ComponentsReplaced, CorrectDossierRequest, Dossier, DossierChange,
    DossierCompleted, DossierCorrected, GetHistoryRequest, GuideDossierRequest, HandedIn,
    HistoryEntry, Particulars, SupplementDossierRequest,
};
use tests::cast::{AN, COMMUNE, OTHER_COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Suite, desk, new_request_id};

/// What intake's history of a dossier holds: each change, and what that says about people.
pub async fn history(suite: &Suite, dossier: &str) -> Vec<(Change, Particulars)> {
    let ask = GetHistoryRequest {
        dossier_uid: dossier.to_owned(),
    };
    let entries = suite.leader(COMMUNE).ok(ask).await.message.entries;
    entries.into_iter().filter_map(of_intake).collect()
}

fn of_intake(entry: HistoryEntry) -> Option<(Change, Particulars)> {
    let event = entry.event.filter(|event| event.owner == "intake")?;
    let told = DossierChange::decode(kit::copies::change_of(&event)).unwrap();
    Some((told.change?, entry.particulars.unwrap_or_default()))
}

fn handed_in(key: &str, copies: i32) -> HandedIn {
    HandedIn {
        component_key: key.to_owned(),
        originals: 1,
        copies,
    }
}

fn replaced(key: &str, before: i32, after: i32) -> ComponentsReplaced {
    ComponentsReplaced {
        before: vec![handed_in(key, before)],
        after: vec![handed_in(key, after)],
    }
}

fn supplement(dossier: &Dossier, component: HandedIn) -> SupplementDossierRequest {
    SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        components: vec![component],
        ..SupplementDossierRequest::default()
    }
}

#[tokio::test]
async fn a_correction_of_components_and_of_the_returning_unit_tells_what_they_were_and_what_they_are()
 {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let correct = CorrectDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        reason: "Ghi nhầm số bản sao và nơi trả".to_owned(),
        components: vec![
            handed_in("form", 1),
            handed_in("identity", 1),
            handed_in("evidence", 3),
        ],
        returning_unit_uid: OTHER_COMMUNE.to_owned(),
        ..CorrectDossierRequest::default()
    };
    let back = CorrectDossierRequest {
        request_id: new_request_id(),
        components: Vec::new(),
        returning_unit_uid: COMMUNE.to_owned(),
        ..correct.clone()
    };
    let desk = suite.receptionist(COMMUNE);
    let mended = desk.ok(correct).await.message.dossier.unwrap();
    assert!(mended.components.contains(&handed_in("evidence", 3)));
    desk.ok(back).await;
    let told = history(&suite, &dossier.uid).await;
    let corrections = told
        .iter()
        .filter_map(|(change, particulars)| match change {
            Change::Corrected(corrected) => Some((corrected, particulars)),
            _ => None,
        });
    let corrections: Vec<(&DossierCorrected, &Particulars)> = corrections.collect();
    let [(first, why), (second, _)] = corrections[..] else {
        panic!("two corrections: {told:?}");
    };
    let expected = DossierCorrected {
        fields: vec!["components".to_owned(), "returning_unit_uid".to_owned()],
        returning_unit_uid: OTHER_COMMUNE.to_owned(),
        returning_unit_before_uid: COMMUNE.to_owned(),
        components: Some(replaced("evidence", 1, 3)),
    };
    assert_eq!(*first, expected);
    assert_eq!(why.reason, "Ghi nhầm số bản sao và nơi trả");
    let expected = DossierCorrected {
        fields: vec!["returning_unit_uid".to_owned()],
        returning_unit_uid: COMMUNE.to_owned(),
        returning_unit_before_uid: OTHER_COMMUNE.to_owned(),
        components: None,
    };
    assert_eq!(*second, expected);
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_supplement_that_replaces_a_component_tells_what_was_handed_in_before() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:30").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    examiner.ok(desk::ask_supplement(&held, "evidence")).await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T15:00");
    desk.ok(supplement(&dossier, handed_in("evidence", 2)))
        .await;
    let told = history(&suite, &dossier.uid).await;
    let resumed = told.iter().find_map(|(change, particulars)| match change {
        Change::ClockResumed(ClockResumed { components, .. }) => Some((components, particulars)),
        _ => None,
    });
    let (components, particulars) = resumed.unwrap();
    assert_eq!(*components, Some(replaced("evidence", 1, 2)));
    let answered_at = |dossier: &Option<Dossier>| {
        let supplement = dossier.clone().unwrap().supplement.unwrap();
        supplement.answered_at
    };
    assert_eq!(answered_at(&particulars.before), None);
    assert!(answered_at(&particulars.after).is_some());
    suite.must_add_up().await;
}

#[tokio::test]
async fn an_answer_to_a_guidance_tells_what_it_replaced_where_it_did() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE);
    for copies in [1, 2] {
        let guide = GuideDossierRequest {
            request_id: new_request_id(),
            dossier_uid: dossier.uid.clone(),
            expected_revision: 0,
            items: vec![desk::item("evidence")],
        };
        desk.ok(guide).await;
        an.ok(supplement(&dossier, handed_in("evidence", copies)))
            .await;
    }
    let told = history(&suite, &dossier.uid).await;
    let answers = told.into_iter().filter_map(|(change, _)| match change {
        Change::Completed(DossierCompleted { components, .. }) => Some(components),
        _ => None,
    });
    let answers: Vec<_> = answers.collect();
    // The first was handed in as it was before, and nothing has changed.
    assert_eq!(answers, [None, Some(replaced("evidence", 1, 2))]);
    suite.must_add_up().await;
}
