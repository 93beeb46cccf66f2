import { defineTopic } from "@jobwire/shared";
import { openJobwire, type JobwireStore } from "@jobwire/server/topics";
import { z } from "zod";

/** Rings once at its time, and again as often as it is told to. */
export const alarm = defineTopic("alarm", {
  key: z.object({ alarmId: z.string() }),
  events: { "alarm.set": z.object({ at: z.date() }), "alarm.rang": z.object({ by: z.string() }) },
  state: z.object({ at: z.date(), rings: z.number() }),
  apply: (state, event) =>
    event.type === "alarm.set"
      ? { at: event.at, rings: state?.rings ?? 0 }
      : { at: state?.at ?? event.timestamp, rings: (state?.rings ?? 0) + 1 },
});

export async function openAlarms(store: JobwireStore, by: string, errors: unknown[] = []) {
  const jobwire = await openJobwire({ store, onError: (error) => errors.push(error) });
  const alarms = jobwire.topic(alarm, {
    due: ({ at, rings }) => (rings === 0 ? at : null),
    onDue: ({ alarmId }) => {
      if (alarmId === "broken") throw new RangeError("broken");
      return alarmId === "silent" ? [] : { type: "alarm.rang", by };
    },
  });
  return { jobwire, alarms, errors, [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
}
