//! The numbers of every desk and day are 1, 2, 3 …, each once: a dossier's, or void since a counter gave them back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// Checks the codes of all dossiers against each other and against the desks' counters.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<(&str, String), Vec<i64>> = BTreeMap::new();
    let mut seen = HashSet::new();
    let mut blocks: HashMap<&str, Vec<_>> = HashMap::new();
    for (unit, beginning, block) in &evidence.blocks {
        blocks.entry(beginning).or_default().push((unit, block));
    }
    for dossier in &evidence.dossiers {
        if !seen.insert(&dossier.code) {
            let text = format!("the code {} is given to another dossier, too", dossier.code);
            findings.push(Finding::new(Wrong::Codes, &dossier.uid, text));
        }
        let mut parts = dossier.code.rsplitn(3, '-');
        let number = parts.next().and_then(|number| number.parse().ok());
        let (Some(number), Some(day)) = (number, parts.next()) else {
            let text = format!("the code {} has no number and day", dossier.code);
            findings.push(Finding::new(Wrong::Codes, &dossier.uid, text));
            continue;
        };
        // What a unit had set aside stays its own, also where it ended before it registered it.
        let beginning = dossier
            .code
            .rsplit_once('-')
            .map_or("", |(before, _)| before);
        let mut of_blocks = blocks.get(beginning).into_iter().flatten();
        let block = of_blocks.find(|(_, block)| block.contains(&number));
        let unit = block.map_or(&dossier.desk, |(unit, _)| *unit);
        numbers
            .entry((unit, day.to_owned()))
            .or_default()
            .push(number);
    }
    for (desk, date, void) in &evidence.void {
        let of_desk = numbers.entry((desk, day_in_code(date)));
        of_desk.or_default().extend(void.clone());
    }
    for (desk, date, block) in &evidence.reserved {
        let text = format!("{desk} on {date}: nobody gave {block:?} back");
        findings.push(Finding::new(Wrong::Codes, "", text));
    }
    for ((desk, day), numbers) in &mut numbers {
        numbers.sort_unstable();
        if !numbers
            .iter()
            .copied()
            .eq(1..=numbers.len().try_into().unwrap_or(i64::MAX))
        {
            let text = format!("{desk} on {day} gave out {numbers:?}");
            findings.push(Finding::new(Wrong::Codes, "", text));
        }
    }
    for (desk, date, last) in &evidence.numbers {
        let given = numbers.get(&(desk.as_str(), day_in_code(date)));
        let given = given.map_or(0, Vec::len);
        if i64::try_from(given) != Ok(*last) {
            let text = format!("{desk} counts {last} on {date} and {given} numbers are there");
            findings.push(Finding::new(Wrong::Codes, "", text));
        }
    }
    findings
}

/// 2017-08-28 is 170828 in a code.
fn day_in_code(date: &str) -> String {
    date.replace('-', "").chars().skip(2).collect()
}
