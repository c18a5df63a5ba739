//! Logs: one JSON object a line on standard error, with the trace and span under which it was written.

use std::fmt;
use std::io;

use opentelemetry::trace::TraceContextExt as _;
use tracing::span::Record;
use tracing::{Event, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// Libraries that write headers, with the tokens in them, statements or frames where they are asked for more than this.
const TALKATIVE: [&str; 12] = [
    "axum",
    "h2",
    "hyper",
    "hyper_util",
    "redis",
    "rustls",
    "sea_orm",
    "sea_orm_migration",
    "sqlx",
    "tonic",
    "tower",
    "tower_http",
];

/// Writes what `RUST_LOG` asks for; `info` when it asks for nothing.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let allowed = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(TALKATIVE.map(|library| (library, LevelFilter::INFO)));
    tracing_subscriber::fmt::layer()
        .json()
        .with_span_list(false)
        .fmt_fields(AtBirth(JsonFields::new()))
        .map_event_format(Traced)
        .with_writer(io::stderr)
        .with_filter(wanted.and(allowed))
}

/// A line tells of its span what that began with. What is recorded later is for traces: every call does so once at its end, and
/// here all that was written before would be read and written anew each time.
struct AtBirth(JsonFields);

impl<'a> FormatFields<'a> for AtBirth {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }

    fn add_fields(&self, _: &'a mut FormattedFields<Self>, _: &Record<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Puts `trace_id` and `span_id` at the head of a JSON line.
struct Traced<F>(F);

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let current = Span::current().context();
        let span = current.span().span_context().clone();
        match line.strip_prefix('{') {
            Some(rest) if span.is_valid() => {
                let (trace, span) = (span.trace_id(), span.span_id());
                write!(
                    writer,
                    r#"{{"trace_id":"{trace}","span_id":"{span}",{rest}"#
                )
            }
            Some(_) | None => writer.write_str(&line),
        }
    }
}
