import { describe, expect, test } from "vitest";
import { readClientMessage } from "../../../src/dialects/go-ws/client-message.ts";
import { GoWsEncoder } from "../../../src/dialects/go-ws/encoder.ts";
import { goWs } from "../../../src/dialects/go-ws/index.ts";
import { Nanoseconds } from "../../../src/dialects/go-ws/timestamps.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { silent } from "./support.ts";
import { inbound, outbound, wall } from "./vectors.ts";

function encoderOf(readmeFields: boolean): GoWsEncoder {
  let mounted: Engine | undefined;
  const hub = goWs();
  const spy = {
    ...hub,
    mount(engine: Engine) {
      mounted = engine;
      return hub.mount(engine);
    },
  };
  createServer({ endpoints: { "/ws": spy }, clock: new ManualClock(wall), logger: silent });
  return new GoWsEncoder({
    engine: mounted!,
    nanoseconds: new Nanoseconds({ next: () => 0 }),
    readmeFields,
    maxListedUsers: 100,
    metadataOf: () => undefined,
  });
}

describe("go-ws: what clients say", () => {
  test.each(inbound)("%s", (frame, message) => {
    expect(readClientMessage(frame)).toEqual(message);
    expect(readClientMessage(new TextEncoder().encode(frame))).toEqual(message);
  });
});

describe("go-ws: what the server says", () => {
  test.each(outbound)("$name", ({ delivery, frames, plain }) => {
    expect(encoderOf(true).encode(delivery)).toEqual(frames);
    if (plain) expect(encoderOf(false).encode(delivery)).toEqual(plain);
  });
});
