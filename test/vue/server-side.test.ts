import { createSSRApp, defineComponent, effectScope, h, ref } from "vue";
import { renderToString } from "vue/server-renderer";
import { expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { createTestServer } from "../../src/testing/index.ts";
import {
  carillon,
  provideClient,
  useChannel,
  useClient,
  useClientState,
  usePresence,
  useWhisper,
} from "../../src/vue/index.ts";

const Page = defineComponent(() => {
  const { channel, error } = useChannel("lobby", { chat: () => {} });
  const members = usePresence("lobby");
  useWhisper("lobby", "typing");
  const state = useClientState();
  return () => h("p", [channel.value.name, error.value, members.value.length, state.value.kind].join());
});

it("renders on a server without connecting", async () => {
  const client = createClient("ws://server/carillon");
  expect(await renderToString(createSSRApp(Page).use(carillon(client)))).toBe("<p>lobby,,0,idle</p>");
  expect(client.state).toEqual({ kind: "idle" });
});

it("finds the nearest client that was provided", async () => {
  const [outer, inner] = [createClient("ws://outer/"), createClient("ws://inner/")];
  const Shows = defineComponent(() => {
    const isInner = useClient() === inner;
    return () => h("p", String(isInner));
  });
  const Provides = defineComponent(() => {
    provideClient(inner);
    return () => h(Shows);
  });
  expect(await renderToString(createSSRApp(Provides).use(carillon(outer)))).toBe("<p>true</p>");
});

it("says what is missing without a client", () => {
  expect(() => effectScope().run(() => useClient())).toThrow("no client was provided");
});

it("works in the scope of a store too, follows the name, and ends with the scope", async () => {
  const { server, client, close } = createTestServer();
  const scope = effectScope();
  const name = ref("a");
  const heard: unknown[] = [];
  const app = createSSRApp(Page).use(carillon(client()));
  app.runWithContext(() => scope.run(() => useChannel(name, { said: (data) => heard.push(data) })));
  const subscribers = (): readonly number[] => ["a", "b"].map((each) => server.channel(each).connections.length);
  await expect.poll(subscribers).toEqual([1, 0]);
  name.value = "b";
  await expect.poll(subscribers).toEqual([0, 1]);
  await server.channel("b").publish("said", 1);
  await expect.poll(() => heard).toEqual([1]);
  scope.stop();
  await expect.poll(subscribers).toEqual([0, 0]);
  await close();
});
