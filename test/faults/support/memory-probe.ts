/** Loaded into a server of a run, with --expose-gc: on SIGUSR2 it says how much memory is really in use. */
process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ msg: "memory in use", bytes: heapUsed + external })}\n`);
});
