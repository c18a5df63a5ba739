//! `routes.csv`: one row for each step.

use std::collections::BTreeMap;
use std::path::Path;

use kit::sheet::{BadRow, Findings, Row, Sheet};

use super::{UnitKinds, flag, list, must_be_known};
use crate::fault::Problem;
use crate::route::{Route, Step, UnitRule};

const COLUMNS: &[&str] = &[
    "route",
    "step",
    "after",
    "unit",
    "role",
    "share_percent",
    "part",
    "decides",
    "waits_for_paper",
    "name",
];

/// Every route of the file by name; `None` for one that is wrong, so that what refers to it is not blamed too.
pub(super) type Routes = BTreeMap<String, Option<Route>>;

/// Reads the file and checks each step, then the steps of each route against each other.
/// `None` when the file cannot be read.
pub(super) fn read(path: &Path, units: &UnitKinds, findings: &mut Findings) -> Option<Routes> {
    let sheet = findings.take_all(Sheet::read(path, COLUMNS))?;
    let mut by_route: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &sheet.rows {
        if let Some(name) = findings.take(row.text("route")) {
            by_route.entry(name).or_default().push(row);
        }
    }
    let mut routes = Routes::new();
    for (name, rows) in by_route {
        let route = route(&name, &rows, units, findings);
        routes.insert(name, route);
    }
    Some(routes)
}

fn route(name: &str, rows: &[&Row], units: &UnitKinds, findings: &mut Findings) -> Option<Route> {
    // Every row is looked at before a bad one ends the route.
    let steps: Vec<Option<Step>> = rows.iter().map(|row| step(row, units, findings)).collect();
    let steps: Option<Vec<Step>> = steps.into_iter().collect();
    let route = Route {
        name: name.to_owned(),
        steps: steps?,
    };
    let faults = route.faults();
    for (step, problem) in &faults {
        findings.note(rows[*step].bad(column(problem), problem.to_string()));
    }
    faults.is_empty().then_some(route)
}

fn column(problem: &Problem) -> &'static str {
    match crate::check::column(problem) {
        "key" => "step",
        "slice" => "share_percent",
        column => column,
    }
}

fn step(row: &Row, units: &UnitKinds, findings: &mut Findings) -> Option<Step> {
    let key = findings.take(row.text("step"));
    let unit_rule = findings.take(unit_rule(row, units));
    let role =
        findings.take(row.parse("role", "examiner, head_of_office, leader, clerk or cashier"));
    let slice = "a share of 1 to 100 percent or outside:<working days>";
    let slice = findings.take(row.parse("share_percent", slice));
    let part = findings.take(row.parse("part", "sole, lead or consulted"));
    let decides = findings.take(flag(row, "decides"));
    let waits_for_paper = findings.take(flag(row, "waits_for_paper"));
    let name = findings.take(row.text("name"));
    Some(Step {
        key: key?,
        name: name?,
        after: list(row, "after"),
        unit_rule: unit_rule?,
        role: role?,
        slice: slice?,
        part: part?,
        decides: decides?,
        waits_for_paper: waits_for_paper?,
    })
}

fn unit_rule(row: &Row, units: &UnitKinds) -> Result<UnitRule, BadRow> {
    let rule = row.parse(
        "unit",
        "receiving, parent_of_receiving, competent, unit:<uid> or department:<field>",
    )?;
    if let UnitRule::Fixed(unit) = &rule {
        must_be_known(row, "unit", unit.as_str(), units)?;
    }
    Ok(rule)
}
