//! Dossiers by level, channel and kind of unit, and the slowest units.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use comfy_table::Table;
use proto::identity::v1::UnitKind;
use proto::intake::v1::{Channel, Dossier, DossierState};

use super::thousands;
use crate::demo::counts::StepTime;
use crate::demo::province::Province;
use crate::demo::time;
use crate::table;

/// Fewer steps say nothing about a unit.
const LEAST_STEPS: usize = 5;
const SLOWEST: usize = 10;

/// How a dossier stands to its appointment, by dates: of the decision, or of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    NotReceived,
    Refused,
    Withdrawn,
    OnTime,
    DecidedLate,
    InProgress,
    Overdue,
}

impl Standing {
    fn of(dossier: &Dossier, now: NaiveDateTime) -> Self {
        match dossier.state() {
            DossierState::Submitted | DossierState::Unspecified => return Self::NotReceived,
            DossierState::Refused => return Self::Refused,
            DossierState::Withdrawn | DossierState::Stopped => return Self::Withdrawn,
            // The clock stands still: nothing is overdue.
            DossierState::SupplementRequested | DossierState::PaymentRequested => {
                return Self::InProgress;
            }
            DossierState::Received
            | DossierState::Processing
            | DossierState::ResultReady
            | DossierState::Returned => {}
        }
        let appointment = time::of(dossier.appointment.as_ref()).date();
        let decided = dossier
            .decision
            .as_ref()
            .map(|decision| time::of(decision.recorded_at.as_ref()));
        match decided {
            Some(decided) if decided.date() <= appointment => Self::OnTime,
            Some(_) => Self::DecidedLate,
            None if now.date() <= appointment => Self::InProgress,
            None => Self::Overdue,
        }
    }
}

/// How many dossiers stand how.
#[derive(Default)]
struct Row {
    handed_in: usize,
    standings: Vec<Standing>,
}

impl Row {
    fn add(&mut self, dossier: &Dossier, now: NaiveDateTime) {
        self.handed_in += 1;
        self.standings.push(Standing::of(dossier, now));
    }

    fn count(&self, of: &[Standing]) -> usize {
        self.standings
            .iter()
            .filter(|standing| of.contains(standing))
            .count()
    }

    fn cells(&self) -> Vec<String> {
        let columns: [&[Standing]; 7] = [
            &[Standing::NotReceived],
            &[Standing::Refused],
            &[Standing::Withdrawn],
            &[Standing::OnTime],
            &[Standing::DecidedLate],
            &[Standing::InProgress],
            &[Standing::Overdue],
        ];
        let counts = columns
            .iter()
            .map(|standings| thousands(self.count(standings)));
        let counts = std::iter::once(thousands(self.handed_in)).chain(counts);
        counts
            .chain(std::iter::once(self.on_time_percent()))
            .collect()
    }

    /// Of a hundred whose time is up or that were decided so many were decided in time.
    fn on_time_percent(&self) -> String {
        let on_time = self.count(&[Standing::OnTime]);
        let all = self.count(&[Standing::OnTime, Standing::DecidedLate, Standing::Overdue]);
        (on_time * 100)
            .checked_div(all)
            .map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
    }
}

const COLUMNS: [&str; 9] = [
    "handed in",
    "waiting",
    "refused",
    "withdrawn",
    "on time",
    "late",
    "in progress",
    "overdue",
    "in time",
];

/// Rows under their names, and one for all of them.
fn counted(names: &[&str], rows: Vec<(Vec<String>, Row)>) -> Table {
    let columns: Vec<_> = names.iter().copied().chain(COLUMNS).collect();
    let mut table = table::with_columns(&columns, names.len()..columns.len());
    let mut all = Row::default();
    for (mut cells, row) in rows {
        cells.extend(row.cells());
        table.add_row(cells);
        all.handed_in += row.handed_in;
        all.standings.extend(row.standings);
    }
    let blank = names.iter().skip(1).map(|_| String::new());
    let cells = std::iter::once("all".to_owned())
        .chain(blank)
        .chain(all.cells());
    table.add_row(cells);
    table
}

/// Dossiers by online level and channel.
#[must_use]
pub fn by_level_and_channel(
    province: &Province,
    dossiers: &[Dossier],
    now: NaiveDateTime,
) -> Table {
    let mut rows = BTreeMap::<(i32, i32), Row>::new();
    for dossier in dossiers {
        let level = province
            .procedure(&dossier.procedure_code)
            .map_or(0, |procedure| procedure.online_level);
        rows.entry((level, dossier.channel))
            .or_default()
            .add(dossier, now);
    }
    let named = rows.into_iter().map(|((level, channel), row)| {
        let channel = match Channel::try_from(channel) {
            Ok(Channel::Online) => "online",
            Ok(Channel::Counter) => "counter",
            Ok(Channel::Post) => "post",
            Ok(Channel::Unspecified) | Err(_) => "?",
        };
        (vec![level.to_string(), channel.to_owned()], row)
    });
    counted(&["level", "channel"], named.collect())
}

/// Dossiers by the kind of unit that decides them.
#[must_use]
pub fn by_kind_of_unit(province: &Province, dossiers: &[Dossier], now: NaiveDateTime) -> Table {
    let kinds = [
        (UnitKind::Commune, "communes"),
        (UnitKind::District, "districts"),
        (UnitKind::Department, "departments"),
    ];
    let rows = kinds.map(|(kind, name)| {
        let units = province
            .units
            .iter()
            .filter(|unit| unit.kind == kind)
            .count();
        let mut row = Row::default();
        for dossier in dossiers {
            if province
                .unit(&dossier.competent_unit_uid)
                .is_some_and(|unit| unit.kind == kind)
            {
                row.add(dossier, now);
            }
        }
        (vec![format!("{units} {name}")], row)
    });
    counted(&["decided by"], rows.into())
}

/// The ten units with the longest median time from acceptance to the end of a step, in working hours.
#[must_use]
pub fn slowest_units(province: &Province, steps: &[StepTime]) -> Table {
    let mut units = BTreeMap::<usize, Vec<u32>>::new();
    for step in steps {
        units.entry(step.unit).or_default().push(step.minutes);
    }
    let enough = units
        .into_iter()
        .filter(|(_, minutes)| minutes.len() >= LEAST_STEPS);
    let mut medians: Vec<_> = enough
        .map(|(unit, minutes)| (median(&minutes), minutes.len(), unit))
        .collect();
    medians.sort_by(|one, other| other.cmp(one));
    let mut table = table::with_columns(&["unit", "median working hours a step", "steps"], 1..3);
    for (minutes, steps, unit) in medians.into_iter().take(SLOWEST) {
        let hours = format!("{:.1}", f64::from(minutes) / 60.0);
        table.add_row([province.units[unit].name.clone(), hours, thousands(steps)]);
    }
    table
}

fn median(values: &[u32]) -> u32 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kit::clock;
    use proto::intake::v1::Decision;

    use super::*;

    fn standing(
        appointment: NaiveDateTime,
        decided: Option<NaiveDateTime>,
        now: NaiveDateTime,
    ) -> Standing {
        let wire = |at| Some(clock::to_timestamp(clock::from_local(at)));
        let dossier = Dossier {
            state: DossierState::Processing.into(),
            appointment: wire(appointment),
            decision: decided.map(|at| Decision {
                recorded_at: wire(at),
                ..Decision::default()
            }),
            ..Dossier::default()
        };
        Standing::of(&dossier, now)
    }

    #[test]
    fn late_is_a_matter_of_dates() {
        let (monday, evening) = (time::start(), time::start() + TimeDelta::hours(10));
        let tuesday = monday + TimeDelta::days(1);
        assert_eq!(standing(monday, Some(evening), tuesday), Standing::OnTime);
        assert_eq!(
            standing(monday, Some(tuesday), tuesday),
            Standing::DecidedLate
        );
        assert_eq!(standing(monday, None, evening), Standing::InProgress);
        assert_eq!(standing(monday, None, tuesday), Standing::Overdue);
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!(median(&[]), 0);
        assert_eq!(median(&[9, 1, 5]), 5);
    }
}
