//! `ImportProcedures` and `ExportProcedures`.

use futures::stream;
use kit::clock;
use proto::catalogue::v1::{
    ExchangeFormat, ExportProceduresRequest, GetProcedureRequest, ImportProceduresRequest,
    ImportProceduresResponse, OnlineLevel, SetOnlineLevelRequest,
};
use tonic::{Code, Response, Status};

use crate::support::{Store, Suite, refused, violations};

pub const PART: usize = 256 * 1024;

async fn export(suite: &Suite, format: ExchangeFormat) -> Vec<u8> {
    let request = ExportProceduresRequest {
        format: format.into(),
    };
    let mut chunks = suite
        .procedures()
        .export_procedures(request)
        .await
        .unwrap()
        .into_inner();
    let mut file = Vec::new();
    while let Some(part) = chunks.message().await.unwrap() {
        file.extend(part.chunk);
    }
    file
}

pub async fn import(
    suite: &Suite,
    (format, file): (ExchangeFormat, &[u8]),
    dry_run: bool,
) -> Result<Response<ImportProceduresResponse>, Status> {
    let mut parts: Vec<_> = file
        .chunks(PART)
        .map(|chunk| ImportProceduresRequest {
            chunk: chunk.to_vec(),
            ..ImportProceduresRequest::default()
        })
        .collect();
    let first = &mut parts[0];
    first.request_id = clock::new_uid();
    first.format = format.into();
    first.dry_run = dry_run;
    let request = suite.as_admin(stream::iter(parts));
    suite.procedures().import_procedures(request).await
}

fn line(number: i32, from: &str, name: &str) -> String {
    format!(
        r#"{{"versions":[{{"number":{number},"from":"{from}","procedure":{{"code":"1.000001","name":"{name}","field":"Hộ tịch","level":"commune","lead_unit":"daklak-0003","vertical_agency":true,"cases":[{{"key":"standard","name":"Chung","limit":{{"time":{{"unit":"same_day"}}}}}}]}}}}]}}"#
    )
}

#[tokio::test]
async fn the_whole_province_goes_through_both_forms_without_loss() {
    let suite = Suite::beside_units(Store::of_daklak().await).await;
    let full = SetOnlineLevelRequest {
        request_id: clock::new_uid(),
        code: "1.001193".to_owned(),
        expected_revision: 0,
        online_level: Some(OnlineLevel {
            valid_from: "2022-07-01".to_owned(),
            level: 4,
            ..OnlineLevel::default()
        }),
    };
    suite
        .procedures()
        .set_online_level(suite.as_admin(full))
        .await
        .unwrap();
    for format in [ExchangeFormat::JsonLines, ExchangeFormat::Csv] {
        let file = export(&suite, format).await;
        let other = Suite::beside_units(Store::new().await).await;
        let tried = import(&other, (format, &file), true)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            (tried.procedures, tried.changed, tried.dry_run),
            (1_565, 1_565, true)
        );
        assert_eq!(
            export(&other, format).await.len(),
            export_of_nothing(format)
        );
        let taken = import(&other, (format, &file), false)
            .await
            .unwrap()
            .into_inner();
        assert_eq!((taken.changed, taken.published), (1_565, 1_565));
        assert_eq!(first_difference(&export(&other, format).await, &file), None);
        let again = import(&other, (format, &file), false)
            .await
            .unwrap()
            .into_inner();
        assert_eq!((again.procedures, again.changed), (1_565, 0));
    }
}

/// The first lines of two files that differ.
fn first_difference(one: &[u8], other: &[u8]) -> Option<(String, String)> {
    let lines = |file: &[u8]| {
        String::from_utf8_lossy(file)
            .lines()
            .map(str::to_owned)
            .collect()
    };
    let (one, other): (Vec<String>, Vec<String>) = (lines(one), lines(other));
    assert_eq!(one.len(), other.len());
    let mut pairs = one.into_iter().zip(other);
    pairs.find(|(one, other)| one != other)
}

fn export_of_nothing(format: ExchangeFormat) -> usize {
    match format {
        ExchangeFormat::Csv => "code,version,from,until,online,local_code,name,name_en,field,legal_bases,level,\
            lead_unit,vertical_agency,result,applicants,case,case_name,limit,route,components,fees,form\n"
            .len(),
        _ => 0,
    }
}

#[tokio::test]
async fn a_published_version_is_never_written_over_and_the_next_is_added() {
    let suite = Suite::beside_units(Store::new().await).await;
    let take = async |line: String| {
        let file = (ExchangeFormat::JsonLines, line.as_bytes());
        import(&suite, file, false).await
    };
    take(line(1, "2017-01-01", "Một")).await.unwrap();
    let other = take(line(1, "2017-01-01", "Hai")).await;
    assert_eq!(
        violations(other, "IMPORT_INVALID")[0].1,
        "VERSION_IMMUTABLE"
    );
    take(line(2, "2018-06-21", "Hai")).await.unwrap();
    let request = GetProcedureRequest {
        code: "1.000001".to_owned(),
        as_of: "2018-06-20".to_owned(),
        ..GetProcedureRequest::default()
    };
    let found = suite.procedures().get_procedure(request).await.unwrap();
    let found = found.into_inner().procedure.unwrap();
    assert_eq!(
        (
            found.name.as_str(),
            found.version.unwrap().valid_to.as_str()
        ),
        ("Một", "2018-06-20")
    );
}

#[tokio::test]
async fn every_fault_of_every_line_is_named_and_nothing_is_taken_in() {
    let suite = Suite::beside_units(Store::new().await).await;
    let (good, unknown) = (line(1, "2017-01-01", "Một"), line(1, "2017-01-01", ""));
    let unknown = unknown
        .replace("1.000001", "1.000002")
        .replace("daklak-0003", "nowhere");
    let later = line(3, "2017-01-01", "Ba").replace("1.000001", "1.000003");
    let twice = good.clone();
    let file = [good, unknown, later, twice].join("\n");
    let reply = import(&suite, (ExchangeFormat::JsonLines, file.as_bytes()), false).await;
    let found = violations(reply, "IMPORT_INVALID");
    let found: Vec<_> = found
        .iter()
        .map(|(field, reason)| (field.as_str(), reason.as_str()))
        .collect();
    let expected = [
        ("lines[2].versions[1].name", "REQUIRED"),
        ("lines[2].versions[1].lead_unit", "UNIT_UNKNOWN"),
        ("lines[3].versions[3].number", "NUMBER_WRONG"),
        ("lines[4].code", "CODE_TAKEN"),
    ];
    assert_eq!(found, expected);
    let malformed = (ExchangeFormat::JsonLines, b"{}\n[".as_slice());
    let found = violations(import(&suite, malformed, false).await, "IMPORT_INVALID");
    assert_eq!(found.len(), 2);
    assert!(export(&suite, ExchangeFormat::JsonLines).await.is_empty());
}

#[tokio::test]
async fn only_administrators_import_and_a_form_must_be_named() {
    let suite = Suite::serve(Store::new().await).await;
    let nothing = stream::iter([ImportProceduresRequest::default()]);
    let reply = suite.procedures().import_procedures(nothing).await;
    refused(reply, Code::Unauthenticated, "TOKEN_MISSING");
    let reply = import(&suite, (ExchangeFormat::Unspecified, b"{}"), false).await;
    refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
}
