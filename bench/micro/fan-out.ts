/*
 * What a delivery costs without sockets, from the publisher's frame to the write: node bench/micro/fan-out.ts
 */
import { print } from "./time.ts";
import { crowd, turn } from "./wires.ts";

const channel = "room";
const data = { k: "0123456789abcdef", seq: 1_234_567, user: "u1000", text: "a".repeat(64) };
const deliveries = 4_000_000;

for (const size of [1_000, 10_000]) {
  for (const inFlight of [1, 16]) {
    const nanosecondsEach = await measure(size, inFlight);
    print(`${size.toLocaleString("en")} wires, ${inFlight} publications in a turn, per delivery`, nanosecondsEach);
  }
}

async function measure(size: number, inFlight: number): Promise<number> {
  const { server, wires, say } = await crowd(size, channel);
  const turns = Math.ceil(deliveries / size / inFlight);
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const before = wires[0]!.writes;
    const start = process.hrtime.bigint();
    for (let done = 0; done < turns; done += 1) {
      for (let sent = 0; sent < inFlight; sent += 1) say({ type: "publish", channel, event: "m", data });
      await turn();
    }
    const elapsed = Number(process.hrtime.bigint() - start);
    const written = wires[0]!.writes - before;
    if (written !== turns) throw new Error(`${written} writes in ${turns} turns`);
    best = Math.min(best, elapsed / turns / inFlight / size);
  }
  await server.close();
  return best;
}
