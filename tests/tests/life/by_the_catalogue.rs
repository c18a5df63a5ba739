//! What the catalogue publishes is what dossiers are handed in under.

use kit::clock;
use kit::testing::until;
use proto::catalogue::v1::{
    Cutoffs, Fee, FeeChannel, FeeTime, ImportCalendarRequest, Limit, LimitUnit, OfficeHours,
    OnlineLevel, Opening, Procedure, Register, RemoteExtra, SetOnlineLevelRequest,
};
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    Dossier, DossierState, RegisterDossierRequest, ReturnMethod, ReturnResultRequest,
    SubmitDossierRequest, SupplementDossierRequest,
};
use tests::cast::{ADMINISTRATOR, AN, COMMUNE, DISTRICT};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Suite, desk, new_request_id};
use tonic::Code;

use crate::asked::addition;
use crate::deadlines::{PATIENCE, explain, holiday, local};
use crate::history::history;

const MORNING: &str = "2017-08-28T08:00";
const FORM: &str = r#"{"type":"object","required":["child"],"additionalProperties":false,"properties":{"child":{"type":"string","title":"Họ tên trẻ"}}}"#;
const FILLED: &str = r#"{"child":"H'Hen Niê"}"#;

/// Birth registration with a form, a fee in the district, a register that has the identity, and more time in the district.
fn changed(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    FORM.clone_into(&mut case.form_schema);
    case.components[1].register = Register::Population.into();
    case.fees = vec![Fee {
        key: "certificate".to_owned(),
        name: "Lệ phí".to_owned(),
        amount_vnd: 8_000,
        unit_uids: vec![DISTRICT.to_owned()],
        time: FeeTime::Before.into(),
        ..Fee::default()
    }];
    case.limit = Some(Limit {
        unit: LimitUnit::WorkingDay.into(),
        count: 2,
        remote_extras: vec![RemoteExtra {
            unit_uids: vec![DISTRICT.to_owned()],
            count: 1,
        }],
        ..Limit::default()
    });
    draft
}

/// Birth registration in 16 working hours; what comes online and is received up to 17:00 counts at once.
fn until_five_online(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    case.limit = Some(Limit {
        unit: LimitUnit::WorkingHour.into(),
        count: 16,
        cutoffs: vec![Cutoffs {
            channel: FeeChannel::Online.into(),
            handover: "17:00".to_owned(),
            ..Cutoffs::default()
        }],
        ..Limit::default()
    });
    draft
}

/// The commune works from 08:00 to 12:00 and from 13:00 to 17:00.
fn from_eight() -> ImportCalendarRequest {
    let opening = |weekday, open: &str, close: &str| Opening {
        weekday,
        open: open.to_owned(),
        close: close.to_owned(),
    };
    let shifts = [("08:00", "12:00"), ("13:00", "17:00")];
    let day = |weekday| shifts.map(|(open, close)| opening(weekday, open, close));
    let hours = OfficeHours {
        unit_uid: COMMUNE.to_owned(),
        from: "2017-01-01".to_owned(),
        openings: (1..=5).flat_map(day).collect(),
        ..OfficeHours::default()
    };
    ImportCalendarRequest {
        request_id: new_request_id(),
        hours: vec![hours],
        ..ImportCalendarRequest::default()
    }
}

/// Publishes the changed procedure, and tells how far the log reaches then.
async fn publish(suite: &Suite) -> String {
    suite.publish(BIRTH.code, changed).await
}

#[tokio::test]
async fn a_form_that_is_filled_in_wrongly_is_refused_by_field_and_letters_are_composed() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    // Whoever comes for the first time is registered.
    an.refused(online("{}"), Code::InvalidArgument, "FORM_INVALID")
        .await;
    let before = suite.everything_told().await;
    let deep = format!(
        r#"{{"child":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let long = format!(r#"{{"child":"{}"}}"#, "x".repeat(1024 * 1024));
    for (form, reason, field) in [
        (r#"{"child":7}"#, "FORM_INVALID", "form_data.child"),
        (r#"{"child":null}"#, "FORM_INVALID", "form_data.child"),
        (r#"{"child":["H'Hen"]}"#, "FORM_INVALID", "form_data.child"),
        (
            r#"{"child":"H'Hen","mother":"H'Yam"}"#,
            "FORM_INVALID",
            "form_data.mother",
        ),
        (
            r#"{"child":"H'Hen\u0000"}"#,
            "FORM_INVALID",
            "form_data.child",
        ),
        ("[]", "FORM_INVALID", "form_data"),
        ("{", "FORM_INVALID", "form_data"),
        (&deep, "FORM_INVALID", "form_data"),
        (&long, "INVALID_FIELDS", "form_data"),
    ] {
        let refusal = an
            .refused(online(form), Code::InvalidArgument, reason)
            .await;
        let shown: String = form.chars().take(40).collect();
        assert_eq!(refusal.fields(), [field], "{shown}");
        assert!(!refusal.vietnamese.is_empty(), "{shown}");
    }
    assert_eq!(suite.everything_told().await, before, "nothing has changed");
    for decomposed in ["Nie\u{302}", r"Nie\u0302"] {
        let form = format!(r#"{{"child":"{decomposed}"}}"#);
        let dossier = an.ok(online(&form)).await.message.dossier.unwrap();
        assert_eq!(dossier.form_data, "{\"child\":\"Niê\"}");
    }
}

/// All papers but the one that a register has.
fn online(form_data: &str) -> SubmitDossierRequest {
    let mut request = SubmitDossierRequest {
        form_data: form_data.to_owned(),
        ..BIRTH.online(COMMUNE)
    };
    request
        .components
        .retain(|of| of.component_key != "identity");
    request
}

#[tokio::test]
async fn a_dossier_is_checked_timed_and_charged_as_the_version_in_force_says() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let refusal = an
        .refused(online("{}"), Code::InvalidArgument, "FORM_INVALID")
        .await;
    assert_eq!(refusal.fields(), ["form_data.child"]);
    assert!(
        refusal
            .vietnamese
            .contains("\"Họ tên trẻ\" không được để trống")
    );
    let dossier = an.ok(online(FILLED)).await.message.dossier.unwrap();
    assert_eq!((dossier.procedure_version, dossier.limit_extra), (2, 1));
    assert_eq!(dossier.form_data, FILLED);
    let fees: Vec<_> = dossier
        .fees
        .iter()
        .map(|fee| (fee.amount_vnd, fee.before_reception))
        .collect();
    assert_eq!(fees, [(8_000, true)]);
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    let received = desk
        .ok(desk::receive(&dossier))
        .await
        .message
        .dossier
        .unwrap();
    let appointment = clock::local(clock::from_timestamp(&received.appointment.unwrap()));
    assert_eq!(appointment.format("%Y-%m-%d").to_string(), "2017-08-31");
}

#[tokio::test]
async fn a_dossier_stays_on_the_version_that_it_was_handed_in_under_and_names_its_case() {
    let suite = Suite::start().await;
    let an = suite.actor(AN).at("2017-08-28T07:30");
    let before = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let position = publish(&suite).await;
    let desk = suite
        .receptionist(COMMUNE)
        .at("2017-08-28T09:00")
        .after(Some(&position));
    let received = desk
        .ok(desk::receive(&before))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(received.procedure_version, 1);
    let appointment = clock::local(clock::from_timestamp(&received.appointment.unwrap()));
    assert_eq!(appointment.format("%Y-%m-%d").to_string(), "2017-08-28");
    let verified = RegisterDossierRequest {
        procedure_code: "1.000894".to_owned(),
        case_key: "verify".to_owned(),
        ..BIRTH.at_counter(COMMUNE)
    };
    let verified = desk.ok(verified).await.message.dossier.unwrap();
    let appointment = clock::local(clock::from_timestamp(&verified.appointment.unwrap()));
    assert_eq!(verified.case_key, "verify");
    assert!(appointment.format("%Y-%m-%d").to_string().as_str() > "2017-09-01");
}

#[tokio::test]
async fn r14_the_longer_limit_of_a_remote_desk_stays_when_the_calendar_changes() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let dossier = an.ok(online(FILLED)).await.message.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    let received = desk.ok(desk::receive(&dossier)).await;
    let received = received.message.dossier.unwrap();
    assert_eq!(local(received.due), "2017-08-31T17:00");
    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    let moved = until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&received.uid, COMMUNE).await;
        (dossier.due != received.due).then_some(dossier)
    })
    .await;
    assert_eq!(local(moved.due), "2017-09-01T17:00");
    let explained = explain(&suite, &moved).await;
    assert_eq!((explained.due, explained.days_counted), (moved.due, 3));
}

/// Domain.md 6: received after 17:00, it counts from 08:00 of the next working day.
#[tokio::test]
async fn r03_what_comes_online_counts_by_the_cut_off_that_its_case_has_for_that_channel() {
    let suite = Suite::start().await;
    let administrator = suite.actor(ADMINISTRATOR).at(MORNING);
    let calendar = administrator.ok(from_eight()).await.position;
    let position = suite.publish(BIRTH.code, until_five_online).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let submitted = async || {
        let submitted = an.ok(BIRTH.online(COMMUNE)).await.message;
        submitted.dossier.unwrap()
    };
    let (in_time, too_late) = (submitted().await, submitted().await);
    let desk = suite.receptionist(COMMUNE).after(calendar.as_ref());
    let received = async |dossier: &Dossier, at: &str| {
        let received = desk.at(at).ok(desk::receive(dossier)).await.message;
        received.dossier.unwrap()
    };
    let in_time = received(&in_time, "2017-08-28T16:30").await;
    // At the counter the cut-off of the rule set holds, at 15:00.
    let at_counter = desk.at("2017-08-28T16:40");
    let at_counter = at_counter.ok(BIRTH.at_counter(COMMUNE)).await.message;
    let at_counter = at_counter.dossier.unwrap();
    let too_late = received(&too_late, "2017-08-28T17:10").await;
    for (dossier, counts_from, due) in [
        (&in_time, "2017-08-28T16:30", "2017-08-30T16:30"),
        (&at_counter, "2017-08-29T08:00", "2017-08-30T17:00"),
        (&too_late, "2017-08-29T08:00", "2017-08-30T17:00"),
    ] {
        assert_eq!(local(dossier.appointment), due);
        let explained = explain(&suite, dossier).await;
        assert_eq!(local(explained.counted_from), counts_from);
        assert_eq!(explained.due, dossier.due);
        assert_eq!(explained.counted_minutes, 16 * 60);
    }
    // What the calendar moves is reckoned by the same cut-off.
    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    let moved = until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&in_time.uid, COMMUNE).await;
        (dossier.due != in_time.due).then_some(dossier)
    })
    .await;
    assert_eq!(local(moved.due), "2017-08-31T16:30");
    suite.must_add_up().await;
}

#[tokio::test]
async fn r02_a_supplement_that_asks_for_a_field_of_the_form_is_answered_with_the_form() {
    const MENDED: &str = r#"{"child":"H'Hen Niê Kdăm"}"#;
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    // Routing has taken the version in, too.
    suite.must_add_up().await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let dossier = an.ok(online(FILLED)).await.message.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    desk.ok(desk::receive(&dossier)).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:30").await;
    let examiner = suite.officer_of(&held.transfer).at("2017-08-28T10:00");
    let examiner = examiner.after(held.position.as_ref());
    // A place stands in the open part of the history, where nobody is to be named.
    for place in ["H'Hen Niê", "form_data.mother", "form_data.child.H'Hen"] {
        let free = desk::ask_supplement(&held, place);
        let refusal = examiner.refused(free, Code::InvalidArgument, "INVALID_FIELDS");
        assert_eq!(refusal.await.fields(), ["items[0].place"]);
    }
    let asked = examiner.ok(desk::ask_supplement(&held, "form_data.child"));
    let asked = asked.await.message.dossier.unwrap().supplement.unwrap();
    assert_eq!(asked.items[0].place, "form_data.child");

    let an = an.at("2017-08-28T11:00");
    let filled = |form: &str| SupplementDossierRequest {
        components: Vec::new(),
        form_data: form.to_owned(),
        ..addition(&dossier, "evidence")
    };
    for (answer, field) in [
        (addition(&dossier, "evidence"), "form_data"),
        (filled(r#"{"child":7}"#), "form_data.child"),
    ] {
        let refusal = an
            .refused(answer, Code::InvalidArgument, "FORM_INVALID")
            .await;
        assert_eq!(refusal.fields(), [field]);
    }
    let answered = an.ok(filled(MENDED)).await.message.dossier.unwrap();
    assert_eq!(answered.state(), DossierState::Processing);
    assert_eq!(answered.form_data, MENDED);

    // The log names the field; what it was and what it is are in the history alone.
    let told = history(&suite, &dossier.uid).await;
    let places = told.iter().find_map(|(change, _)| match change {
        Change::ClockStopped(stopped) => Some(&stopped.places),
        _ => None,
    });
    assert_eq!(*places.unwrap(), ["form_data.child"]);
    let answer = told.iter().find_map(|(change, particulars)| match change {
        Change::ClockResumed(resumed) => Some((&resumed.components, particulars)),
        _ => None,
    });
    let (components, particulars) = answer.unwrap();
    assert_eq!(*components, None);
    let form = |dossier: &Option<Dossier>| dossier.clone().unwrap().form_data;
    let forms = (form(&particulars.before), form(&particulars.after));
    assert_eq!(forms, (FILLED.to_owned(), MENDED.to_owned()));
    suite.must_add_up().await;
}

#[tokio::test]
async fn whether_a_result_is_returned_online_goes_by_what_the_catalogue_says_now() {
    let suite = Suite::start().await;
    suite.register(MARRIAGE, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T14:00").await;
    let online = || ReturnResultRequest {
        method: ReturnMethod::Online.into(),
        ..desk::give_back(&result)
    };
    // So the version that the dossier stays on was read before.
    suite
        .receptionist(COMMUNE)
        .after(result.position.as_ref())
        .refused(online(), Code::FailedPrecondition, "RETURN_NOT_ONLINE")
        .await;
    let level = SetOnlineLevelRequest {
        request_id: new_request_id(),
        code: MARRIAGE.code.to_owned(),
        expected_revision: 0,
        online_level: Some(OnlineLevel {
            valid_from: "2017-08-28".to_owned(),
            level: 4,
            ..OnlineLevel::default()
        }),
    };
    let set = suite.actor(ADMINISTRATOR).ok(level).await;
    let desk = suite.receptionist(COMMUNE).after(set.position.as_ref());
    let returned = desk.ok(online()).await.message.dossier.unwrap();
    assert_eq!(returned.return_method(), ReturnMethod::Online);
}
