"""Elastic's own client, version 7 or 8, with its handshake and its bulk helper."""

import importlib
import sys

address, version = sys.argv[1], sys.argv[2]
elastic = importlib.import_module(f"elasticsearch{version}")
helpers = importlib.import_module(f"elasticsearch{version}.helpers")
client = elastic.Elasticsearch(address)
assert client.ping()
major = int(client.info()["version"]["number"].split(".")[0])
actions = [
    {
        "_op_type": "create",
        "_index": "shop",
        "_id": f"{version}-{number}",
        "@timestamp": f"2026-01-05T10:00:{number % 60:02}Z",
        "message": f"elastic{version} {number}",
        "log.level": "warn" if number == 7 else "info",
        "service.name": "orders",
        "number": number,
    }
    for number in range(100)
]
stored, errors = helpers.bulk(client, actions)
assert (stored, errors) == (100, []), (stored, errors)
# What is there already is not stored again, and the client hears so.
stored, errors = helpers.bulk(client, actions, raise_on_error=False)
assert all(error["create"]["status"] == 409 for error in errors), errors
print(major)
