import { createClient } from "../../../src/client/create-client.ts";
import type { LinkHandler, Transport } from "../../../src/client/transports/transport.ts";
import { createJsonCodec } from "../../../src/protocol/codec.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { serverVectors } from "../../protocol/vectors.ts";
import { splitLines } from "../frames.ts";
import { must, textOf, texts, type Target } from "../target.ts";

const welcome =
  '{"type":"connected","connection":"1","heartbeatMs":10000,"maxMessageBytes":65536,"session":"s","user":"ada"}';

/** What a server says to a client, one frame in each line. It may be anybody's server. */
export const client: Target = {
  name: "client",
  corpus: texts(
    [welcome, ...serverVectors.map(({ json }) => json)].join("\n"),
    [
      welcome,
      '{"type":"subscribed","ref":1,"channel":"lobby","members":[{"user":"ada"}],"position":"e.1.t"}',
      '{"type":"publication","channel":"lobby","event":"chat","data":1,"id":"a","time":1,"position":"e.2.t"}',
      '{"type":"join","channel":"lobby","member":{"user":"eve","info":{"n":1}}}',
      '{"type":"leave","channel":"lobby","member":{"user":"eve"}}',
      '{"type":"gap","channel":"lobby","from":"e.2.t","to":"e.5.t","reason":"expired"}',
      '{"type":"published","ref":2,"id":"m","position":"e.6.t"}',
      '{"type":"response","ref":3,"data":{"sum":3}}',
      '{"type":"error","ref":3,"code":"forbidden","message":"no","temporary":false,"details":[]}',
      '[{"type":"batch","channel":"lobby","event":"chat","items":[1,2]},{"type":"ack","received":2}]',
      '{"type":"request","ref":1,"event":"add","data":[1]}',
      '{"type":"history","ref":4,"channel":"lobby","publications":[],"top":"e.6.t","covered":true}',
      '{"type":"expiring","inMs":1000}',
      '{"type":"unsubscribed","channel":"lobby"}',
    ].join("\n"),
  ),
  words: [
    '"type":"',
    '"ref":',
    '"members":',
    "null",
    '"channel":"lobby"',
    '"position":',
    '"publications":',
    '"member":',
    "[]",
    "\n",
  ],
  executions: 500,
  async run(input) {
    const clock = new ManualClock();
    let handler: LinkHandler | undefined;
    let links = 0;
    const transport: Transport = {
      name: "fuzz",
      connect: () => {
        links += 1;
        return Promise.resolve({
          subprotocol: "",
          bufferedBytes: 0,
          send: () => undefined,
          receive: (receiver) => void (handler = receiver),
          close: (code = 1000, reason = "") => handler?.closed(code, reason),
        });
      },
    };
    const made = createClient("ws://localhost/carillon", {
      transports: [transport],
      codec: createJsonCodec(),
      clock,
      random: { next: () => 0.5 },
    });
    const ignore = (): void => undefined;
    made.on("error", ignore);
    made.on("gap", ignore);
    const lobby = made.channel("lobby");
    lobby.on("chat", ignore);
    const waits = [lobby.subscribe(), lobby.publish("chat", 1), made.request("add", 1), lobby.history()].map((wait) =>
      Promise.resolve(wait).then(ignore, ignore),
    );
    await turns();
    for (const line of splitLines(textOf(input))) {
      handler?.frame(line);
      await undefined;
    }
    await turns();
    clock.advance(60_000);
    await turns();
    await made.close();
    await Promise.all(waits);
    must(made.state.kind === "closed", "it is closed and does not say so");
    must(clock.timers === 0, "a timer is left");
    must(links < 60, `${links} links in a minute`);
  },
};

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}
