import { createElement, type ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import {
  CarillonProvider,
  useChannel,
  useClient,
  useClientState,
  usePresence,
  useWhisper,
} from "../../src/react/index.ts";

it("renders on a server without connecting", () => {
  const client = createClient("ws://server/carillon");
  const Page = (): ReactElement => {
    const { channel, error } = useChannel("lobby", { chat: () => {} });
    const members = usePresence("lobby");
    useWhisper("lobby", "typing");
    const isSame = useClient() === client;
    return createElement("p", null, [channel.name, error, members.length, useClientState().kind, isSame].join());
  };
  const page = createElement(CarillonProvider, { client }, createElement(Page));
  expect(renderToString(page)).toBe("<p>lobby,,0,idle,true</p>");
  expect(client.state).toEqual({ kind: "idle" });
});

it("says what is missing without a provider", () => {
  const Page = (): ReactElement => createElement("p", null, useClient().state.kind);
  expect(() => renderToString(createElement(Page))).toThrow("CarillonProvider");
});
