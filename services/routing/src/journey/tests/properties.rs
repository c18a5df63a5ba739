//! Whatever happens in whatever order: nothing between chairs.

use proptest::collection::vec;
use proptest::prelude::*;

use super::course::{Act, Course};
use super::{commune, commune_to_district, consultation, deciding_lead};
use crate::route::Route;

const SHAPES: [fn() -> Route; 4] = [commune, commune_to_district, consultation, deciding_lead];

fn acts() -> impl Strategy<Value = Vec<(Act, usize, i64)>> {
    let act = prop_oneof![
        10 => Just(Act::Accept),
        3 => Just(Act::Decline),
        3 => prop_oneof![Just(Act::Forward("district")), Just(Act::Forward("finance"))],
        2 => Just(Act::Recall),
        2 => Just(Act::GiveBack),
        3 => prop_oneof![
            Just(Act::SendBack("open")),
            Just(Act::SendBack("send")),
            Just(Act::SendBack("examine")),
            Just(Act::SendBack("lead")),
        ],
        1 => prop_oneof![Just(Act::Merged("district")), Just(Act::Merged("department"))],
        10 => Just(Act::Complete),
        6 => Just(Act::Decided),
        4 => Just(Act::Returned),
        1 => Just(Act::Withdrawn),
        3 => Just(Act::ClockStopped),
        3 => prop_oneof![Just(Act::Resumed), Just(Act::Restarted)],
        1 => prop_oneof![Just(Act::Corrected("district")), Just(Act::Corrected("desk"))],
    ];
    let stale = prop_oneof![9 => Just(0), 1 => -1_i64..=1];
    vec((act, 0_usize..12, stale), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_is_ever_between_chairs(acts in acts()) {
        for shape in SHAPES {
            let mut course = Course::open(shape());
            course.check();
            for (act, nth, stale) in &acts {
                course.act(*act, *nth, *stale);
                course.check();
            }
        }
    }

    #[test]
    fn a_withdrawal_at_any_moment_closes_everything_for_good(acts in acts()) {
        for shape in SHAPES {
            let mut course = Course::open(shape());
            let half = acts.len() / 2;
            for (act, nth, stale) in &acts[..half] {
                course.act(*act, *nth, *stale);
            }
            let withdrawn = course.act(Act::Withdrawn, 0, 0);
            let count = course.journey.transfers().len();
            for (act, nth, stale) in &acts[half..] {
                course.act(*act, *nth, *stale);
                course.check();
            }
            prop_assert!(!withdrawn || course.journey.transfers().len() == count, "something opened");
        }
    }
}

/// Without detours every shape comes to its end.
#[test]
fn every_shape_of_route_comes_to_its_end() {
    for shape in SHAPES {
        let mut course = Course::open(shape());
        for round in 0..40 {
            for act in [Act::Accept, Act::Complete, Act::Decided, Act::Returned] {
                course.act(act, round, 0);
                course.check();
            }
        }
        assert!(!course.journey.route.open);
    }
}
