//! `components.csv` and `procedures.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kit::sheet::{BadRow, Findings, Row, Sheet};

use super::routes::{self, Routes};
use super::{flag, list, must_be_known};
use crate::procedure::{Component, Handling, Limit, Procedure, Time};
use crate::route::UnitUid;

const COMPONENTS: &[&str] = &["key", "name", "originals", "copies"];
const PROCEDURES: &[&str] = &[
    "code",
    "name",
    "field",
    "level",
    "lead_unit",
    "vertical_agency",
    "online_level",
    "limit",
    "limit_unit",
    "limit_assumed",
    "fee_vnd",
    "components",
    "route",
];

/// What the rows of procedures refer to. Nothing is known of a file that could not be read, and nothing is blamed on it.
struct Known<'a> {
    units: &'a BTreeSet<String>,
    components: Option<BTreeMap<String, Component>>,
    routes: Option<Routes>,
}

/// Reads the procedures of a folder with the components and routes that they refer to.
pub(super) fn read(
    folder: &Path,
    units: &BTreeSet<String>,
    findings: &mut Findings,
) -> Vec<Procedure> {
    let known = Known {
        units,
        components: components(&folder.join("components.csv"), findings),
        routes: routes::read(&folder.join("routes.csv"), units, findings),
    };
    let sheet = findings.take_all(Sheet::read(&folder.join("procedures.csv"), PROCEDURES));
    let mut codes = BTreeSet::new();
    let mut procedures = Vec::new();
    for row in sheet.iter().flat_map(|sheet| &sheet.rows) {
        if !codes.insert(row.get("code")) {
            findings.note(row.bad("code", "stands here a second time"));
        }
        procedures.extend(procedure(row, &known, findings));
    }
    procedures
}

fn components(path: &Path, findings: &mut Findings) -> Option<BTreeMap<String, Component>> {
    let sheet = findings.take_all(Sheet::read(path, COMPONENTS))?;
    let mut components = BTreeMap::new();
    for row in &sheet.rows {
        let Some(component) = component(row, findings) else {
            continue;
        };
        if components
            .insert(component.key.clone(), component)
            .is_some()
        {
            findings.note(row.bad("key", "stands here a second time"));
        }
    }
    Some(components)
}

fn component(row: &Row, findings: &mut Findings) -> Option<Component> {
    let count = "a number of papers, 0 to 255";
    let key = findings.take(row.text("key"));
    let name = findings.take(row.text("name"));
    let originals = findings.take(row.parse("originals", count));
    let copies = findings.take(row.parse("copies", count));
    Some(Component {
        key: key?,
        name: name?,
        originals: originals?,
        copies: copies?,
    })
}

fn procedure(row: &Row, known: &Known<'_>, findings: &mut Findings) -> Option<Procedure> {
    let code = findings.take(row.parse("code", "a code such as 1.001193"));
    let name = findings.take(row.text("name"));
    let field = findings.take(row.text("field"));
    let level = findings.take(row.parse("level", "department, district or commune"));
    let lead_unit = findings.take(lead_unit(row, known));
    let online_level = findings.take(row.parse("online_level", "an online level, 1 to 4"));
    let handling = findings.take(handling(row, known));
    let limit = findings.take(limit(row));
    let fee = findings.take(row.parse("fee_vnd", "an amount in đồng"));
    let components = findings.take(components_of(row, known));
    Some(Procedure {
        code: code?,
        name: name?,
        field: field?,
        level: level?,
        lead_unit: lead_unit?,
        online_level: online_level?,
        handling: handling??,
        limit: limit?,
        fee: fee?,
        components: components?,
    })
}

fn lead_unit(row: &Row, known: &Known<'_>) -> Result<UnitUid, BadRow> {
    let unit = row.text("lead_unit")?;
    must_be_known(row, "lead_unit", &unit, known.units)?;
    Ok(UnitUid::new(unit))
}

/// Who handles it; `None` when its route is known to be wrong.
fn handling(row: &Row, known: &Known<'_>) -> Result<Option<Handling>, BadRow> {
    let route = row.get("route");
    match (flag(row, "vertical_agency")?, route.is_empty()) {
        (true, true) => Ok(Some(Handling::VerticalAgency)),
        (true, false) => Err(row.bad("route", "must be empty for a vertical agency")),
        (false, true) => Err(row.bad(
            "route",
            "must not be empty unless an agency beside the units handles it",
        )),
        (false, false) => {
            let Some(routes) = &known.routes else {
                return Ok(None);
            };
            let found = routes
                .get(route)
                .ok_or_else(|| row.bad("route", format!("there is no route `{route}`")))?;
            Ok(found.clone().map(Handling::Units))
        }
    }
}

fn limit(row: &Row) -> Result<Limit, BadRow> {
    let assumed = flag(row, "limit_assumed")?;
    let count = || row.parse("limit", "a count of 1 or more");
    let time = match row.get("limit_unit") {
        "same_day" if row.get("limit").is_empty() => Time::SameDay,
        "same_day" => return Err(row.bad("limit", "must be empty for the same day")),
        "working_hour" => Time::WorkingHours(count()?),
        "working_day" => Time::WorkingDays(count()?),
        "calendar_day" => Time::CalendarDays(count()?),
        "month" => Time::Months(count()?),
        other => {
            let units = "same_day, working_hour, working_day, calendar_day or month";
            return Err(row.bad("limit_unit", format!("`{other}` is not {units}")));
        }
    };
    Ok(Limit { time, assumed })
}

fn components_of(row: &Row, known: &Known<'_>) -> Result<Vec<Component>, BadRow> {
    let Some(components) = &known.components else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Component> = Vec::new();
    for key in list(row, "components") {
        let component = components.get(&key);
        let component = component
            .ok_or_else(|| row.bad("components", format!("there is no component `{key}`")))?;
        if found.contains(component) {
            return Err(row.bad("components", format!("`{key}` stands here a second time")));
        }
        found.push(component.clone());
    }
    Ok(found)
}
