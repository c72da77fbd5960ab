// winston-loki: Loki's push as snappy protobuf, in batches.
import { createRequire } from "node:module";

const [address, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const winston = require("winston");
const LokiTransport = require("winston-loki");

const transport = new LokiTransport({
    host: address,
    json: false,
    labels: { service_name: "orders" },
    interval: 1,
    gracefulShutdown: false,
    onConnectionError: (error) => {
        console.error(error);
        process.exit(1);
    },
});
const logger = winston.createLogger({ level: "debug", transports: [transport] });
for (let number = 0; number < 100; number++) {
    logger.info(`winston ${number}`);
}
logger.error("winston failed");
await transport.flush();
process.exit(0);
