//! Pauses and restarts (domain.md R2, R8).

use worktime::Deadline::{Due, Paused};
use worktime::{
    DayReason, Deadline, Explanation, Interruption, LegalClock, Limit, PauseReason, RuleSet,
    WorkingTime,
};

use crate::province::{at, daklak, date};

fn pause(from: &str, to: &str) -> Interruption {
    Interruption::Pause {
        from: at(from),
        to: (!to.is_empty()).then(|| at(to)),
        why: PauseReason::FinancialDuty,
    }
}

fn restart(from: &str, completed: &str) -> Interruption {
    Interruption::Restart {
        from: at(from),
        completed: (!completed.is_empty()).then(|| at(completed)),
        why: PauseReason::Supplement,
    }
}

fn explain(received: &str, limit: Limit, interruptions: &[Interruption]) -> Explanation {
    let (calendar, received) = (daklak(), at(received));
    let rules = RuleSet::in_force_on(received.date());
    let clock = LegalClock {
        calendar: &calendar,
        rules: &rules,
        received,
        limit,
        interruptions,
    };
    let explanation = clock.explain().unwrap();
    assert_eq!(clock.deadline().unwrap(), explanation.deadline);
    explanation
}

fn deadline(received: &str, limit: Limit, interruptions: &[Interruption]) -> Deadline {
    explain(received, limit, interruptions).deadline
}

#[test]
fn a_pause_moves_a_limit_in_working_time_by_its_working_time() {
    let hours = Limit::WorkingHours(16);
    let rows = [
        ("2017-08-28 09:00", "2017-08-28 10:00", "2017-08-30 10:00"),
        ("2017-08-28 11:00", "2017-08-28 14:00", "2017-08-30 10:00"),
        ("2017-08-28 11:30", "2017-08-28 13:30", "2017-08-30 09:00"),
        ("2017-08-28 17:00", "2017-08-29 07:00", "2017-08-30 09:00"),
        ("2017-08-28 16:00", "2017-09-05 08:00", "2017-09-06 11:00"),
    ];
    for (from, to, due) in rows {
        let paused = deadline("2017-08-28 09:00", hours, &[pause(from, to)]);
        assert_eq!(paused, Due(at(due)), "{from} to {to}");
    }
}

#[test]
fn a_pause_moves_a_limit_in_whole_days_by_its_working_time_too() {
    let days = Limit::WorkingDays(5);
    let due = |interruptions: &[_]| deadline("2017-08-28 09:00", days, interruptions);
    assert_eq!(due(&[]), Due(at("2017-09-05 17:00")));
    let one_day = [pause("2017-08-30 10:00", "2017-08-31 10:00")];
    assert_eq!(due(&one_day), Due(at("2017-09-06 17:00")));
    let two_hours = [pause("2017-08-30 10:00", "2017-08-30 14:00")];
    assert_eq!(due(&two_hours), Due(at("2017-09-06 09:00")));
    let on_the_day_of_receipt = [pause("2017-08-28 10:00", "2017-08-28 14:00")];
    assert_eq!(due(&on_the_day_of_receipt), Due(at("2017-09-05 17:00")));
    let twice = [
        one_day[0].clone(),
        pause("2017-09-06 16:00", "2017-09-07 08:00"),
    ];
    assert_eq!(due(&twice), Due(at("2017-09-07 09:00")));
}

#[test]
fn a_pause_moves_a_limit_through_days_off_by_its_days_and_never_onto_one() {
    let days = Limit::CalendarDays(5);
    let due = |interruptions: &[_]| deadline("2017-08-21 09:00", days, interruptions);
    assert_eq!(due(&[]), Due(at("2017-08-28 17:00")));
    assert_eq!(
        due(&[pause("2017-08-22 09:00", "2017-08-22 16:00")]),
        due(&[])
    );
    let four_days = [pause("2017-08-22 09:00", "2017-08-26 09:00")];
    assert_eq!(due(&four_days), Due(at("2017-08-30 17:00")));
    let onto_the_holiday = [pause("2017-08-22 09:00", "2017-08-29 09:00")];
    assert_eq!(due(&onto_the_holiday), Due(at("2017-09-05 17:00")));
}

#[test]
fn a_clock_that_stands_still_has_no_deadline() {
    let since = at("2017-08-29 10:00");
    let why = PauseReason::FinancialDuty;
    let open = [pause("2017-08-29 10:00", "")];
    let explained = explain("2017-08-28 09:00", Limit::WorkingDays(5), &open);
    assert_eq!(explained.deadline, Paused { since, why });
    assert_eq!(explained.days.last().unwrap().date, date("2017-08-29"));
    assert_eq!(explained.totals().counted, WorkingTime::from_hours(3));
    let waiting = deadline(
        "2017-08-28 09:00",
        Limit::Months(1),
        &[restart("2017-08-29 10:00", "")],
    );
    assert!(matches!(waiting, Paused { .. }));
}

#[test]
fn what_is_late_already_is_not_made_less_late_by_a_pause() {
    let late = [pause("2017-08-30 10:00", "2017-09-08 10:00")];
    let due = deadline("2017-08-28 07:00", Limit::WorkingHours(8), &late);
    assert_eq!(due, Due(at("2017-08-28 17:00")));
}

#[test]
fn after_a_restart_the_full_limit_counts_from_completion_by_the_rules_of_receipt() {
    let supplemented = [restart("2017-08-30 10:00", "2017-09-08 15:30")];
    let due = |limit| deadline("2017-08-28 09:00", limit, &supplemented);
    assert_eq!(due(Limit::WorkingDays(5)), Due(at("2017-09-15 17:00")));
    assert_eq!(due(Limit::WorkingHours(8)), Due(at("2017-09-11 17:00")));
    assert_eq!(due(Limit::SameDay), Due(at("2017-09-11 17:00")));
    assert_eq!(due(Limit::CalendarDays(2)), Due(at("2017-09-11 17:00")));
    let paused_before = [
        pause("2017-08-28 10:00", "2017-08-29 10:00"),
        supplemented[0].clone(),
        pause("2017-09-11 07:00", "2017-09-12 07:00"),
    ];
    let due = deadline("2017-08-28 09:00", Limit::WorkingDays(5), &paused_before);
    assert_eq!(due, Due(at("2017-09-18 17:00")));
}

#[test]
fn a_pause_that_outlasts_the_completion_stops_the_new_limit_from_there_on() {
    let hours = Limit::WorkingHours(16);
    let completed = restart("2017-08-30 10:00", "2017-09-05 09:00");
    let due = |to| {
        let outlasting = [pause("2017-08-29 10:00", to), completed.clone()];
        deadline("2017-08-28 09:00", hours, &outlasting)
    };
    assert_eq!(due("2017-09-05 09:00"), Due(at("2017-09-07 09:00")));
    // Six hours of Tuesday and three of Wednesday.
    assert_eq!(due("2017-09-06 10:00"), Due(at("2017-09-08 10:00")));
    let (since, why) = (at("2017-09-05 09:00"), PauseReason::FinancialDuty);
    assert_eq!(due(""), Paused { since, why });
}

#[test]
fn pauses_that_overlap_count_once() {
    let twice = [
        pause("2017-08-28 10:00", "2017-08-29 10:00"),
        pause("2017-08-28 14:00", "2017-08-29 10:00"),
    ];
    let due = deadline("2017-08-28 09:00", Limit::WorkingHours(16), &twice);
    assert_eq!(due, Due(at("2017-08-31 09:00")));
}

#[test]
fn a_day_that_a_pause_divides_is_told_in_parts() {
    let paused = [pause("2017-08-29 10:00", "2017-08-30 14:30")];
    let explained = explain("2017-08-28 14:00", Limit::WorkingHours(12), &paused);
    assert_eq!(explained.deadline, Due(at("2017-08-31 10:30")));
    let told = |index: usize| -> Vec<String> {
        let day = &explained.days[index];
        let part = |part: &worktime::ExplainedPart| {
            let time = |at: chrono::NaiveDateTime| at.format("%H:%M");
            format!(
                "{}-{} {}",
                time(part.from),
                time(part.to),
                part.why.counts()
            )
        };
        day.parts.iter().map(part).collect()
    };
    assert_eq!(
        told(0),
        ["07:00-11:30 false", "13:30-14:00 false", "14:00-17:00 true"]
    );
    assert_eq!(
        told(1),
        ["07:00-10:00 true", "10:00-11:30 false", "13:30-17:00 false"]
    );
    assert_eq!(
        told(2),
        ["07:00-11:30 false", "13:30-14:30 false", "14:30-17:00 true"]
    );
    assert!(told(3).is_empty());
    let before = &explained.days[0].parts[0].why;
    assert_eq!(*before, DayReason::BeforeReceipt);
    let why = &explained.days[1].parts[1].why;
    assert_eq!(*why, DayReason::Paused(PauseReason::FinancialDuty));
    assert!(why.vietnamese().starts_with("Tạm dừng, chờ người nộp"));
    let totals = explained.totals();
    assert_eq!(totals.counted, WorkingTime::from_hours(12));
    assert_eq!((totals.days_counted, totals.days_skipped), (4, 0));
}

#[test]
fn days_before_a_restart_are_told_with_what_the_clock_waited_for() {
    let supplemented = [restart("2017-08-30 10:00", "2017-09-06 09:00")];
    let explained = explain("2017-08-29 09:00", Limit::WorkingDays(2), &supplemented);
    let why = |day: &str| {
        let day = explained.days.iter().find(|told| told.date == date(day));
        day.unwrap().why.clone()
    };
    assert_eq!(why("2017-08-29"), DayReason::BeforeCompletion);
    let waiting = DayReason::Paused(PauseReason::Supplement);
    for day in ["2017-08-31", "2017-09-02", "2017-09-05"] {
        assert_eq!(why(day), waiting, "{day}");
    }
    assert_eq!(why("2017-09-06"), DayReason::DayOfCompletion);
    assert_eq!(why("2017-09-08"), DayReason::Counted);
    assert_eq!(explained.totals().counted, WorkingTime::from_days(2));
}
