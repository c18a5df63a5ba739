//! What is handed in and where: every unit in turn, each with the procedures that it takes online.

use proto::catalogue::v1::{
    CompetentLevel, ListProceduresRequest, ListProceduresResponse, Procedure, Route,
};
use proto::identity::v1::{ListUnitsRequest, ListUnitsResponse, Unit, UnitKind};
use proto::intake::v1::HandedIn;

use super::error::Error;
use super::line::Line;

const PAGE: i32 = 500;
/// Procedures from this level on are handed in online.
const ONLINE: i32 = 3;
/// The hand-overs of a lifecycle before the result's.
const STEPS: usize = 3;

/// What is handed in, and where.
pub struct Plans(Vec<Desk>);

struct Desk {
    unit: String,
    procedures: Vec<Plan>,
}

/// One thing to hand in.
#[derive(Clone)]
pub struct Plan {
    /// The procedure.
    pub code: String,
    /// What is handed in for it.
    pub components: Vec<HandedIn>,
}

/// Every procedure of the catalogue.
///
/// # Errors
/// What the suite refuses.
pub async fn procedures(line: &Line) -> Result<Vec<Procedure>, Error> {
    let mut request = ListProceduresRequest {
        page_size: PAGE,
        ..Default::default()
    };
    let mut procedures = Vec::new();
    loop {
        let page: ListProceduresResponse = line.call(None, &request, None).await?.read()?;
        procedures.extend(page.procedures);
        if page.next_page_token.is_empty() {
            return Ok(procedures);
        }
        request.page_token = page.next_page_token;
    }
}

/// Every unit.
async fn units(line: &Line) -> Result<Vec<Unit>, Error> {
    let mut request = ListUnitsRequest {
        page_size: PAGE,
        ..Default::default()
    };
    let mut units = Vec::new();
    loop {
        let page: ListUnitsResponse = line.call(None, &request, None).await?.read()?;
        units.extend(page.units);
        if page.next_page_token.is_empty() {
            return Ok(units);
        }
        request.page_token = page.next_page_token;
    }
}

impl Plans {
    /// All that can be handed in online.
    ///
    /// # Errors
    /// What the suite refuses, or a suite without procedures.
    pub async fn online(line: &Line) -> Result<Self, Error> {
        Self::new(&procedures(line).await?, units(line).await?, ONLINE, |_| {
            true
        })
    }

    /// All that can be handed in at a desk.
    ///
    /// # Errors
    /// When that is nothing.
    pub fn at_desks(procedures: &[Procedure], units: Vec<Unit>) -> Result<Self, Error> {
        Self::new(procedures, units, 0, |_| true)
    }

    /// The same, as the suite has it.
    ///
    /// # Errors
    /// What the suite refuses, or when that is nothing.
    pub async fn of_desks(line: &Line) -> Result<Self, Error> {
        Self::at_desks(&procedures(line).await?, units(line).await?)
    }

    /// Only what passes three units' hands one after the other, the last of which decides.
    ///
    /// # Errors
    /// What the suite refuses, or a suite without such procedures.
    pub async fn of_three_steps(line: &Line) -> Result<Self, Error> {
        Self::new(
            &procedures(line).await?,
            units(line).await?,
            ONLINE,
            is_chain_of_three,
        )
    }

    fn new(
        procedures: &[Procedure],
        units: Vec<Unit>,
        least_level: i32,
        fits: fn(&Route) -> bool,
    ) -> Result<Self, Error> {
        let mut desks = Vec::new();
        for unit in units {
            let taken = procedures
                .iter()
                .filter(|procedure| takes(&unit, procedure))
                .filter(|procedure| procedure.online_level >= least_level)
                .filter_map(|procedure| Plan::of(procedure, fits));
            let procedures: Vec<Plan> = taken.collect();
            if !procedures.is_empty() {
                desks.push(Desk {
                    unit: unit.uid,
                    procedures,
                });
            }
        }
        if desks.is_empty() {
            return Err(Error::Empty("procedures that can be handed in"));
        }
        Ok(Self(desks))
    }

    /// Whose turn it is, and what is handed in there.
    #[must_use]
    pub fn turn(&self, turn: u64) -> (&str, &Plan) {
        let turn = usize::try_from(turn).unwrap_or_default();
        let desk = &self.0[turn % self.0.len()];
        let plan = &desk.procedures[turn / self.0.len() % desk.procedures.len()];
        (&desk.unit, plan)
    }

    /// The one desk at which very much may be handed in, the same for all who ask, and what.
    #[must_use]
    pub fn crowded(&self) -> (&str, &Plan) {
        let first = self.0.iter().min_by_key(|desk| &desk.unit);
        let desk = first.unwrap_or(&self.0[0]);
        (&desk.unit, &desk.procedures[0])
    }

    /// The units that receive.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|desk| desk.unit.as_str())
    }
}

impl Plan {
    fn of(procedure: &Procedure, fits: fn(&Route) -> bool) -> Option<Self> {
        let version = procedure.version.as_ref()?;
        let case = version.cases.first()?;
        let route = case.route.as_ref()?;
        if procedure.vertical_agency || route.steps.is_empty() || !fits(route) {
            return None;
        }
        let components = case.components.iter().map(|component| HandedIn {
            component_key: component.key.clone(),
            originals: component.originals,
            copies: component.copies,
        });
        Some(Self {
            code: procedure.code.clone(),
            components: components.collect(),
        })
    }
}

/// Whether a unit's desk receives a procedure.
fn takes(unit: &Unit, procedure: &Procedure) -> bool {
    match procedure.level() {
        CompetentLevel::Commune => unit.kind() == UnitKind::Commune,
        CompetentLevel::District => {
            matches!(unit.kind(), UnitKind::District | UnitKind::Commune)
        }
        CompetentLevel::Department => unit.uid == procedure.lead_unit_uid,
        CompetentLevel::Unspecified => false,
    }
}

fn is_chain_of_three(route: &Route) -> bool {
    let mut before: Vec<&str> = Vec::new();
    for step in &route.steps {
        let after: Vec<&str> = step.after.iter().map(String::as_str).collect();
        if after != before {
            return false;
        }
        before = vec![&step.key];
    }
    route.steps.len() == STEPS && route.steps.last().is_some_and(|step| step.decides)
}

#[cfg(test)]
mod tests {
    use proto::catalogue::v1::Step;

    use super::*;

    fn step(key: &str, after: &[&str], decides: bool) -> Step {
        Step {
            key: key.to_owned(),
            after: after.iter().map(|&key| key.to_owned()).collect(),
            decides,
            ..Default::default()
        }
    }

    #[test]
    fn only_three_steps_one_after_the_other_are_a_lifecycle() {
        let route = |steps: Vec<Step>| Route {
            name: "route".to_owned(),
            steps,
        };
        let (first, second) = (step("a", &[], false), step("b", &["a"], false));
        let chain = vec![first.clone(), second.clone(), step("c", &["b"], true)];
        assert!(is_chain_of_three(&route(chain)));
        let fork = vec![first.clone(), second.clone(), step("c", &["a"], true)];
        assert!(!is_chain_of_three(&route(fork)));
        assert!(!is_chain_of_three(&route(vec![first, second])));
    }
}
