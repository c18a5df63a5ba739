//! What real systems of this kind get wrong (domain.md 7), as far as it is not told elsewhere: where codes are given out
//! (`codes.rs`), where the portal's states are written (`wire/national.rs`), where time is reckoned (`deadlines.rs`), where
//! units merge (`reorganised.rs`), and where strangers ask (`authority/`).

use std::collections::HashMap;

use kit::testing::until;
use proto::intake::v1::{
    Dossier, DossierState, HandedIn, ListDossiersRequest, SupplementDossierRequest, Urgency,
    WatchDossiersRequest,
};
use proto::routing::v1::{ListTransfersRequest, TransferState};
use tests::cast::{AN, COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::suite::PATIENCE;
use tests::{Suite, desk, new_request_id};
use tonic::Code;

/// The transfers that a unit has to do with and that have not ended.
async fn to_do(suite: &Suite, unit: &str) -> Vec<String> {
    let list = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        ..ListTransfersRequest::default()
    };
    let listed = suite.receptionist(unit).ok(list).await.message.transfers;
    listed
        .into_iter()
        .map(|transfer| transfer.dossier_uid)
        .collect()
}

#[tokio::test]
async fn a_dossier_leaves_every_to_do_list_after_its_last_step() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T08:30").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    assert_eq!(to_do(&suite, COMMUNE).await, vec![dossier.uid.clone()]);
    suite.decide(&signed, "2017-08-28T10:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T10:30").await;
    suite.give_back(&result, "2017-08-28T11:00").await;
    until("routing hears of it", PATIENCE, async || {
        to_do(&suite, COMMUNE).await.is_empty().then_some(())
    })
    .await;
    // However late it becomes, nobody is told to hurry.
    let desk = suite.receptionist(COMMUNE).at("2017-10-02T08:00");
    for urgency in [Urgency::AtRisk, Urgency::Overdue] {
        let pressing = ListDossiersRequest {
            urgency: urgency.into(),
            ..ListDossiersRequest::default()
        };
        assert_eq!(desk.ok(pressing).await.message.dossiers, []);
    }
}

#[tokio::test]
async fn a_supplement_that_has_arrived_is_waited_for_no_longer() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite
        .examiner(COMMUNE)
        .at("2017-08-28T09:30")
        .after(held.position.as_ref());
    let asked = examiner.ok(desk::ask_supplement(&held, "form")).await;
    let holder = suite.officer_of(&held.transfer);
    holder
        .after(asked.position.as_ref())
        .refused(
            desk::complete(&held),
            Code::FailedPrecondition,
            "DOSSIER_SUSPENDED",
        )
        .await;
    let supplement = SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        components: vec![HandedIn {
            component_key: "form".to_owned(),
            originals: 1,
            copies: 1,
        }],
        ..SupplementDossierRequest::default()
    };
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T15:00");
    let arrived = desk.ok(supplement).await;
    let now = arrived.message.dossier.unwrap();
    assert_eq!(now.state(), DossierState::Processing);
    let after = holder
        .at("2017-08-28T15:05")
        .after(arrived.position.as_ref());
    let done = after.ok(desk::complete(&held)).await.message;
    let done = done.transfer.unwrap();
    assert!(!done.suspended && done.state() == TransferState::Completed);
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_the_desk_has_received_is_handed_over_and_not_only_shown() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    assert_eq!(to_do(&suite, COMMUNE).await, Vec::<String>::new());
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    desk.ok(desk::receive(&dossier)).await;
    until("it is offered", PATIENCE, async || {
        to_do(&suite, COMMUNE)
            .await
            .contains(&dossier.uid)
            .then_some(())
    })
    .await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn the_progress_of_dossiers_side_by_side_is_never_mixed_up() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let list = desk.ok(ListDossiersRequest::default()).await.message;
    let watch = WatchDossiersRequest {
        cursor: list.cursor,
        national_records: true,
    };
    let mut watch = desk.follow(watch).await.unwrap();
    let registered = futures::future::join_all((0..8).map(|_| suite.register(MARRIAGE, COMMUNE)));
    let dossiers: Vec<Dossier> = registered.await;
    let stopped: Vec<&Dossier> = dossiers.iter().step_by(2).collect();
    let stops = stopped.iter().map(|dossier| desk.ok(desk::stop(dossier)));
    futures::future::join_all(stops).await;
    let codes: HashMap<&str, &str> = dossiers
        .iter()
        .map(|dossier| (dossier.uid.as_str(), dossier.code.as_str()))
        .collect();
    let mut ended = 0;
    while ended < stopped.len() {
        let told = tokio::time::timeout(PATIENCE, watch.message()).await;
        let told = told.unwrap().unwrap().unwrap();
        let (Some(dossier), Some(progress)) = (told.dossier, told.national_progress) else {
            continue;
        };
        let record = told.national_record.unwrap();
        assert_eq!(codes[dossier.uid.as_str()], dossier.code);
        assert_eq!(
            (&progress.ma_ho_so, &record.ma_ho_so),
            (&dossier.code, &dossier.code)
        );
        if progress.trang_thai == "8" {
            assert!(stopped.iter().any(|of| of.uid == dossier.uid));
            ended += 1;
        }
    }
}

#[tokio::test]
async fn an_attachment_that_is_empty_is_none() {
    let suite = Suite::start().await;
    for (originals, copies) in [(0, 0), (0, 1)] {
        let mut request = BIRTH.online(COMMUNE);
        // The form is asked for as an original.
        let form = request.components.iter_mut();
        let mut form = form.filter(|component| component.component_key == "form");
        let form = form.next().unwrap();
        (form.originals, form.copies) = (originals, copies);
        let refusal = suite
            .actor(AN)
            .refused(request, Code::InvalidArgument, "COMPONENTS_MISSING")
            .await;
        assert_eq!(refusal.fields(), ["components[form]"]);
    }
}
