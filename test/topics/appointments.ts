import { defineTopic } from "@jobwire/shared";
import { openJobwire, type JobwireStore } from "@jobwire/server/topics";
import { z } from "zod";

const timeSchema = z.date().nullable();

/** Something happens with it by itself: it rings, it ends, it expires, and is dropped when it has ended long enough. */
const appointment = defineTopic("appointment", {
  key: z.object({ name: z.string() }),
  events: {
    "appointment.set": z.object({
      token: z.string(),
      at: timeSchema,
      ends: z.boolean(),
      until: timeSchema,
      group: z.string(),
    }),
    "appointment.rang": z.object({ token: z.string() }),
    "appointment.over": z.object({ token: z.string() }),
  },
  ends: ["appointment.over"],
  state: z.object({
    token: z.string(),
    at: timeSchema,
    ends: z.boolean(),
    until: timeSchema,
    group: z.string(),
    over: z.boolean(),
  }),
  apply(state, event) {
    if (event.type === "appointment.set") {
      const { token, at, ends, until, group } = event;
      return { token, at, ends, until, group, over: false };
    }
    if (!state) throw new Error("not set");
    return { ...state, at: null, over: event.type === "appointment.over" };
  },
});

export const retainMs = 3000;

export async function openAppointments(store: JobwireStore) {
  const errors: unknown[] = [];
  const jobwire = await openJobwire({ store, retainMs, onError: (error) => errors.push(error) });
  const appointments = jobwire.topic(appointment, {
    index: ({ group }) => [group],
    feeds: () => ["all"],
    due: ({ at }) => at,
    onDue: (_key, { token, ends }) => ({
      type: ends ? "appointment.over" : "appointment.rang",
      token,
    }),
    expires: ({ until }) => until,
  });
  return { jobwire, appointments, errors, [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
}

export type Appointments = Awaited<ReturnType<typeof openAppointments>>;
