//! The catalogue's figures, over its port and an embedded store: how long an import of the province takes, and how long a
//! search takes at its size and at 50,000 procedures. `cargo bench -p catalogue`.
#![expect(clippy::unwrap_used, reason = "a measurement")]

#[path = "../tests/rpcs/support.rs"]
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
mod support;

use std::time::Duration;

use futures::stream;
use hdrhistogram::Histogram;
use kit::clock;
use proto::catalogue::v1::{
    ExchangeFormat, ExportProceduresRequest, ImportProceduresRequest, SearchProceduresRequest,
};
use support::{Store, Suite};

/// The larger catalogue.
const MANY: usize = 50_000;
const SEARCHES: usize = 2_000;
/// The same where only its running is tested.
const FEW: (usize, usize) = (2_000, 20);
const PART: usize = 256 * 1024;
/// Lines of one import, which may have 64 MiB.
const LINES: usize = 10_000;
/// What people look for: a phrase, one without accents, words of which one is everywhere, a code, a beginning.
const TEXTS: [&str; 6] = [
    "đăng ký khai sinh",
    "cap giay phep xay dung",
    "thủ tục",
    "1.0011",
    "chung thuc",
    "đất nông nghiệp chuyển nhượng",
];

#[tokio::main]
async fn main() {
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (larger, searches) = if measures { (MANY, SEARCHES) } else { FEW };
    let store = Store::new().await;
    store.take_daklak();
    let began = clock::monotonic();
    store.import().await;
    println!("import of the province's files: {:?}", began.elapsed());
    let suite = Suite::beside_units(store).await;
    let lines = export(&suite).await;
    let other = Suite::beside_units(Store::new().await).await;
    let began = clock::monotonic();
    import(&other, lines.join("").as_bytes()).await;
    println!(
        "import of {} JSON lines by rpc: {:?}",
        lines.len(),
        began.elapsed()
    );
    println!(
        "search among {}: {}",
        lines.len(),
        searched(&suite, searches).await
    );
    let many: Vec<String> = (lines.len()..larger)
        .map(|number| copy(&lines, number))
        .collect();
    for some in many.chunks(LINES) {
        import(&suite, some.join("").as_bytes()).await;
    }
    println!(
        "search among {larger}: {}",
        searched(&suite, searches).await
    );
}

/// A line with a code of its own.
fn copy(lines: &[String], number: usize) -> String {
    let line = &lines[number % lines.len()];
    let (_, rest) = line.split_once("\"code\":\"").unwrap();
    let (code, _) = rest.split_once('"').unwrap();
    line.replace(&format!("\"{code}\""), &format!("\"9.{number:06}\""))
}

async fn export(suite: &Suite) -> Vec<String> {
    let request = ExportProceduresRequest {
        format: ExchangeFormat::JsonLines.into(),
    };
    let parts = suite.procedures().export_procedures(request).await;
    let (mut parts, mut file) = (parts.unwrap().into_inner(), Vec::new());
    while let Some(part) = parts.message().await.unwrap() {
        file.extend(part.chunk);
    }
    let file = String::from_utf8(file).unwrap();
    file.split_inclusive('\n').map(str::to_owned).collect()
}

async fn import(suite: &Suite, file: &[u8]) {
    let mut parts: Vec<_> = file
        .chunks(PART)
        .map(|chunk| ImportProceduresRequest {
            chunk: chunk.to_vec(),
            ..ImportProceduresRequest::default()
        })
        .collect();
    parts[0].request_id = clock::new_uid();
    parts[0].format = ExchangeFormat::JsonLines.into();
    let request = suite.as_admin(stream::iter(parts));
    suite.procedures().import_procedures(request).await.unwrap();
}

async fn searched(suite: &Suite, searches: usize) -> String {
    let mut procedures = suite.procedures();
    let mut times: Histogram<u64> = Histogram::new(3).unwrap();
    for turn in 0..searches {
        let request = SearchProceduresRequest {
            text: TEXTS[turn % TEXTS.len()].to_owned(),
            ..SearchProceduresRequest::default()
        };
        let began = clock::monotonic();
        procedures.search_procedures(request).await.unwrap();
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap();
        times.record(micros).unwrap();
    }
    let at = |quantile| Duration::from_micros(times.value_at_quantile(quantile));
    format!(
        "p50 {:?}, p99 {:?}, longest {:?}",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}
