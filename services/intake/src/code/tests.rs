use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn both_orders_of_a_code_are_read() {
    for text in [
        "000.00.12.H15-230425-0001",
        "H15.012.03-251120-0001",
        "H15.012.03.005-251120-0001",
        " 000.00.12.h15-170828-12345 ",
        // A central service of the agency 07.
        "G09.012.03-251120-070001",
    ] {
        assert!(DossierCode::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_code_is_refused() {
    let malformed = [
        "",
        "abc",
        "000.00.12.H15-170828",
        "000.00.12.H15-171328-0001",
        "000.00.12.H15-170828-001",
        "000.00.12.15H-170828-0001",
        "00.00.12.H15-170828-0001",
        "H15.12.03-251120-0001",
        "H15.012.03.05-251120-0001",
        "000.00.12.H15-170828-0001-1",
        "é00.00.12.H15-170828-0001",
    ];
    for text in malformed {
        assert!(DossierCode::parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_allotted_code_reads_back_with_its_day_and_number() {
    for date in ["2017-08-28", "2025-11-20"].map(day) {
        let code = DossierCode::allot("000.00.12.H15", date, 10_000);
        assert_eq!(DossierCode::parse(code.as_str()).as_ref(), Ok(&code));
        assert_eq!((code.date(), code.number()), (Some(date), Some(10_000)));
    }
}

#[test]
fn the_order_of_parts_is_that_of_the_rule_set_of_the_day() {
    let allotted = |unit, date| DossierCode::allot(unit, day(date), 1).to_string();
    for (unit, date, code) in [
        ("000.00.12.H15", "2017-08-28", "000.00.12.H15-170828-0001"),
        ("000.03.12.H15", "2025-09-14", "000.03.12.H15-250914-0001"),
        ("000.03.12.H15", "2025-09-15", "H15.012.03-250915-0001"),
        ("000.00.12.H15", "2025-09-15", "H15.012.00-250915-0001"),
        // No two units may have the same code.
        ("005.03.12.H15", "2025-09-15", "H15.012.03.005-250915-0001"),
        // What identity has of the new form is used as it is.
        ("H15.120.03", "2025-09-15", "H15.120.03-250915-0001"),
    ] {
        assert_eq!(allotted(unit, date), code);
    }
}

#[test]
fn a_fifth_digit_is_reported_where_the_rule_set_has_four() {
    let has_grown =
        |date, number| DossierCode::allot("000.00.12.H15", day(date), number).has_grown();
    assert!(!has_grown("2017-08-28", 9_999) && has_grown("2017-08-28", 10_000));
    assert!(!has_grown("2025-09-15", 10_000));
}
