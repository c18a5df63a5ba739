//! What is to happen, in order of simulated time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{NaiveDateTime, TimeDelta, Timelike as _};

/// The length of a window in minutes. What happens in one window does not follow from anything else in it.
pub const WINDOW_MINUTES: u32 = 15;

/// Something that is to happen to a dossier.
#[derive(Debug)]
pub struct Entry<A> {
    /// When, local civil time.
    pub at: NaiveDateTime,
    /// Its number in the agenda: what was noted first happens first.
    pub number: u64,
    /// To which dossier.
    pub dossier: usize,
    /// What.
    pub act: A,
}

/// What is to happen.
#[derive(Debug)]
pub struct Agenda<A> {
    entries: BinaryHeap<Reverse<Entry<A>>>,
    next: u64,
}

impl<A> Agenda<A> {
    /// An empty agenda.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: BinaryHeap::new(),
            next: 0,
        }
    }

    /// Notes an act.
    pub fn note(&mut self, at: NaiveDateTime, dossier: usize, act: A) {
        let number = self.next;
        self.next += 1;
        self.entries.push(Reverse(Entry {
            at,
            number,
            dossier,
            act,
        }));
    }

    /// Takes everything of the window in which the next act falls, in order; empty when nothing is left before `end`.
    pub fn take_window(&mut self, end: NaiveDateTime) -> Vec<Entry<A>> {
        let mut window = Vec::new();
        let Some(Reverse(first)) = self.entries.peek() else {
            return window;
        };
        let close = window_end(first.at).min(end);
        while let Some(Reverse(entry)) = self.entries.peek()
            && entry.at < close
        {
            window.extend(self.entries.pop().map(|Reverse(entry)| entry));
        }
        window
    }
}

/// The end of the window in which `at` falls.
fn window_end(at: NaiveDateTime) -> NaiveDateTime {
    let into = i64::from(at.minute() % WINDOW_MINUTES) * 60 + i64::from(at.second());
    let start = at - TimeDelta::seconds(into) - TimeDelta::nanoseconds(i64::from(at.nanosecond()));
    start + TimeDelta::minutes(i64::from(WINDOW_MINUTES))
}

impl<A> PartialEq for Entry<A> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<A> Eq for Entry<A> {}

impl<A> PartialOrd for Entry<A> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<A> Ord for Entry<A> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn at(hour: u32, minute: u32, second: u32) -> NaiveDateTime {
        let day = NaiveDate::from_ymd_opt(2017, 8, 28).unwrap();
        day.and_hms_opt(hour, minute, second).unwrap()
    }

    #[test]
    fn a_window_holds_its_quarter_of_an_hour_in_order_and_nothing_else() {
        let mut agenda = Agenda::new();
        agenda.note(at(8, 14, 59), 1, 'c');
        agenda.note(at(8, 0, 0), 2, 'a');
        agenda.note(at(8, 15, 0), 3, 'd');
        agenda.note(at(8, 0, 0), 4, 'b');
        let acts =
            |window: Vec<Entry<char>>| window.iter().map(|entry| entry.act).collect::<String>();
        assert_eq!(acts(agenda.take_window(at(17, 0, 0))), "abc");
        assert_eq!(acts(agenda.take_window(at(17, 0, 0))), "d");
        assert_eq!(acts(agenda.take_window(at(17, 0, 0))), "");
    }

    #[test]
    fn nothing_happens_at_or_after_the_end() {
        let mut agenda = Agenda::new();
        agenda.note(at(16, 58, 0), 1, 'a');
        agenda.note(at(17, 0, 0), 2, 'b');
        assert_eq!(agenda.take_window(at(17, 0, 0)).len(), 1);
        assert!(agenda.take_window(at(17, 0, 0)).is_empty());
    }

    #[test]
    fn what_follows_after_a_window_s_length_is_never_in_the_same_window() {
        for second in 0..3_600 {
            let now = at(8, 0, 0) + TimeDelta::seconds(second);
            let follows = now + TimeDelta::minutes(i64::from(WINDOW_MINUTES));
            assert!(follows >= window_end(now));
        }
    }
}
