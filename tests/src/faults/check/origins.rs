//! What a system handed in under a code of its own is there under that code, and nothing else ever is.

use std::collections::HashMap;

use super::super::evidence::Evidence;
use super::super::record::{Act, Kind, Told};
use super::{Finding, Wrong};

/// Compares what systems were told with the codes that intake keeps.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let origins = evidence.origins.iter();
    let kept = origins.map(|(system, code, dossier)| {
        let key = (system.as_str(), code.as_str());
        (key, dossier.as_str())
    });
    compare(&evidence.acts, &kept.collect())
}

fn compare(acts: &[Act], kept: &HashMap<(&str, &str), &str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: HashMap<(&str, &str), &Told> = HashMap::new();
    for (system, told) in handed_in(acts) {
        let (key, code) = ((system, told.origin.as_str()), &told.origin);
        let mut wrong = |wrong, text| findings.push(Finding::new(wrong, &told.dossier, text));
        let before = first.insert(key, told);
        if before.is_some_and(|before| before.dossier != told.dossier) {
            let text = format!("{system} handed in another dossier as {code}, too");
            wrong(Wrong::Doubled, text);
        } else if kept.get(&key) != Some(&told.dossier.as_str()) {
            let text =
                format!("acknowledged as {code} of {system}, which is kept for none or another");
            wrong(Wrong::Lost, text);
        }
    }
    findings
}

/// What was acknowledged under a code of the system that handed it in.
fn handed_in(acts: &[Act]) -> impl Iterator<Item = (&str, &Told)> {
    let acts = acts.iter().filter(|act| act.kind == Kind::Submit);
    let told = acts.filter_map(|act| Some((act.caller.as_str(), act.told()?)));
    told.filter(|(_, told)| !told.origin.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::record::Answer;
    use super::*;

    fn submitted(dossier: &str) -> Act {
        let told = Told {
            dossier: dossier.to_owned(),
            origin: "HS-1".to_owned(),
            ..Told::default()
        };
        Act {
            kind: Kind::Submit,
            journey: 1,
            caller: "client".to_owned(),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: Some((Duration::ZERO, Answer::Acknowledged(told))),
        }
    }

    fn wrong(acts: &[Act], kept: Option<&str>) -> Vec<Wrong> {
        let kept = kept.map(|dossier| (("client", "HS-1"), dossier));
        let findings = compare(acts, &kept.into_iter().collect());
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    #[test]
    fn one_dossier_under_one_code_is_right() {
        assert_eq!(wrong(&[submitted("dossier")], Some("dossier")), []);
    }

    #[test]
    fn a_code_that_is_lost_or_has_two_dossiers_is_found() {
        let one = [submitted("dossier")];
        assert_eq!(wrong(&one, None), [Wrong::Lost]);
        assert_eq!(wrong(&one, Some("another")), [Wrong::Lost]);
        let two = [submitted("dossier"), submitted("another")];
        assert_eq!(wrong(&two, Some("dossier")), [Wrong::Doubled]);
    }
}
