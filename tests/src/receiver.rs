//! A small OTLP collector: it keeps every span and metric that a suite sends, for tests to look at.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::suite::Suite;

/// How long a test waits for what it looks for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The collector. It ends with its test.
pub struct Receiver {
    address: SocketAddr,
    received: Arc<Received>,
}

/// Everything that came.
#[derive(Default)]
struct Received {
    traces: Mutex<Vec<ExportTraceServiceRequest>>,
    metrics: Mutex<Vec<ExportMetricsServiceRequest>>,
    arrived: Notify,
}

struct Inbox(Arc<Received>);

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut traces = self.0.traces.lock().unwrap_or_else(PoisonError::into_inner);
        traces.push(request.into_inner());
        self.0.arrived.notify_waiters();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Inbox {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut metrics = self
            .0
            .metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        metrics.push(request.into_inner());
        self.0.arrived.notify_waiters();
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl Receiver {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let received = Arc::new(Received::default());
        let serving = Server::builder()
            .add_service(TraceServiceServer::new(Inbox(Arc::clone(&received))))
            .add_service(MetricsServiceServer::new(Inbox(Arc::clone(&received))))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        Self { address, received }
    }

    /// Has the next runs of a suite send here, several times a second.
    pub fn listen_to(&self, suite: &mut Suite) {
        let here = format!("http://{}", self.address);
        suite.set("OTEL_EXPORTER_OTLP_ENDPOINT", here);
        suite.set("OTEL_BSP_SCHEDULE_DELAY", "100");
        suite.set("OTEL_METRIC_EXPORT_INTERVAL", "200");
    }

    /// Waits until `look` finds something in what came so far.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let found = async {
            loop {
                let arrived = self.received.arrived.notified();
                if let Some(found) = look(self) {
                    return found;
                }
                arrived.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("no {what} came; these spans did: {:#?}", self.outline()))
    }

    /// Every span that came.
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.received.traces.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        let spans = requests
            .iter()
            .flat_map(|request| &request.resource_spans)
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| &scope.spans);
        spans.cloned().collect()
    }

    /// Every state of every metric that came.
    pub fn metrics(&self) -> Vec<Metric> {
        let requests = self.received.metrics.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        let metrics = requests
            .iter()
            .flat_map(|request| &request.resource_metrics)
            .flat_map(|resource| &resource.scope_metrics)
            .flat_map(|scope| &scope.metrics);
        metrics.cloned().collect()
    }

    /// What the spans and metrics say of the process that sent them.
    pub fn resources(&self) -> Vec<Vec<KeyValue>> {
        let requests = self.received.traces.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        let spans = requests
            .iter()
            .flat_map(|request| &request.resource_spans)
            .flat_map(|resource| &resource.resource);
        spans.map(|resource| resource.attributes.clone()).collect()
    }

    /// Everything that came, as it came: names, attributes, events, links, states.
    pub fn bytes(&self) -> Vec<u8> {
        let traces = self.received.traces.lock();
        let traces = traces.unwrap_or_else(PoisonError::into_inner);
        let metrics = self.received.metrics.lock();
        let metrics = metrics.unwrap_or_else(PoisonError::into_inner);
        let spans = traces.iter().flat_map(prost::Message::encode_to_vec);
        let states = metrics.iter().flat_map(prost::Message::encode_to_vec);
        spans.chain(states).collect()
    }

    fn outline(&self) -> Vec<String> {
        let spans = self.spans().into_iter();
        spans
            .map(|span| {
                let (trace, id) = (hex(&span.trace_id), hex(&span.span_id));
                format!("{trace} {} > {id} {}", hex(&span.parent_span_id), span.name)
            })
            .collect()
    }
}

/// The value of an attribute as text; empty when there is none.
pub fn attribute(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found
        .and_then(|attribute| attribute.value.as_ref())
        .and_then(|value| value.value.as_ref())
    {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(_) | None => String::new(),
    }
}

/// The points of a metric: what each is told by, and its value (of a histogram: how often it was recorded).
pub fn points(metric: &Metric) -> Vec<(Vec<KeyValue>, f64)> {
    let number = |value: &Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsDouble(number)) => *number,
        #[expect(clippy::cast_precision_loss, reason = "counts in tests are small")]
        Some(number_data_point::Value::AsInt(number)) => *number as f64,
        None => f64::NAN,
    };
    match &metric.data {
        Some(metric::Data::Gauge(gauge)) => gauge
            .data_points
            .iter()
            .map(|point| (point.attributes.clone(), number(&point.value)))
            .collect(),
        Some(metric::Data::Sum(sum)) => sum
            .data_points
            .iter()
            .map(|point| (point.attributes.clone(), number(&point.value)))
            .collect(),
        #[expect(clippy::cast_precision_loss, reason = "counts in tests are small")]
        Some(metric::Data::Histogram(histogram)) => histogram
            .data_points
            .iter()
            .map(|point| (point.attributes.clone(), point.count as f64))
            .collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Bytes of an id as a trace context writes them.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
