//! Links: how fast what is offered to a unit with a linked system must reach that system, and be acknowledged by it (R12). Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use kit::clock::{self, Moment};
use worktime::{Calendar, NoWorkingTime, WorkingTime};

use crate::transfer::{State, Transfer};

/// The limits that the law has for the bundles of NĐ 63/2024.
const BY_LAW: &str = include_str!("link/limits.csv");
/// What stands for any procedure and any unit.
const ANY: &str = "*";

/// A table of limits that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the limits of links: {fault}")]
pub struct Malformed {
    /// Which row, from 1 after the header.
    pub row: usize,
    /// What is wrong.
    pub fault: String,
}

/// By which procedures and units links have limits: the first row that is about both counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Vec<Limit>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit {
    procedure: String,
    unit: String,
    deliver: TimeDelta,
    acknowledge: WorkingTime,
}

impl Limits {
    /// Reads a table: `procedure,unit,deliver_minutes,acknowledge_working_minutes`, with `*` for any and `#` before remarks.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let rows = text.lines().map(str::trim);
        let rows = rows.filter(|row| !row.is_empty() && !row.starts_with('#'));
        let limits = rows.skip(1).enumerate().map(|(index, row)| {
            let limit = Limit::parse(row);
            limit.map_err(|fault| Malformed {
                row: index + 1,
                fault,
            })
        });
        limits.collect::<Result<_, _>>().map(Self)
    }

    /// What the law has.
    ///
    /// # Errors
    /// Never for a program that passed its tests.
    pub fn by_law() -> Result<Self, Malformed> {
        Self::parse(BY_LAW)
    }

    fn of(&self, procedure: &str, unit: &str) -> Option<&Limit> {
        let is = |named: &str, known: &str| named == ANY || named == known;
        let mut limits = self.0.iter();
        limits.find(|limit| is(&limit.procedure, procedure) && is(&limit.unit, unit))
    }
}

impl Limit {
    fn parse(row: &str) -> Result<Self, String> {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        let [procedure, unit, deliver, acknowledge] = cells.as_slice() else {
            return Err("it must have four columns".to_owned());
        };
        if procedure.is_empty() || unit.is_empty() {
            return Err("no column may be empty".to_owned());
        }
        let minutes = |cell: &str| {
            let minutes = cell.parse::<u32>().ok().filter(|minutes| *minutes > 0);
            minutes.ok_or_else(|| format!("`{cell}` is no number of minutes"))
        };
        Ok(Self {
            procedure: (*procedure).to_owned(),
            unit: (*unit).to_owned(),
            deliver: TimeDelta::minutes(minutes(deliver)?.into()),
            acknowledge: WorkingTime::from_minutes(minutes(acknowledge)?),
        })
    }
}

/// The units that have linked systems, and what their links must keep.
#[derive(Clone, Debug)]
pub struct Links {
    limits: Arc<Limits>,
    systems: BTreeMap<String, BTreeSet<String>>,
}

impl Links {
    /// Under these limits, with no system known yet.
    pub fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            systems: BTreeMap::new(),
        }
    }

    /// Takes in which systems a unit has.
    pub fn put(&mut self, unit: &str, systems: BTreeSet<String>) {
        self.systems.insert(unit.to_owned(), systems);
    }

    /// The systems of a unit.
    pub fn systems_of(&self, unit: &str) -> BTreeSet<String> {
        self.systems.get(unit).cloned().unwrap_or_default()
    }

    /// What the link must keep by which an offer goes; nothing where it goes by none, or by one without limits, or waits for the
    /// clock of its dossier.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn of_offer(
        &self,
        offer: &Transfer,
        calendar: &Calendar,
    ) -> Result<Option<Link>, NoWorkingTime> {
        let linked = self.systems.get(&offer.to);
        if offer.on_hold || linked.is_none_or(BTreeSet::is_empty) {
            return Ok(None);
        }
        let Some(limit) = self.limits.of(&offer.procedure, &offer.to) else {
            return Ok(None);
        };
        Ok(Some(Link {
            deliver_by: offer.offered_at + limit.deliver,
            acknowledge_in: limit.acknowledge.minutes(),
            acknowledge_by: answer_by(offer.offered_at, limit.acknowledge, calendar)?,
            delivered_at: None,
            late: None,
        }))
    }
}

/// By when an offer must be answered that was made then and has so much time for that.
fn answer_by(
    offered: Moment,
    limit: WorkingTime,
    calendar: &Calendar,
) -> Result<Moment, NoWorkingTime> {
    let by = calendar.add(clock::local(offered), limit)?;
    Ok(clock::from_local(by))
}

/// How an offer goes by a link.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// By when it must have been delivered.
    pub deliver_by: Moment,
    /// Within how many working minutes it must be accepted or declined; 0 where that was not kept.
    #[serde(default)]
    pub acknowledge_in: u32,
    /// By when that is.
    pub acknowledge_by: Moment,
    /// When it was first delivered.
    pub delivered_at: Option<Moment>,
    /// What it was late with last.
    pub late: Option<Lateness>,
}

/// A link was late.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lateness {
    /// With what.
    pub with: LinkStep,
    /// When that was told.
    pub at: Moment,
    /// By when it is to be mended: the closing of that day, or of the next that is one of work.
    pub mend_by: Moment,
    /// When it was mended: delivered, or accepted or declined.
    pub mended_at: Option<Moment>,
    /// What it was late with before, which counts again where this is taken back.
    #[serde(default)]
    pub before: Option<Box<Lateness>>,
}

/// What a link has to do with an offer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkStep {
    /// Bring it to the system.
    Delivery,
    /// Bring the system's answer.
    Acknowledgement,
}

impl LinkStep {
    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Acknowledgement => "acknowledgement",
        }
    }
}

impl Link {
    /// When it is late next, and with what.
    pub fn next_late(&self) -> Option<(Moment, LinkStep)> {
        let reached = self.late.as_ref().map(|late| late.with);
        let delivery = (self.deliver_by, LinkStep::Delivery);
        let acknowledgement = (self.acknowledge_by, LinkStep::Acknowledgement);
        let is_ahead = |(_, with): &(Moment, LinkStep)| {
            let missed = *with == LinkStep::Acknowledgement || self.delivered_at.is_none();
            missed && reached.is_none_or(|reached| *with > reached)
        };
        [delivery, acknowledgement]
            .into_iter()
            .filter(is_ahead)
            .min()
    }

    /// It is late at `at`, and closed for that day then.
    #[must_use]
    pub fn late(self, with: LinkStep, at: Moment, mend_by: Moment) -> Self {
        Self {
            late: Some(Lateness {
                with,
                at,
                mend_by,
                mended_at: None,
                before: self.late.map(Box::new),
            }),
            ..self
        }
    }

    /// It must be answered by another time. That it was late with the answer is taken back where it was told before that.
    #[must_use]
    pub fn due_by(self, acknowledge_by: Moment) -> Self {
        let untrue = self
            .late
            .as_ref()
            .is_some_and(|late| late.with == LinkStep::Acknowledgement && late.at < acknowledge_by);
        let link = Self {
            acknowledge_by,
            ..self
        };
        if untrue { link.taken_back() } else { link }
    }

    /// What it was late with last does not count; what it was late with before does, and is mended since it was delivered.
    fn taken_back(self) -> Self {
        let before = self.late.and_then(|late| late.before);
        let link = Self {
            late: before.map(|before| *before),
            ..self
        };
        match link.delivered_at {
            Some(at) => link.mended(at, LinkStep::Delivery),
            None => link,
        }
    }

    /// It was delivered. Late with that only, it is mended.
    #[must_use]
    pub fn delivered(self, at: Moment) -> Self {
        let link = Self {
            delivered_at: self.delivered_at.or(Some(at)),
            ..self
        };
        link.mended(at, LinkStep::Delivery)
    }

    /// It was accepted or declined, and so it had been delivered.
    #[must_use]
    pub fn acknowledged(self, at: Moment) -> Self {
        self.delivered(at).mended(at, LinkStep::Acknowledgement)
    }

    fn mended(self, at: Moment, with: LinkStep) -> Self {
        let mend = |late: Lateness| match late.mended_at {
            None if late.with <= with => Lateness {
                mended_at: Some(at),
                ..late
            },
            _ => late,
        };
        Self {
            late: self.late.map(mend),
            ..self
        }
    }

    /// Since when it has been late and was not mended.
    pub fn late_since(&self) -> Option<Moment> {
        let late = self.late.as_ref()?;
        late.mended_at.is_none().then_some(late.at)
    }
}

impl Transfer {
    /// The link by which it goes, with its time for the answer by this calendar.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn link_by(&self, calendar: &Calendar) -> Result<Option<Link>, NoWorkingTime> {
        let Some(link) = self.open_link().filter(|link| link.acknowledge_in > 0) else {
            return Ok(self.link.clone());
        };
        let limit = WorkingTime::from_minutes(link.acknowledge_in);
        let by = answer_by(self.offered_at, limit, calendar)?;
        Ok(Some(link.clone().due_by(by)))
    }

    /// The link by which it goes; only an offer goes by one.
    #[must_use]
    pub fn open_link(&self) -> Option<&Link> {
        self.link.as_ref().filter(|_| self.state == State::Offered)
    }

    /// Since when the link by which it goes has been late.
    pub fn link_late_since(&self) -> Option<Moment> {
        self.open_link().and_then(Link::late_since)
    }

    /// What is late of the link by which it goes, and when.
    pub fn link_alarm(&self) -> Option<(Moment, LinkStep)> {
        self.open_link().and_then(Link::next_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_limits_its_bundles_at_every_link_and_nothing_else() {
        let limits = Limits::by_law().unwrap();
        let limit = limits.of("2.002621", "police").unwrap();
        assert_eq!(limit.deliver, TimeDelta::minutes(10));
        assert_eq!(limit.acknowledge, WorkingTime::from_hours(2));
        assert_eq!(limits.of("1.001193", "police"), None);
    }

    #[test]
    fn a_setting_is_read_whole_or_refused_by_its_row() {
        let header = "procedure,unit,deliver_minutes,acknowledge_working_minutes\n";
        let read = |rows: &str| Limits::parse(&format!("{header}{rows}"));
        let limits = read("*,tax,30,240\n# any\n*,*,10,120\n").unwrap();
        let deliver = |unit| {
            limits
                .of("1.1", unit)
                .map(|limit| limit.deliver.num_minutes())
        };
        assert_eq!((deliver("tax"), deliver("police")), (Some(30), Some(10)));
        for (row, fault) in [
            ("*,tax,30", "it must have four columns"),
            ("*,,30,1", "no column may be empty"),
            ("*,tax,soon,1", "`soon` is no number of minutes"),
            ("*,tax,0,1", "`0` is no number of minutes"),
        ] {
            let malformed = read(&format!("*,*,1,1\n{row}")).unwrap_err();
            assert_eq!((malformed.row, malformed.fault.as_str()), (2, fault));
        }
    }
}
