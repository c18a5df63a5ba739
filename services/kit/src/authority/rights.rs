//! What one call may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::table::{Row, Who, full_name, is_of_a_step};
use super::{Relation, Rule, Rules, Scope};
use crate::caller::{Caller, Grant, Reach, Role};
use crate::failure::Failure;
use tonic::Code;

/// Who is calling, and the rule of the rpc that is called.
#[derive(Clone, Debug)]
pub struct Rights {
    caller: Arc<Caller>,
    rule: Option<&'static Rule>,
}

impl Rights {
    /// Those of a caller under a rule that admitted it; under none, nothing is granted.
    #[must_use]
    pub fn new(caller: Arc<Caller>, rule: Option<&'static Rule>) -> Self {
        Self { caller, rule }
    }

    /// Those that a caller has, or would have, under the suite's rule for an rpc: `intake.DossierService/GetDossier`.
    #[must_use]
    pub fn of(caller: Arc<Caller>, rpc: &str) -> Self {
        let rules = Rules::of_the_suite().ok();
        let rule = full_name(rpc).and_then(|rpc| rules?.of(&rpc));
        Self::new(caller, rule)
    }

    /// Those that the same caller has under another rpc.
    #[must_use]
    pub fn under(&self, rpc: &str) -> Self {
        Self::of(Arc::clone(&self.caller), rpc)
    }

    /// The same, for an act of that rpc within a stream of another.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, `RPC_NOT_GRANTED`.
    pub fn within_stream(&self, rpc: &str) -> Result<Self, Failure> {
        let rights = self.under(rpc);
        if let Some(rule) = rights.rule {
            rule.admit(&rights.caller)?;
        }
        Ok(rights)
    }

    /// Who is calling.
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        let rows = self.rule.map_or(&[][..], Rule::rows);
        rows.iter().filter(|row| row.is_about(&self.caller))
    }

    /// By what a row speaks of this caller. `step` narrows it to the role that a step names.
    fn grants(&self, row: &'static Row, step: Option<Role>) -> impl Iterator<Item = &Grant> {
        let speaks_of = move |role: Role| {
            row.who.iter().any(|who| match who {
                Who::Anyone | Who::SignedIn => true,
                Who::Step => step.map_or(is_of_a_step(role), |step| step == role),
                Who::Role(named) => *named == role,
            })
        };
        let grants = self.caller.grants.iter();
        grants.filter(move |grant| speaks_of(grant.role))
    }

    /// What the caller may know by this rpc.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut known: BTreeMap<Relation, _> = BTreeMap::new();
        for row in self.rows() {
            if row.relations.contains(&Relation::Any) {
                return Scope::Everything;
            }
            if row.is_of_itself() {
                let subject = self.caller.subject.clone();
                known.insert(Relation::Itself, BTreeSet::from([subject]));
                continue;
            }
            for grant in self.grants(row, None) {
                let Reach::At(names) = &grant.reach else {
                    return Scope::Everything;
                };
                for relation in &row.relations {
                    let known: &mut BTreeSet<String> = known.entry(*relation).or_default();
                    known.extend(names.iter().cloned());
                }
            }
        }
        Scope::Of(known)
    }

    /// Whether a unit or party of the caller that stands so to the object lets it go on.
    #[must_use]
    pub fn suffice(&self, standing: &[(Relation, &str)]) -> bool {
        self.suffice_for(standing, None)
    }

    /// The same for a step that names a role.
    #[must_use]
    pub fn suffice_for(&self, standing: &[(Relation, &str)], step: Option<Role>) -> bool {
        self.acting_for(standing, step).is_some()
    }

    /// For which unit of the caller it may go on that stands so to the object: that of its position, not one whose work that
    /// took over. Empty where it goes on for no unit; `None` where it may not.
    #[must_use]
    pub fn acting_for(&self, standing: &[(Relation, &str)], step: Option<Role>) -> Option<String> {
        let (unit, _) = self.acting(standing, step)?;
        Some(unit)
    }

    /// In which role of an officer it goes on then; nothing where a party, a system or a service does, or anybody may.
    #[must_use]
    pub fn acting_as(&self, standing: &[(Relation, &str)], step: Option<Role>) -> Option<Role> {
        let (_, role) = self.acting(standing, step)?;
        role.filter(|role| role.is_of_an_officer())
    }

    /// For which unit, and in which role.
    fn acting(
        &self,
        standing: &[(Relation, &str)],
        step: Option<Role>,
    ) -> Option<(String, Option<Role>)> {
        let itself = (Relation::Itself, self.caller.subject.as_str());
        let by_nothing = || (String::new(), None);
        self.rows().find_map(|row| {
            if row.is_of_itself() {
                return standing.contains(&itself).then(by_nothing);
            }
            let stands_by = |grant: &Grant| {
                let stands = |(relation, name): &&(Relation, &str)| {
                    row.relations.contains(relation) && grant.reach.includes(name)
                };
                let (_, name) = standing.iter().find(stands)?;
                Some((grant.unit(name).to_owned(), Some(grant.role)))
            };
            let by_grant = self.grants(row, step).find_map(stands_by);
            by_grant.or_else(|| row.relations.contains(&Relation::Any).then(by_nothing))
        })
    }

    /// Whether one of the caller's units or parties may stand so to this one.
    #[must_use]
    pub fn stands(&self, relation: Relation, name: &str) -> bool {
        self.suffice(&[(relation, name)])
    }

    /// Refuses a unit for which the caller may not make this call.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, `UNIT_NOT_YOURS`.
    pub fn must_be_own(&self, unit: &str) -> Result<(), Failure> {
        if self.stands(Relation::Own, unit) {
            return Ok(());
        }
        Err(Failure::new(
            Code::PermissionDenied,
            "UNIT_NOT_YOURS",
            format!("the token does not act for unit {unit}"),
            "Tài khoản không có quyền thay mặt đơn vị này",
        )
        .with("unit_uid", unit))
    }

    /// Refuses a state in which the rules do not let the caller do this.
    ///
    /// # Errors
    /// [`Untimely`].
    pub fn must_allow(&self, state: &'static str) -> Result<(), Untimely> {
        let mut allowed: Vec<&'static str> = Vec::new();
        for row in self.rows() {
            if row.states.is_empty() || row.states.iter().any(|allowed| allowed == state) {
                return Ok(());
            }
            allowed.extend(row.states.iter().map(String::as_str));
        }
        allowed.dedup();
        let rpc = self.rule.map_or("", Rule::rpc);
        Err(Untimely {
            act: rpc.rsplit('/').next().unwrap_or_default(),
            current: state,
            allowed,
        })
    }
}

/// An act that the rules do not allow in the state that its object is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{act} is not possible in state {current}")]
pub struct Untimely {
    /// The act.
    pub act: &'static str,
    /// The state that it was tried in.
    pub current: &'static str,
    /// The states that it is possible in.
    pub allowed: Vec<&'static str>,
}

impl From<Untimely> for Failure {
    fn from(untimely: Untimely) -> Self {
        Self::state_forbids(untimely.act, untimely.current, &untimely.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(grants: Vec<Grant>, rpc: &str) -> Rights {
        let subject = "officer".to_owned();
        let client = None;
        let caller = Caller {
            subject,
            grants,
            client,
            certificate: None,
        };
        Rights::of(Arc::new(caller), rpc)
    }

    fn at(role: Role, unit: &str) -> Grant {
        Grant {
            role,
            reach: Reach::At(vec![unit.to_owned()]),
        }
    }

    #[test]
    fn a_role_counts_only_at_its_own_unit() {
        let grants = vec![at(Role::Receptionist, "a"), at(Role::Leader, "b")];
        let receive = rights(grants.clone(), "intake.DossierService/ReceiveDossier");
        assert!(receive.stands(Relation::Receiving, "a"));
        assert!(!receive.stands(Relation::Receiving, "b"));
        assert!(!receive.stands(Relation::Holder, "a"));
        let decide = rights(grants, "intake.DossierService/RecordDecision");
        assert!(decide.stands(Relation::Holder, "b"));
        assert!(!decide.stands(Relation::Holder, "a"));
    }

    #[test]
    fn an_act_is_for_the_unit_of_the_position_that_lets_it_be_done() {
        let took_over = Grant {
            role: Role::Leader,
            reach: Reach::At(vec!["now".to_owned(), "before".to_owned()]),
        };
        let grants = vec![at(Role::Receptionist, "a"), took_over];
        let decide = rights(grants.clone(), "intake.DossierService/RecordDecision");
        let unit = |standing| decide.acting_for(&[standing], None);
        assert_eq!(unit((Relation::Holder, "before")).as_deref(), Some("now"));
        assert_eq!(unit((Relation::Holder, "a")), None);
        let of_a_person = Grant {
            role: Role::Applicant,
            reach: Reach::At(vec!["party".to_owned()]),
        };
        let withdraw = rights(vec![of_a_person], "intake.DossierService/WithdrawDossier");
        let unit = withdraw.acting_for(&[(Relation::Owner, "party")], None);
        assert_eq!(unit.as_deref(), Some(""));
    }

    #[test]
    fn an_act_is_in_the_role_of_the_position_that_lets_it_be_done_and_of_no_party_or_system() {
        let grants = vec![at(Role::Receptionist, "a"), at(Role::Leader, "b")];
        let stop = rights(grants, "intake.DossierService/StopDossier");
        let role = |standing| stop.acting_as(&[standing], None);
        assert_eq!(role((Relation::Receiving, "a")), Some(Role::Receptionist));
        assert_eq!(role((Relation::Competent, "b")), Some(Role::Leader));
        assert_eq!(role((Relation::Competent, "a")), None);
        let owner = rights(
            vec![at(Role::Applicant, "party")],
            "intake.DossierService/StopDossier",
        );
        let by_owner = owner.acting_as(&[(Relation::Owner, "party")], None);
        assert_eq!(by_owner, None);
        let accept = "routing.TransferService/AcceptTransfer";
        let system = rights(vec![at(Role::LinkedSystem, "a")], accept);
        let by_system = system.acting_as(&[(Relation::Offered, "a")], Some(Role::Examiner));
        assert_eq!(by_system, None);
        let examiner = rights(vec![at(Role::Examiner, "a")], accept);
        let by_examiner = examiner.acting_as(&[(Relation::Offered, "a")], Some(Role::Examiner));
        assert_eq!(by_examiner, Some(Role::Examiner));
    }

    #[test]
    fn a_step_is_for_the_role_that_it_names() {
        let accept = rights(
            vec![at(Role::Leader, "a")],
            "routing.TransferService/AcceptTransfer",
        );
        let offered = [(Relation::Offered, "a")];
        assert!(accept.suffice(&offered));
        assert!(accept.suffice_for(&offered, Some(Role::Leader)));
        assert!(!accept.suffice_for(&offered, Some(Role::Examiner)));
        let administrator = rights(
            vec![at(Role::UnitAdministrator, "a")],
            "routing.TransferService/AcceptTransfer",
        );
        assert!(!administrator.suffice(&offered));
    }

    #[test]
    fn what_no_row_says_is_denied() {
        let nobody = rights(Vec::new(), "intake.DossierService/GetDossier");
        assert_eq!(nobody.scope(), Scope::nothing());
        let leader = rights(vec![at(Role::Leader, "a")], "intake.DossierService/Unknown");
        assert_eq!(leader.scope(), Scope::nothing());
        assert!(!leader.stands(Relation::Any, "a"));
    }

    #[test]
    fn the_whole_province_is_seen_by_those_who_reach_everywhere() {
        let auditor = Grant {
            role: Role::Auditor,
            reach: Reach::Everywhere,
        };
        let read = rights(vec![auditor.clone()], "intake.DossierService/GetDossier");
        assert_eq!(read.scope(), Scope::Everything);
        let receive = rights(vec![auditor], "intake.DossierService/ReceiveDossier");
        assert!(!receive.stands(Relation::Receiving, "a"));
    }

    #[test]
    fn a_caller_stands_to_itself_by_its_subject_whatever_it_reaches() {
        let service = Grant {
            role: Role::Service,
            reach: Reach::Everywhere,
        };
        let read = "identity.OfficerService/GetOfficer";
        for grants in [vec![at(Role::Leader, "a")], vec![service], Vec::new()] {
            let rights = rights(grants, read);
            let itself = BTreeSet::from(["officer".to_owned()]);
            let known = BTreeMap::from([(Relation::Itself, itself)]);
            assert_eq!(rights.scope(), Scope::Of(known));
            assert!(rights.stands(Relation::Itself, "officer"));
            assert!(!rights.stands(Relation::Itself, "a"));
            assert!(!rights.stands(Relation::Own, "a"));
        }
    }

    #[test]
    fn a_state_that_no_row_names_is_answered_with_those_that_are() {
        let grants = vec![at(Role::Receptionist, "a")];
        let receive = rights(grants, "intake.DossierService/ReceiveDossier");
        assert_eq!(receive.must_allow("SUBMITTED"), Ok(()));
        let untimely = receive.must_allow("RETURNED").unwrap_err();
        assert_eq!(
            (untimely.act, untimely.allowed.as_slice()),
            ("ReceiveDossier", ["SUBMITTED"].as_slice())
        );
    }
}
