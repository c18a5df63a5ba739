//! What holds for every office, every instant and every limit.

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};
use proptest::collection::vec;
use proptest::prelude::*;
use worktime::{
    Deadline, Interruption, LegalClock, Limit, PauseReason, RuleSet, WorkingTime, appointment,
    step_due,
};

use crate::office::{limit, minute, office, rules, second};

fn due(clock: &LegalClock<'_>) -> NaiveDateTime {
    match clock.deadline().unwrap() {
        Deadline::Due(due) => due,
        Deadline::Paused { .. } => panic!("it goes on"),
    }
}

fn working_limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        Just(Limit::SameDay),
        (0_u32..100).prop_map(Limit::WorkingHours),
        (0_u32..40).prop_map(Limit::WorkingDays),
    ]
}

proptest! {
    #[test]
    fn the_time_between_an_instant_and_the_instant_plus_some_time_is_that_time(
        office in office(), from in second(), minutes in 0_u32..30_000,
    ) {
        let calendar = office.calendar();
        let time = WorkingTime::from_minutes(minutes);
        let due = calendar.add(from, time).unwrap();
        prop_assert!(due >= from);
        prop_assert_eq!(calendar.between(from, due), time);
    }

    #[test]
    fn adding_is_monotone_in_the_instant_and_in_the_time(
        office in office(), a in second(), b in second(), x in 0_u32..9_000, y in 0_u32..9_000,
    ) {
        let calendar = office.calendar();
        let add = |from, minutes| calendar.add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert!(add(a.min(b), x) <= add(a.max(b), x));
        prop_assert!(add(a, x.min(y)) <= add(a, x.max(y)));
    }

    #[test]
    fn adding_in_two_parts_is_adding_at_once(
        office in office(), from in second(), x in 1_u32..5_000, y in 1_u32..5_000,
    ) {
        let calendar = office.calendar();
        let add = |from, minutes| calendar.add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert_eq!(add(add(from, x), y), add(from, x + y));
    }

    #[test]
    fn the_parts_of_an_interval_add_up_to_the_whole(
        office in office(), mut instants in vec(second(), 3),
    ) {
        instants.sort();
        let calendar = office.calendar();
        let first = calendar.between(instants[0], instants[1]);
        let second = calendar.between(instants[1], instants[2]);
        prop_assert_eq!(first.saturating_add(second), calendar.between(instants[0], instants[2]));
    }

    #[test]
    fn days_off_have_no_working_time(office in office(), at in minute()) {
        let calendar = office.calendar();
        let start = at.date().and_time(NaiveTime::MIN);
        let worked = calendar.between(start, start + Days::new(1));
        prop_assert_eq!(calendar.is_working_day(at.date()), worked > WorkingTime::ZERO);
        prop_assert_eq!(calendar.is_working_day(at.date()), calendar.closing(at.date()).is_some());
    }

    #[test]
    fn nothing_is_due_on_a_day_off_or_after_closing_or_before_receipt(
        office in office(), rules in rules(), received in second(), limit in limit(),
    ) {
        let calendar = office.calendar();
        let due = appointment(&calendar, &rules, received, limit).unwrap();
        prop_assert!(due >= received);
        prop_assert!(calendar.is_working_day(due.date()));
        prop_assert!(Some(due) <= calendar.closing(due.date()));
    }

    #[test]
    fn no_step_is_due_on_a_day_off(
        office in office(), rules in rules(), offered in second(), minutes in 0_u32..9_000,
    ) {
        let calendar = office.calendar();
        let due = step_due(&calendar, &rules, offered, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert!(due >= offered);
        prop_assert!(calendar.is_working_day(due.date()));
    }

    #[test]
    fn who_comes_later_is_never_promised_an_earlier_time(
        office in office(), rules in rules(), a in second(), b in second(), limit in limit(),
    ) {
        let calendar = office.calendar();
        let due = |received| appointment(&calendar, &rules, received, limit).unwrap();
        prop_assert!(due(a.min(b)) <= due(a.max(b)));
    }

    #[test]
    fn an_explanation_names_every_date_and_adds_up_to_the_limit(
        office in office(), rules in rules(), received in second(), limit in limit(),
    ) {
        let calendar = office.calendar();
        let clock = LegalClock { calendar: &calendar, rules: &rules, received, limit, interruptions: &[] };
        let explained = clock.explain().unwrap();
        let due = appointment(&calendar, &rules, received, limit).unwrap();
        prop_assert_eq!(&explained.deadline, &Deadline::Due(due));
        let days = &explained.days;
        let dates: Vec<_> = received.date().iter_days().take_while(|day| *day <= due.date()).collect();
        prop_assert_eq!(days.iter().map(|day| day.date).collect::<Vec<_>>(), dates);
        let counted = explained.totals().counted;
        match limit {
            Limit::WorkingHours(hours) => prop_assert_eq!(counted, WorkingTime::from_hours(hours)),
            Limit::WorkingDays(n @ 1..) => prop_assert_eq!(counted, WorkingTime::from_days(n)),
            _ => {}
        }
    }

    #[test]
    fn a_pause_of_some_working_time_moves_a_limit_in_working_time_by_exactly_that(
        (office, rules, received, limit) in (office(), rules(), second(), working_limit()),
        (after, length) in (0_i64..20 * 86_400, 0_i64..20 * 86_400),
    ) {
        let calendar = office.calendar();
        let clock = LegalClock { calendar: &calendar, rules: &rules, received, limit, interruptions: &[] };
        let counted_from = clock.explain().unwrap().counted_from;
        let unpaused = due(&clock);
        let from = received.max(counted_from) + TimeDelta::seconds(after);
        prop_assume!(from < unpaused);
        let to = from + TimeDelta::seconds(length);
        let pause = [Interruption::Pause { from, to: Some(to), why: PauseReason::FinancialDuty }];
        let paused = due(&LegalClock { interruptions: &pause, ..clock });
        prop_assert_eq!(calendar.between(unpaused, paused), calendar.between(from, to));
        prop_assert!(calendar.is_working_day(paused.date()));
        prop_assert!(Some(paused) <= calendar.closing(paused.date()));
    }

    #[test]
    fn a_restart_is_due_the_full_limit_after_completion(
        (office, rules, received, limit) in (office(), rules(), second(), limit()),
        (after, length) in (0_i64..20 * 86_400, 0_i64..20 * 86_400),
    ) {
        let calendar = office.calendar();
        let from = received + TimeDelta::seconds(after);
        let completed = from + TimeDelta::seconds(length);
        let stop = Interruption::Restart { from, completed: Some(completed), why: PauseReason::Supplement };
        let restarted = LegalClock { calendar: &calendar, rules: &rules, received, limit, interruptions: &[stop] };
        let full = appointment(&calendar, &rules, completed, limit).unwrap();
        prop_assert_eq!(due(&restarted), full);
    }

    #[test]
    fn whatever_stops_a_clock_it_is_never_due_on_a_day_off_and_every_date_is_explained(
        (office, rules, received, limit) in (office(), rules(), second(), limit()),
        stops in vec((0_i64..9 * 86_400, 0_i64..9 * 86_400, any::<bool>()), 0..4),
    ) {
        let calendar = office.calendar();
        let mut at = received;
        let mut interruptions = Vec::new();
        for (after, length, restarts) in stops {
            let from = at + TimeDelta::seconds(after);
            at = from + TimeDelta::seconds(length);
            interruptions.push(if restarts {
                Interruption::Restart { from, completed: Some(at), why: PauseReason::Supplement }
            } else {
                Interruption::Pause { from, to: Some(at), why: PauseReason::OutsideLimit("Thuế".to_owned()) }
            });
        }
        let clock = LegalClock { calendar: &calendar, rules: &rules, received, limit, interruptions: &interruptions };
        let (explained, due) = (clock.explain().unwrap(), due(&clock));
        prop_assert!(calendar.is_working_day(due.date()));
        prop_assert!(Some(due) <= calendar.closing(due.date()));
        let dates: Vec<_> = received.date().iter_days().take_while(|day| *day <= due.date()).collect();
        prop_assert_eq!(explained.days.iter().map(|day| day.date).collect::<Vec<_>>(), dates);
        for day in &explained.days {
            prop_assert!(calendar.is_working_day(day.date) || day.counted == WorkingTime::ZERO);
            for part in &day.parts {
                prop_assert!(part.from < part.to && part.to <= due);
            }
        }
        if let Limit::WorkingHours(hours) = limit {
            prop_assert_eq!(explained.totals().counted, WorkingTime::from_hours(hours));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn adding_agrees_with_walking_minute_by_minute(
        office in office(), from in minute(), minutes in 1_u32..2_000,
    ) {
        let due = office.calendar().add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert_eq!(due, office.add(from, minutes));
    }

    #[test]
    fn the_time_between_agrees_with_walking_minute_by_minute(
        office in office(), from in minute(), length in 0_i64..30_000,
    ) {
        let to = from + TimeDelta::minutes(length);
        prop_assert_eq!(office.calendar().between(from, to).minutes(), office.between(from, to));
    }

    #[test]
    fn working_days_agree_with_walking_day_by_day(
        office in office(), received in minute(), days in 1_u32..15,
    ) {
        let rules = RuleSet::in_force_on(received.date());
        let promised = appointment(&office.calendar(), &rules, received, Limit::WorkingDays(days)).unwrap();
        prop_assert_eq!(promised, office.end_of_working_day(received, days));
    }
}
