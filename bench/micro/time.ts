/** Nanoseconds that one call takes: the best of several rounds, because whatever disturbs a round makes it longer. */
export function nanoseconds(calls: number, call: () => void, rounds = 7): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    for (let done = 0; done < calls; done += 1) call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  return best;
}

export function print(what: string, ns: number): void {
  const shown = ns >= 1_000 ? `${(ns / 1_000).toFixed(2)} µs` : `${ns.toFixed(1)} ns`;
  process.stdout.write(`${what.padEnd(64)} ${shown.padStart(10)}\n`);
}
