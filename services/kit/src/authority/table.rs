//! The table of rules, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Relation;
use crate::caller::{Caller, Role, unauthenticated};
use crate::failure::Failure;
use tonic::Code;

/// The suite's own table.
static SUITE: LazyLock<Result<Rules, Malformed>> =
    LazyLock::new(|| Rules::parse(include_str!("rules.csv")));

/// A table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the table of rules: {fault}")]
pub struct Malformed {
    /// Which row, from 1 after the header.
    pub row: usize,
    /// What is wrong.
    pub fault: String,
}

/// Who may call what.
#[derive(Debug)]
pub struct Rules(HashMap<String, Rule>);

/// Who may call one rpc, and when.
#[derive(Debug)]
pub struct Rule {
    rpc: String,
    /// As the table names it.
    short_name: String,
    rows: Vec<Row>,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub who: Vec<Who>,
    pub relations: Vec<Relation>,
    /// Empty where it does not matter.
    pub states: Vec<String>,
}

/// Who a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Anyone, with or without a token.
    Anyone,
    /// Anyone with a token.
    SignedIn,
    /// An officer in the role that the step names.
    Step,
    /// Somebody in this role.
    Role(Role),
}

impl Who {
    fn of(word: &str) -> Option<Self> {
        match word {
            "anyone" => Some(Self::Anyone),
            "signed_in" => Some(Self::SignedIn),
            "step" => Some(Self::Step),
            word => word.parse().map(Self::Role).ok(),
        }
    }

    /// Whether a row about these is about this caller.
    pub fn includes(self, caller: &Caller) -> bool {
        match self {
            Self::Anyone => true,
            Self::SignedIn => !caller.is_anonymous(),
            Self::Step => caller.grants.iter().any(|grant| is_of_a_step(grant.role)),
            Self::Role(role) => caller.grants.iter().any(|grant| grant.role == role),
        }
    }
}

/// The roles that a step can name.
pub(super) fn is_of_a_step(role: Role) -> bool {
    matches!(
        role,
        Role::Receptionist
            | Role::Examiner
            | Role::HeadOfOffice
            | Role::Leader
            | Role::Clerk
            | Role::Cashier
    )
}

impl Rules {
    /// The table of the suite.
    ///
    /// # Errors
    /// Never for a program that passed its tests.
    pub fn of_the_suite() -> Result<&'static Self, Malformed> {
        SUITE.as_ref().map_err(Clone::clone)
    }

    /// Reads a table: `rpc,roles,relations,states`, with `#` before remarks.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut table: HashMap<String, Rule> = HashMap::new();
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        for (index, record) in reader.deserialize().enumerate() {
            let row = index + 1;
            let malformed = |fault| Malformed { row, fault };
            let [rpc, roles, relations, states]: [String; 4] =
                record.map_err(|error| malformed(error.to_string()))?;
            let read = Row::read(&roles, &relations, &states).map_err(malformed)?;
            let name = full_name(&rpc).ok_or_else(|| malformed(format!("`{rpc}` is no rpc")))?;
            let rule = table.entry(name.clone()).or_insert_with(|| Rule {
                rpc: name,
                short_name: rpc,
                rows: Vec::new(),
            });
            rule.rows.push(read);
        }
        Ok(Self(table))
    }

    /// The rule of an rpc: `motcua.intake.v1.DossierService/GetDossier`.
    #[must_use]
    pub fn of(&self, rpc: &str) -> Option<&Rule> {
        self.0.get(rpc)
    }

    /// All rules.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.0.values()
    }
}

/// `motcua.intake.v1.DossierService/GetDossier` of `intake.DossierService/GetDossier`.
pub(super) fn full_name(rpc: &str) -> Option<String> {
    let (package, rest) = rpc.split_once('.')?;
    rest.split_once('/')?;
    Some(format!("motcua.{package}.v1.{rest}"))
}

impl Row {
    fn read(roles: &str, relations: &str, states: &str) -> Result<Self, String> {
        let mut who = Vec::new();
        for word in roles.split_whitespace() {
            who.push(Who::of(word).ok_or_else(|| format!("there is no role `{word}`"))?);
        }
        let mut related = Vec::new();
        for word in relations.split_whitespace() {
            let relation = word.parse();
            related.push(relation.map_err(|()| format!("there is no relation `{word}`"))?);
        }
        let mut states: Vec<String> = states.split_whitespace().map(str::to_owned).collect();
        if who.is_empty() || related.is_empty() || states.is_empty() {
            return Err("no column may be empty".to_owned());
        }
        if related.len() > 1 && related.contains(&Relation::Itself) {
            return Err("`itself` stands alone".to_owned());
        }
        if states == ["any"] {
            states.clear();
        }
        Ok(Self {
            who,
            relations: related,
            states,
        })
    }

    /// Whether the row is about anyone, or anyone with a token.
    fn is_open(&self) -> bool {
        let open = [Who::Anyone, Who::SignedIn];
        self.who.iter().any(|who| open.contains(who))
    }

    /// Whether it speaks of the caller by its name instead of its units or parties.
    pub fn is_of_itself(&self) -> bool {
        self.relations == [Relation::Itself]
    }

    /// Whether the row is about this caller.
    pub fn is_about(&self, caller: &Caller) -> bool {
        self.who.iter().any(|who| who.includes(caller))
    }
}

impl Rule {
    /// The rpc, with its full name.
    #[must_use]
    pub fn rpc(&self) -> &str {
        &self.rpc
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rpc as the table names it: `intake.DossierService/GetDossier`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        &self.short_name
    }

    /// Whether this caller may make the call at all. A client system may make those that it is registered for, and those that
    /// anybody may.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a token, `PERMISSION_DENIED`, `RPC_NOT_GRANTED` in another role.
    pub fn admit(&self, caller: &Caller) -> Result<(), Failure> {
        let registered = caller
            .client
            .as_ref()
            .is_none_or(|terms| terms.rpcs.contains(&self.short_name));
        let mut rows = self.rows.iter();
        if rows.any(|row| row.is_about(caller) && (registered || row.is_open())) {
            return Ok(());
        }
        if caller.is_anonymous() {
            return Err(unauthenticated(
                "TOKEN_MISSING",
                "send `authorization: Bearer <token>`; TokenService.IssueToken gives one",
            ));
        }
        Err(Failure::new(
            Code::PermissionDenied,
            "RPC_NOT_GRANTED",
            "the roles and terms of the token do not grant this rpc",
            "Vai trò của tài khoản không được phép thực hiện thao tác này",
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_rpc_of_the_contract_has_a_rule_and_every_rule_an_rpc() {
        let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
        let mut rpcs = BTreeSet::new();
        for file in &files {
            for service in &file.service {
                let rpc = |method: &str| format!("{}.{}/{method}", file.package(), service.name());
                rpcs.extend(service.method.iter().map(|method| rpc(method.name())));
            }
        }
        let rules = Rules::of_the_suite().unwrap();
        let known: BTreeSet<String> = rules.all().map(|rule| rule.rpc.clone()).collect();
        assert_eq!(known, rpcs);
    }

    #[test]
    fn a_row_that_nobody_could_check_is_refused() {
        let faulty = [
            ("a.B/C,boss,any,any", "there is no role `boss`"),
            ("a.B/C,leader,near,any", "there is no relation `near`"),
            ("a.B/C,leader,own itself,any", "`itself` stands alone"),
            ("a.B/C,leader,,any", "no column may be empty"),
            ("a,leader,any,any", "`a` is no rpc"),
        ];
        for (row, fault) in faulty {
            let table = format!("rpc,roles,relations,states\n{row}\n");
            let malformed = Rules::parse(&table).unwrap_err();
            assert_eq!((malformed.row, malformed.fault.as_str()), (1, fault));
        }
    }
}
