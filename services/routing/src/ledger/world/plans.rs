//! The routes that procedures ask for, as far as they were loaded.

use std::collections::HashMap;

use chrono::NaiveDate;
use kit::copies::{Copy, PROCEDURE};

use crate::error::Error;
use crate::route::{Planned, Route};
use crate::wire::plan::{self, Procedure};

/// The versions of procedures by the keys of their copies.
#[derive(Clone, Default)]
pub struct Plans(HashMap<String, Vec<Procedure>>);

impl Plans {
    /// Takes in a copy, if it is one of a procedure.
    pub fn take(&mut self, copy: &Copy) {
        if copy.kind == PROCEDURE {
            self.0.insert(copy.key.clone(), plan::procedures(copy));
        }
    }

    /// One version.
    pub fn of_version(&self, key: &str) -> Result<&Procedure, Error> {
        let versions = self.0.get(key);
        versions
            .and_then(|versions| versions.first())
            .ok_or_else(|| Error::PlanMissing(key.to_owned()))
    }

    /// The steps of a route's case in the version of its procedure that is in force on a day; none where there is none.
    pub fn in_force(&self, route: &Route, on: NaiveDate) -> &[Planned] {
        let versions = self.0.get(&route.procedure);
        let versions = versions.map_or(&[][..], Vec::as_slice);
        let version = versions.iter().rfind(|version| version.is_in_force(on));
        let case = version.zip(route.filed.as_ref());
        let steps = case.and_then(|(version, filed)| version.case(&filed.case_key).ok());
        steps.unwrap_or_default()
    }

    /// The units that steps name.
    pub fn fixed_units(&self) -> impl Iterator<Item = &str> {
        let versions = self.0.values().flatten();
        versions.flat_map(Procedure::fixed_units)
    }
}

#[cfg(test)]
mod tests {
    use proto::catalogue::v1 as pb;

    use super::*;
    use crate::route::{Filed, UnitRule};
    use crate::store::tests::route;

    /// A version whose only step goes to this unit, in force on these days.
    fn version(unit: &str, (from, to): (&str, &str)) -> pb::Procedure {
        let step = pb::Step {
            key: "examine".to_owned(),
            unit_rule: pb::UnitRule::Fixed.into(),
            unit_uid: unit.to_owned(),
            role: pb::StepRole::Examiner.into(),
            part: pb::StepPart::Sole.into(),
            ..pb::Step::default()
        };
        let case = pb::Case {
            key: "standard".to_owned(),
            route: Some(pb::Route {
                steps: vec![step],
                ..pb::Route::default()
            }),
            ..pb::Case::default()
        };
        pb::Procedure {
            code: route().procedure,
            version: Some(pb::Version {
                effective_from: from.to_owned(),
                valid_to: to.to_owned(),
                cases: vec![case],
                ..pb::Version::default()
            }),
            ..pb::Procedure::default()
        }
    }

    /// One department until Monday, another from Tuesday on until the procedure is retired.
    fn plans() -> Plans {
        let changed = pb::ProcedureChanged {
            code: route().procedure,
            procedures: vec![
                version("before", ("2017-01-01", "2017-08-28")),
                version("after", ("2017-08-29", "2017-12-31")),
            ],
        };
        let mut plans = Plans::default();
        plans.take(&Copy::new(PROCEDURE, route().procedure, &changed));
        plans
    }

    fn filed(case: &str) -> Route {
        Route {
            filed: Some(Filed {
                case_key: case.to_owned(),
                receiving: "desk".to_owned(),
                competent: "desk".to_owned(),
            }),
            ..route()
        }
    }

    fn rules_on(route: &Route, day: &str) -> Vec<UnitRule> {
        let plans = plans();
        let steps = plans.in_force(route, day.parse().unwrap());
        steps.iter().map(|step| step.unit_rule.clone()).collect()
    }

    #[test]
    fn a_version_counts_from_its_first_day_to_its_last() {
        for (day, unit) in [
            ("2016-12-31", None),
            ("2017-01-01", Some("before")),
            ("2017-08-28", Some("before")),
            ("2017-08-29", Some("after")),
            ("2017-12-31", Some("after")),
            ("2018-01-01", None),
        ] {
            let expected = unit.map(|unit| UnitRule::Fixed(unit.to_owned()));
            let expected: Vec<UnitRule> = expected.into_iter().collect();
            assert_eq!(rules_on(&filed("standard"), day), expected, "{day}");
        }
    }

    #[test]
    fn nothing_counts_for_another_case_or_procedure_or_a_route_from_before() {
        let elsewhere = Route {
            procedure: "1.000001".to_owned(),
            ..filed("standard")
        };
        for route in [filed("another"), elsewhere, route()] {
            assert_eq!(rules_on(&route, "2017-08-28"), []);
        }
    }

    #[test]
    fn the_units_of_all_versions_are_named() {
        let plans = plans();
        let units: Vec<&str> = plans.fixed_units().collect();
        assert_eq!(units, ["before", "after"]);
    }
}
