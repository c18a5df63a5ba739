//! What is printed at the end: the figures of a run, and of a red one the journey of one dossier.

use std::collections::BTreeMap;
use std::time::Duration;

use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{Escalation, EscalationLevel, TransferEvent};

use super::check::{Finding, Wrong};
use super::crowd::Came;
use super::evidence::{Evidence, Moved, Row, told};
use super::fault::LEFT_OUT;
use super::journey::Scene;
use super::plan::Plan;
use super::record::{Act, Answer, Kind, heirs};

/// So many red lines of a kind are printed.
const LINES: usize = 5;
/// So much of an event is printed.
const WIDTH: usize = 110;

/// What happened in a run.
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How long faults came.
    pub took: Duration,
    /// How many faults of each kind; none of one that could not be.
    pub faults: BTreeMap<&'static str, usize>,
    /// From the last mending until nothing was under way; nothing where that took too long.
    pub drained: Option<Duration>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Prints the figures.
    pub fn print(&self, evidence: &Evidence) {
        let acknowledged = evidence
            .acts
            .iter()
            .filter(|act| act.told().is_some())
            .count();
        let again: u32 = evidence
            .acts
            .iter()
            .map(|act| act.tries.saturating_sub(1))
            .sum();
        let faults: usize = self.faults.values().sum();
        println!("\nseed {}, {} s of faults", self.seed, self.took.as_secs());
        println!("faults: {faults}");
        for (kind, count) in &self.faults {
            println!("  {count:>5}  {kind}");
        }
        let left_out = self.faults.iter().filter(|(_, count)| **count == 0);
        for (kind, _) in left_out {
            println!("left out: {kind}, since {LEFT_OUT}");
        }
        for line in done(evidence) {
            println!("{line}");
        }
        println!("{}", turned_aside(evidence));
        println!("{}", reorganised(evidence));
        println!("{}", told_above(evidence));
        println!("{}", subscribers(evidence));
        println!("acknowledged replies: {acknowledged}, sent again {again} times");
        println!(
            "lost {}, doubled {}, out of order {}, otherwise wrong {}",
            self.of(Wrong::Lost),
            self.of(Wrong::Doubled),
            self.of(Wrong::OutOfOrder),
            self.findings.len()
                - self.of(Wrong::Lost)
                - self.of(Wrong::Doubled)
                - self.of(Wrong::OutOfOrder),
        );
        match self.drained {
            Some(after) => println!(
                "drained {:.1} s after the last fault was mended",
                after.as_secs_f64()
            ),
            None => println!("not drained"),
        }
    }

    fn of(&self, wrong: Wrong) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.wrong == wrong)
            .count()
    }

    /// Prints what is wrong, and all that is known of the first dossier that it is wrong with.
    pub fn print_red(&self, evidence: &Evidence, scene: &Scene) {
        println!("\nRED with seed {}:", self.seed);
        let mut printed: BTreeMap<Wrong, usize> = BTreeMap::new();
        for finding in &self.findings {
            let printed = printed.entry(finding.wrong).or_default();
            *printed += 1;
            if *printed <= LINES {
                println!("  {finding}");
            }
        }
        for (wrong, count) in printed.iter().filter(|(_, count)| **count > LINES) {
            println!("  {wrong:?}: and {} more", count - LINES);
        }
        let offending = self
            .findings
            .iter()
            .find(|finding| !finding.dossier.is_empty());
        if let Some(finding) = offending {
            println!("\n{}", journey(&finding.dossier, evidence, scene));
        }
    }

    /// The one line that says most.
    pub fn red_line(&self) -> String {
        self.findings
            .first()
            .map_or_else(|| "green".to_owned(), ToString::to_string)
    }
}

fn acts(evidence: &Evidence, kind: Kind) -> impl Iterator<Item = &Act> {
    evidence.acts.iter().filter(move |act| act.kind == kind)
}

/// How many acts of a kind were acknowledged.
fn count(evidence: &Evidence, kind: Kind) -> usize {
    let acts = acts(evidence, kind);
    acts.filter(|act| act.told().is_some()).count()
}

/// What did not go straight on.
fn turned_aside(evidence: &Evidence) -> String {
    let count = |kind| count(evidence, kind);
    format!(
        "guided {}, refused {}, withdrawn {}, stopped {}; declined {}, forwarded {}; codes set aside by {} counters that were offline, given back by {}",
        count(Kind::Guide),
        count(Kind::Refuse),
        count(Kind::Withdraw),
        count(Kind::Stop),
        count(Kind::Decline),
        count(Kind::Forward),
        count(Kind::Reserve),
        count(Kind::GiveBack)
    )
}

/// Who was told of what was late.
fn told_above(evidence: &Evidence) -> String {
    let rows = evidence.routing.iter();
    let moved = rows.filter_map(|row| row.change.as_ref());
    let escalated = moved.filter(|moved| moved.event == TransferEvent::Escalated);
    let levels = escalated.filter_map(|moved| moved.transfer.escalation.as_ref());
    let levels: Vec<EscalationLevel> = levels.map(Escalation::level).collect();
    let to = |wanted: EscalationLevel| levels.iter().filter(|level| **level == wanted).count();
    format!(
        "late and told to its unit {}, to the one above {}",
        to(EscalationLevel::Unit),
        to(EscalationLevel::ParentUnit)
    )
}

/// What was done, act by act.
fn done(evidence: &Evidence) -> [String; 5] {
    let count = |kind| count(evidence, kind);
    // Of what was done together each counts.
    let each = |kind| acts(evidence, kind).flat_map(Act::tells).count() - count(kind);
    let told = evidence.acts.iter().filter_map(Act::told);
    let by_systems = told.filter(|told| !told.origin.is_empty()).count();
    let (returned, accepted) = (count(Kind::Return), count(Kind::Accept));
    [
        format!(
            "dossiers: {}, {by_systems} of them from systems, returned {returned}",
            evidence.dossiers.len()
        ),
        format!("transfers: {}", accepted + each(Kind::TakeIn)),
        format!(
            "called back {}, given back {}, sent back {}; claimed {}, assigned {}, released {}; sent on {}, corrected {}",
            count(Kind::Recall),
            count(Kind::ReturnStep),
            count(Kind::SendBack),
            count(Kind::Claim),
            count(Kind::Assign),
            count(Kind::Release),
            count(Kind::SendOn),
            count(Kind::Correct)
        ),
        format!(
            "supplemented {}, paid {}, promised anew {}; scanned {} in {} batches, received on paper {}",
            count(Kind::AskSupplement),
            count(Kind::Pay),
            count(Kind::Postpone),
            each(Kind::TakeIn),
            count(Kind::TakeIn),
            count(Kind::ReceivePaper)
        ),
        format!(
            "days off announced {}, deadlines looked at {}; dead letters delivered anew {}",
            count(Kind::Announce),
            evidence.promises.len(),
            each(Kind::Redrive)
        ),
    ]
}

/// What went on to the successors of units that ended.
fn reorganised(evidence: &Evidence) -> String {
    let heirs = heirs(&evidence.acts);
    let moved = evidence
        .routing
        .iter()
        .filter_map(|row| row.change.as_ref());
    let inherited = moved
        .clone()
        .filter(|moved| moved.event == TransferEvent::Inherited);
    let passed_on = moved.filter(|moved| {
        moved.event == TransferEvent::Rehomed
            && heirs.contains_key(moved.transfer.to_unit_uid.as_str())
    });
    format!(
        "units ended {}, custody inherited {}, offers passed on {}",
        heirs.len(),
        inherited.count(),
        passed_on.count()
    )
}

/// How offers came to those who subscribe.
fn subscribers(evidence: &Evidence) -> String {
    let acts = evidence.acts.iter();
    let on_streams = acts.filter(|act| act.on_a_stream && act.told().is_some());
    let Came {
        crowds,
        quick,
        slow,
        again,
    } = &evidence.came;
    let left = evidence.left;
    format!(
        "on streams: {} of them; in {crowds} crowds half of {} offers came within {} ms, to slow subscribers of {} within {} ms, and {again} again; of {} that were acknowledged and left {} came again",
        on_streams.count(),
        quick.len(),
        Came::median(quick).as_millis(),
        slow.len(),
        Came::median(slow).as_millis(),
        left.offers,
        left.again
    )
}

/// The plan of a dossier, what its callers were told, and what the logs have of it.
fn journey(dossier: &str, evidence: &Evidence, scene: &Scene) -> String {
    let number = evidence.journey_of().get(dossier).copied();
    let mut lines = vec![format!("dossier {dossier}")];
    if let Some(number) = number {
        let plan = Plan::of(number, &scene.province, scene.dice);
        let steps = scene.province.route(&plan.procedure.code).iter();
        let steps: Vec<_> = steps.map(|step| step.key.as_str()).collect();
        lines.push(told(&plan));
        lines.push(format!("route: {}", steps.join(", ")));
    }
    lines.push("what its callers asked for:".to_owned());
    let acts = evidence.acts.iter();
    lines.extend(acts.filter(|act| Some(act.journey) == number).map(act));
    lines.push("intake's log:".to_owned());
    let rows = evidence.intake.iter();
    lines.extend(rows.filter(|row| row.dossier == dossier).map(changed));
    lines.push("routing's log:".to_owned());
    let rows = evidence.routing.iter();
    lines.extend(rows.filter(|row| row.dossier == dossier).map(moved));
    lines.join("\n")
}

fn act(act: &Act) -> String {
    let answer = match &act.answer {
        None => "no answer".to_owned(),
        Some((at, Answer::Refused(reason))) => {
            format!("{:.3} s: refused, {reason}", at.as_secs_f64())
        }
        Some((at, Answer::Acknowledged(told))) => {
            let (transfer, epoch) = (&told.transfer, told.epoch);
            format!("{:.3} s: acknowledged {transfer} {epoch}", at.as_secs_f64())
        }
    };
    format!(
        "  {:.3} s {:?} by {} as {}, sent {} times; {answer}",
        act.sent.as_secs_f64(),
        act.kind,
        act.caller,
        act.request_id,
        act.tries
    )
}

fn changed(row: &Row<Change>) -> String {
    let change = row.change.as_ref().map(|change| format!("{change:?}"));
    let change: String = change.unwrap_or_default().chars().take(WIDTH).collect();
    format!("  {}:{} at {} {change}", row.shard, row.seq, row.at)
}

fn moved(row: &Row<Moved>) -> String {
    let Some(moved) = &row.change else {
        return format!("  {}:{} cannot be read", row.shard, row.seq);
    };
    let transfer = &moved.transfer;
    format!(
        "  {}:{} at {} {} {} {:?} {} → {} offer {} custody {}, responsible `{}`",
        row.shard,
        row.seq,
        row.at,
        transfer.step_key,
        transfer.uid,
        moved.event,
        transfer.from_unit_uid,
        transfer.to_unit_uid,
        transfer.offer_epoch,
        transfer.custody_epoch,
        moved.custodian
    )
}
