//! The table as text: what differs between two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The mark of every rpc, column and role.
type Cells<'a> = BTreeMap<(&'a str, &'a str, &'a str), &'a str>;

/// Every cell in which two tables differ, those of an rpc together: `column: expected → told: roles`.
pub fn differences(expected: &str, told: &str) -> String {
    let (expected, told) = (cells(expected), cells(told));
    let places: BTreeSet<_> = expected.keys().chain(told.keys()).collect();
    let mut differ: BTreeMap<_, BTreeMap<_, Vec<&str>>> = BTreeMap::new();
    for place in places {
        let mark = |cells: &Cells<'_>| cells.get(place).copied().unwrap_or("nothing").to_owned();
        let marks = (mark(&expected), mark(&told));
        if marks.0 != marks.1 {
            let (rpc, column, role) = *place;
            let rpc = differ.entry(rpc).or_default();
            rpc.entry((column, marks)).or_default().push(role);
        }
    }
    if differ.is_empty() {
        return "no mark differs: only how it is written".to_owned();
    }
    let mut text = String::new();
    for (rpc, cells) in differ {
        let _ = writeln!(text, "{rpc}");
        for ((column, (expected, told)), roles) in cells {
            let roles = roles.join(" ");
            let _ = writeln!(text, "  {column}: {expected} → {told}: {roles}");
        }
    }
    text
}

/// The cells of a table, without the lines that say how to read it.
fn cells(table: &str) -> Cells<'_> {
    let mut cells = Cells::new();
    for block in table.split("\n\n").skip(1) {
        let mut lines = block.lines();
        let rpc = lines.next().unwrap_or_default();
        let columns = words(lines.next().unwrap_or_default());
        for line in lines {
            let mut marks = words(line);
            let roles = marks.pop().unwrap_or_default();
            for role in roles.split(' ') {
                let row = columns.iter().zip(&marks);
                cells.extend(row.map(|(column, mark)| ((rpc, *column, role), *mark)));
            }
        }
    }
    cells
}

/// What stands in a line between two spaces or more.
fn words(line: &str) -> Vec<&str> {
    let words = line.split("  ").map(str::trim);
    words.filter(|word| !word.is_empty()).collect()
}

#[test]
fn what_differs_is_told_by_cell_and_alike_roles_together() {
    let table = |desk: &str| {
        let heading = "# how\n\na/B\n  desk       its unit\n";
        format!(
            "{heading}  {desk}       no         leader clerk\n  -          -          cashier\n"
        )
    };
    assert_eq!(
        differences(&table("yes"), &table("yes")),
        "no mark differs: only how it is written"
    );
    assert_eq!(
        differences(&table("yes"), &table("state")),
        "a/B\n  desk: yes → state: clerk leader\n"
    );
}
