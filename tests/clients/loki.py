"""python-logging-loki: Loki's push as JSON."""

import logging
import sys

import logging_loki

handler = logging_loki.LokiHandler(
    url=f"{sys.argv[1]}/loki/api/v1/push", tags={"service_name": "orders"}, version="1"
)
# What fails is to be seen.
handler.handleError = lambda record: sys.exit("a record was not accepted")
logger = logging.getLogger("shop")
logger.setLevel(logging.DEBUG)
logger.addHandler(handler)
for number in range(20):
    logger.info("loki %d", number)
logger.error("loki failed")
