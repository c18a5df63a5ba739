//! A route: the steps of a procedure as a directed graph without cycles.

mod graph;

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

/// Who in a unit does a step; in files `examiner`, `head_of_office`, `leader`, `clerk` or `cashier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Examines.
    Examiner,
    /// Signs.
    Leader,
    /// It reviews what examiners prepared.
    HeadOfOffice,
    /// It stamps and files.
    Clerk,
    /// It takes fees.
    Cashier,
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "examiner" => Ok(Self::Examiner),
            "leader" => Ok(Self::Leader),
            "head_of_office" => Ok(Self::HeadOfOffice),
            "clerk" => Ok(Self::Clerk),
            "cashier" => Ok(Self::Cashier),
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
    /// It comes after the step that decides.
    AfterDecision,
    /// Its key is that of the way of the result to the desk.
    KeyReserved,
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
        }
    }
}

impl Route {
    /// Checks steps against each other.
    ///
    /// # Errors
    /// Everything by which they are no route.
    pub fn new(name: String, steps: Vec<Step>) -> Result<Self, Vec<Fault>> {
        let faults = graph::faults(&steps);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_shares_are_read_as_files_write_them() {
        let fixed = UnitRule::Fixed(UnitUid::new("daklak-0001"));
        assert_eq!("unit:daklak-0001".parse(), Ok(fixed));
        assert!("unit:".parse::<UnitRule>().is_err());
        assert!("0".parse::<Share>().is_err() && "101".parse::<Share>().is_err());
        assert_eq!("100".parse::<Share>().unwrap().percent(), 100);
    }
}
