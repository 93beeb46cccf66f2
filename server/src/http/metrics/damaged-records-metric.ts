import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import { DamagedRecords } from "../../damaged-records.js";

/** Logs and counts each record of the store that cannot be read. */
export function watchDamagedRecords(log: Logger, registry: Registry): DamagedRecords {
  const count = new Counter({
    name: "store_damaged_records_total",
    help: "Records in the store that this process could not read and leaves out, each counted once",
    registers: [registry],
  });
  return new DamagedRecords((key, error) => {
    count.inc();
    log.error({ key, err: error }, "a record in the store cannot be read; it is left out");
  });
}
