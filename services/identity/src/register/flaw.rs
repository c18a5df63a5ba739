//! What can be wrong with a row of an import.

use std::fmt;

use chrono::NaiveDate;

use crate::unit::Uid;

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which row.
    pub place: Place,
    /// Which of its columns.
    pub column: Column,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A row of an import, by its number among those of its kind, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A description.
    Unit(usize),
    /// A succession.
    Succession(usize),
}

/// A column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Of a description.
    Uid,
    /// Of a description.
    Kind,
    /// Of a description.
    Code,
    /// Of a description.
    NationalCode,
    /// Of a description.
    Parent,
    /// Of a description.
    ValidFrom,
    /// Of a description.
    ValidTo,
    /// Of a succession.
    Day,
    /// Of a succession.
    From,
    /// Of a succession.
    To,
    /// Of a succession.
    Change,
    /// Of a succession.
    Default,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Another row says the same.
    Twice,
    /// The unit is of another kind already.
    KindChanged,
    /// It ends before it begins.
    EndsBeforeItBegins,
    /// It lasts into the next description of the same unit, which begins on this day.
    Overlaps(NaiveDate),
    /// Nothing describes the unit until its next description, which begins on this day.
    Gap(NaiveDate),
    /// It begins after the unit has ended, on this day.
    AfterItsEnd(NaiveDate),
    /// There is no such unit.
    UnitMissing(Uid),
    /// The unit that is named does not exist on all these days.
    NotThere(Uid),
    /// The way from the unit leads back to itself.
    Loops,
    /// Another unit has the code at the same time.
    CodeTaken(Uid),
    /// Units stand below the unit beyond its end, such as this one.
    HasUnitsBelow(Uid),
    /// The unit goes on: it is described beyond that day.
    GoesOn,
    /// Other rows of the same unit, or its own last day, say otherwise.
    Differs,
    /// None of the successors is the default one.
    DefaultMissing,
    /// More than one of the successors is the default one.
    DefaultTwice,
}

impl Flaw {
    /// The word for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Twice => "TWICE",
            Self::KindChanged => "KIND_CHANGED",
            Self::EndsBeforeItBegins => "ENDS_BEFORE_IT_BEGINS",
            Self::Overlaps(_) => "OVERLAPS",
            Self::Gap(_) => "GAP",
            Self::AfterItsEnd(_) => "AFTER_ITS_END",
            Self::UnitMissing(_) => "UNIT_MISSING",
            Self::NotThere(_) => "NOT_THERE",
            Self::Loops => "LOOPS",
            Self::CodeTaken(_) => "CODE_TAKEN",
            Self::HasUnitsBelow(_) => "HAS_UNITS_BELOW",
            Self::GoesOn => "GOES_ON",
            Self::Differs => "DIFFERS",
            Self::DefaultMissing => "DEFAULT_MISSING",
            Self::DefaultTwice => "DEFAULT_TWICE",
        }
    }

    /// What is wrong, for people.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Twice => "bị lặp lại".to_owned(),
            Self::KindChanged => "đơn vị này đã có loại khác".to_owned(),
            Self::EndsBeforeItBegins => "kết thúc trước khi bắt đầu".to_owned(),
            Self::Overlaps(next) => format!("chồng lên giai đoạn sau bắt đầu từ {next}"),
            Self::Gap(next) => format!("còn trống cho đến giai đoạn sau bắt đầu từ {next}"),
            Self::AfterItsEnd(last) => format!("đơn vị đã kết thúc ngày {last}"),
            Self::UnitMissing(uid) => format!("không có đơn vị {uid}"),
            Self::NotThere(uid) => format!("đơn vị {uid} không tồn tại trong cả thời gian này"),
            Self::Loops => "dẫn vòng về chính đơn vị này".to_owned(),
            Self::CodeTaken(uid) => format!("đơn vị {uid} đang dùng mã này"),
            Self::HasUnitsBelow(uid) => format!("vẫn còn đơn vị trực thuộc, như {uid}"),
            Self::GoesOn => "đơn vị này vẫn tiếp tục hoạt động".to_owned(),
            Self::Differs => "không khớp với các dòng khác của đơn vị này".to_owned(),
            Self::DefaultMissing => "chưa chỉ định đơn vị kế thừa mặc định".to_owned(),
            Self::DefaultTwice => "có nhiều đơn vị kế thừa mặc định".to_owned(),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => f.write_str("stands here a second time"),
            Self::KindChanged => f.write_str(
                "the unit is of another kind; what becomes of another kind is another unit",
            ),
            Self::EndsBeforeItBegins => f.write_str("is before the unit begins"),
            Self::Overlaps(next) => {
                write!(
                    f,
                    "lasts into the next description of the unit, from {next}"
                )
            }
            Self::Gap(next) => write!(f, "leaves a gap before the next description, from {next}"),
            Self::AfterItsEnd(last) => write!(f, "the unit has ended on {last}"),
            Self::UnitMissing(uid) => write!(f, "there is no unit `{uid}`"),
            Self::NotThere(uid) => write!(f, "the unit `{uid}` does not exist on all these days"),
            Self::Loops => f.write_str("leads from the unit back to itself"),
            Self::CodeTaken(uid) => write!(f, "the unit `{uid}` has it at the same time"),
            Self::HasUnitsBelow(uid) => {
                write!(f, "units stand below it beyond its end, such as `{uid}`")
            }
            Self::GoesOn => f.write_str("the unit goes on: it is described beyond that day"),
            Self::Differs => f.write_str("other rows of the same unit say otherwise"),
            Self::DefaultMissing => {
                f.write_str("one successor of the unit must be the default one")
            }
            Self::DefaultTwice => {
                f.write_str("only one successor of a unit can be the default one")
            }
        }
    }
}
