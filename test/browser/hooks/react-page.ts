import { createElement, StrictMode, useState, type ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "../../../src/client/index.ts";
import {
  CarillonProvider,
  useChannel,
  useClient,
  useClientState,
  usePresence,
  useWhisper,
} from "../../../src/react/index.ts";
import type { Widget } from "./page.ts";

interface Events {
  said: { readonly text: string };
}

type Shown = Pick<Widget, "id" | "channel">;

const row = (id: string, text: string): ReactElement => createElement("p", { id }, text);
const actions = new Map<string, () => unknown>();

function Chat({ id, channel: name }: Shown): ReactElement {
  const [lines, setLines] = useState<readonly string[]>([]);
  // A new function at each render, which must not subscribe anew.
  const { channel, error } = useChannel<Events>(name, { said: ({ text }) => setLines([...lines, text]) });
  actions.set(id, () => channel.publish("said", { text: `${id}${lines.length}` }));
  return row(id, error ? `error ${error.code}` : `lines ${lines.join(",")}`);
}

function People({ id, channel }: Shown): ReactElement {
  const users = usePresence(channel).map(({ user }) => user);
  return row(id, users.toSorted().join(","));
}

function Typing({ id, channel }: Shown): ReactElement {
  const [seen, setSeen] = useState("");
  const whisper = useWhisper<{ readonly by: string }>(channel, "typing", ({ by }, { from }) =>
    setSeen(`${seen}${by}/${from.user} `),
  );
  actions.set(id, () => whisper({ by: id }));
  return row(id, seen);
}

function State({ id }: Shown): ReactElement {
  const client = useClient();
  const { kind } = useClientState();
  return row(id, `${kind} ${client.reconnects}`);
}

const kinds = { chat: Chat, people: People, typing: Typing, state: State };
const root = createRoot(document.body.appendChild(document.createElement("div")));
const client = createClient(window.endpoint, {
  token: new URLSearchParams(location.search).get("user") ?? "",
  reconnect: { delayMs: 100, jitter: "none" },
});

Object.assign(window, {
  page: {
    show(widgets: readonly Widget[], isStrict = false): void {
      const shown = widgets.map(({ kind, id, channel }) => createElement(kinds[kind], { key: id, id, channel }));
      const provider = createElement(CarillonProvider, { client }, shown);
      root.render(isStrict ? createElement(StrictMode, null, provider) : provider);
    },
    press: (id: string): void => void actions.get(id)?.(),
  },
});
