//! The main line, at one commune.

use kit::clock;
use proto::identity::v1::GrantProxyRequest;
use proto::intake::v1::{
    Channel, Completion, Dossier, DossierState, ForwardDossierRequest, Outcome, PlaceStanding,
    TrackDossierRequest, TrackDossierResponse,
};
use proto::routing::v1::{GetRouteResponse, TransferState};
use tests::cast::{AN, BINH, COMMUNE, DEPARTMENT, OFFICE, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_OFFICE, applicant};
use tests::{Actor, Suite, desk, new_request_id};
use tonic::Code;

use crate::deadlines::local;

/// Which unit was responsible from when until when, `HH:MM` on the day of the story.
fn custody(route: &GetRouteResponse) -> Vec<(String, String, String, String)> {
    let time = |at: Option<&prost_types::Timestamp>| {
        at.map_or_else(String::new, |at| {
            clock::local(clock::from_timestamp(at))
                .format("%H:%M")
                .to_string()
        })
    };
    let branches = route.branches.iter().map(|branch| {
        let (since, until) = (time(branch.since.as_ref()), time(branch.until.as_ref()));
        (
            branch.step_key.clone(),
            branch.custodian_uid.clone(),
            since,
            until,
        )
    });
    branches.collect()
}

fn held(step: &str, unit: &str, since: &str, until: &str) -> (String, String, String, String) {
    (
        step.to_owned(),
        unit.to_owned(),
        since.to_owned(),
        until.to_owned(),
    )
}

#[tokio::test]
async fn a_birth_is_registered_online_and_its_result_handed_over_at_the_commune() {
    let suite = Suite::start().await;
    let submitted = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    assert!(submitted.warnings.is_empty());
    let dossier = submitted.message.dossier.unwrap();
    assert_eq!(dossier.state(), DossierState::Submitted);
    assert_eq!(dossier.code, "000.01.20.H15-170828-0001");
    assert_eq!(dossier.channel(), Channel::Online);
    assert!(
        !dossier.applicant.as_ref().unwrap().party_uid.is_empty(),
        "filled from the token"
    );
    assert!(dossier.appointment.is_none());

    let desk = suite.receptionist(COMMUNE).at("2017-08-28T08:30");
    let received = desk
        .ok(desk::receive(&dossier))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(received.state(), DossierState::Received);
    assert!(received.appointment.is_some() && received.revision > dossier.revision);

    let first_step = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    assert_eq!(first_step.transfer.step_key, "examine");
    let examiner = suite
        .receptionist(COMMUNE)
        .after(first_step.position.as_ref());
    let processing = examiner
        .ok(desk::by_uid(&dossier.uid))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(processing.state(), DossierState::Processing);
    suite.complete(&first_step, "2017-08-28T10:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:10").await;
    let decided = suite.decide(&signed, "2017-08-28T11:00").await;
    assert_eq!(decided.state(), DossierState::ResultReady);
    let decision = decided.decision.unwrap();
    assert_eq!(
        (decision.outcome(), decision.unit_uid.as_str()),
        (Outcome::Granted, COMMUNE)
    );

    let result = suite.take_over(COMMUNE, "2017-08-28T13:40").await;
    assert_eq!(result.transfer.step_key, "result");
    let returned = suite.give_back(&result, "2017-08-28T14:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    assert!(returned.returned_at.is_some());
    suite.must_add_up().await;

    let route = suite.route(&dossier.uid, COMMUNE).await;
    let done =
        |transfer: &proto::routing::v1::Transfer| transfer.state() == TransferState::Completed;
    assert!(route.transfers.len() == 3 && route.transfers.iter().all(done));
}

#[tokio::test]
async fn somebody_is_responsible_at_every_moment_and_the_sender_is_until_acceptance() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T13:30").await;
    suite.give_back(&result, "2017-08-28T14:00").await;
    suite.must_add_up().await;
    let route = suite.route(&dossier.uid, COMMUNE).await;
    let expected = [
        held("examine", COMMUNE, "08:00", "09:00"),
        held("sign", COMMUNE, "09:00", "11:00"),
        held("result", COMMUNE, "11:00", "14:00"),
    ];
    let custody = custody(&route);
    for step in ["examine", "sign", "result"] {
        let of_step: Vec<_> = custody.iter().filter(|held| held.0 == step).collect();
        let wanted = expected.iter().find(|held| held.0 == step).unwrap();
        assert_eq!(
            of_step.first().unwrap().2,
            wanted.2,
            "{step} begins: {custody:?}"
        );
        assert_eq!(
            of_step.last().unwrap().3,
            wanted.3,
            "{step} ends: {custody:?}"
        );
        assert!(
            of_step.windows(2).all(|pair| pair[0].3 == pair[1].2),
            "a gap: {custody:?}"
        );
        assert!(of_step.iter().all(|held| held.1 == COMMUNE));
    }
}

#[tokio::test]
async fn a_counter_dossier_is_received_at_once_and_codes_are_numbered_by_unit_and_day() {
    let suite = Suite::start().await;
    let first = suite.register(BIRTH, COMMUNE).await;
    assert_eq!(first.state(), DossierState::Received);
    assert_eq!(first.channel(), Channel::Counter);
    assert!(first.received_at.is_some() && first.appointment.is_some());
    assert_eq!(first.code, "000.01.20.H15-170828-0001");
    let mut twin = BIRTH.at_counter(COMMUNE);
    twin.applicant = Some(applicant(BINH));
    let second = suite
        .receptionist(COMMUNE)
        .ok(twin)
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(second.code, "000.01.20.H15-170828-0002");
    let elsewhere = suite.register(BIRTH, OTHER_COMMUNE).await;
    assert_eq!(elsewhere.code, "000.02.20.H15-170828-0001");
    let tomorrow = suite.receptionist(COMMUNE).at("2017-08-29T08:00");
    let next_day = tomorrow
        .ok(BIRTH.at_counter(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(next_day.code, "000.01.20.H15-170829-0001");
}

#[tokio::test]
async fn anyone_may_track_a_code_and_learns_how_far_it_is_and_nothing_else() {
    let suite = Suite::start().await;
    let submitted = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    let track = || TrackDossierRequest {
        code: submitted.code.clone(),
    };
    let known = |completion: Completion| TrackDossierResponse {
        code: submitted.code.clone(),
        completion: completion.into(),
        places: Vec::new(),
    };
    let anyone = suite.anonymous();
    assert_eq!(anyone.ok(track()).await.message, known(Completion::Waiting));
    suite
        .receptionist(COMMUNE)
        .ok(desk::receive(&submitted))
        .await;
    assert_eq!(
        anyone.ok(track()).await.message,
        known(Completion::InProgress)
    );
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    assert_eq!(
        anyone.ok(track()).await.message,
        known(Completion::Finished)
    );
}

/// At which units somebody is told that a dossier is, with the time of the day since when.
async fn places(actor: &Actor, dossier: &Dossier) -> Vec<(String, PlaceStanding, String)> {
    let track = TrackDossierRequest {
        code: dossier.code.clone(),
    };
    let places = actor.ok(track).await.message.places.into_iter();
    let places = places.map(|place| {
        assert!(!place.unit_name.is_empty(), "{place:?}");
        let since = local(place.since).split_off("2017-08-28T".len());
        (place.unit_uid.clone(), place.standing(), since)
    });
    places.collect()
}

fn at(unit: &str, standing: PlaceStanding, since: &str) -> (String, PlaceStanding, String) {
    (unit.to_owned(), standing, since.to_owned())
}

#[tokio::test]
async fn r07_the_applicant_and_its_proxy_are_told_down_to_the_office_and_nobody_else_is() {
    let suite = Suite::start().await;
    let (an, binh) = (suite.actor(AN), suite.actor(BINH));
    let submitted = an.ok(DECIDED_BY_OFFICE.online(DEPARTMENT)).await;
    let dossier = submitted.message.dossier.unwrap();
    let (holds, offered) = (PlaceStanding::Holds, PlaceStanding::Offered);
    let at_desk = [at(DEPARTMENT, holds, "08:00")];
    assert_eq!(places(&an, &dossier).await, at_desk);
    let desk = suite.receptionist(DEPARTMENT).at("2017-08-28T08:30");
    desk.ok(desk::receive(&dossier)).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    suite.work_off(DEPARTMENT, "2017-08-28T10:00").await;
    suite.must_add_up().await;
    // Whoever sent it is responsible until it is accepted.
    let on_its_way = [at(DEPARTMENT, holds, "10:00"), at(OFFICE, offered, "10:00")];
    assert_eq!(places(&an, &dossier).await, on_its_way);
    let officers = [suite.receptionist(DEPARTMENT), suite.leader(OFFICE)];
    for other in officers.iter().chain([&binh, &suite.anonymous()]) {
        assert_eq!(places(other, &dossier).await, []);
    }
    let grant = GrantProxyRequest {
        request_id: new_request_id(),
        grantor_uid: an.subject().await,
        proxy_uid: binh.subject().await,
        first_day: "2017-08-28".to_owned(),
        last_day: "2017-08-28".to_owned(),
        ..GrantProxyRequest::default()
    };
    an.ok(grant).await;
    suite.begin_day("2017-08-28T13:30");
    let signed = suite.take_over(OFFICE, "2017-08-28T14:00").await;
    suite.must_add_up().await;
    let accepted = [at(OFFICE, holds, "14:00")];
    for own in [&an, &binh] {
        assert_eq!(places(own, &dossier).await, accepted);
    }
    suite.decide(&signed, "2017-08-28T15:00").await;
    let result = suite.take_over(DEPARTMENT, "2017-08-28T16:00").await;
    suite.must_add_up().await;
    let back = [at(DEPARTMENT, holds, "16:00")];
    assert_eq!(places(&an, &dossier).await, back);
    suite.give_back(&result, "2017-08-28T16:30").await;
    assert_eq!(places(&an, &dossier).await, []);
}

#[tokio::test]
async fn r07_a_submission_that_was_sent_on_is_told_to_be_where_it_was_sent() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let submitted = an.ok(BIRTH.online(COMMUNE)).await;
    let dossier = submitted.message.dossier.unwrap();
    let send_on = ForwardDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        competent_unit_uid: OTHER_COMMUNE.to_owned(),
    };
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    desk.ok(send_on).await;
    let there = [at(OTHER_COMMUNE, PlaceStanding::Holds, "09:00")];
    assert_eq!(places(&an, &dossier).await, there);
}

#[tokio::test]
async fn the_same_content_under_another_id_is_accepted_with_a_warning_that_names_the_other() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let first = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let second = an.ok(BIRTH.online(COMMUNE)).await.message;
    let [warning] = second.warnings.as_slice() else {
        panic!("one warning was expected: {:?}", second.warnings)
    };
    assert_eq!(warning.reason, "POSSIBLE_DUPLICATE");
    assert!(warning.message.contains(&first.code), "{}", warning.message);
    assert_eq!(second.dossier.unwrap().code, "000.01.20.H15-170828-0002");
}

#[tokio::test]
async fn a_dossier_is_found_by_its_code_as_people_write_it_and_either_order_is_understood() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let desk = suite.receptionist(COMMUNE);
    for code in ["000.01.20.H15-170828-0001", " 000.01.20.h15-170828-0001 "] {
        let found = desk.ok(desk::by_code(code)).await.message.dossier.unwrap();
        assert_eq!(found.uid, dossier.uid);
    }
    let unknown = desk::by_code("H15.012.03-251120-0001");
    desk.refused(unknown, Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
}
