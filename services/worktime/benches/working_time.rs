//! How long working-time arithmetic takes over a limit of 60 days.

use std::hint::black_box;

use chrono::{NaiveDate, NaiveDateTime};
use criterion::{Criterion, criterion_group, criterion_main};
use worktime::{Calendar, DayKind, Limit, OfficeHours, RuleSet, SpecialDay, WorkingTime};

/// The standard week with ten holidays in each of ten years.
fn calendar() -> Calendar {
    let day = |year, index| SpecialDay {
        date: NaiveDate::from_yo_opt(year, 1 + index * 33).unwrap_or_default(),
        name: "Nghỉ lễ".to_owned(),
        kind: DayKind::PublicHoliday,
    };
    let days = (2017..=2026).flat_map(|year| (0_u32..10).map(move |index| day(year, index)));
    Calendar::weekly(OfficeHours::standard(), days)
}

fn received() -> NaiveDateTime {
    let date = NaiveDate::from_ymd_opt(2019, 8, 28).unwrap_or_default();
    date.and_hms_opt(9, 12, 0).unwrap_or_default()
}

fn sixty_days(criterion: &mut Criterion) {
    let (calendar, received) = (calendar(), received());
    let rules = RuleSet::in_force_on(received.date());
    let limit = WorkingTime::from_days(60);
    let due = calendar.add(received, limit).unwrap_or_default();
    criterion.bench_function("add 60 working days", |bench| {
        bench.iter(|| calendar.add(black_box(received), black_box(limit)));
    });
    criterion.bench_function("time between, 60 working days", |bench| {
        bench.iter(|| calendar.between(black_box(received), black_box(due)));
    });
    criterion.bench_function("appointment, 60 working days", |bench| {
        let limit = Limit::WorkingDays(60);
        bench.iter(|| worktime::appointment(&calendar, &rules, black_box(received), limit));
    });
}

criterion_group!(benches, sixty_days);
criterion_main!(benches);
