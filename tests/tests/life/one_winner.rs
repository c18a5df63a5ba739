//! One winner: thirty-two callers at once, each under an id of its own, who withdraw a dossier, stop it, supplement it and decide.

use futures::future::join_all;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    Dossier, DossierState, RecordDecisionRequest, RequestSupplementRequest, StopDossierRequest,
    SupplementDossierRequest, WithdrawDossierRequest,
};
use tests::cast::COMMUNE;
use tests::filing::MARRIAGE;
use tests::{Held, Refusal, Suite, desk, new_request_id};
use tonic::Code;

use crate::asked::addition;
use crate::promises::told;

const CALLERS: usize = 32;
const ROUNDS: usize = 3;
const AT: &str = "2017-08-28T14:00";
/// Names no revision.
const ANY: i64 = 0;

/// What somebody tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Withdraw,
    Stop,
    AskSupplement,
    Supplement,
    Decide,
}

/// Who got what done and in which state it is after that, and who was refused.
#[derive(Debug, Default)]
struct Answers {
    done: Vec<(Act, DossierState)>,
    refused: Vec<(Act, Refusal)>,
}

/// A dossier at the leader who is to decide.
struct Round<'a> {
    suite: &'a Suite,
    dossier: Dossier,
    held: Held,
}

impl<'a> Round<'a> {
    async fn in_examination(suite: &'a Suite) -> Self {
        let registered = suite.register(MARRIAGE, COMMUNE).await;
        suite.work_off(COMMUNE, "2017-08-28T09:00").await;
        let held = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
        // Intake has heard of that.
        let leader = suite.leader(COMMUNE).after(held.position.as_ref());
        let dossier = leader.ok(desk::by_uid(&registered.uid)).await;
        let dossier = dossier.message.dossier.unwrap();
        assert_eq!(dossier.state(), DossierState::Processing);
        Self {
            suite,
            dossier,
            held,
        }
    }

    async fn waiting_for_a_supplement(suite: &'a Suite) -> Self {
        let round = Self::in_examination(suite).await;
        let asked = desk::ask_supplement(&round.held, "evidence");
        let asked = suite.leader(COMMUNE).ok(asked).await;
        Self {
            dossier: asked.message.dossier.unwrap(),
            ..round
        }
    }

    /// What the callers are answered who try these at once, as many each, having seen that revision.
    async fn at_once(&self, acts: [Act; 4], seen: i64) -> Answers {
        let tries = (0..CALLERS).map(|caller| async move {
            let act = acts[caller % acts.len()];
            (act, self.tries(act, seen).await)
        });
        let mut answers = Answers::default();
        for (act, answer) in join_all(tries).await {
            match answer {
                Ok(state) => answers.done.push((act, state)),
                Err(refusal) => answers.refused.push((act, refusal)),
            }
        }
        answers
    }

    async fn tries(&self, act: Act, expected_revision: i64) -> Result<DossierState, Refusal> {
        let (suite, dossier, held) = (self.suite, &self.dossier, &self.held);
        let desk = suite.receptionist(COMMUNE).at(AT);
        let leader = suite.leader(COMMUNE).at(AT).after(held.position.as_ref());
        let answered = match act {
            Act::Withdraw => {
                let withdraw = WithdrawDossierRequest {
                    request_id: new_request_id(),
                    dossier_uid: dossier.uid.clone(),
                    expected_revision,
                    reason: "Gia đình đề nghị rút hồ sơ".to_owned(),
                };
                let answered = desk.call(withdraw).await;
                answered.map(|reply| reply.message.dossier)
            }
            Act::Stop => {
                let stop = StopDossierRequest {
                    expected_revision,
                    ..desk::stop(dossier)
                };
                let answered = leader.call(stop).await;
                answered.map(|reply| reply.message.dossier)
            }
            Act::AskSupplement => {
                let ask = RequestSupplementRequest {
                    expected_revision,
                    ..desk::ask_supplement(held, "evidence")
                };
                let answered = leader.call(ask).await;
                answered.map(|reply| reply.message.dossier)
            }
            Act::Supplement => {
                let supplement = SupplementDossierRequest {
                    expected_revision,
                    ..addition(dossier, "evidence")
                };
                let answered = desk.call(supplement).await;
                answered.map(|reply| reply.message.dossier)
            }
            Act::Decide => {
                let decide = RecordDecisionRequest {
                    expected_revision,
                    ..desk::decide(held)
                };
                let answered = leader.call(decide).await;
                answered.map(|reply| reply.message.dossier)
            }
        };
        match answered {
            Ok(dossier) => Ok(dossier.unwrap().state()),
            Err(status) => Err(Refusal::of(&status)),
        }
    }

    /// How often its history says that it ended or was decided, and that a supplement came.
    async fn history(&self) -> (usize, usize) {
        let changes = told(self.suite, &self.dossier.uid).await;
        let is_end = |change: &&Change| {
            matches!(
                change,
                Change::Withdrawn(_) | Change::Stopped(_) | Change::Decided(_)
            )
        };
        let came = |change: &&Change| matches!(change, Change::ClockResumed(_));
        (
            changes.iter().filter(is_end).count(),
            changes.iter().filter(came).count(),
        )
    }

    /// As the desk sees it. A result is handed over, so that the next round finds no offer of this one.
    async fn ends(self) -> DossierState {
        let state = self.suite.dossier(&self.dossier.uid, COMMUNE).await.state();
        if state == DossierState::ResultReady {
            let result = self.suite.take_over(COMMUNE, "2017-08-28T15:00").await;
            self.suite.give_back(&result, "2017-08-28T15:30").await;
        }
        state
    }
}

fn name(state: DossierState) -> &'static str {
    let name = state.as_str_name();
    name.trim_start_matches("DOSSIER_STATE_")
}

#[tokio::test]
async fn of_thirty_two_who_end_or_decide_a_dossier_in_examination_one_wins_and_all_are_told_the_state()
 {
    let suite = Suite::start().await;
    // Nobody was asked for a supplement: whoever brings one is refused in any case.
    let acts = [Act::Withdraw, Act::Decide, Act::Supplement, Act::Stop];
    for round in 0..ROUNDS {
        let mut acts = acts;
        acts.rotate_left(round);
        let round = Round::in_examination(&suite).await;
        let answers = round.at_once(acts, ANY).await;
        let [(winner, state)] = answers.done[..] else {
            panic!("one wins: {answers:?}");
        };
        let expected = match winner {
            Act::Withdraw => DossierState::Withdrawn,
            Act::Stop => DossierState::Stopped,
            Act::Decide => DossierState::ResultReady,
            Act::AskSupplement | Act::Supplement => panic!("{winner:?} is not possible"),
        };
        assert_eq!(state, expected);
        assert_eq!(answers.refused.len(), CALLERS - 1);
        for (act, refusal) in &answers.refused {
            let told = (refusal.code, refusal.reason.as_str());
            assert_eq!(told, (Code::FailedPrecondition, "STATE_FORBIDS"), "{act:?}");
            let current = refusal.variable("current");
            let is_early = *act == Act::Supplement && current == "PROCESSING";
            assert!(is_early || current == name(state), "{refusal:?}");
            assert!(!refusal.variable("allowed").is_empty(), "{refusal:?}");
        }
        assert_eq!(round.history().await, (1, 0));
        assert_eq!(round.ends().await, state);
    }
    suite.must_add_up().await;
}

/// One wins of those who saw the same revision, whatever it was that they tried.
async fn one_wins_of_those_who_saw_the_same(round: Round<'_>, acts: [Act; 4]) {
    let (before, seen) = (round.dossier.state(), round.dossier.revision);
    let answers = round.at_once(acts, seen).await;
    let [(winner, state)] = answers.done[..] else {
        panic!("one wins: {answers:?}");
    };
    assert_eq!(answers.refused.len(), CALLERS - 1);
    for (act, refusal) in &answers.refused {
        match refusal.reason.as_str() {
            "REVISION_CHANGED" => {
                assert_eq!(refusal.code, Code::Aborted);
                assert_eq!(refusal.variable("current"), (seen + 1).to_string());
            }
            // It was not possible before anybody had won.
            "STATE_FORBIDS" => {
                assert_eq!(refusal.code, Code::FailedPrecondition);
                assert_eq!(refusal.variable("current"), name(before), "{act:?}");
            }
            _ => panic!("{act:?} is told {refusal:?}"),
        }
    }
    let ends = usize::from(!matches!(winner, Act::AskSupplement | Act::Supplement));
    let came = usize::from(winner == Act::Supplement);
    assert_eq!(round.history().await, (ends, came), "{winner:?}");
    assert_eq!(round.ends().await, state);
}

#[tokio::test]
async fn of_thirty_two_who_saw_the_same_revision_one_wins_and_the_others_are_told_what_has_changed()
{
    let suite = Suite::start().await;
    for round in 0..ROUNDS {
        let mut asking = [Act::AskSupplement, Act::Withdraw, Act::Decide, Act::Stop];
        let mut answering = [Act::Supplement, Act::Withdraw, Act::Decide, Act::Stop];
        asking.rotate_left(round);
        answering.rotate_left(round);
        let examined = Round::in_examination(&suite).await;
        one_wins_of_those_who_saw_the_same(examined, asking).await;
        let waiting = Round::waiting_for_a_supplement(&suite).await;
        one_wins_of_those_who_saw_the_same(waiting, answering).await;
    }
    suite.must_add_up().await;
}

/// Whoever is first may let others go on: a supplement that comes lets the leader decide. The end is one all the same.
#[tokio::test]
async fn a_dossier_that_waits_for_a_supplement_ends_once_whatever_thirty_two_callers_do() {
    let suite = Suite::start().await;
    for round in 0..ROUNDS {
        let mut acts = [Act::Supplement, Act::Decide, Act::Withdraw, Act::Stop];
        acts.rotate_left(round);
        let round = Round::waiting_for_a_supplement(&suite).await;
        let answers = round.at_once(acts, ANY).await;
        let done = answers.done.iter().copied();
        let (came, ended): (Vec<_>, Vec<_>) = done.partition(|(act, _)| *act == Act::Supplement);
        assert!(came.len() <= 1 && ended.len() == 1, "{answers:?}");
        let (_, state) = ended[0];
        for (act, refusal) in &answers.refused {
            let told = (refusal.code, refusal.reason.as_str());
            assert_eq!(told, (Code::FailedPrecondition, "STATE_FORBIDS"), "{act:?}");
            let current = refusal.variable("current");
            let on_the_way = ["SUPPLEMENT_REQUESTED", "PROCESSING"].contains(&current);
            assert!(on_the_way || current == name(state), "{refusal:?}");
        }
        assert_eq!(round.history().await, (1, came.len()));
        assert_eq!(round.ends().await, state);
    }
    suite.must_add_up().await;
}
