//! What goes by links must be brought and answered in time (R12).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use super::acts::Acted;
use super::{Around, commune_to_district, moment, of};
use crate::journey::What;
use crate::link::{Limits, Link, LinkStep, Links};

/// The district has a system, and every link 10 minutes and so many working minutes.
fn links(acknowledge: u32) -> Links {
    let header = "procedure,unit,deliver_minutes,acknowledge_working_minutes\n";
    let limits = Limits::parse(&format!("{header}*,*,10,{acknowledge}\n")).unwrap();
    let mut links = Links::new(Arc::new(limits));
    links.put("district", BTreeSet::from(["system".to_owned()]));
    links
}

fn follow_by(acted: &mut Acted, links: &Links, at: i64) -> Vec<(String, What)> {
    let around = Around::new();
    let followed = acted
        .journey
        .follow_links(links, Some(&around.calendar), moment(at));
    followed.unwrap();
    acted.told()
}

/// By links that have two working hours.
fn follow(acted: &mut Acted, at: i64) -> Vec<(String, What)> {
    follow_by(acted, &links(120), at)
}

/// The district was offered its step at 16:01, and closes at 17:00; it has so many working minutes to answer.
fn offered_within(acknowledge: u32) -> Acted {
    let mut acted = Acted::open(commune_to_district());
    acted.accept(&["send"]).wait_until(OFFERED);
    acted.complete(&["send"]);
    follow_by(&mut acted, &links(acknowledge), OFFERED);
    acted
}

/// The same with two hours.
fn offered() -> Acted {
    offered_within(120)
}

fn link(acted: &Acted) -> &Link {
    of(&acted.journey, "examine").link.as_ref().unwrap()
}

fn ring(acted: &mut Acted, at: i64) -> Vec<LinkStep> {
    acted.told();
    acted.journey.ring(moment(at), Around::new().get());
    let late = acted.journey.links_late_now();
    acted.told();
    late.into_iter().map(|(.., with)| with).collect()
}

const OFFERED: i64 = 8 * 60 + 1;
/// Tuesday at 08:01: an hour and a minute after its opening, an hour less that after the offer.
const ACKNOWLEDGE: i64 = 24 * 60 + 1;

#[test]
fn r12_an_offer_by_a_link_has_ten_minutes_to_arrive_and_two_working_hours_to_be_answered() {
    let acted = offered();
    assert_eq!(of(&acted.journey, "send").link, None, "no link leads there");
    assert_eq!(link(&acted).deliver_by, moment(OFFERED + 10));
    assert_eq!(link(&acted).acknowledge_by, moment(ACKNOWLEDGE));
    let alarm = of(&acted.journey, "examine").next_alarm(None);
    assert_eq!(alarm, Some(moment(OFFERED + 10)));
}

#[test]
fn r12_each_lateness_is_told_once_and_mended_by_what_was_missing() {
    let mut acted = offered();
    let uid = of(&acted.journey, "examine").uid.clone();
    assert!(ring(&mut acted, OFFERED + 9).is_empty());
    assert_eq!(ring(&mut acted, OFFERED + 10), [LinkStep::Delivery]);
    assert!(ring(&mut acted, OFFERED + 11).is_empty());
    let late = link(&acted).late.clone().unwrap();
    assert_eq!(late.mend_by, moment(9 * 60), "when it closes that day");
    assert!(acted.journey.delivered(&uid, 1, moment(OFFERED + 20)));
    assert!(!acted.journey.delivered(&uid, 1, moment(OFFERED + 30)));
    assert_eq!(acted.told(), [("examine".to_owned(), What::LinkMended)]);
    assert_eq!(link(&acted).late_since(), None);
    assert_eq!(ring(&mut acted, ACKNOWLEDGE), [LinkStep::Acknowledgement]);
    acted.wait_until(ACKNOWLEDGE + 5).accept(&["examine"]);
    let mended = follow(&mut acted, ACKNOWLEDGE + 5);
    let told = |what| ("examine".to_owned(), what);
    assert_eq!(mended, [told(What::Accepted), told(What::LinkMended)]);
    assert_eq!(link(&acted).late_since(), None);
}

#[test]
fn r12_what_comes_and_is_answered_in_time_alerts_nobody_however_the_clock_jumps() {
    let mut acted = offered();
    let uid = of(&acted.journey, "examine").uid.clone();
    assert!(acted.journey.delivered(&uid, 1, moment(OFFERED + 1)));
    assert!(ring(&mut acted, OFFERED + 30).is_empty());
    acted.accept(&["examine"]);
    let told = follow(&mut acted, OFFERED + 31);
    assert_eq!(told, [("examine".to_owned(), What::Accepted)]);
    assert!(ring(&mut acted, 30 * 24 * 60).is_empty());
}

#[test]
fn r12_an_offer_that_never_came_is_late_with_both_and_its_refusal_mends_both() {
    let mut acted = offered();
    let both = [LinkStep::Delivery, LinkStep::Acknowledgement];
    assert_eq!(ring(&mut acted, 30 * 24 * 60).len(), 2, "{both:?}");
    acted.try_decline("examine", 1).unwrap();
    let told = follow(&mut acted, 30 * 24 * 60);
    assert_eq!(told.last().unwrap().1, What::LinkMended);
    assert_eq!(link(&acted).delivered_at, Some(moment(30 * 24 * 60)));
}

#[test]
fn r12_an_offer_that_goes_on_to_a_unit_without_a_system_goes_by_no_link() {
    let mut acted = offered();
    acted.try_forward("examine", 1, "another").unwrap();
    follow(&mut acted, OFFERED + 5);
    assert_eq!(of(&acted.journey, "examine").link, None);
    assert!(ring(&mut acted, 30 * 24 * 60).is_empty());
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 8, day).unwrap()
}

fn due_moved() -> [(String, What); 1] {
    [("examine".to_owned(), What::DueMoved)]
}

#[test]
fn r15_a_day_off_that_is_announced_late_moves_the_time_that_a_link_has_for_the_answer() {
    let mut acted = offered();
    acted.close(day(29));
    assert_eq!(acted.told(), due_moved());
    assert_eq!(link(&acted).acknowledge_by, moment(ACKNOWLEDGE + 24 * 60));
    assert_eq!(link(&acted).deliver_by, moment(OFFERED + 10));
    // Sixty hours: Thursday of the next week at 10:01, when the step and its limit are long over.
    let mut acted = offered_within(60 * 60);
    let due = of(&acted.journey, "examine").due;
    acted.close(NaiveDate::from_ymd_opt(2017, 9, 5).unwrap());
    assert_eq!(acted.told(), due_moved());
    assert_eq!(of(&acted.journey, "examine").due, due);
    let friday = 11 * 24 * 60 + 2 * 60 + 1;
    assert_eq!(link(&acted).acknowledge_by, moment(friday));
}

#[test]
fn r15_a_calendar_that_says_the_same_until_a_link_must_answer_moves_nothing() {
    let acted = offered_within(100 * 60);
    assert_eq!(acted.journey.reaches(), link(&acted).acknowledge_by);
}

#[test]
fn r15_lateness_with_the_answer_is_taken_back_where_it_is_not_true_any_more() {
    // It was brought in time.
    let mut acted = offered();
    let uid = of(&acted.journey, "examine").uid.clone();
    assert!(acted.journey.delivered(&uid, 1, moment(OFFERED + 1)));
    assert_eq!(ring(&mut acted, ACKNOWLEDGE), [LinkStep::Acknowledgement]);
    acted.close(day(29));
    assert_eq!(acted.told(), due_moved());
    assert_eq!(link(&acted).late, None);
    assert!(ring(&mut acted, ACKNOWLEDGE + 1).is_empty());
    let a_day_later = ACKNOWLEDGE + 24 * 60;
    assert_eq!(ring(&mut acted, a_day_later), [LinkStep::Acknowledgement]);
    // It never came, or too late: it was late with that all the same.
    for delivered in [None, Some(OFFERED + 20)] {
        let mut acted = offered();
        assert_eq!(ring(&mut acted, OFFERED + 10), [LinkStep::Delivery]);
        if let Some(at) = delivered {
            assert!(acted.journey.delivered(&uid, 1, moment(at)));
        }
        assert_eq!(ring(&mut acted, ACKNOWLEDGE), [LinkStep::Acknowledgement]);
        acted.close(day(29));
        let late = link(&acted).late.clone().unwrap();
        assert_eq!(
            (late.with, late.at),
            (LinkStep::Delivery, moment(OFFERED + 10))
        );
        assert_eq!(late.mended_at, delivered.map(moment));
    }
}

#[test]
fn r15_lateness_with_the_answer_that_is_still_true_stays() {
    let mut acted = offered();
    assert_eq!(ring(&mut acted, ACKNOWLEDGE).len(), 2);
    let late = link(&acted).late.clone();
    acted.close(day(30));
    assert_eq!(link(&acted).late, late);
    assert_eq!(late.unwrap().with, LinkStep::Acknowledgement);
}

#[test]
fn r12_an_offer_on_hold_goes_by_its_link_once_the_clock_of_the_dossier_goes_on() {
    let mut acted = offered();
    acted.stop_clock("send");
    acted.accept(&["examine"]).complete(&["examine"]);
    follow(&mut acted, OFFERED + 3);
    assert_eq!(of(&acted.journey, "sign").link, None);
    acted.wait_until(OFFERED + 40);
    acted.resume(false, moment(6 * 24 * 60));
    let told = follow(&mut acted, OFFERED + 40);
    assert!(told.contains(&("sign".to_owned(), What::HoldEnded)));
    let link = of(&acted.journey, "sign").link.as_ref().unwrap();
    assert_eq!(link.deliver_by, moment(OFFERED + 50));
}
