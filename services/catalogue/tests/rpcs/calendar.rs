//! `CalendarService`.

use std::time::Duration;

use kit::caller::Role;
use proto::catalogue::v1::calendar_service_client::CalendarServiceClient;
use proto::catalogue::v1::{
    Calendar, GetCalendarRequest, ImportCalendarRequest, ImportCalendarResponse,
    ListCalendarVersionsRequest, SpecialDay, SpecialDayKind, WatchCalendarRequest,
    WatchCalendarResponse,
};
use tonic::{Code, Response, Status, Streaming};

use crate::support::{Store, Suite, refused};

const ADMINISTRATOR: Role = Role::ProvinceAdministrator;

pub async fn get(suite: &Suite, revision: i64, as_of: &str) -> Result<Calendar, Status> {
    let request = GetCalendarRequest {
        revision,
        as_of: as_of.to_owned(),
    };
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    let reply = calendars.get_calendar(request).await?;
    Ok(reply.into_inner().calendar.unwrap())
}

fn day(date: &str, kind: SpecialDayKind, paired_with: &str) -> SpecialDay {
    SpecialDay {
        date: date.to_owned(),
        name: format!("Ngày {date}"),
        kind: kind.into(),
        paired_with: paired_with.to_owned(),
        ..SpecialDay::default()
    }
}

/// Friday 1 September 2017 is swapped with the Saturday before.
fn swap(request_id: &str) -> ImportCalendarRequest {
    ImportCalendarRequest {
        request_id: request_id.to_owned(),
        basis: "Công văn 1/2017".to_owned(),
        announced_on: "2017-08-25".to_owned(),
        days: vec![
            day("2017-08-26", SpecialDayKind::WorkingDay, "2017-09-01"),
            day("2017-09-01", SpecialDayKind::SwappedDayOff, "2017-08-26"),
        ],
        ..ImportCalendarRequest::default()
    }
}

async fn import(
    suite: &Suite,
    role: Role,
    request: ImportCalendarRequest,
) -> Result<Response<ImportCalendarResponse>, Status> {
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    calendars
        .import_calendar(suite.as_role(role, request))
        .await
}

#[tokio::test]
async fn the_calendar_has_office_hours_and_every_kind_of_special_day() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let calendar = get(&suite, 0, "").await.unwrap();
    let hours = &calendar.hours[0];
    assert_eq!(
        (
            calendar.key.as_str(),
            calendar.revision,
            hours.openings.len()
        ),
        ("province", 1, 10)
    );
    let first = &hours.openings[0];
    assert_eq!(
        (first.weekday, first.open.as_str(), first.close.as_str()),
        (1, "07:00", "11:30")
    );
    let of_kind = |kind| {
        calendar
            .days
            .iter()
            .filter(|day| day.kind() == kind)
            .count()
    };
    assert_eq!(of_kind(SpecialDayKind::PublicHoliday), 107);
    assert_eq!(of_kind(SpecialDayKind::CompensatoryDayOff), 27);
    assert_eq!(of_kind(SpecialDayKind::SwappedDayOff), 6);
    assert_eq!(of_kind(SpecialDayKind::WorkingDay), 6);
    assert!(calendar.days.is_sorted_by(|one, next| one.date < next.date));
    let years =
        ["2017", "2026"].map(|year| calendar.days.iter().any(|day| day.date.starts_with(year)));
    assert_eq!(years, [true, true]);
}

#[tokio::test]
async fn a_calendar_that_was_not_imported_is_not_found() {
    let suite = Suite::serve(Store::new().await).await;
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    let reply = calendars.get_calendar(GetCalendarRequest::default()).await;
    refused(reply, Code::NotFound, "CALENDAR_NOT_FOUND");
}

#[tokio::test]
async fn an_import_is_tried_first_then_makes_one_version_and_the_earlier_ones_stay() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let tried = ImportCalendarRequest {
        dry_run: true,
        ..swap("1")
    };
    let tried = import(&suite, ADMINISTRATOR, tried)
        .await
        .unwrap()
        .into_inner();
    assert!(tried.dry_run);
    assert_eq!((tried.revision, tried.added_dates.len()), (2, 2));
    assert_eq!(tried.past_dates, tried.added_dates);
    assert_eq!(get(&suite, 0, "").await.unwrap().revision, 1);
    for _ in 0..2 {
        let done = import(&suite, ADMINISTRATOR, swap("2"))
            .await
            .unwrap()
            .into_inner();
        assert_eq!((done.dry_run, done.revision), (false, 2));
    }
    let again = import(&suite, ADMINISTRATOR, swap("3"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((again.revision, again.unchanged), (2, 2));
    let newest = get(&suite, 0, "").await.unwrap();
    assert_eq!(
        (newest.revision, newest.basis.as_str()),
        (2, "Công văn 1/2017")
    );
    assert_eq!(newest.days.len(), 148);
    assert_eq!(get(&suite, 1, "").await.unwrap().days.len(), 146);
    assert_eq!(get(&suite, 0, "2017-08-24").await.unwrap().revision, 1);
    assert_eq!(get(&suite, 0, "2017-08-25").await.unwrap().revision, 2);
    let none = get(&suite, 3, "").await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    let request = ListCalendarVersionsRequest {
        page_size: 1,
        ..ListCalendarVersionsRequest::default()
    };
    let first = calendars.list_calendar_versions(request).await.unwrap();
    let first = first.into_inner();
    assert_eq!(first.versions[0].revision, 2);
    let request = ListCalendarVersionsRequest {
        page_size: 1,
        page_token: first.next_page_token,
    };
    let last = calendars.list_calendar_versions(request).await.unwrap();
    let last = last.into_inner();
    assert_eq!(last.versions[0].announced_on, "2017-01-01");
    assert!(last.next_page_token.is_empty());
}

#[tokio::test]
async fn an_import_that_is_wrong_names_every_fault_by_its_row_and_changes_nothing() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let mut request = swap("1");
    request.days[0].paired_with = "2017-09-02".to_owned();
    request.days.push(request.days[1].clone());
    request.announced_on = "2100-01-01".to_owned();
    request.removed_dates = vec!["2017-03-03".to_owned()];
    let text = refused(
        import(&suite, ADMINISTRATOR, request).await,
        Code::InvalidArgument,
        "IMPORT_INVALID",
    );
    for field in [
        "announced_on",
        "days[0].paired_with",
        "days[2].date",
        "removed_dates[0]",
    ] {
        assert!(text.contains(field), "{field}: {text}");
    }
    let mut request = swap("2");
    request.days[0].date = "2017-02-30".to_owned();
    request.days[1].kind = 0;
    let text = refused(
        import(&suite, ADMINISTRATOR, request).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in ["days[0].date", "days[1].kind"] {
        assert!(text.contains(field), "{field}: {text}");
    }
    let stale = ImportCalendarRequest {
        expected_revision: 7,
        ..swap("3")
    };
    refused(
        import(&suite, ADMINISTRATOR, stale).await,
        Code::Aborted,
        "REVISION_CHANGED",
    );
    let by_desk = import(&suite, Role::Receptionist, swap("4")).await;
    refused(by_desk, Code::PermissionDenied, "RPC_NOT_GRANTED");
    assert_eq!(get(&suite, 0, "").await.unwrap().revision, 1);
}

async fn next(stream: &mut Streaming<WatchCalendarResponse>) -> WatchCalendarResponse {
    let next = tokio::time::timeout(Duration::from_secs(20), stream.message());
    next.await.expect("in time").unwrap().expect("more")
}

#[tokio::test]
async fn a_watch_tells_every_version_from_a_cursor_on() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    let read = calendars.get_calendar(GetCalendarRequest::default()).await;
    let cursor = read.unwrap().into_inner().cursor;
    let watch = WatchCalendarRequest { cursor };
    let mut stream = calendars.watch_calendar(watch).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await.calendar, None);
    import(&suite, ADMINISTRATOR, swap("1")).await.unwrap();
    let told = next(&mut stream).await.calendar.unwrap();
    assert_eq!((told.revision, told.days.len()), (2, 148));
    let all = WatchCalendarRequest::default();
    let mut stream = calendars.watch_calendar(all).await.unwrap().into_inner();
    let first = next(&mut stream).await.calendar.unwrap();
    let second = next(&mut stream).await.calendar.unwrap();
    assert_eq!((first.revision, second.revision), (1, 2));
}
