"""OpenTelemetry's own SDK and exporters over gRPC: logs with gzip, and traces and metrics, whose
exporters must not fail or try again for ever."""

import logging
import sys
import time

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from grpc import Compression

address, token = sys.argv[1:]
to = {
    "endpoint": f"http://{address}",
    "insecure": True,
    "headers": (("authorization", f"Bearer {token}"),),
    "compression": Compression.Gzip,
}


class Complaints(logging.Handler):
    said = []

    def emit(self, record):
        if record.levelno >= logging.WARNING and record.name.startswith("opentelemetry"):
            Complaints.said.append(record.getMessage())


logging.getLogger("opentelemetry").addHandler(Complaints())
resource = Resource.create({"service.name": "orders", "host.name": "web-1"})
provider = LoggerProvider(resource=resource)
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**to)))
logger = logging.getLogger("shop")
logger.setLevel(logging.DEBUG)
logger.addHandler(LoggingHandler(logger_provider=provider))
traces = TracerProvider(resource=resource)
traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**to)))
metrics = MeterProvider(
    resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(**to))]
)
metrics.get_meter("shop").create_counter("orders").add(3)
began = time.monotonic()
for number in range(100):
    with traces.get_tracer("shop").start_as_current_span("order"):
        logger.info("otlp %d", number, extra={"number": number})
logger.error("otlp failed")
provider.shutdown()
assert traces.force_flush(), "the spans were not taken"
traces.shutdown()
assert metrics.force_flush(), "the metrics were not taken"
metrics.shutdown()
assert not Complaints.said, Complaints.said
print(f"{time.monotonic() - began:.1f}")
