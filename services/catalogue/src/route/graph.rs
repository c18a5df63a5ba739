//! Steps against each other: whether they are a route.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::fault::Problem;

/// A step, by its index, and what is wrong with it.
type Fault = (usize, Problem);

/// The shares along the paths from a first step through a step, summed, by the key of that step.
type Sums<'a> = BTreeMap<&'a str, BTreeSet<u16>>;

/// The key of the way of the result to the desk, which every journey ends with.
const RESULT: &str = "result";
/// What the shares of a path come to.
const WHOLE: u16 = 100;

/// Everything by which these steps are no route. Paths are looked at only where steps and keys are right.
pub(super) fn faults(steps: &[Step]) -> Vec<Fault> {
    let mut faults = keys_taken(steps);
    faults.extend(after_unknown(steps));
    faults.extend(decisions(steps));
    if faults.is_empty() {
        paths(steps)
    } else {
        faults
    }
}

fn keys_taken(steps: &[Step]) -> Vec<Fault> {
    let mut keys = BTreeSet::new();
    let taken = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !keys.insert(&step.key));
    let mut faults: Vec<Fault> = taken.map(|(step, _)| (step, Problem::KeyTaken)).collect();
    let reserved = steps.iter().position(|step| step.key == RESULT);
    faults.extend(reserved.map(|step| (step, Problem::KeyReserved)));
    faults
}

fn after_unknown(steps: &[Step]) -> Vec<Fault> {
    let keys: BTreeSet<&String> = steps.iter().map(|step| &step.key).collect();
    let mut faults = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let unknown = step.after.iter().filter(|key| !keys.contains(key));
        faults.extend(unknown.map(|key| (index, Problem::AfterUnknown(key.clone()))));
    }
    faults
}

fn decisions(steps: &[Step]) -> Vec<Fault> {
    let mut deciding = (0..steps.len()).filter(|step| steps[*step].decides);
    if deciding.next().is_none() {
        return vec![(0, Problem::NoDecision)];
    }
    deciding
        .map(|step| (step, Problem::SecondDecision))
        .collect()
}

/// The decision ends a route: the result goes to the desk, and no step would ever begin after it.
fn after_decision(steps: &[Step]) -> Vec<Fault> {
    let decides = |key: &String| steps.iter().any(|step| step.decides && step.key == *key);
    let after = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.after.iter().any(decides));
    after
        .map(|(step, _)| (step, Problem::AfterDecision))
        .collect()
}

/// Walks from the first steps: what is never reached is in a cycle or behind one, and every path takes all the time.
fn paths(steps: &[Step]) -> Vec<Fault> {
    let mut sums = Sums::new();
    let mut waiting: Vec<usize> = (0..steps.len()).collect();
    loop {
        let before = waiting.len();
        waiting.retain(|step| !walk_through(&steps[*step], &mut sums));
        if waiting.len() == before {
            break;
        }
    }
    if waiting.is_empty() {
        let mut faults = after_decision(steps);
        faults.extend(shares(steps, &sums));
        return faults;
    }
    waiting
        .into_iter()
        .map(|step| (step, Problem::Cycle))
        .collect()
}

/// Whether the way through a step is free, because all steps before it were walked through; if so, walks through it.
fn walk_through<'a>(step: &'a Step, sums: &mut Sums<'a>) -> bool {
    let before: Option<Vec<_>> = step
        .after
        .iter()
        .map(|key| sums.get(key.as_str()))
        .collect();
    let Some(before) = before else { return false };
    let own = step.slice.percent();
    let through = before
        .into_iter()
        .flatten()
        .map(|sum| sum.saturating_add(own));
    let mut through: BTreeSet<u16> = through.collect();
    if step.after.is_empty() {
        through.insert(own);
    }
    sums.insert(&step.key, through);
    true
}

fn shares(steps: &[Step], sums: &Sums<'_>) -> Vec<Fault> {
    let followed: BTreeSet<&String> = steps.iter().flat_map(|step| &step.after).collect();
    let mut faults = Vec::new();
    for (index, step) in steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !followed.contains(&step.key))
    {
        let wrong = sums
            .get(step.key.as_str())
            .into_iter()
            .flatten()
            .filter(|sum| **sum != WHOLE);
        faults.extend(wrong.map(|sum| (index, Problem::SharesWrong(*sum))));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::{Part, Role, Share, Slice, UnitRule};
    use super::*;

    fn step(key: &str, after: &[&str], percent: u16, decides: bool) -> Step {
        Step {
            key: key.to_owned(),
            name: key.to_owned(),
            after: after.iter().map(|key| (*key).to_owned()).collect(),
            unit_rule: UnitRule::Competent,
            role: Role::Examiner,
            slice: Slice::Percent(Share(percent)),
            part: Part::Sole,
            decides,
            waits_for_paper: false,
        }
    }

    #[test]
    fn parallel_steps_that_join_are_a_route() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open"], 50, false),
            step("consult", &["open"], 50, false),
            step("sign", &["examine", "consult"], 40, true),
        ];
        assert_eq!(faults(&steps), []);
    }

    #[test]
    fn exactly_one_step_decides() {
        let none = vec![
            step("examine", &[], 70, false),
            step("sign", &["examine"], 30, false),
        ];
        assert_eq!(faults(&none), [(0, Problem::NoDecision)]);
        let two = vec![
            step("examine", &[], 70, true),
            step("sign", &["examine"], 30, true),
        ];
        assert_eq!(faults(&two), [(1, Problem::SecondDecision)]);
    }

    #[test]
    fn the_decision_is_the_last_step_and_the_result_no_step() {
        let steps = vec![
            step("sign", &[], 70, true),
            step("stamp", &["sign"], 30, false),
        ];
        assert_eq!(faults(&steps), [(1, Problem::AfterDecision)]);
        let steps = vec![step("result", &[], 100, true)];
        assert_eq!(faults(&steps), [(0, Problem::KeyReserved)]);
    }

    #[test]
    fn steps_that_wait_for_each_other_are_a_cycle() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open", "sign"], 50, false),
            step("sign", &["examine"], 40, true),
        ];
        assert_eq!(faults(&steps), [(1, Problem::Cycle), (2, Problem::Cycle)]);
        assert_eq!(
            faults(&[step("sign", &["sign"], 100, true)]),
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
        assert_eq!(faults(&steps), expected);
    }

    #[test]
    fn the_shares_of_every_path_sum_to_the_whole_limit() {
        let steps = vec![
            step("open", &[], 10, false),
            step("examine", &["open"], 50, false),
            step("consult", &["open"], 30, false),
            step("sign", &["examine", "consult"], 40, true),
        ];
        assert_eq!(faults(&steps), [(3, Problem::SharesWrong(80))]);
    }
}
