//! Whether a version can be published: against itself, the units of its first day, and its online level.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::copies::{Unit, UnitKind, UnitTable};
use kit::form::Form;
use kit::online::OnlineLevels;

use crate::fault::{Fault, Problem};
use crate::procedure::{Case, Component, Cutoffs, Fee, Level, Procedure};
use crate::route::{Route, UnitRule, UnitUid};

/// What a version is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The units; none means that they are not known, and nothing is said of them.
    pub units: &'a UnitTable,
    /// The first day of the version.
    pub from: NaiveDate,
}

/// Names the department where a rule asks for the one that leads a field, as far as it is known.
pub fn settle(procedure: &mut Procedure, departments: &HashMap<String, UnitUid>) {
    let own = procedure.lead_unit.clone();
    let routes = procedure
        .cases
        .iter_mut()
        .filter_map(|case| case.route.as_mut());
    for step in routes.flat_map(|route| &mut route.steps) {
        if let UnitRule::DepartmentOf { field, unit } = &mut step.unit_rule {
            *unit = match field.as_str() {
                "" => Some(own.clone()),
                field => departments.get(field).cloned().or(unit.take()),
            };
        }
    }
}

/// Everything that keeps a version from being published.
#[must_use]
pub fn faults(procedure: &Procedure, around: &Surroundings<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let standard = |case: &Case| case.key == Case::STANDARD;
    if !procedure.cases.iter().any(standard) {
        faults.push(Fault::new("cases", Problem::NoCase));
    }
    faults.extend(blank("name", &procedure.name));
    faults.extend(blank("field", &procedure.field));
    let keys = procedure.cases.iter().map(|case| case.key.as_str());
    faults.extend(taken("cases", keys));
    if !around.knows(procedure.lead_unit.as_str()) {
        let unknown = Problem::UnitUnknown(procedure.lead_unit.as_str().to_owned());
        faults.push(Fault::new("lead_unit", unknown));
    }
    for case in &procedure.cases {
        let place = format!("cases[{}]", case.key);
        let checked = Checked {
            procedure,
            around,
            place,
        };
        checked.case(case, &mut faults);
    }
    faults
}

/// The fees of a version that its online level asks to be payable online, and that are not. The version is in force on these days.
#[must_use]
pub fn unpayable(
    procedure: &Procedure,
    online: &OnlineLevels,
    (first, last): (NaiveDate, Option<NaiveDate>),
) -> Vec<Fault> {
    if !online.pays_online_between(first, last) {
        return Vec::new();
    }
    let fees = procedure
        .cases
        .iter()
        .flat_map(|case| case.fees.iter().map(move |fee| (case, fee)));
    let unpayable = fees.filter(|(_, fee)| fee.amount.amount() > 0 && !fee.payable_online);
    unpayable
        .map(|(case, fee)| {
            let place = format!("cases[{}].fees[{}].payable_online", case.key, fee.key);
            Fault::new(place, Problem::NotPayableOnline)
        })
        .collect()
}

/// The kind of unit that decides.
#[must_use]
pub fn decides(level: Level) -> UnitKind {
    match level {
        Level::Department => UnitKind::Department,
        Level::District => UnitKind::District,
        Level::Commune => UnitKind::Commune,
    }
}

/// The units whose desks take a procedure on a day.
pub fn receiving<'a>(
    procedure: &'a Procedure,
    units: &'a UnitTable,
    on: NaiveDate,
) -> impl Iterator<Item = Unit<'a>> {
    units.existing_on(on).filter(|unit| match procedure.level {
        Level::Department => unit.uid == procedure.lead_unit.as_str(),
        Level::District => matches!(unit.kind, UnitKind::District | UnitKind::Commune),
        Level::Commune => unit.kind == UnitKind::Commune,
    })
}

impl Surroundings<'_> {
    /// Whether a unit, or who does its work, is there on the first day.
    fn knows(&self, uid: &str) -> bool {
        self.units.is_empty() || self.units.resolve(uid, self.from).is_some()
    }
}

/// One case that is checked.
struct Checked<'a> {
    procedure: &'a Procedure,
    around: &'a Surroundings<'a>,
    place: String,
}

impl Checked<'_> {
    fn case(&self, case: &Case, faults: &mut Vec<Fault>) {
        let place = &self.place;
        faults.extend(self.blanks(case));
        let components = case
            .components
            .iter()
            .map(|Component { key, .. }| key.as_str());
        faults.extend(taken(&format!("{place}.components"), components));
        self.route(case.route.as_ref(), faults);
        self.fees(&case.fees, faults);
        for extra in &case.limit.extras {
            self.units(&format!("{place}.limit.extras"), &extra.units, faults);
        }
        self.cutoffs(&case.limit.cutoffs, faults);
        let form = case
            .form
            .as_ref()
            .map(|form| Form::parse(&form.to_string()));
        if let Some(Err(error)) = form {
            let problem = Problem::FormInvalid(error.to_string());
            faults.push(Fault::new(format!("{place}.form"), problem));
        }
    }

    /// The keys and names that are not there.
    fn blanks(&self, case: &Case) -> Vec<Fault> {
        let mut texts = vec![(String::new(), &case.key, &case.name)];
        let components = case.components.iter().enumerate();
        texts.extend(components.map(|(index, component)| {
            (
                format!(".components[{index}]"),
                &component.key,
                &component.name,
            )
        }));
        let fees = case.fees.iter().enumerate();
        texts.extend(fees.map(|(index, fee)| (format!(".fees[{index}]"), &fee.key, &fee.name)));
        let steps = case
            .route
            .iter()
            .flat_map(|route| route.steps.iter().enumerate());
        texts.extend(
            steps.map(|(index, step)| (format!(".route.steps[{index}]"), &step.key, &step.name)),
        );
        let place = &self.place;
        let blanks = texts.iter().flat_map(|(of, key, name)| {
            let key = blank(&format!("{place}{of}.key"), key);
            key.into_iter()
                .chain(blank(&format!("{place}{of}.name"), name))
        });
        blanks.collect()
    }

    fn route(&self, route: Option<&Route>, faults: &mut Vec<Fault>) {
        let place = format!("{}.route", self.place);
        match route {
            None if self.procedure.vertical_agency => {}
            None => faults.push(Fault::new(place, Problem::NoRoute)),
            Some(_) if self.procedure.vertical_agency => {
                faults.push(Fault::new(place, Problem::Unrouted));
            }
            Some(route) => {
                for (index, problem) in route.faults() {
                    let key = route.steps.get(index).map_or("", |step| step.key.as_str());
                    let place = format!("{place}.steps[{key}].{}", column(&problem));
                    faults.push(Fault::new(place, problem));
                }
                for step in &route.steps {
                    let place = format!("{place}.steps[{}].unit_rule", step.key);
                    let problem = self.rule(&step.unit_rule);
                    faults.extend(problem.map(|problem| Fault::new(place, problem)));
                }
            }
        }
    }

    /// What is wrong with a rule: no unit of the tree satisfies it on the first day.
    fn rule(&self, rule: &UnitRule) -> Option<Problem> {
        let (around, procedure) = (self.around, self.procedure);
        let (units, from) = (around.units, around.from);
        let unknown =
            |uid: &str| (!around.knows(uid)).then(|| Problem::UnitUnknown(uid.to_owned()));
        let has = match rule {
            UnitRule::Fixed(uid) => return unknown(uid.as_str()),
            UnitRule::DepartmentOf { field, unit: None } => {
                return Some(Problem::FieldUnknown(field.clone()));
            }
            UnitRule::DepartmentOf {
                unit: Some(unit), ..
            } => return unknown(unit.as_str()),
            UnitRule::Receiving => receiving(procedure, units, from).next().is_some(),
            UnitRule::ParentOfReceiving => receiving(procedure, units, from)
                .any(|unit| units.resolve(unit.parent, from).is_some()),
            UnitRule::Competent => {
                let kind = decides(procedure.level);
                units.existing_on(from).any(|unit| unit.kind == kind)
            }
        };
        (!units.is_empty() && !has).then_some(Problem::NoSuchUnit(from))
    }

    fn fees(&self, fees: &[Fee], faults: &mut Vec<Fault>) {
        for fee in fees {
            let place = format!("{}.fees[{}]", self.place, fee.key);
            self.units(&format!("{place}.units"), &fee.units, faults);
            if fee.from.zip(fee.to).is_some_and(|(from, to)| to < from) {
                faults.push(Fault::new(format!("{place}.to"), Problem::PeriodInvalid));
            }
        }
    }

    /// Each says something, and of something that no earlier one holds for.
    fn cutoffs(&self, cutoffs: &[Cutoffs], faults: &mut Vec<Fault>) {
        for (index, own) in cutoffs.iter().enumerate() {
            let place = format!("{}.limit.cutoffs[{index}]", self.place);
            let says_nothing =
                own.handover.is_none() && own.same_day.is_none() && own.count_from.is_none();
            if says_nothing {
                faults.push(Fault::new(place.clone(), Problem::Blank));
            }
            let mut earlier = cutoffs.iter().take(index);
            if earlier.any(|before| before.channel.is_none() || before.channel == own.channel) {
                faults.push(Fault::new(format!("{place}.channel"), Problem::NeverHolds));
            }
        }
    }

    fn units(&self, place: &str, units: &[UnitUid], faults: &mut Vec<Fault>) {
        let unknown = units.iter().filter(|uid| !self.around.knows(uid.as_str()));
        faults.extend(
            unknown.map(|uid| Fault::new(place, Problem::UnitUnknown(uid.as_str().to_owned()))),
        );
    }
}

fn blank(place: &str, text: &str) -> Option<Fault> {
    text.trim()
        .is_empty()
        .then(|| Fault::new(place, Problem::Blank))
}

/// What an earlier one has already.
fn taken<'a>(place: &str, keys: impl Iterator<Item = &'a str>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let taken = keys.filter(|key| !seen.insert(*key));
    taken
        .map(|key| Fault::new(format!("{place}[{key}].key"), Problem::KeyTaken))
        .collect()
}

/// The field of a step that is to blame.
#[must_use]
pub fn column(problem: &Problem) -> &'static str {
    match problem {
        Problem::AfterUnknown(_) | Problem::Cycle | Problem::AfterDecision => "after",
        Problem::NoDecision | Problem::SecondDecision => "decides",
        Problem::SharesWrong(_) => "slice",
        _ => "key",
    }
}
