"""OpenTelemetry's own SDK and exporter: logs over OTLP/HTTP, protobuf, gzip."""

import logging
import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

address = sys.argv[1]
provider = LoggerProvider(
    resource=Resource.create({"service.name": "orders", "host.name": "web-1"})
)
exporter = OTLPLogExporter(endpoint=f"{address}/v1/logs", compression=Compression.Gzip)
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logger = logging.getLogger("shop")
logger.setLevel(logging.DEBUG)
logger.addHandler(LoggingHandler(logger_provider=provider))
with TracerProvider().get_tracer("shop").start_as_current_span("order") as span:
    context = span.get_span_context()
    for number in range(100):
        logger.info("otlp %d", number, extra={"number": number})
    logger.error("otlp failed")
provider.shutdown()
print(f"{context.trace_id:032x}")
