/** A worker program that does not end when it is told to, but with its parent. */
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
process.once("disconnect", () => process.exit(0));
process.stdout.write("the stubborn worker runs\n");
