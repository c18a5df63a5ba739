//! Looking up: previews, lists, tracking, histories.

use std::net::IpAddr;

use proto::event::v1::Event;
use proto::intake::v1::{
    Applicant, CorrectDossierRequest, Dossier, DossierState, GetHistoryRequest,
    GuideDossierRequest, ListDossiersRequest, PreviewDossierRequest, TrackDossierRequest, Urgency,
};
use tests::cast::{AN, COMMUNE, DEPARTMENT, DISTRICT, OTHER_COMMUNE};
use tests::filing::{AT_THE_DESK_ONLY, BIRTH, DECIDED_BY_DISTRICT, MARRIAGE, VERTICAL};
use tests::{Actor, Suite, desk};
use tonic::Code;

use crate::deadlines::local;

async fn listed(actor: &Actor, request: ListDossiersRequest) -> Vec<String> {
    let page = actor.ok(request).await.message;
    page.dossiers
        .into_iter()
        .map(|dossier| dossier.uid)
        .collect()
}

#[tokio::test]
async fn a_preview_says_what_is_needed_who_decides_and_when_and_writes_nothing() {
    let suite = Suite::start().await;
    let preview = |code: &str| PreviewDossierRequest {
        procedure_code: code.to_owned(),
        receiving_unit_uid: COMMUNE.to_owned(),
        ..PreviewDossierRequest::default()
    };
    let told = suite
        .anonymous()
        .at("2017-08-31T09:00")
        .ok(preview(MARRIAGE.code))
        .await
        .message;
    assert!(told.files_online && told.competent_unit_uid == COMMUNE);
    let keys: Vec<_> = told
        .components
        .iter()
        .map(|component| &*component.key)
        .collect();
    assert_eq!(keys, MARRIAGE.components);
    // Over the weekend, the national day and its substitute.
    assert_eq!(local(told.appointment), "2017-09-06T17:00");
    let at_desk = suite
        .anonymous()
        .ok(preview(AT_THE_DESK_ONLY.code))
        .await
        .message;
    assert!(!at_desk.files_online);
    suite
        .anonymous()
        .refused(
            preview(VERTICAL.code),
            Code::FailedPrecondition,
            "NOT_HANDLED_HERE",
        )
        .await;
    let desk = suite.receptionist(COMMUNE);
    assert!(
        listed(&desk, ListDossiersRequest::default())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_list_finds_by_unit_procedure_party_name_and_code_and_nobody_elses() {
    let suite = Suite::start().await;
    let birth = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    let marriage = suite.register(MARRIAGE, COMMUNE).await;
    let elsewhere = suite.register(MARRIAGE, OTHER_COMMUNE).await;
    let desk = suite.receptionist(COMMUNE);
    let by = |change: &dyn Fn(&mut ListDossiersRequest)| {
        let mut request = ListDossiersRequest::default();
        change(&mut request);
        request
    };
    let text = |text: &str| by(&|request| text.clone_into(&mut request.text));
    let both = [marriage.uid.clone(), birth.uid.clone()];
    assert_eq!(listed(&desk, by(&|_| ())).await, both);
    // The applicant is H'An Êban.
    for found in ["han eban", "H'AN ÊBAN", "eban"] {
        assert_eq!(listed(&desk, text(found)).await, both, "{found}");
    }
    for lost in ["han nie", "eba", &elsewhere.code] {
        assert!(listed(&desk, text(lost)).await.is_empty(), "{lost}");
    }
    assert_eq!(
        listed(&desk, text(&marriage.code)).await,
        std::slice::from_ref(&marriage.uid)
    );
    let of_birth = by(&|request| BIRTH.code.clone_into(&mut request.procedure_code));
    assert_eq!(
        listed(&desk, of_birth).await,
        std::slice::from_ref(&birth.uid)
    );
    let of_an = &birth.applicant.as_ref().unwrap().party_uid;
    let of_an = by(&|request| of_an.clone_into(&mut request.party_uid));
    assert_eq!(listed(&desk, of_an).await, std::slice::from_ref(&birth.uid));
    let decided_elsewhere = by(&|request| DEPARTMENT.clone_into(&mut request.competent_unit_uid));
    assert!(listed(&desk, decided_elsewhere).await.is_empty());
    let due = by(&|request| request.due_before = marriage.due);
    assert!(listed(&desk, due).await.is_empty());
    // Pages by key.
    let mut request = by(&|request| request.page_size = 1);
    let mut paged = Vec::new();
    loop {
        let page = desk.ok(request.clone()).await.message;
        paged.extend(page.dossiers.into_iter().map(|dossier| dossier.uid));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, both);
}

#[tokio::test]
async fn a_list_finds_by_desk_by_state_and_by_what_is_due_before_a_time() {
    let suite = Suite::start().await;
    let here = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    let there = suite.register(DECIDED_BY_DISTRICT, OTHER_COMMUNE).await;
    // The district decides both.
    let district = suite.receptionist(DISTRICT);
    let at = |unit: &str| ListDossiersRequest {
        receiving_unit_uid: unit.to_owned(),
        ..ListDossiersRequest::default()
    };
    let both = [there.uid.clone(), here.uid.clone()];
    assert_eq!(listed(&district, at("")).await, both);
    let only = std::slice::from_ref(&here.uid);
    assert_eq!(listed(&district, at(COMMUNE)).await, only);
    assert_eq!(listed(&district, at(OTHER_COMMUNE)).await, [there.uid]);
    assert!(listed(&district, at(DEPARTMENT)).await.is_empty());

    let online = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await.message;
    let online = online.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE);
    let stopped = suite.register(MARRIAGE, COMMUNE).await;
    desk.ok(desk::stop(&stopped)).await;
    for (state, found) in [
        (DossierState::Submitted, vec![&online]),
        (DossierState::Received, vec![&here]),
        (DossierState::Stopped, vec![&stopped]),
        (DossierState::Returned, vec![]),
    ] {
        let request = ListDossiersRequest {
            state: state.into(),
            ..ListDossiersRequest::default()
        };
        let found: Vec<_> = found.iter().map(|dossier| dossier.uid.clone()).collect();
        assert_eq!(listed(&desk, request).await, found, "{state:?}");
    }

    // What was only handed in, and what was stopped, is not due.
    let sooner = suite.register(MARRIAGE, COMMUNE).await;
    let due_before = |mut at: prost_types::Timestamp, more: i64| {
        at.seconds += more;
        ListDossiersRequest {
            due_before: Some(at),
            ..ListDossiersRequest::default()
        }
    };
    let (first, last) = (sooner.due.unwrap(), here.due.unwrap());
    assert!(first.seconds < last.seconds);
    assert!(listed(&desk, due_before(first, 0)).await.is_empty());
    let only = std::slice::from_ref(&sooner.uid);
    assert_eq!(listed(&desk, due_before(first, 1)).await, only);
    assert_eq!(listed(&desk, due_before(last, 0)).await, only);
    let all = [sooner.uid, here.uid];
    assert_eq!(listed(&desk, due_before(last, 1)).await, all);
}

/// What presses at a time, page by page.
async fn pressing(actor: &Actor, now: &str, urgency: Urgency) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListDossiersRequest {
            urgency: urgency.into(),
            page_size: 1,
            page_token: token,
            ..ListDossiersRequest::default()
        };
        let page = actor.at(now).ok(request).await.message;
        found.extend(page.dossiers.into_iter().map(|dossier| dossier.uid));
        token = page.next_page_token;
        if token.is_empty() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_desk_sees_what_is_late_and_what_will_be_the_most_pressing_first() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let later = desk
        .at("2017-08-29T09:00")
        .ok(MARRIAGE.at_counter(COMMUNE))
        .await;
    let later = later.message.dossier.unwrap();
    let sooner = suite.register(MARRIAGE, COMMUNE).await;
    let ended = suite.register(MARRIAGE, COMMUNE).await;
    desk.ok(desk::stop(&ended)).await;
    // Due on Thursday 31 August and on Friday 1 September at 17:00.
    for (now, urgency, expected) in [
        ("2017-08-29T16:00", Urgency::AtRisk, vec![]),
        ("2017-08-30T08:00", Urgency::AtRisk, vec![&sooner]),
        ("2017-08-31T16:00", Urgency::Overdue, vec![]),
        ("2017-09-01T08:00", Urgency::Overdue, vec![&sooner]),
        ("2017-09-01T08:00", Urgency::AtRisk, vec![&sooner, &later]),
        ("2017-09-05T08:00", Urgency::Overdue, vec![&sooner, &later]),
    ] {
        let expected: Vec<_> = expected.iter().map(|dossier| dossier.uid.clone()).collect();
        let found = pressing(&desk, now, urgency).await;
        assert_eq!(found, expected, "{now} {urgency:?}");
    }
}

#[tokio::test]
async fn r17_a_submission_that_nobody_answers_is_late_at_its_desk_until_it_is_received() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let submitted = async |at: &str| {
        let submitted = suite.actor(AN).at(at).ok(BIRTH.online(COMMUNE)).await;
        submitted.message.dossier.unwrap()
    };
    // To be answered by 08:00 on Tuesday; this one is the applicant's turn again.
    let first = submitted("2017-08-28T08:00").await;
    let guided = submitted("2017-08-28T08:00").await;
    let guide = GuideDossierRequest {
        request_id: tests::new_request_id(),
        dossier_uid: guided.uid.clone(),
        items: vec![desk::item("evidence")],
        ..GuideDossierRequest::default()
    };
    desk.ok(guide).await;
    // Due on Thursday at 17:00, and to be answered by 09:00 on Friday.
    let received = suite.register(MARRIAGE, COMMUNE).await;
    let last = submitted("2017-08-31T09:00").await;
    for (now, urgency, expected) in [
        // Its whole time is a working day: nobody is warned (R3).
        ("2017-08-28T16:00", Urgency::AtRisk, vec![]),
        ("2017-08-29T08:00", Urgency::Overdue, vec![]),
        ("2017-08-29T08:01", Urgency::Overdue, vec![&first]),
        ("2017-08-29T08:01", Urgency::AtRisk, vec![&first]),
        ("2017-08-30T08:00", Urgency::AtRisk, vec![&first, &received]),
        (
            "2017-08-31T17:01",
            Urgency::Overdue,
            vec![&first, &received],
        ),
        (
            "2017-09-01T09:01",
            Urgency::Overdue,
            vec![&first, &received, &last],
        ),
    ] {
        let expected: Vec<_> = expected.iter().map(|dossier| dossier.uid.clone()).collect();
        let found = pressing(&desk, now, urgency).await;
        assert_eq!(found, expected, "{now} {urgency:?}");
    }
    let now = "2017-09-01T09:01";
    for other in [OTHER_COMMUNE, DISTRICT] {
        let other = suite.receptionist(other);
        assert!(pressing(&other, now, Urgency::Overdue).await.is_empty());
    }
    let mut receive = desk::receive(&first);
    receive.expected_revision = 0;
    desk.at("2017-09-01T09:02").ok(receive).await;
    let found = pressing(&desk, "2017-09-01T09:03", Urgency::AtRisk).await;
    assert_eq!(found, [received.uid, last.uid]);
}

#[tokio::test]
async fn r07_codes_cannot_be_tried_out() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let anyone = suite.anonymous();
    let unit_and_day = dossier.code.rsplit_once('-').unwrap().0;
    let tried = |number: u32| TrackDossierRequest {
        code: format!("{unit_and_day}-{number:04}"),
    };
    let mut refused = None;
    for number in 2..100 {
        match anyone.call(tried(number)).await.unwrap_err() {
            status if status.code() == Code::ResourceExhausted => {
                refused = Some(status);
                break;
            }
            status => assert_eq!(status.code(), Code::NotFound),
        }
    }
    let refusal =
        tests::Refusal::of(&refused.expect("somebody who tries codes out is slowed down"));
    assert_eq!(refusal.reason, "TRACKED_TOO_OFTEN");
    // Whoever is signed in, asks for another day, or calls from elsewhere is not kept waiting by that.
    suite.actor(AN).ok(tried(1)).await;
    let another_day = TrackDossierRequest {
        code: tried(1).code.replacen("-170828-", "-170829-", 1),
    };
    anyone
        .refused(another_day, Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
    let elsewhere = IpAddr::from([127, 0, 0, 2]);
    let elsewhere = suite.connection(|endpoint| endpoint.local_address(Some(elsewhere)));
    anyone.over(elsewhere).ok(tried(1)).await;
}

/// A dossier whose applicant was mended by a call with this id, and that was decided after it.
async fn mended_and_decided(suite: &Suite) -> (Dossier, String) {
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    let request_id = tests::new_request_id();
    let mend = CorrectDossierRequest {
        request_id: request_id.clone(),
        dossier_uid: dossier.uid.clone(),
        reason: "Ghi nhầm họ tên".to_owned(),
        applicant: Some(Applicant {
            name: "H'An Ayun".to_owned(),
            ..dossier.applicant.clone().unwrap()
        }),
        ..CorrectDossierRequest::default()
    };
    suite
        .receptionist(COMMUNE)
        .at("2017-08-28T10:30")
        .ok(mend)
        .await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    suite.must_add_up().await;
    (dossier, request_id)
}

/// An act that both services tell of: the entry of intake, and that of routing.
fn told_by_both<'a>(events: &[&'a Event]) -> Option<(&'a Event, &'a Event)> {
    let asked_for = events.iter().filter(|event| !event.request_id.is_empty());
    let by = |owner: &'static str| asked_for.clone().filter(move |event| event.owner == owner);
    by("intake").find_map(|here| {
        let there = by("routing").find(|there| there.request_id == here.request_id);
        there.map(|there| (*here, *there))
    })
}

#[tokio::test]
async fn a_history_is_one_line_of_time_with_who_when_what_and_what_was_before() {
    let suite = Suite::start().await;
    let (dossier, request_id) = mended_and_decided(&suite).await;
    let ask = || GetHistoryRequest {
        dossier_uid: dossier.uid.clone(),
    };
    let entries = suite.leader(COMMUNE).ok(ask()).await.message.entries;
    let events: Vec<_> = entries
        .iter()
        .map(|entry| entry.event.as_ref().unwrap())
        .collect();
    let time = |event: &Event| event.occurred_at.unwrap().seconds;
    let times: Vec<_> = events.iter().map(|event| time(event)).collect();
    assert!(times.is_sorted(), "{times:?}");
    for owner in ["intake", "routing"] {
        let own: Vec<_> = events.iter().filter(|event| event.owner == owner).collect();
        assert!(
            own.len() >= 4 && own.is_sorted_by_key(|event| (time(event), event.seq)),
            "{owner}"
        );
        assert!(
            own.iter()
                .all(|event| event.hash.len() == 32 && !event.actor.is_empty())
        );
    }
    let mended = entries.iter().find_map(|entry| {
        let particulars = entry.particulars.as_ref()?;
        (!particulars.reason.is_empty()).then_some((entry.event.as_ref()?, particulars))
    });
    let (event, mended) = mended.unwrap();
    assert_eq!(
        (event.unit_uid.as_str(), &event.request_id),
        (COMMUNE, &request_id)
    );
    // What each service told of one act has the act's id, and the unit that it was done for.
    let (here, there) = told_by_both(&events).expect("an act that both services tell of");
    assert_eq!((&*here.unit_uid, &*there.unit_uid), (COMMUNE, COMMUNE));
    let name = |dossier: &Option<Dossier>| dossier.clone().unwrap().applicant.unwrap().name;
    assert_eq!(mended.reason, "Ghi nhầm họ tên");
    assert_eq!(
        (name(&mended.before), name(&mended.after)),
        ("H'An Êban".to_owned(), "H'An Ayun".to_owned())
    );
    suite
        .leader(OTHER_COMMUNE)
        .refused(ask(), Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
}
