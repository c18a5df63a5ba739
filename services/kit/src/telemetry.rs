//! Traces and logs. Never a body, a name, an identity number, a token or an SQL value.

use std::io;

use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The environment variable that names the collector; without it spans are made but not sent.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Sends what is left when it is dropped.
pub struct Telemetry(SdkTracerProvider);

impl Drop for Telemetry {
    fn drop(&mut self) {
        // Nothing is listening any more that could be told of a failure.
        let _ = self
            .0
            .shutdown_with_timeout(std::time::Duration::from_secs(2));
    }
}

/// Starts logging in JSON lines to standard error, and tracing by OTLP where a collector is named.
///
/// # Errors
/// When the collector's address is no address.
pub fn start(service: &'static str) -> Result<Telemetry, opentelemetry_otlp::ExporterBuildError> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.name", service))
        .build();
    let mut provider = SdkTracerProvider::builder().with_resource(resource);
    if std::env::var_os(ENDPOINT).is_some() {
        provider = provider.with_batch_exporter(SpanExporter::builder().with_tonic().build()?);
    }
    let provider = provider.build();
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("motcua"));
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(io::stderr);
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process, as tests make it, keeps the first.
    let _ = tracing_subscriber::registry()
        // Quieter logs take no trace id from replies and history.
        .with(traces.with_filter(LevelFilter::INFO))
        .with(logs.with_filter(filter))
        .try_init();
    Ok(Telemetry(provider))
}

/// The W3C trace context of the current span; empty when there is none.
#[must_use]
pub fn traceparent() -> String {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return String::new();
    }
    format!(
        "00-{}-{}-{:02x}",
        span.trace_id(),
        span.span_id(),
        span.trace_flags().to_u8()
    )
}

/// The trace id within a W3C trace context; empty when there is none.
#[must_use]
pub fn trace_id(traceparent: &str) -> &str {
    traceparent.split('-').nth(1).unwrap_or_default()
}

/// Makes a span the child of the caller's, where the caller sent its trace context.
pub fn adopt_parent(span: &Span, headers: &http::HeaderMap) {
    let context: Context = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&Headers(headers))
    });
    // Without a tracing subscriber there is no span to adopt.
    let _ = span.set_parent(context);
}

struct Headers<'a>(&'a http::HeaderMap);

impl opentelemetry::propagation::Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
