/** Loaded before a program whose clock is to differ: by `CLOCK_AHEAD_MS` milliseconds from that of the machine. */
const aheadMs = Number(process.env["CLOCK_AHEAD_MS"]);

globalThis.Date = new Proxy(Date, {
  construct: (target, given: unknown[], subclass) =>
    Reflect.construct(target, given.length === 0 ? [target.now() + aheadMs] : given, subclass) as object,
  get: (target, name) =>
    name === "now" ? () => target.now() + aheadMs : (Reflect.get(target, name) as unknown),
});
