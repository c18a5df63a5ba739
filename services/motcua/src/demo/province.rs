//! The province as the suite serves it: units, procedures that can be handed in, and the calendar.

use std::collections::HashMap;

use proto::catalogue::v1 as catalogue;
use proto::catalogue::v1::{CompetentLevel, UnitRule};
use proto::identity::v1 as identity;
use proto::identity::v1::UnitKind;
use proto::intake::v1::HandedIn;

use super::error::Error;
use super::line::Line;
use super::office::Office;

const PAGE: i32 = 500;
const STANDARD: &str = "standard";

/// The province.
#[derive(Debug)]
pub struct Province {
    /// Its units with a desk, by uid.
    pub units: Vec<Unit>,
    /// The procedures that its units handle, by code.
    pub procedures: Vec<Procedure>,
    /// How many procedures there are in all, and at each online level.
    pub summary: catalogue::GetCatalogueSummaryResponse,
    /// When its offices work.
    pub office: Office,
    places: HashMap<String, usize>,
}

/// A unit with a desk.
#[derive(Debug)]
pub struct Unit {
    /// Its uid.
    pub uid: String,
    /// Its full name.
    pub name: String,
    /// Its kind.
    pub kind: UnitKind,
    /// The Vietnamese word for its kind.
    pub subtype: String,
}

/// A procedure that the province's units handle.
#[derive(Debug)]
pub struct Procedure {
    /// National code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who decides.
    pub level: CompetentLevel,
    /// How far it is online.
    pub online_level: i32,
    /// The department that leads its field.
    pub lead: String,
    /// A case beside the standard one that asks for the same and goes the same way.
    pub other_case: Option<String>,
    /// All that must be handed in.
    pub components: Vec<HandedIn>,
    /// The name of its route.
    pub route: String,
    /// The steps that begin it.
    pub first_steps: Vec<String>,
    /// Whether the unit above the receiving one decides.
    pub decided_above: bool,
}

impl Province {
    /// Asks the suite for it.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn ask(line: &Line) -> Result<Self, Error> {
        let units = units(line).await?;
        let calendar = line
            .read(None, &catalogue::GetCalendarRequest::default())
            .await?
            .calendar;
        Ok(Self {
            places: units
                .iter()
                .enumerate()
                .map(|(place, unit)| (unit.uid.clone(), place))
                .collect(),
            units,
            procedures: procedures(line).await?,
            summary: line
                .read(None, &catalogue::GetCatalogueSummaryRequest::default())
                .await?,
            office: Office::from_wire(&calendar.unwrap_or_default())?,
        })
    }

    /// A unit by its uid.
    #[must_use]
    pub fn unit(&self, uid: &str) -> Option<&Unit> {
        self.places.get(uid).map(|place| &self.units[*place])
    }

    /// A unit's place among the units.
    #[must_use]
    pub fn place(&self, uid: &str) -> Option<usize> {
        self.places.get(uid).copied()
    }

    /// A unit's name; its uid where there is none.
    #[must_use]
    pub fn name<'a>(&'a self, uid: &'a str) -> &'a str {
        self.unit(uid).map_or(uid, |unit| &unit.name)
    }

    /// A procedure by its code.
    #[must_use]
    pub fn procedure(&self, code: &str) -> Option<&Procedure> {
        let place = self
            .procedures
            .binary_search_by(|procedure| procedure.code.as_str().cmp(code));
        place.ok().map(|place| &self.procedures[place])
    }
}

async fn units(line: &Line) -> Result<Vec<Unit>, Error> {
    let mut request = identity::ListUnitsRequest {
        page_size: PAGE,
        ..Default::default()
    };
    let mut units = Vec::new();
    loop {
        let page = line.read(None, &request).await?;
        let desks = page
            .units
            .into_iter()
            .filter(|unit| unit.kind() != UnitKind::Province);
        units.extend(desks.map(Unit::from));
        if page.next_page_token.is_empty() {
            units.sort_by(|one, other| one.uid.cmp(&other.uid));
            return Ok(units);
        }
        request.page_token = page.next_page_token;
    }
}

async fn procedures(line: &Line) -> Result<Vec<Procedure>, Error> {
    let mut request = catalogue::ListProceduresRequest {
        page_size: PAGE,
        ..Default::default()
    };
    let mut procedures = Vec::new();
    loop {
        let page = line.read(None, &request).await?;
        procedures.extend(page.procedures.into_iter().filter_map(Procedure::from_wire));
        if page.next_page_token.is_empty() {
            procedures.sort_by(|one: &Procedure, other| one.code.cmp(&other.code));
            return Ok(procedures);
        }
        request.page_token = page.next_page_token;
    }
}

impl From<identity::Unit> for Unit {
    fn from(wire: identity::Unit) -> Self {
        Self {
            kind: wire.kind(),
            uid: wire.uid,
            name: wire.name,
            subtype: wire.subtype,
        }
    }
}

impl Procedure {
    /// `None` for one that the province's units do not handle.
    fn from_wire(wire: catalogue::Procedure) -> Option<Self> {
        let level = wire.level();
        let version = wire.version?;
        let (standard, others): (Vec<_>, Vec<_>) = version
            .cases
            .into_iter()
            .partition(|case| case.key == STANDARD);
        let case = standard.into_iter().next()?;
        let is_alike = |other: &catalogue::Case| {
            other.route == case.route && other.components == case.components
        };
        let other_case = others.into_iter().find(is_alike).map(|other| other.key);
        let route = case
            .route
            .filter(|route| !route.steps.is_empty() && !wire.vertical_agency)?;
        let first = route.steps.iter().filter(|step| step.after.is_empty());
        let above = |step: &catalogue::Step| {
            step.decides && step.unit_rule() == UnitRule::ParentOfReceiving
        };
        Some(Self {
            code: wire.code,
            name: wire.name,
            level,
            online_level: wire.online_level,
            lead: wire.lead_unit_uid,
            other_case,
            components: case.components.iter().map(handed_in).collect(),
            first_steps: first.map(|step| step.key.clone()).collect(),
            decided_above: route.steps.iter().any(above),
            route: route.name,
        })
    }
}

fn handed_in(component: &catalogue::Component) -> HandedIn {
    HandedIn {
        component_key: component.key.clone(),
        originals: component.originals,
        copies: component.copies,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::demo::office;

    fn unit(uid: &str, kind: UnitKind, subtype: &str) -> Unit {
        Unit {
            uid: uid.to_owned(),
            name: format!("{subtype} {uid}"),
            kind,
            subtype: subtype.to_owned(),
        }
    }

    fn procedure(code: &str, level: CompetentLevel, online_level: i32) -> Procedure {
        Procedure {
            code: code.to_owned(),
            name: code.to_owned(),
            level,
            online_level,
            lead: "so-1".to_owned(),
            other_case: None,
            components: Vec::new(),
            route: "department".to_owned(),
            first_steps: vec!["examine".to_owned()],
            decided_above: false,
        }
    }

    /// A province of four units and five procedures.
    pub fn province() -> Province {
        let units = vec![
            unit("huyen-1", UnitKind::District, "huyện"),
            unit("so-1", UnitKind::Department, "sở"),
            unit("xa-1", UnitKind::Commune, "xã"),
            unit("xa-2", UnitKind::Commune, "phường"),
        ];
        Province {
            places: units
                .iter()
                .enumerate()
                .map(|(place, unit)| (unit.uid.clone(), place))
                .collect(),
            units,
            procedures: vec![
                procedure("1.001193", CompetentLevel::Commune, 3),
                procedure("1.001266", CompetentLevel::District, 4),
                procedure("1.012783", CompetentLevel::Department, 3),
                procedure("2.000635", CompetentLevel::Commune, 2),
                procedure("9.000000", CompetentLevel::Department, 2),
            ],
            summary: catalogue::GetCatalogueSummaryResponse::default(),
            office: office::tests::office(),
        }
    }
}
