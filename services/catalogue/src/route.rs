//! A route: the steps of a procedure as a directed graph without cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The unit that a file names. Units belong to identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitUid(String);

impl UnitUid {
    /// Any text may be a uid; whether such a unit exists is checked where units are known.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands on the wire and in files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How the unit of a step is found; in files `receiving`, `parent_of_receiving`, `competent` or `unit:<uid>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitRule {
    /// The unit whose desk received the dossier.
    Receiving,
    /// The unit above the receiving one.
    ParentOfReceiving,
    /// The unit that is competent to decide.
    Competent,
    /// This unit, always.
    Fixed(UnitUid),
}

impl FromStr for UnitRule {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match (text, text.strip_prefix("unit:")) {
            ("receiving", _) => Ok(Self::Receiving),
            ("parent_of_receiving", _) => Ok(Self::ParentOfReceiving),
            ("competent", _) => Ok(Self::Competent),
            (_, Some(uid)) if !uid.is_empty() => Ok(Self::Fixed(UnitUid::new(uid))),
            _ => Err(()),
        }
    }
}

/// Who in a unit does a step; in files `examiner` or `leader`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Examines.
    Examiner,
    /// Signs.
    Leader,
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "examiner" => Ok(Self::Examiner),
            "leader" => Ok(Self::Leader),
            _ => Err(()),
        }
    }
}

/// The part of a step among parallel ones (R4); in files `sole`, `lead` or `consulted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No step runs beside it.
    Sole,
    /// It leads the consultation.
    Lead,
    /// It is asked for an opinion.
    Consulted,
}

impl FromStr for Part {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "sole" => Ok(Self::Sole),
            "lead" => Ok(Self::Lead),
            "consulted" => Ok(Self::Consulted),
            _ => Err(()),
        }
    }
}

/// A slice of the legal time, 1 to 100 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u16);

impl Share {
    /// In percent.
    #[must_use]
    pub fn percent(self) -> u16 {
        self.0
    }
}

impl FromStr for Share {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let percent = text
            .parse()
            .ok()
            .filter(|percent| (1..=100).contains(percent));
        percent.map(Self).ok_or(())
    }
}

/// The work of one role at one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Unique in the route.
    pub key: String,
    /// What is done, in Vietnamese.
    pub name: String,
    /// The steps that must be done before.
    pub after: Vec<String>,
    /// Where it is done.
    pub unit_rule: UnitRule,
    /// Who does it.
    pub role: Role,
    /// Its slice of the legal time.
    pub share: Share,
    /// Its part among parallel steps.
    pub part: Part,
    /// Its holder records the decision.
    pub decides: bool,
}

/// Steps that were found to be a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    name: String,
    steps: Vec<Step>,
}

/// One thing by which steps are no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The index of the step at which it shows.
    pub step: usize,
    /// What it is.
    pub problem: Problem,
}

/// What can be wrong between steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// An earlier step has the same key.
    KeyTaken,
    /// It comes after a step that the route does not have.
    AfterUnknown(String),
    /// It can never begin: it waits for itself.
    Cycle,
    /// No step of the route decides.
    NoDecision,
    /// An earlier step decides already.
    SecondDecision,
    /// The slices of a path that ends here do not sum to 100.
    SharesWrong(u16),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyTaken => f.write_str("an earlier step of the route has the same key"),
            Self::AfterUnknown(key) => write!(f, "the route has no step `{key}`"),
            Self::Cycle => f.write_str("the step waits for itself and can never begin"),
            Self::NoDecision => f.write_str("one step of the route must decide, and none does"),
            Self::SecondDecision => {
                f.write_str("one step of the route must decide, and an earlier one does")
            }
            Self::SharesWrong(sum) => write!(
                f,
                "the shares of a path to this last step sum to {sum}, not to 100"
            ),
        }
    }
}

impl Route {
    /// Checks steps against each other.
    ///
    /// # Errors
    /// Everything by which they are no route.
    pub fn new(name: String, steps: Vec<Step>) -> Result<Self, Vec<Fault>> {
        let mut faults = keys_taken(&steps);
        faults.extend(after_unknown(&steps));
        faults.extend(decisions(&steps));
        if faults.is_empty() {
            faults = paths(&steps);
        }
        if faults.is_empty() {
            Ok(Self { name, steps })
        } else {
            Err(faults)
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The steps, in the order of the file.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

fn keys_taken(steps: &[Step]) -> Vec<Fault> {
    let mut keys = BTreeSet::new();
    let taken = |(step, _): (usize, &Step)| Fault {
        step,
        problem: Problem::KeyTaken,
    };
    steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !keys.insert(&step.key))
        .map(taken)
        .collect()
}

fn after_unknown(steps: &[Step]) -> Vec<Fault> {
    let keys: BTreeSet<&String> = steps.iter().map(|step| &step.key).collect();
    let mut faults = Vec::new();
    for (step, of) in steps.iter().enumerate() {
        for key in of.after.iter().filter(|key| !keys.contains(key)) {
            let problem = Problem::AfterUnknown(key.clone());
            faults.push(Fault { step, problem });
        }
    }
    faults
}

fn decisions(steps: &[Step]) -> Vec<Fault> {
    let deciding: Vec<usize> = (0..steps.len())
        .filter(|step| steps[*step].decides)
        .collect();
    let Some((_, more)) = deciding.split_first() else {
        return vec![Fault {
            step: 0,
            problem: Problem::NoDecision,
        }];
    };
    let second = |step: &usize| Fault {
        step: *step,
        problem: Problem::SecondDecision,
    };
    more.iter().map(second).collect()
}

/// Walks the graph from its first steps: what is never reached is in or behind a cycle, and every path takes all the time.
fn paths(steps: &[Step]) -> Vec<Fault> {
    let mut sums: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    let mut left: Vec<usize> = (0..steps.len()).collect();
    loop {
        let (ready, waiting): (Vec<usize>, Vec<usize>) = left.iter().partition(|step| {
            steps[**step]
                .after
                .iter()
                .all(|key| sums.contains_key(key.as_str()))
        });
        if ready.is_empty() {
            break;
        }
        for step in ready {
            let step = &steps[step];
            let before = step
                .after
                .iter()
                .filter_map(|key| sums.get(key.as_str()))
                .flatten()
                .copied();
            let before: BTreeSet<u16> = if step.after.is_empty() {
                BTreeSet::from([0])
            } else {
                before.collect()
            };
            let through = before
                .into_iter()
                .map(|sum| sum.saturating_add(step.share.percent()));
            sums.insert(&step.key, through.collect());
        }
        left = waiting;
    }
    if left.is_empty() {
        return shares(steps, &sums);
    }
    let cycle = |step| Fault {
        step,
        problem: Problem::Cycle,
    };
    left.into_iter().map(cycle).collect()
}

fn shares(steps: &[Step], sums: &BTreeMap<&str, BTreeSet<u16>>) -> Vec<Fault> {
    let followed: BTreeSet<&String> = steps.iter().flat_map(|step| &step.after).collect();
    let mut faults = Vec::new();
    for (step, last) in steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !followed.contains(&step.key))
    {
        for sum in sums
            .get(last.key.as_str())
            .into_iter()
            .flatten()
            .filter(|sum| **sum != 100)
        {
            let problem = Problem::SharesWrong(*sum);
            faults.push(Fault { step, problem });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(key: &str, after: &[&str], percent: u16, decides: bool) -> Step {
        Step {
            key: key.to_owned(),
            name: key.to_owned(),
            after: after.iter().map(|key| (*key).to_owned()).collect(),
            unit_rule: UnitRule::Competent,
            role: Role::Examiner,
            share: Share(percent),
            part: Part::Sole,
            decides,
        }
    }

    fn faults(steps: Vec<Step>) -> Vec<(usize, Problem)> {
        let faults = Route::new("route".to_owned(), steps)
            .err()
            .unwrap_or_default();
        faults
            .into_iter()
            .map(|fault| (fault.step, fault.problem))
            .collect()
    }

    #[test]
    fn parallel_steps_that_join_are_a_route() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open"], 50, false),
            step("consult", &["open"], 50, false),
            step("sign", &["examine", "consult"], 40, true),
        ];
        assert_eq!(faults(steps), []);
    }

    #[test]
    fn exactly_one_step_decides() {
        let none = vec![
            step("examine", &[], 70, false),
            step("sign", &["examine"], 30, false),
        ];
        assert_eq!(faults(none), [(0, Problem::NoDecision)]);
        let two = vec![
            step("examine", &[], 70, true),
            step("sign", &["examine"], 30, true),
        ];
        assert_eq!(faults(two), [(1, Problem::SecondDecision)]);
    }

    #[test]
    fn steps_that_wait_for_each_other_are_a_cycle() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open", "sign"], 50, false),
            step("sign", &["examine"], 40, true),
        ];
        assert_eq!(faults(steps), [(1, Problem::Cycle), (2, Problem::Cycle)]);
        assert_eq!(
            faults(vec![step("sign", &["sign"], 100, true)]),
            [(0, Problem::Cycle)]
        );
    }

    #[test]
    fn a_step_comes_after_steps_that_exist_and_has_a_key_of_its_own() {
        let steps = vec![
            step("examine", &["open"], 70, false),
            step("examine", &[], 30, true),
        ];
        let expected = [
            (1, Problem::KeyTaken),
            (0, Problem::AfterUnknown("open".to_owned())),
        ];
        assert_eq!(faults(steps), expected);
    }

    #[test]
    fn the_shares_of_every_path_sum_to_the_whole_limit() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open"], 50, false),
            step("consult", &["open"], 30, false),
            step("sign", &["examine", "consult"], 40, true),
        ];
        assert_eq!(faults(steps), [(3, Problem::SharesWrong(80))]);
    }

    #[test]
    fn rules_and_shares_are_read_as_files_write_them() {
        let fixed = UnitRule::Fixed(UnitUid::new("daklak-0001"));
        assert_eq!("unit:daklak-0001".parse(), Ok(fixed));
        assert!("unit:".parse::<UnitRule>().is_err());
        assert!("0".parse::<Share>().is_err() && "101".parse::<Share>().is_err());
        assert_eq!("100".parse::<Share>().unwrap().percent(), 100);
    }
}
