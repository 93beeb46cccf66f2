import { DamagedRecords } from "../../server/src/damaged-records.js";

/** For tests in which every record can be read. */
export const noDamage = new DamagedRecords((key, error) => {
  throw new Error(`The record ${key} cannot be read.`, { cause: error });
});
