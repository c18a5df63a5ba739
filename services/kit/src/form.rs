//! Forms: a JSON Schema (2020-12) of what an applicant fills in, and what is wrong with what was filled in.

use jsonschema::error::{ValidationError, ValidationErrorKind as Kind};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::failure::Violation;
use crate::text;

/// The field of a request that violations name.
const FIELD: &str = "form_data";
/// Of longer forms nobody reads the rest.
const MOST_FAULTS: usize = 100;

/// A form that can be filled in.
#[derive(Debug)]
pub struct Form {
    schema: Value,
    validator: Validator,
}

/// A schema that is no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Form {
    /// Reads a schema. Nothing is fetched, formats are checked, and patterns are of the kind that takes linear time.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(schema: &str) -> Result<Self, Malformed> {
        let schema: Value =
            serde_json::from_str(schema).map_err(|error| Malformed(error.to_string()))?;
        let validator = jsonschema::draft202012::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| Malformed(format!("{}: {error}", error.instance_path())))?;
        Ok(Self { schema, validator })
    }

    /// Checks what was filled in, in JSON.
    ///
    /// # Errors
    /// A violation for each field that is wrong.
    pub fn check(&self, filled: &str) -> Result<(), Vec<Violation>> {
        let filled = if filled.is_empty() { "{}" } else { filled };
        let filled: Value = serde_json::from_str(filled).map_err(|error| {
            let english = format!("is not JSON: {error}");
            vec![Violation::new(
                FIELD,
                "MALFORMED",
                english,
                "không phải là JSON",
            )]
        })?;
        let errors = self.validator.iter_errors(&filled).take(MOST_FAULTS);
        let mut violations: Vec<Violation> =
            errors.flat_map(|error| self.violations(&error)).collect();
        self.control_characters(&filled, &mut Vec::new(), &mut violations);
        if violations.is_empty() {
            return Ok(());
        }
        Err(violations)
    }

    /// Whether it has this field, `child.name`, by name.
    #[must_use]
    pub fn has_field(&self, path: &str) -> bool {
        let field = path.split('.').try_fold(&self.schema, |schema, name| {
            schema.get("properties")?.get(name)
        });
        field.is_some()
    }

    /// Nobody means to write them, and what shows or prints a form later stumbles over them. Lines may be broken.
    fn control_characters(
        &self,
        filled: &Value,
        path: &mut Vec<String>,
        violations: &mut Vec<Violation>,
    ) {
        if violations.len() >= MOST_FAULTS {
            return;
        }
        let is_control = |letter: char| letter.is_control() && !"\n\r\t".contains(letter);
        let named = |name: String, value| (name, value);
        let inner: Vec<(String, &Value)> = match filled {
            _ if path.last().is_some_and(|name| name.contains(is_control)) => {
                let text = (
                    "has a name with control characters; remove them",
                    "có tên chứa ký tự điều khiển; hãy xóa bỏ",
                );
                path.pop();
                violations.push(self.violation(path, "CONTROL_CHARACTER", text));
                path.push(String::new());
                return;
            }
            Value::String(text) if text.contains(is_control) => {
                let text = (
                    "has control characters; remove them",
                    "chứa ký tự điều khiển; hãy xóa bỏ",
                );
                violations.push(self.violation(path, "CONTROL_CHARACTER", text));
                return;
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(index, item)| named(index.to_string(), item))
                    .collect()
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(name, field)| named(name.clone(), field))
                    .collect()
            }
            _ => return,
        };
        for (name, value) in inner {
            path.push(name);
            self.control_characters(value, path, violations);
            path.pop();
        }
    }

    /// What an error of the library says of fields: of one that is missing, the missing one is named.
    fn violations(&self, error: &ValidationError<'_>) -> Vec<Violation> {
        let path: Vec<String> = segments(error.instance_path().as_str());
        let below = |name: &str| [path.as_slice(), &[name.to_owned()]].concat();
        match error.kind() {
            Kind::Required { property } => {
                let missing = below(property.as_str().unwrap_or_default());
                vec![self.violation(
                    &missing,
                    "REQUIRED",
                    ("must not be empty", "không được để trống"),
                )]
            }
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                let of = |name: &String| {
                    let text = ("is no field of the form", "không có trong biểu mẫu");
                    self.violation(&below(name), "UNKNOWN", text)
                };
                unexpected.iter().map(of).collect()
            }
            kind => {
                // The library's own text would repeat what was filled in.
                let english = format!("does not fit `{}` of the form", kind.keyword());
                vec![self.violation(&path, "FORM_VALUE", (&english, &vietnamese(kind)))]
            }
        }
    }

    fn violation(
        &self,
        path: &[String],
        reason: &'static str,
        (english, vietnamese): (&str, &str),
    ) -> Violation {
        let field = std::iter::once(FIELD).chain(path.iter().map(String::as_str));
        let field: Vec<&str> = field.collect();
        let title = self.title(path);
        Violation::new(
            field.join("."),
            reason,
            english,
            format!("{title} {vietnamese}"),
        )
    }

    /// What people call a field: its title in the form, else its name.
    fn title(&self, path: &[String]) -> String {
        let mut schema = &self.schema;
        for name in path {
            let property = schema.get("properties").and_then(|of| of.get(name));
            match property.or_else(|| schema.get("items")) {
                Some(inner) => schema = inner,
                None => return quoted(path.last()),
            }
        }
        match schema.get("title").and_then(Value::as_str) {
            Some(title) => format!("\"{title}\""),
            None => quoted(path.last()),
        }
    }
}

/// JSON with every string in it composed (NFC), however it was written or escaped; all else stays to the letter, and so does
/// what is no JSON.
#[must_use]
pub fn compose(filled: &str) -> String {
    let mut composed = String::with_capacity(filled.len());
    let mut rest = filled;
    while let Some((before, string, after)) = next_string(rest) {
        composed.push_str(before);
        let text = serde_json::from_str(string).map(|text: String| text::compose(&text));
        match text.and_then(|text| serde_json::to_string(&text)) {
            Ok(text) => composed.push_str(&text),
            Err(_) => composed.push_str(string),
        }
        rest = after;
    }
    composed + rest
}

/// The next string of a JSON text with its quotes, what stands before it and what follows.
fn next_string(json: &str) -> Option<(&str, &str, &str)> {
    let (before, string) = json.split_at_checked(json.find('"')?)?;
    let mut letters = string.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => {
                let (string, after) = string.split_at_checked(place + 1)?;
                return Some((before, string, after));
            }
            _ => {}
        }
    }
    None
}

fn quoted(name: Option<&String>) -> String {
    name.map_or_else(|| "biểu mẫu".to_owned(), |name| format!("\"{name}\""))
}

/// The names of a JSON pointer (RFC 6901).
fn segments(pointer: &str) -> Vec<String> {
    let names = pointer.split('/').skip(1);
    names
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn vietnamese(kind: &Kind) -> String {
    match kind {
        Kind::Type { .. } => "không đúng kiểu dữ liệu".to_owned(),
        Kind::Enum { .. } | Kind::Constant { .. } => "không thuộc các giá trị được chọn".to_owned(),
        Kind::Format { format } if format == "date" => "phải là ngày dạng YYYY-MM-DD".to_owned(),
        Kind::Format { .. } | Kind::Pattern { .. } => "không đúng định dạng".to_owned(),
        Kind::MaxLength { limit } => format!("dài quá {limit} ký tự"),
        Kind::MinLength { limit } => format!("phải có ít nhất {limit} ký tự"),
        Kind::Maximum { limit } => format!("phải nhỏ hơn hoặc bằng {limit}"),
        Kind::Minimum { limit } => format!("phải lớn hơn hoặc bằng {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("phải nhỏ hơn {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("phải lớn hơn {limit}"),
        Kind::MaxItems { limit } => format!("có nhiều nhất {limit} mục"),
        Kind::MinItems { limit } => format!("phải có ít nhất {limit} mục"),
        Kind::UniqueItems => "có mục bị trùng".to_owned(),
        _ => "không phù hợp với biểu mẫu".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIRTH: &str = r#"{
        "type": "object",
        "required": ["child"],
        "additionalProperties": false,
        "properties": {
            "child": {
                "type": "object",
                "title": "Người được khai sinh",
                "required": ["name", "born_on"],
                "properties": {
                    "name": {"type": "string", "title": "Họ, chữ đệm, tên", "minLength": 2},
                    "born_on": {"type": "string", "format": "date", "title": "Ngày sinh"}
                }
            }
        }
    }"#;

    #[test]
    fn what_is_filled_in_rightly_is_right() {
        let form = Form::parse(BIRTH).unwrap();
        let filled = r#"{"child": {"name": "Niê Kdăm", "born_on": "2017-08-28"}}"#;
        assert_eq!(form.check(filled), Ok(()));
    }

    #[test]
    fn a_field_is_known_by_its_path() {
        let form = Form::parse(BIRTH).unwrap();
        for known in ["child", "child.name", "child.born_on"] {
            assert!(form.has_field(known), "{known}");
        }
        for unknown in ["", "mother", "child.", "child.Niê Kdăm", "child.name.x"] {
            assert!(!form.has_field(unknown), "{unknown}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_as_the_form_calls_it() {
        let form = Form::parse(BIRTH).unwrap();
        let filled = r#"{"child": {"name": "x", "born_on": "28/8/2017"}, "mother": 1}"#;
        let violations = form.check(filled).unwrap_err();
        let mut told: Vec<_> = violations
            .iter()
            .map(|violation| (violation.field.as_str(), violation.vietnamese.as_str()))
            .collect();
        told.sort_unstable();
        let expected = [
            (
                "form_data.child.born_on",
                "\"Ngày sinh\" phải là ngày dạng YYYY-MM-DD",
            ),
            (
                "form_data.child.name",
                "\"Họ, chữ đệm, tên\" phải có ít nhất 2 ký tự",
            ),
            ("form_data.mother", "\"mother\" không có trong biểu mẫu"),
        ];
        assert_eq!(told, expected);
        let nothing = form.check("").unwrap_err();
        assert_eq!(
            (nothing[0].field.as_str(), nothing[0].vietnamese.as_str()),
            (
                "form_data.child",
                "\"Người được khai sinh\" không được để trống"
            )
        );
        assert!(form.check("[").is_err());
    }

    #[test]
    fn every_string_is_composed_however_it_is_escaped_and_all_else_stays_to_the_letter() {
        for (filled, composed) in [
            (
                "{\"te\u{302}n\" : \"\u{110}a\u{306}k\"}",
                "{\"tên\" : \"\u{110}\u{103}k\"}",
            ),
            (
                r#"{"a": "e\u0302", "n": 1.10, "b": 12345678901234567890}"#,
                "{\"a\": \"ê\", \"n\": 1.10, \"b\": 12345678901234567890}",
            ),
            (
                r#"["\\", "\"", "x\n", "\u0000"]"#,
                r#"["\\", "\"", "x\n", "\u0000"]"#,
            ),
            (r#"{"open: 1, "x"#, r#"{"open: 1, "x"#),
            ("", ""),
        ] {
            assert_eq!(compose(filled), composed, "{filled}");
        }
    }

    #[test]
    fn control_characters_are_found_at_any_depth_and_lines_may_be_broken() {
        let form = Form::parse("true").unwrap();
        let violations = form.check(r#"{"a": [{"b": "x\u0000"}], "c": "two\nlines"}"#);
        let violations = violations.unwrap_err();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].field, "form_data.a.0.b");
        assert_eq!(violations[0].reason, "CONTROL_CHARACTER");
        let named = form.check(r#"{"a": {"b\u0001": 1}}"#).unwrap_err();
        assert_eq!((named.len(), named[0].field.as_str()), (1, "form_data.a"));
        let many = format!("[{}1]", r#""\u0001","#.repeat(5_000));
        assert_eq!(form.check(&many).unwrap_err().len(), MOST_FAULTS);
    }

    #[test]
    fn nesting_ends_somewhere() {
        let form = Form::parse("true").unwrap();
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert_eq!(form.check(&deep).unwrap_err()[0].reason, "MALFORMED");
    }

    #[test]
    fn nothing_that_was_filled_in_stands_in_the_english_text() {
        let form = Form::parse(BIRTH).unwrap();
        let violations = form.check(r#"{"child": "Niê Kdăm"}"#).unwrap_err();
        assert!(!violations[0].english.contains("Kdăm"), "{violations:?}");
    }

    #[test]
    fn what_is_no_schema_is_no_form_and_nothing_is_fetched() {
        for schema in [
            "{",
            r#"{"type": "text"}"#,
            r#"{"$ref": "https://example.org/form.json"}"#,
            r#"{"pattern": "(a)\\1"}"#,
        ] {
            assert!(Form::parse(schema).is_err(), "{schema}");
        }
    }
}
