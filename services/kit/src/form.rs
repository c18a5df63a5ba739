//! Forms: a JSON Schema (2020-12) of what an applicant fills in, and what is wrong with what was filled in.

use jsonschema::error::{ValidationError, ValidationErrorKind as Kind};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::failure::Violation;

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
        let violations: Vec<Violation> = errors.flat_map(|error| self.violations(&error)).collect();
        if violations.is_empty() {
            return Ok(());
        }
        Err(violations)
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
