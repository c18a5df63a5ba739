//! How far a procedure is online, and what follows from it: the one place that says so.
//!
//! Two vocabularies stand side by side: levels 1 to 4 (NĐ 43/2011 art 3), and since 2022 partial and full services (NĐ 42/2022).

use chrono::NaiveDate;
use proto::catalogue::v1 as pb;
use serde::{Deserialize, Serialize};

/// A level of NĐ 43/2011, 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Level(i32);

impl Level {
    /// The level with this number; `None` when there is no such level.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        (1..=4).contains(&number).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl TryFrom<i32> for Level {
    type Error = &'static str;

    fn try_from(number: i32) -> Result<Self, &'static str> {
        Self::new(number).ok_or("an online level is 1 to 4")
    }
}

impl From<Level> for i32 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl std::str::FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().and_then(Self::new).ok_or(())
    }
}

/// A service of NĐ 42/2022.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Một phần.
    Partial,
    /// Toàn trình.
    Full,
}

/// How far a procedure is online, in either vocabulary or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Online {
    /// In that of NĐ 43/2011.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// In that of NĐ 42/2022, which goes before the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// How a result may be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At the desk.
    Desk,
    /// By post.
    Post,
    /// As an electronic document.
    Online,
}

impl Online {
    /// Whether a dossier may be handed in online. At the desk and by post it always may.
    #[must_use]
    pub fn files_online(self) -> bool {
        self.reach() >= 3
    }

    /// Whether fees must be payable online.
    #[must_use]
    pub fn pays_online(self) -> bool {
        self.reach() == 4
    }

    /// How the result may be received.
    #[must_use]
    pub fn result_ways(self) -> &'static [Way] {
        if self.reach() == 4 {
            &[Way::Desk, Way::Post, Way::Online]
        } else {
            &[Way::Desk]
        }
    }

    /// The level that it comes to.
    fn reach(self) -> i32 {
        match (self.service, self.level) {
            (Some(Service::Full), _) => 4,
            (Some(Service::Partial), _) => 3,
            (None, Some(level)) => level.number(),
            (None, None) => 1,
        }
    }
}

/// How far a procedure is online in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Only at this unit; empty means everywhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day; `None` means until what is set next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// In that of NĐ 43/2011.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// In that of NĐ 42/2022.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// How far a procedure is online through all periods, in order of unit and first day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OnlineLevels(Vec<Period>);

impl OnlineLevels {
    /// Those of these periods; of two for one unit from one day the later given counts.
    #[must_use]
    pub fn new(periods: impl IntoIterator<Item = Period>) -> Self {
        let mut levels = Self::default();
        for period in periods {
            levels.set(period);
        }
        levels
    }

    /// Sets a period, in the place of one for the same unit from the same day.
    pub fn set(&mut self, period: Period) {
        let key = |period: &Period| (period.unit.clone(), period.from);
        match self.0.binary_search_by_key(&key(&period), key) {
            Ok(at) => self.0[at] = period,
            Err(at) => self.0.insert(at, period),
        }
    }

    /// How far it is online at a unit on a day; an empty unit asks for everywhere.
    #[must_use]
    pub fn on(&self, unit: &str, day: NaiveDate) -> Online {
        let in_force = |of: &str| {
            let begun = |period: &&Period| period.unit == of && period.from <= day;
            let last = self.0.iter().rfind(begun);
            last.filter(|period| period.to.is_none_or(|to| day <= to))
        };
        let here = (!unit.is_empty()).then(|| in_force(unit)).flatten();
        let found = here.or_else(|| in_force(""));
        found.map_or_else(Online::default, Period::online)
    }

    /// Whether fees must be payable online somewhere on any of these days, without end where `last` is `None`.
    #[must_use]
    pub fn pays_online_between(&self, first: NaiveDate, last: Option<NaiveDate>) -> bool {
        let next = self.0.iter().skip(1).map(Some).chain([None]);
        self.0.iter().zip(next).any(|(period, next)| {
            let next = next.filter(|next| next.unit == period.unit);
            let lasts =
                period.to.is_none_or(|to| first <= to) && next.is_none_or(|next| first < next.from);
            let begins = last.is_none_or(|last| period.from <= last);
            lasts && begins && period.online().pays_online()
        })
    }

    /// All periods.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        &self.0
    }
}

impl Period {
    /// How far.
    #[must_use]
    pub fn online(&self) -> Online {
        Online {
            level: self.level,
            service: self.service,
        }
    }
}

/// The periods of a message; those that cannot be read are left out.
#[must_use]
pub fn from_wire(messages: &[pb::OnlineLevel]) -> OnlineLevels {
    OnlineLevels::new(messages.iter().filter_map(period))
}

/// The period of a message; `None` when its days cannot be read.
#[must_use]
pub fn period(message: &pb::OnlineLevel) -> Option<Period> {
    let to = match message.valid_to.as_str() {
        "" => None,
        day => Some(day.parse().ok()?),
    };
    Some(Period {
        unit: message.unit_uid.clone(),
        from: message.valid_from.parse().ok()?,
        to,
        level: Level::new(message.level),
        service: match message.service() {
            pb::OnlineService::Unspecified => None,
            pb::OnlineService::Partial => Some(Service::Partial),
            pb::OnlineService::Full => Some(Service::Full),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(unit: &str, from: &str, level: i32) -> Period {
        Period {
            unit: unit.to_owned(),
            from: day(from),
            to: None,
            level: Level::new(level),
            service: None,
        }
    }

    #[test]
    fn what_is_set_for_a_unit_goes_before_what_is_set_everywhere() {
        let mut levels = OnlineLevels::new([
            period("", "2017-01-01", 2),
            period("", "2019-01-01", 3),
            period("a", "2018-01-01", 4),
        ]);
        let number =
            |levels: &OnlineLevels, unit, on| levels.on(unit, day(on)).level.map(Level::number);
        for (unit, on, expected) in [
            ("", "2016-12-31", None),
            ("", "2017-01-01", Some(2)),
            ("a", "2017-12-31", Some(2)),
            ("a", "2018-01-01", Some(4)),
            ("b", "2018-01-01", Some(2)),
            ("b", "2019-01-01", Some(3)),
            ("a", "2019-01-01", Some(4)),
        ] {
            assert_eq!(number(&levels, unit, on), expected, "{unit} on {on}");
        }
        levels.set(Period {
            to: Some(day("2018-12-31")),
            ..period("a", "2018-01-01", 4)
        });
        assert_eq!(number(&levels, "a", "2019-01-01"), Some(3));
        assert_eq!(levels.periods().len(), 3);
        assert!(levels.pays_online_between(day("2018-12-31"), None));
        assert!(!levels.pays_online_between(day("2019-01-01"), None));
        let before = Some(day("2017-12-31"));
        assert!(!levels.pays_online_between(day("2017-01-01"), before));
    }

    #[test]
    fn a_level_and_a_service_say_what_a_person_may_do() {
        let of = |level, service| Online {
            level: Level::new(level),
            service,
        };
        for (online, files, pays, ways) in [
            (of(0, None), false, false, 1),
            (of(1, None), false, false, 1),
            (of(2, None), false, false, 1),
            (of(3, None), true, false, 1),
            (of(4, None), true, true, 3),
            (of(0, Some(Service::Partial)), true, false, 1),
            (of(3, Some(Service::Full)), true, true, 3),
            (of(4, Some(Service::Partial)), true, false, 1),
        ] {
            assert_eq!(
                (
                    online.files_online(),
                    online.pays_online(),
                    online.result_ways().len()
                ),
                (files, pays, ways),
                "{online:?}"
            );
        }
    }
}
