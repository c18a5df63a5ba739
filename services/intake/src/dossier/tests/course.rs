//! What is asked of applicants, what stops the clock, and what time brings.

use super::super::alarm::Ring;
use super::*;

/// A dossier after everything has rung that rings up to a time, and what that was.
fn rung(dossier: &Dossier, until: Moment) -> (Dossier, Vec<Alarm>) {
    let rings = dossier.ringing(until).into_iter().map(|(_, ring)| ring);
    let rings: Vec<Ring> = rings.collect();
    let alarms = rings.iter().map(|ring| ring.alarm).collect();
    (dossier.clone().rung(rings), alarms)
}

#[test]
fn r02_what_is_supplemented_stands_in_the_stead_of_what_was_handed_in_and_the_clock_goes_on() {
    let waiting = dossier(State::SupplementRequested(receipt()));
    let after = waiting.supplement(addition(), moment(3)).unwrap();
    assert_eq!(after.filing.components, addition().components);
    assert_eq!(after.filing.form, filing().form);
    assert_eq!(after.course.stops[0].to, Some(moment(3)));
    assert_eq!(after.course.standing(), None);
    let answered = after.course.supplement.and_then(|asked| asked.answered_at);
    assert_eq!(answered, Some(moment(3)));
    assert_eq!(after.answer_by, None);
}

#[test]
fn r08_the_clock_goes_on_with_the_last_of_several_payments() {
    let processing = dossier(State::Processing(receipt()));
    let payments = vec![payment("one"), payment("two")];
    let asked = processing
        .ask_payment(payments, stop(Why::Payment))
        .unwrap();
    let half = asked.pay("one", paid()).unwrap();
    assert_eq!(half.state.name(), "PAYMENT_REQUESTED");
    assert!(half.course.standing().is_some());
    let all = half.pay("two", paid()).unwrap();
    assert_eq!(all.state.name(), "PROCESSING");
    assert_eq!(all.course.standing(), None);
}

/// A step outside the limit, since the second day.
fn tax() -> Stop {
    stop(Why::OutsideLimit("Thuế".to_owned()))
}

#[test]
fn while_nothing_but_a_step_outside_the_limit_is_under_way_nothing_is_due_and_nothing_rings() {
    for state in [State::Received(receipt()), State::Processing(receipt())] {
        let outside = dossier(state.clone()).go_outside(tax());
        assert_eq!((&outside.state, outside.revision), (&state, 2));
        assert!(outside.stands_still());
        assert_eq!(outside.running(), None);
        assert_eq!((outside.late_at(), outside.next_alarm()), (None, None));
        assert_eq!(outside.clone().reckoned(due(7), moment(3)), outside);
        let inside = outside.come_inside(moment(3));
        assert_eq!(inside.course.stops, [tax().ended(moment(3))]);
        assert!(!inside.stands_still());
        assert_eq!(inside.running(), Some(receipt()));
        assert_eq!(inside.next_alarm(), Some(moment(4)));
    }
}

#[test]
fn the_clock_waits_for_the_applicant_and_for_a_step_outside_the_limit_whichever_is_over_first() {
    let outside = dossier(State::Processing(receipt())).go_outside(tax());
    let waiting = outside.ask_supplement(asked(), stop(Why::Supplement), moment(32));
    let waiting = waiting.unwrap();
    let answered = waiting.clone().supplement(addition(), moment(3)).unwrap();
    assert_eq!(answered.state.name(), "PROCESSING");
    assert_eq!(answered.course.asked(), None);
    let over = waiting.come_inside(moment(3));
    assert_eq!(over.answer_by, Some(moment(32)));
    assert_eq!(over.course.outside(), None);
    for still in [&answered, &over] {
        assert!(still.stands_still() && still.running().is_none());
    }
    assert_eq!(answered.next_alarm(), None);
    let over = over.supplement(addition(), moment(4)).unwrap();
    for going_on in [answered.come_inside(moment(4)), over] {
        assert!(!going_on.stands_still());
        assert_eq!(going_on.course.standing(), None);
        assert_eq!(going_on.running(), Some(receipt()));
    }
}

#[test]
fn what_stopped_the_clock_counts_in_the_order_in_which_it_began() {
    let mut course = Course::default();
    let told_late = Stop {
        from: moment(1),
        ..tax()
    };
    course.stops = vec![stop(Why::Payment), told_late.clone()];
    assert_eq!(course.in_order(), [&told_late, &stop(Why::Payment)]);
    assert_eq!(course.standing(), Some(&told_late));
    assert_eq!(course.asked(), Some(&stop(Why::Payment)));
    assert_eq!(course.ended(moment(3)).standing(), None);
}

#[test]
fn r06_a_postponement_moves_the_deadline_and_keeps_the_first_promise() {
    let before = dossier(State::Processing(receipt()));
    let after = before.postpone(due(9), apology()).unwrap();
    let receipt = after.state.receipt().unwrap();
    assert_eq!((receipt.appointment, receipt.due), (moment(5), due(9)));
    assert_eq!(after.course.postponed(), Some(&apology()));
}

#[test]
fn r17_a_submission_rings_once_when_nobody_answers_and_not_after_a_guidance() {
    let mut submitted = dossier(State::Submitted);
    submitted.course = Course::default();
    submitted.answer_by = Some(moment(1));
    assert_eq!(submitted.ringing(moment(0)), []);
    let expected = [(moment(1), Alarm::Unanswered.of(moment(1)))];
    assert_eq!(submitted.ringing(moment(2)), expected);
    let (told, _) = rung(&submitted, moment(2));
    assert_eq!(told.ringing(moment(2)), []);
    let guided = submitted.guide(asked()).unwrap();
    assert_eq!(guided.next_alarm(), None);
}

#[test]
fn r03_those_who_work_on_it_are_warned_a_day_before_and_when_it_is_overdue_each_once() {
    let processing = dossier(State::Processing(receipt()));
    assert_eq!(processing.next_alarm(), Some(moment(4)));
    let (warned, alarms) = rung(&processing, moment(4));
    assert_eq!(alarms, [Alarm::DueSoon]);
    assert_eq!(warned.next_alarm(), Some(moment(5)));
    let (overdue, alarms) = rung(&warned, moment(5));
    assert_eq!(alarms, [Alarm::Overdue]);
    assert_eq!(overdue.next_alarm(), None);
    // A new promise is watched over again.
    let postponed = overdue.postpone(due(9), apology()).unwrap();
    assert_eq!(postponed.next_alarm(), Some(moment(8)));
}

/// R15: a calendar that loses a holiday.
#[test]
fn r03_a_deadline_that_moves_to_before_what_has_rung_rings_and_one_that_comes_back_does_not() {
    let processing = dossier(State::Processing(receipt()));
    let (warned, _) = rung(&processing, moment(4));
    let earlier = warned.reckoned(due(3), moment(4));
    assert_eq!(earlier.next_alarm(), Some(moment(2)));
    let (told, alarms) = rung(&earlier, moment(4));
    assert_eq!(alarms, [Alarm::DueSoon, Alarm::Overdue]);
    assert_eq!(told.next_alarm(), None);
    // The units know already that it is due on the fifth day.
    let back = told.reckoned(due(5), moment(4));
    assert_eq!(back.next_alarm(), Some(moment(5)));
    let (_, alarms) = rung(&back, moment(5));
    assert_eq!(alarms, [Alarm::Overdue]);
}

/// R15: the day before it is due has become a day off.
#[test]
fn r03_a_warning_that_moves_is_told_once_while_its_deadline_stays() {
    let (warned, _) = rung(&dossier(State::Processing(receipt())), moment(4));
    let moved = Due {
        warn_at: Some(moment(3)),
        ..due(5)
    };
    let moved = warned.reckoned(moved, moment(4));
    assert_eq!(moved.next_alarm(), Some(moment(5)));
}

#[test]
fn r06_a_deadline_that_passed_as_the_clock_was_stopped_is_told_of_when_the_clock_goes_on() {
    let mut waiting = dossier(State::SupplementRequested(receipt()));
    waiting.course.stops[0].from = moment(5);
    let (reminded, alarms) = rung(&waiting, moment(22));
    assert_eq!(alarms, [Alarm::Reminder]);
    let going_on = reminded.supplement(addition(), moment(23)).unwrap();
    let (_, alarms) = rung(&going_on, moment(23));
    assert_eq!(alarms, [Alarm::DueSoon, Alarm::Overdue]);
}

#[test]
fn r03_what_is_due_on_the_same_day_has_no_warning() {
    let same_day = Receipt {
        due: Due {
            warn_at: None,
            ..due(5)
        },
        ..receipt()
    };
    let processing = dossier(State::Processing(same_day));
    assert_eq!(processing.next_alarm(), Some(moment(5)));
}

#[test]
fn r02_a_supplement_that_nobody_hands_in_is_reminded_of_and_then_the_dossier_is_stopped() {
    let waiting = dossier(State::SupplementRequested(receipt()));
    let all = waiting.ringing(moment(40));
    let expected = [
        (moment(22), Alarm::Reminder.of(moment(22))),
        (moment(32), Alarm::Stop.of(moment(32))),
    ];
    assert_eq!(all, expected);
}

#[test]
fn r08_a_payment_may_take_as_long_as_it_takes() {
    assert_eq!(
        dossier(State::PaymentRequested(receipt())).next_alarm(),
        None
    );
}

#[test]
fn whoever_is_forgotten_is_gone_from_what_was_asked_paid_and_promised() {
    let mut before = dossier(State::Stopped(receipt(), closing()));
    before.course = Course {
        guidance: Some(asked()),
        supplement: Some(asked()),
        payments: vec![payment("order")],
        adjustments: vec![apology()],
        ..Course::default()
    };
    let after = before.erase().unwrap();
    let told = format!("{:?}", after.course);
    for personal in ["thiếu chữ ký", "Lệ phí", "chờ ý kiến"] {
        assert!(!told.contains(personal), "{told}");
    }
    assert_eq!(after.course.payments[0].amount_vnd, 500_000);
}
