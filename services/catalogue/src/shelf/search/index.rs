//! Which procedures have what is searched, in any of their versions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeInclusive};

use super::{Agreement, Search, Shelved};
use crate::procedure::{ApplicantKind, Level};

/// Something that versions of procedures have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mark<'a> {
    /// A word of its texts, without accents.
    Word(Cow<'a, str>),
    /// Its code, or its local one.
    Code(Cow<'a, str>),
    /// Its field, without accents.
    Field(Cow<'a, str>),
    LeadUnit(Cow<'a, str>),
    Level(Level),
    OnlineLevel(i32),
    Applicant(ApplicantKind),
}

/// For each mark the places of the procedures that have it, in order of code.
#[derive(Debug, Default)]
pub(in crate::shelf) struct Index {
    marks: BTreeMap<Mark<'static>, Vec<u32>>,
    procedures: usize,
}

/// Whether the procedure at each place is meant.
type Places = Vec<bool>;

/// Those that may agree in one of these ways, in order of code.
type Candidates = (RangeInclusive<Agreement>, Places);

impl Index {
    /// The index of these procedures, which are in order of code.
    pub fn of<'a>(procedures: impl Iterator<Item = &'a Shelved>) -> Self {
        let mut marks: HashMap<Mark<'a>, Vec<u32>> = HashMap::new();
        let mut count = 0;
        for (place, procedure) in (0_u32..).zip(procedures) {
            count += 1;
            each_mark(procedure, |mark| {
                let places = marks.entry(mark).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            });
        }
        let marks = marks.into_iter();
        Self {
            marks: marks.map(|(mark, at)| (mark.into_owned(), at)).collect(),
            procedures: count,
        }
    }

    /// What can be found, the best first; `words` are those of the text, each with a space before it.
    pub fn candidates(
        &self,
        search: &Search,
        words: &str,
        field: Option<&str>,
    ) -> impl Iterator<Item = (RangeInclusive<Agreement>, impl Iterator<Item = usize>)> {
        let mut fitting = vec![true; self.procedures];
        for mark in filters(search, field) {
            keep(&mut fitting, &self.having(&mark));
        }
        let code = search.text.trim();
        let mut all: Vec<Candidates> = Vec::new();
        if !code.is_empty() {
            let code = Mark::Code(code.into());
            let (same, begun) = (self.having(&code), self.beginning(&code));
            all.push((Agreement::Code..=Agreement::Code, same));
            all.push((Agreement::CodeBegins..=Agreement::CodeBegins, begun));
        }
        let mut worded = vec![true; self.procedures];
        for word in words.split(' ').skip(1) {
            keep(&mut worded, &self.beginning(&Mark::Word(word.into())));
        }
        all.push((Agreement::NameBegins..=Agreement::Elsewhere, worded));
        all.into_iter().map(move |(agreements, mut places)| {
            keep(&mut places, &fitting);
            let places = places.into_iter().enumerate();
            let places = places.filter_map(|(place, is_meant)| is_meant.then_some(place));
            (agreements, places)
        })
    }

    /// Those that have a mark.
    fn having(&self, mark: &Mark<'_>) -> Places {
        self.places(self.marks.get(mark))
    }

    /// Those that have a mark that begins so.
    fn beginning(&self, mark: &Mark<'_>) -> Places {
        let from = self.marks.range((Bound::Included(mark), Bound::Unbounded));
        let begun = from.take_while(|(other, _)| other.begins_with(mark));
        self.places(begun.map(|(_, places)| places))
    }

    fn places<'a>(&self, lists: impl IntoIterator<Item = &'a Vec<u32>>) -> Places {
        let mut places = vec![false; self.procedures];
        for place in lists.into_iter().flatten() {
            places[*place as usize] = true;
        }
        places
    }
}

impl Mark<'_> {
    fn into_owned(self) -> Mark<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Word(text) => Mark::Word(own(text)),
            Self::Code(text) => Mark::Code(own(text)),
            Self::Field(text) => Mark::Field(own(text)),
            Self::LeadUnit(text) => Mark::LeadUnit(own(text)),
            Self::Level(level) => Mark::Level(level),
            Self::OnlineLevel(level) => Mark::OnlineLevel(level),
            Self::Applicant(kind) => Mark::Applicant(kind),
        }
    }

    /// Whether it is of the same kind, and its text begins with that of the other.
    fn begins_with(&self, other: &Mark<'_>) -> bool {
        match (self, other) {
            (Self::Word(text), Mark::Word(begin)) | (Self::Code(text), Mark::Code(begin)) => {
                text.starts_with(begin.as_ref())
            }
            _ => false,
        }
    }
}

/// Leaves only what others have too.
fn keep(places: &mut Places, others: &Places) {
    for (place, other) in places.iter_mut().zip(others) {
        *place &= *other;
    }
}

/// What a procedure has to have.
fn filters<'a>(search: &'a Search, field: Option<&'a str>) -> impl Iterator<Item = Mark<'a>> {
    let lead = search.lead_unit.as_deref();
    let marks = [
        field.map(|field| Mark::Field(field.into())),
        lead.map(|unit| Mark::LeadUnit(unit.into())),
        search.level.map(Mark::Level),
        search.online_level.map(Mark::OnlineLevel),
        search.applicant.map(Mark::Applicant),
    ];
    marks.into_iter().flatten()
}

/// Everything that a procedure has in any of its versions, some of it more than once.
fn each_mark<'a>(procedure: &'a Shelved, mut mark: impl FnMut(Mark<'a>)) {
    let Shelved { entry, texts } = procedure;
    mark(Mark::Code(entry.code.as_str().into()));
    for text in texts {
        text.words().for_each(|word| mark(Mark::Word(word.into())));
        mark(Mark::Code(text.local_code.as_str().into()));
        mark(Mark::Field(text.field.as_str().into()));
    }
    for version in &entry.versions {
        let said = &version.procedure;
        mark(Mark::LeadUnit(said.lead_unit.as_str().into()));
        mark(Mark::Level(said.level));
        let everybody = said.applicants.is_empty().then_some(&ApplicantKind::ALL);
        let named = said.applicants.iter();
        named
            .chain(everybody.into_iter().flatten())
            .for_each(|kind| mark(Mark::Applicant(*kind)));
    }
    let everywhere = entry.online.periods().iter();
    let everywhere = everywhere.filter(|period| period.unit.is_empty());
    let levels = everywhere.filter_map(|period| period.level);
    levels.for_each(|level| mark(Mark::OnlineLevel(level.number())));
}
