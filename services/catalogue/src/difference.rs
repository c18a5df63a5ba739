//! In what two versions differ.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::procedure::Procedure;

/// One thing in which two versions differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, by keys: `cases[standard].limit.time.count`.
    pub path: String,
    /// What stood there, in JSON; empty where there was nothing.
    pub before: String,
    /// What stands there now.
    pub after: String,
}

/// Everything in which two versions differ, by path. What has a key is compared with what has the same key.
///
/// # Errors
/// Never, for what was read from a store.
pub fn between(
    before: &Procedure,
    after: &Procedure,
) -> Result<Vec<Difference>, serde_json::Error> {
    let mut differences = Vec::new();
    let (before, after) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    compare("", &before, &after, &mut differences);
    Ok(differences)
}

fn compare(path: &str, before: &Value, after: &Value, differences: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let parts = [before, after].map(|value| parts(path, value));
    let [Some(before_parts), Some(after_parts)] = parts else {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            value => value.to_string(),
        };
        return differences.push(Difference {
            path: path.to_owned(),
            before: text(before),
            after: text(after),
        });
    };
    let paths: BTreeSet<&String> = before_parts
        .iter()
        .chain(&after_parts)
        .map(|(path, _)| path)
        .collect();
    let count = differences.len();
    for path in paths {
        let of = |parts: &[(String, &Value)]| {
            let part = parts.iter().find(|(of, _)| of == path);
            part.map_or(Value::Null, |(_, value)| (*value).clone())
        };
        compare(path, &of(&before_parts), &of(&after_parts), differences);
    }
    if differences.len() == count {
        // The same parts stand in another order.
        differences.push(Difference {
            path: path.to_owned(),
            before: before.to_string(),
            after: after.to_string(),
        });
    }
}

/// The parts of an object, or of a list of things with keys of their own; `None` of anything else.
fn parts<'a>(path: &str, value: &'a Value) -> Option<Vec<(String, &'a Value)>> {
    match value {
        Value::Object(fields) => {
            let dot = if path.is_empty() { "" } else { "." };
            let part = |(name, value)| (format!("{path}{dot}{name}"), value);
            Some(fields.iter().map(part).collect())
        }
        Value::Array(items) => {
            let keyed = items.iter().map(|item| {
                let key = item.get("key")?.as_str()?;
                Some((format!("{path}[{key}]"), item))
            });
            let keyed: Vec<_> = keyed.collect::<Option<_>>()?;
            let keys: BTreeSet<&String> = keyed.iter().map(|(key, _)| key).collect();
            (keys.len() == keyed.len()).then_some(keyed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::tests::full;

    fn paths(change: fn(&mut Procedure)) -> Vec<String> {
        let (before, mut after) = (full("1.000001"), full("1.000001"));
        change(&mut after);
        let differences = between(&before, &after).unwrap();
        differences
            .into_iter()
            .map(|difference| difference.path)
            .collect()
    }

    #[test]
    fn what_is_the_same_does_not_differ() {
        assert!(paths(|_| {}).is_empty());
    }

    #[test]
    fn what_changed_is_told_by_the_keys_that_lead_there() {
        let changed = paths(|after| {
            after.name.push_str(" (mới)");
            after.cases[0].fees[0].name = "Lệ phí".to_owned();
            after.cases[1].key = "other".to_owned();
        });
        let expected = [
            "cases[other]",
            "cases[standard].fees[certificate].name",
            "cases[verify]",
            "name",
        ];
        assert_eq!(changed, expected);
        assert_eq!(paths(|after| after.cases.reverse()), ["cases"]);
    }

    #[test]
    fn a_difference_has_what_stood_there_and_what_stands_there_now() {
        let (before, mut after) = (full("1.000001"), full("1.000001"));
        after.result.clear();
        let differences = between(&before, &after).unwrap();
        assert_eq!(
            (
                differences[0].before.as_str(),
                differences[0].after.as_str()
            ),
            ("\"Giấy khai sinh\"", "")
        );
    }
}
