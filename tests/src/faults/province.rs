//! The province as its own files have it: the harness asks no service about it.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::Deserialize;

use crate::program;

/// How many working days are of several weeks.
const SEVERAL_WEEKS: RangeInclusive<u32> = 8..=30;

/// Units, procedures and routes.
pub struct Province {
    /// The units with a desk.
    pub units: Vec<Unit>,
    /// The procedures that they handle.
    pub procedures: Vec<Procedure>,
    routes: HashMap<String, Vec<Step>>,
}

/// A unit.
#[derive(Clone, Debug, Deserialize)]
pub struct Unit {
    /// Its uid.
    pub uid: String,
    /// department, district or commune.
    pub kind: String,
}

/// A procedure.
#[derive(Clone, Debug, Deserialize)]
pub struct Procedure {
    /// National code.
    pub code: String,
    /// Whose procedure it is: department, district or commune.
    pub level: String,
    /// The department that answers for it.
    pub lead_unit: String,
    online_level: u8,
    vertical_agency: u8,
    limit: Option<u32>,
    limit_unit: String,
    components: String,
    /// The name of its route.
    pub route: String,
}

/// A step of a route.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    route: String,
    /// Its key.
    #[serde(rename = "step")]
    pub key: String,
    after: String,
    decides: u8,
}

impl Province {
    /// Reads the files that are imported into the suite.
    pub fn read() -> Self {
        let folder = program::province();
        let mut units: Vec<Unit> = rows(&folder.join("units.csv"));
        units.retain(|unit| unit.kind != "province");
        let mut procedures: Vec<Procedure> = rows(&folder.join("procedures.csv"));
        procedures.retain(|procedure| procedure.vertical_agency == 0);
        let mut routes: HashMap<String, Vec<Step>> = HashMap::new();
        for step in rows::<Step>(&folder.join("routes.csv")) {
            routes.entry(step.route.clone()).or_default().push(step);
        }
        Self {
            units,
            procedures,
            routes,
        }
    }

    /// The units at whose desk a procedure is handed in.
    pub fn desks(&self, procedure: &Procedure) -> Vec<&Unit> {
        let takes = |unit: &&Unit| {
            unit.kind == procedure.level
                && (procedure.level != "department" || unit.uid == procedure.lead_unit)
        };
        self.units.iter().filter(takes).collect()
    }

    /// Whether one step begins its route: nobody else works meanwhile.
    pub fn begins_alone(&self, procedure: &Procedure) -> bool {
        let route = self.routes.get(&procedure.route);
        let steps = route.into_iter().flatten();
        steps.filter(|step| step.after().next().is_none()).count() == 1
    }

    /// The steps of a procedure's route.
    pub fn route(&self, procedure: &str) -> &[Step] {
        let found = self.procedures.iter().find(|known| known.code == procedure);
        found
            .and_then(|known| self.routes.get(&known.route))
            .map_or(&[], Vec::as_slice)
    }
}

impl Procedure {
    /// Whether it can be handed in online.
    pub fn is_online(&self) -> bool {
        self.online_level >= 3
    }

    /// Whether its limit is counted in working days, and in so many that they are of several weeks.
    pub fn takes_weeks(&self) -> bool {
        let days = self.limit.filter(|_| self.limit_unit == "working_day");
        days.is_some_and(|days| SEVERAL_WEEKS.contains(&days))
    }

    /// The keys of what must be handed in.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.components.split(';')
    }
}

impl Step {
    /// The steps that must be done before it.
    pub fn after(&self) -> impl Iterator<Item = &str> {
        self.after.split(';').filter(|key| !key.is_empty())
    }

    /// Whether it ends in a decision.
    pub fn decides(&self) -> bool {
        self.decides == 1
    }
}

fn rows<T: for<'a> Deserialize<'a>>(file: &Path) -> Vec<T> {
    let mut reader = csv::Reader::from_path(file).expect("the province's files can be read");
    let rows = reader.deserialize();
    rows.map(|row| row.expect("a row has the columns that the README of the province names"))
        .collect()
}
