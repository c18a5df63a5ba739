//! What keeps a version from being published: where, and what.

use std::fmt;

use chrono::NaiveDate;

/// One thing that is wrong with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, by keys: `cases[standard].route.steps[sign].after`.
    pub place: String,
    /// What it is.
    pub problem: Problem,
}

impl Fault {
    /// Something wrong at a place.
    pub fn new(place: impl Into<String>, problem: Problem) -> Self {
        Self {
            place: place.into(),
            problem,
        }
    }
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It says nothing.
    Blank,
    /// An earlier one of its kind has the same key.
    KeyTaken,
    /// It comes after a step that the route does not have.
    AfterUnknown(String),
    /// It can never begin: it waits for itself, or for what does.
    Cycle,
    /// No step of the route decides.
    NoDecision,
    /// An earlier step decides already.
    SecondDecision,
    /// It comes after the step that decides.
    AfterDecision,
    /// Its key is that of the way of the result to the desk.
    KeyReserved,
    /// The slices of a path that ends here do not sum to 100.
    SharesWrong(u16),
    /// There is no case that a dossier could take.
    NoCase,
    /// Units of the province handle it, and there is no route.
    NoRoute,
    /// An agency beside the units handles it, and there is a route.
    Unrouted,
    /// No unit of the tree has this uid on the first day.
    UnitUnknown(String),
    /// No unit of the tree is what the rule asks for on the first day.
    NoSuchUnit(NaiveDate),
    /// No department leads the field.
    FieldUnknown(String),
    /// The online level asks for payment online.
    NotPayableOnline,
    /// Its schema is none.
    FormInvalid(String),
    /// It ends before it begins.
    PeriodInvalid,
    /// An earlier one holds for everything that it is for.
    NeverHolds,
    /// Another version begins on the day, or a later one is published already.
    DayTaken(NaiveDate),
    /// The day is past.
    DayPast(NaiveDate),
    /// The local code is that of another procedure.
    CodeTaken(String),
    /// It is published, and says something else.
    Immutable,
    /// Versions are numbered otherwise.
    NumberWrong(i32),
    /// It cannot be read.
    Malformed(String),
}

impl Problem {
    /// As the contract calls it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Blank => "REQUIRED",
            Self::KeyTaken => "KEY_TAKEN",
            Self::AfterUnknown(_) => "AFTER_UNKNOWN",
            Self::Cycle => "CYCLE",
            Self::NoDecision => "DECISION_MISSING",
            Self::SecondDecision => "DECISION_TWICE",
            Self::AfterDecision => "AFTER_DECISION",
            Self::KeyReserved => "KEY_RESERVED",
            Self::SharesWrong(_) => "SHARES_WRONG",
            Self::NoCase => "CASE_MISSING",
            Self::NoRoute => "ROUTE_MISSING",
            Self::Unrouted => "ROUTE_UNWANTED",
            Self::UnitUnknown(_) => "UNIT_UNKNOWN",
            Self::NoSuchUnit(_) => "NO_SUCH_UNIT",
            Self::FieldUnknown(_) => "FIELD_UNKNOWN",
            Self::NotPayableOnline => "NOT_PAYABLE_ONLINE",
            Self::FormInvalid(_) => "FORM_INVALID",
            Self::PeriodInvalid => "PERIOD_INVALID",
            Self::NeverHolds => "NEVER_HOLDS",
            Self::DayTaken(_) => "DAY_TAKEN",
            Self::DayPast(_) => "DAY_PAST",
            Self::CodeTaken(_) => "CODE_TAKEN",
            Self::Immutable => "VERSION_IMMUTABLE",
            Self::NumberWrong(_) => "NUMBER_WRONG",
            Self::Malformed(_) => "MALFORMED",
        }
    }

    /// In Vietnamese.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Blank => "không được để trống".to_owned(),
            Self::KeyTaken => "trùng khóa với mục phía trước".to_owned(),
            Self::AfterUnknown(key) => format!("quy trình không có bước \"{key}\""),
            Self::Cycle => "bước chờ chính nó nên không bao giờ bắt đầu được".to_owned(),
            Self::NoDecision => "quy trình phải có một bước ra quyết định".to_owned(),
            Self::SecondDecision => "quy trình chỉ được có một bước ra quyết định".to_owned(),
            Self::AfterDecision => "bước ra quyết định phải là bước cuối".to_owned(),
            Self::KeyReserved => "`result` là đường trả kết quả; hãy đặt khóa khác".to_owned(),
            Self::SharesWrong(sum) => {
                format!("tỷ lệ thời gian của một nhánh cộng lại là {sum}%, phải là 100%")
            }
            Self::NoCase => "phải có trường hợp `standard`".to_owned(),
            Self::NoRoute => "phải có quy trình giải quyết".to_owned(),
            Self::Unrouted => "thủ tục của ngành dọc không có quy trình tại đây".to_owned(),
            Self::UnitUnknown(uid) => format!("không có đơn vị {uid} vào ngày hiệu lực"),
            Self::NoSuchUnit(day) => format!("ngày {day} không có đơn vị nào đúng quy tắc này"),
            Self::FieldUnknown(field) => format!("không có sở phụ trách lĩnh vực \"{field}\""),
            Self::NotPayableOnline => {
                "mức độ trực tuyến đòi hỏi khoản này thanh toán trực tuyến được".to_owned()
            }
            Self::FormInvalid(_) => "biểu mẫu không phải là JSON Schema hợp lệ".to_owned(),
            Self::PeriodInvalid => "ngày kết thúc trước ngày bắt đầu".to_owned(),
            Self::NeverHolds => "mục phía trước đã áp dụng cho kênh này".to_owned(),
            Self::DayTaken(day) => format!("đã có phiên bản hiệu lực từ ngày {day}"),
            Self::DayPast(day) => format!("ngày {day} đã qua"),
            Self::CodeTaken(code) => format!("mã {code} là của thủ tục khác"),
            Self::Immutable => "phiên bản đã công bố thì không sửa được".to_owned(),
            Self::NumberWrong(number) => format!("số phiên bản phải là {number}"),
            Self::Malformed(_) => "không đọc được".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("must not be empty"),
            Self::KeyTaken => f.write_str("an earlier one has the same key"),
            Self::AfterUnknown(key) => write!(f, "the route has no step `{key}`"),
            Self::Cycle => f.write_str("the step waits for itself and can never begin"),
            Self::NoDecision => f.write_str("one step of the route must decide, and none does"),
            Self::SecondDecision => {
                f.write_str("one step of the route must decide, and an earlier one does")
            }
            Self::AfterDecision => {
                f.write_str("the step that decides is the last; put this one before it")
            }
            Self::KeyReserved => {
                f.write_str("`result` is the way to the desk; name the step otherwise")
            }
            Self::SharesWrong(sum) => write!(
                f,
                "the shares of a path to this last step sum to {sum}, not to 100"
            ),
            Self::NoCase => f.write_str("there must be a case `standard`"),
            Self::NoRoute => {
                f.write_str("must not be empty unless an agency beside the units handles it")
            }
            Self::Unrouted => f.write_str("must be empty for a vertical agency"),
            Self::UnitUnknown(uid) => write!(f, "there is no unit `{uid}` on the first day"),
            Self::NoSuchUnit(day) => write!(f, "no unit of {day} is what the rule asks for"),
            Self::FieldUnknown(field) => write!(f, "no department leads the field `{field}`"),
            Self::NotPayableOnline => {
                f.write_str("the online level asks that it can be paid online")
            }
            Self::FormInvalid(why) => write!(f, "is no JSON Schema (2020-12): {why}"),
            Self::PeriodInvalid => f.write_str("ends before it begins"),
            Self::NeverHolds => f.write_str("an earlier one holds for this channel already"),
            Self::DayTaken(day) => write!(f, "a version begins on {day} already; publish later"),
            Self::DayPast(day) => write!(f, "{day} is past; publish for today or later"),
            Self::CodeTaken(code) => write!(f, "another procedure has the code {code}"),
            Self::Immutable => f.write_str("is published and says something else"),
            Self::NumberWrong(number) => write!(f, "must have the number {number}"),
            Self::Malformed(why) => write!(f, "cannot be read: {why}"),
        }
    }
}
