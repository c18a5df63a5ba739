//! What can be wrong with a calendar, told by row and column.

use chrono::NaiveDate;
use worktime::InvalidSchedule;

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row.
    pub place: Place,
    /// Its column.
    pub column: Column,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A row of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The import itself.
    Whole,
    /// Office hours, by their place in the list.
    Hours(usize),
    /// A day, by its place in the list.
    Day(usize),
    /// A date to remove, by its place in the list.
    Removed(usize),
    /// A day that was known before and does not fit any more.
    Known(NaiveDate),
}

/// A column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The day of the announcement.
    AnnouncedOn,
    /// A date.
    Date,
    /// The other day of a pair.
    PairedWith,
    /// The first day of hours.
    From,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The hours of a unit do not fit together.
    #[error(transparent)]
    Hours(InvalidSchedule),
    /// A compensatory day off for no holiday.
    #[error("is off in place of a public holiday: name that")]
    NoHoliday,
    /// A swap with one side.
    #[error("is swapped: a day off and a working day name each other")]
    NotSwapped,
    /// The date is named twice.
    #[error("stands here a second time")]
    Twice,
    /// The date does not differ.
    #[error("is no special day that is known")]
    NotKnown,
    /// It is announced on a day to come.
    #[error("is later than today, {0}")]
    NotYet(NaiveDate),
    /// It is announced before the version in force.
    #[error("is before the version in force, which was announced on {0}")]
    Earlier(NaiveDate),
}

impl Fault {
    /// A flaw in a column of a row.
    #[must_use]
    pub fn new(place: Place, column: Column, flaw: Flaw) -> Self {
        Self {
            place,
            column,
            flaw,
        }
    }

    /// The field of the request.
    #[must_use]
    pub fn field(&self) -> String {
        let column = match self.column {
            Column::AnnouncedOn => "announced_on",
            Column::Date => "date",
            Column::PairedWith => "paired_with",
            Column::From => "from",
        };
        match self.place {
            Place::Whole => column.to_owned(),
            Place::Hours(index) => format!("hours[{index}].{column}"),
            Place::Day(index) => format!("days[{index}].{column}"),
            Place::Removed(index) => format!("removed_dates[{index}]"),
            Place::Known(date) => format!("days[date={date}].{column}"),
        }
    }
}

impl Flaw {
    /// For programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Hours(_) => "HOURS_CONFLICT",
            Self::NoHoliday | Self::NotSwapped => "NOT_PAIRED",
            Self::Twice => "DUPLICATE",
            Self::NotKnown => "UNKNOWN",
            Self::NotYet(_) | Self::Earlier(_) => "OUT_OF_RANGE",
        }
    }

    /// For people.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Hours(InvalidSchedule::NoHours) => "chưa có giờ làm việc".to_owned(),
            Self::Hours(InvalidSchedule::NoRestOfYear(from)) => {
                format!("giờ làm việc từ {from} thiếu phần còn lại của năm")
            }
            Self::Hours(InvalidSchedule::Overlap(from)) => {
                format!("giờ làm việc từ {from} bị trùng thời gian áp dụng")
            }
            Self::NoHoliday => "nghỉ bù phải nêu ngày lễ được nghỉ bù".to_owned(),
            Self::NotSwapped => "ngày nghỉ hoán đổi và ngày làm bù phải nêu lẫn nhau".to_owned(),
            Self::Twice => "ngày này đã nêu ở trên".to_owned(),
            Self::NotKnown => "không phải ngày đặc biệt đã có trong lịch".to_owned(),
            Self::NotYet(today) => format!("không được sau hôm nay, {today}"),
            Self::Earlier(before) => {
                format!("không được trước ngày công bố lịch đang áp dụng, {before}")
            }
        }
    }
}
