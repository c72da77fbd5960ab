"""splunk-handler: Splunk's HTTP event collector."""

import logging
import sys
from urllib.parse import urlsplit

from splunk_handler import SplunkHandler

address = urlsplit(sys.argv[1])
handler = SplunkHandler(
    host=address.hostname, port=str(address.port), token="any", index="main", protocol="http",
    hostname="web-1", source="shop", sourcetype="orders", verify=False, flush_interval=0.2,
)
logger = logging.getLogger("shop")
logger.setLevel(logging.DEBUG)
logger.addHandler(handler)
for number in range(100):
    logger.info("splunk %d", number)
handler.shutdown()
