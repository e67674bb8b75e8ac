/** Leaves on a signal, so that a profiler can write what it has, and after 15 minutes in any case. */
export function boundLifetime(): void {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit());
  setTimeout(() => process.exit(), 15 * 60_000).unref();
}
