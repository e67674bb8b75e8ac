import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { holdChannel } from "../client/channel-leases.ts";
import type { Channel, PublicationHandler, WhisperHandler } from "../client/channel.ts";
import type { Client } from "../client/client.ts";
import type { ClientEventName } from "../client/events.ts";
import type { CarillonError } from "../errors/carillon-error.ts";
import type { Payload } from "../events/event-map.ts";
import type { Member } from "../protocol/messages.ts";
import { useClient } from "./provider.ts";

/** Handlers by event name or pattern. They need not be the same at each render: the latest ones are called. */
export type ChannelHandlers<Events extends object = Record<string, unknown>> = {
  readonly [Name in ClientEventName<Events>]?: PublicationHandler<Payload<Events[Name]>>;
};

/** A channel that a component holds. */
export interface HeldChannel<Events extends object = Record<string, unknown>> {
  readonly channel: Channel<Events>;
  /** Why the component is not subscribed, if that has been refused. */
  readonly error: CarillonError | undefined;
}

/**
 * Subscribes to a channel for as long as the component is mounted.
 *
 * Components share a subscription: the last one that is unmounted ends it, unless the application was subscribed itself.
 *
 * @throws {CarillonError} `option-invalid` without a provider
 *
 * @example
 * ```tsx
 * const { channel } = useChannel<Events>("lobby", { chat: ({ text }) => setLines((lines) => [...lines, text]) });
 * return <button onClick={() => channel.publish("chat", { text: "hi" })}>say hi</button>;
 * ```
 */
export function useChannel<Events extends object = Record<string, unknown>>(
  name: string,
  handlers?: ChannelHandlers<Events>,
): HeldChannel<Events> {
  const client = useClient();
  const latest = useLatest((handlers ?? {}) as Readonly<Record<string, PublicationHandler<unknown> | undefined>>);
  // Events have no control characters.
  const events = Object.keys(handlers ?? {}).join("\n");
  // Before the subscription, so that nothing is missed.
  useEffect(() => {
    const removals = (events === "" ? [] : events.split("\n")).map((event) =>
      client.channel(name).on(event, (data, publication) => latest.current[event]?.(data, publication)),
    );
    return () => {
      for (const remove of removals) remove();
    };
  }, [client, name, events, latest]);
  const error = useHeld(client, name);
  return { channel: client.channel(name) as unknown as Channel<Events>, error };
}

/** Who is in a channel; the component follows it, and is subscribed as with {@link useChannel}. */
export function usePresence(name: string): readonly Member[] {
  const client = useClient();
  useHeld(client, name);
  const subscribe = useCallback(
    (changed: () => void) => client.channel(name).presence.on("change", changed),
    [client, name],
  );
  return useSyncExternalStore(
    subscribe,
    () => client.channel(name).presence.members,
    () => nobody,
  );
}

/**
 * Whispers an event in a channel, and hears what others whisper. The component is subscribed as with {@link useChannel}.
 *
 * @returns whispers to the others; while there is no subscription, what is whispered is dropped
 *
 * @example
 * ```tsx
 * const whisper = useWhisper<{ on: boolean }>("lobby", "typing", ({ on }, { from }) => show(from, on));
 * return <input onInput={() => whisper({ on: true })} />;
 * ```
 */
export function useWhisper<Data = unknown>(
  name: string,
  event: string,
  handler?: WhisperHandler<Data>,
): (data?: Data) => void {
  const client = useClient();
  const latest = useLatest(handler);
  useEffect(
    () => client.channel(name).onWhisper(event, (data, whisper) => latest.current?.(data as Data, whisper as never)),
    [client, name, event, latest],
  );
  useHeld(client, name);
  return useCallback((data?: Data) => client.channel(name).whisper(event, data), [client, name, event]);
}

const nobody: readonly Member[] = [];

/** @returns why the subscription was refused, if it was */
function useHeld(client: Client, name: string): CarillonError | undefined {
  const [refused, setRefused] = useState<{ readonly name: string; readonly error: CarillonError }>();
  useEffect(() => holdChannel(client, name, (error) => setRefused(error && { name, error })), [client, name]);
  return refused?.name === name ? refused.error : undefined;
}

/** What the last render that counts was given. */
function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
