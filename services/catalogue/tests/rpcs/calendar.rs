//! `CalendarService`.

use proto::catalogue::v1::calendar_service_client::CalendarServiceClient;
use proto::catalogue::v1::{GetCalendarRequest, SpecialDayKind};
use tonic::Code;

use crate::support::{Store, Suite, refused};

#[tokio::test]
async fn the_calendar_has_office_hours_and_every_kind_of_special_day() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    let calendar = calendars
        .get_calendar(GetCalendarRequest {})
        .await
        .unwrap()
        .into_inner()
        .calendar
        .unwrap();
    assert_eq!(
        (
            calendar.key.as_str(),
            calendar.revision,
            calendar.openings.len()
        ),
        ("province", 1, 10)
    );
    let first = &calendar.openings[0];
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
}

#[tokio::test]
async fn a_calendar_that_was_not_imported_is_not_found() {
    let suite = Suite::serve(Store::new().await).await;
    let mut calendars = CalendarServiceClient::new(suite.channel.clone());
    refused(
        calendars.get_calendar(GetCalendarRequest {}).await,
        Code::NotFound,
        "CALENDAR_NOT_FOUND",
    );
}
