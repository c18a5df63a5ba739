//! Traces, metrics and logs. Never a body, a name, an identity number, a token or an SQL value.
//!
//! One trace leads from the caller's rpc to the unit that accepts: each step hands its W3C trace context on, in the metadata of
//! a call, in the envelope of an event, beside the key of an offer. A batch serves many callers, so its span is the child of
//! none and links all of them. Spans and metrics go to the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names; the other
//! settings of the OpenTelemetry SDK hold too, such as `OTEL_TRACES_SAMPLER` and `OTEL_METRIC_EXPORT_INTERVAL`.

mod lag;
mod logs;
pub mod metrics;
mod rpc;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use lag::Lag;
pub use rpc::{OTHER, Served};

use crate::clock;

/// The environment variable that names the collector. Without it a span has its numbers, which replies, logs and history tell,
/// and nothing else of it is kept, unless the caller or [`SAMPLER`] asks for more.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The environment variable that says which traces are kept.
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
/// The header, and the key of every other carrier, of the W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// How long the end of the process waits for a collector to take what is left.
const FLUSH: Duration = Duration::from_secs(2);

/// Sends what is left when it is dropped.
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let (traces, metrics) = (self.traces.clone(), self.metrics.clone());
        let (done, ended) = mpsc::channel();
        // Not on this thread: against a collector that hangs the exporters keep to no time of their own.
        thread::spawn(move || {
            let _ = traces.shutdown_with_timeout(FLUSH);
            let _ = metrics.shutdown();
            let _ = done.send(());
        });
        // Nothing is listening any more that could be told of a failure.
        let _ = ended.recv_timeout(FLUSH);
    }
}

/// Starts logging in JSON lines to standard error, and traces and metrics by OTLP where a collector is named. `service` is the
/// `service.name` that they are told under.
///
/// # Errors
/// When the collector's address is no address.
pub fn start(service: &str) -> Result<Telemetry, ExporterBuildError> {
    let resource = resource(service);
    let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
    let mut metrics = SdkMeterProvider::builder().with_resource(resource);
    if std::env::var_os(ENDPOINT).is_some() {
        traces = traces.with_batch_exporter(SpanExporter::builder().with_tonic().build()?);
        metrics = metrics.with_periodic_exporter(MetricExporter::builder().with_tonic().build()?);
    } else if std::env::var_os(SAMPLER).is_none() {
        traces = traces.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)));
    }
    let (traces, metrics) = (traces.build(), metrics.build());
    global::set_meter_provider(metrics.clone());
    let spans = tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        // Nobody asks for a context of the thread's own, and each entry of a span would pay for it.
        .with_context_activation(false)
        .with_tracer(traces.tracer("motcua"));
    // A second start in one process, as tests make it, keeps the first.
    let _ = tracing_subscriber::registry()
        // Quieter logs take no trace id from replies and history.
        .with(spans.with_filter(LevelFilter::INFO))
        .with(logs::layer())
        .try_init();
    Ok(Telemetry { traces, metrics })
}

/// What every span and metric says of the process; `OTEL_RESOURCE_ATTRIBUTES` adds to it and has the last word.
fn resource(service: &str) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service.to_owned()),
            KeyValue::new("service.instance.id", clock::new_uid()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .with_detector(Box::new(EnvResourceDetector::new()))
        .build()
}

/// The W3C trace context of the current span; empty when there is none.
#[must_use]
pub fn traceparent() -> String {
    traceparent_of(&Span::current())
}

/// The W3C trace context of a span; empty when it is not traced.
#[must_use]
pub fn traceparent_of(span: &Span) -> String {
    let context = span.context();
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

/// Makes a span the child of the one that this W3C trace context names, where it names one. To be called before the span is
/// entered.
pub fn adopt(span: &Span, traceparent: &str) {
    if traceparent.is_empty() {
        return;
    }
    // Without a tracing subscriber there is no span to adopt.
    let _ = span.set_parent(context_of(traceparent));
}

/// Links the current span to the one that this W3C trace context names.
pub fn link(traceparent: &str) {
    let context = context_of(traceparent);
    Span::current().add_link(context.span().span_context().clone());
}

/// Links the current span to another.
pub fn link_to(other: &Span) {
    let context = other.context();
    Span::current().add_link(context.span().span_context().clone());
}

fn context_of(traceparent: &str) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(traceparent))
}

/// A trace context without its `tracestate`: whatever a caller writes there would be told on.
struct Carrier<'a>(&'a str);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
