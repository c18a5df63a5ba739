//! Why a day, or a part of it, counts towards a limit or does not, as people read it.

use crate::legal_clock::PauseReason;

/// Why a day or a part of it counts towards a limit or does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DayReason {
    /// A working day, counted.
    Counted,
    /// A make-up day, counted.
    MakeUpWorkingDay {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A day with hours of its own, counted.
    ShortWorkingDay {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A calendar day of a limit that runs through days off, counted.
    CalendarDayCounted,
    /// The day of the event, not counted (Civil Code 2015 art 147).
    DayOfReceipt,
    /// The day on which the dossier was complete, from which the full limit begins; not counted.
    DayOfCompletion,
    /// Office time before the dossier was received.
    BeforeReceipt,
    /// Before the dossier was complete: the full limit began anew with that.
    BeforeCompletion,
    /// Received after the cut-off: counting starts the next working day (domain.md R3).
    AfterCutoff,
    /// Received after the office had closed, but not after a cut-off.
    AfterClosing,
    /// The clock stood still.
    Paused(PauseReason),
    /// An ordinary weekly day off.
    Weekend,
    /// A public holiday.
    Holiday {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A day off in lieu of a holiday that fell on a weekly day off.
    CompensatoryDayOff {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A day off that is made up for on another day.
    SwappedDayOff {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// The limit ended on a day off and moved to this working day (Civil Code 2015 art 148.5).
    MovedPastDayOff,
}

impl DayReason {
    /// The reason for people, in Vietnamese.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        let (vietnamese, _, name) = self.texts();
        with_name(vietnamese, name)
    }

    /// The reason for people, in English; the names of days stay Vietnamese.
    #[must_use]
    pub fn english(&self) -> String {
        let (_, english, name) = self.texts();
        with_name(english, name)
    }

    /// Whether it counts towards the limit.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self {
            Self::Counted
            | Self::MakeUpWorkingDay { .. }
            | Self::ShortWorkingDay { .. }
            | Self::CalendarDayCounted => true,
            Self::DayOfReceipt
            | Self::DayOfCompletion
            | Self::BeforeReceipt
            | Self::BeforeCompletion
            | Self::AfterCutoff
            | Self::AfterClosing
            | Self::Paused(_)
            | Self::Weekend
            | Self::Holiday { .. }
            | Self::CompensatoryDayOff { .. }
            | Self::SwappedDayOff { .. }
            | Self::MovedPastDayOff => false,
        }
    }

    /// Vietnamese, English, name of the day.
    #[rustfmt::skip]
    fn texts(&self) -> (&'static str, &'static str, Option<&str>) {
        match self {
            Self::Counted => ("Ngày làm việc, được tính", "Working day, counted", None),
            Self::MakeUpWorkingDay { name } => ("Ngày làm bù, được tính", "Make-up working day, counted", Some(name)),
            Self::ShortWorkingDay { name } => ("Ngày làm việc rút ngắn, được tính", "Short working day, counted", Some(name)),
            Self::CalendarDayCounted => ("Được tính, kể cả ngày nghỉ", "Counted, days off included", None),
            Self::DayOfReceipt => ("Ngày tiếp nhận, không tính", "Day of receipt, not counted", None),
            Self::DayOfCompletion => (
                "Ngày nhận đủ hồ sơ bổ sung, không tính",
                "Day on which the dossier was complete, not counted", None),
            Self::BeforeReceipt => ("Trước khi tiếp nhận hồ sơ, không tính", "Before receipt, not counted", None),
            Self::BeforeCompletion => (
                "Trước khi hồ sơ được bổ sung đầy đủ, thời hạn tính lại từ đầu",
                "Before the dossier was complete: the limit began anew", None),
            Self::AfterCutoff => (
                "Tiếp nhận sau giờ quy định, tính từ ngày làm việc tiếp theo",
                "Received after the cut-off, counted from the next working day", None),
            Self::AfterClosing => (
                "Tiếp nhận sau giờ làm việc, tính từ ngày làm việc tiếp theo",
                "Received after closing time, counted from the next working day", None),
            Self::Paused(PauseReason::Supplement) => (
                "Tạm dừng, chờ người nộp bổ sung hồ sơ, không tính",
                "Paused: waiting for the applicant's supplement, not counted", None),
            Self::Paused(PauseReason::FinancialDuty) => (
                "Tạm dừng, chờ người nộp thực hiện nghĩa vụ tài chính, không tính",
                "Paused: waiting for the applicant to meet a financial duty, not counted", None),
            Self::Paused(PauseReason::OutsideLimit(name)) => (
                "Tạm dừng, bước không tính vào thời hạn", "Paused: a step outside the limit", Some(name)),
            Self::Weekend => ("Ngày nghỉ hằng tuần, không tính", "Weekly day off, not counted", None),
            Self::Holiday { name } => ("Nghỉ lễ, tết, không tính", "Public holiday, not counted", Some(name)),
            Self::CompensatoryDayOff { name } => ("Nghỉ bù, không tính", "Day off in lieu, not counted", Some(name)),
            Self::SwappedDayOff { name } => ("Nghỉ hoán đổi, không tính", "Swapped day off, not counted", Some(name)),
            Self::MovedPastDayOff => (
                "Hạn rơi vào ngày nghỉ, chuyển sang ngày làm việc này",
                "The limit ended on a day off and moved to this working day", None),
        }
    }
}

fn with_name(text: &str, name: Option<&str>) -> String {
    name.map_or_else(|| text.to_owned(), |name| format!("{text}: {name}"))
}
