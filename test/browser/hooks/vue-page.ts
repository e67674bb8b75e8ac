import { createApp, defineComponent, h, ref, shallowRef, type VNode } from "vue";
import { createClient } from "../../../src/client/index.ts";
import { carillon, useChannel, useClient, useClientState, usePresence, useWhisper } from "../../../src/vue/index.ts";
import type { Widget } from "./page.ts";

interface Events {
  said: { readonly text: string };
}

const row = (id: string, text: string): VNode => h("p", { id }, text);
const actions = new Map<string, () => unknown>();
const props = { id: { type: String, required: true }, channel: { type: String, required: true } } as const;

const Chat = defineComponent({
  props,
  setup(given) {
    const lines = ref<string[]>([]);
    const { channel, error } = useChannel<Events>(() => given.channel, { said: ({ text }) => lines.value.push(text) });
    actions.set(given.id, () => channel.value.publish("said", { text: `${given.id}${lines.value.length}` }));
    return () => row(given.id, error.value ? `error ${error.value.code}` : `lines ${lines.value.join(",")}`);
  },
});

const People = defineComponent({
  props,
  setup(given) {
    const members = usePresence(() => given.channel);
    return () =>
      row(
        given.id,
        members.value
          .map(({ user }) => user)
          .toSorted()
          .join(","),
      );
  },
});

const Typing = defineComponent({
  props,
  setup(given) {
    const seen = ref("");
    const whisper = useWhisper<{ readonly by: string }>(
      () => given.channel,
      "typing",
      ({ by }, { from }) => (seen.value += `${by}/${from.user} `),
    );
    actions.set(given.id, () => whisper({ by: given.id }));
    return () => row(given.id, seen.value);
  },
});

const State = defineComponent({
  props,
  setup(given) {
    const client = useClient();
    const state = useClientState();
    return () => row(given.id, `${state.value.kind} ${client.reconnects}`);
  },
});

const kinds = { chat: Chat, people: People, typing: Typing, state: State };
const widgets = shallowRef<readonly Widget[]>([]);
const client = createClient(window.endpoint, {
  token: new URLSearchParams(location.search).get("user") ?? "",
  reconnect: { delayMs: 100, jitter: "none" },
});
const Page = defineComponent(
  () => () => widgets.value.map(({ kind, id, channel }) => h(kinds[kind], { key: id, id, channel })),
);
createApp(Page)
  .use(carillon(client))
  .mount(document.body.appendChild(document.createElement("div")));

Object.assign(window, {
  page: {
    show(shown: readonly Widget[]): void {
      widgets.value = shown;
    },
    press: (id: string): void => void actions.get(id)?.(),
  },
});
