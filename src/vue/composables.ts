import { computed, getCurrentInstance, onMounted, onScopeDispose, shallowRef, toValue, watch } from "vue";
import type { ComputedRef, MaybeRefOrGetter, ShallowRef } from "vue";
import { holdChannel } from "../client/channel-leases.ts";
import type { Channel, PublicationHandler, WhisperHandler } from "../client/channel.ts";
import type { ClientEventName } from "../client/events.ts";
import type { CarillonError } from "../errors/carillon-error.ts";
import type { Payload } from "../events/event-map.ts";
import type { Member } from "../protocol/messages.ts";
import { useClient } from "./provide-client.ts";

/** Handlers by event name or pattern. */
export type ChannelHandlers<Events extends object = Record<string, unknown>> = {
  readonly [Name in ClientEventName<Events>]?: PublicationHandler<Payload<Events[Name]>>;
};

/** A channel that a component holds. */
export interface HeldChannel<Events extends object = Record<string, unknown>> {
  readonly channel: ComputedRef<Channel<Events>>;
  /** Why the component is not subscribed, if that has been refused. */
  readonly error: Readonly<ShallowRef<CarillonError | undefined>>;
}

/**
 * Subscribes to a channel for as long as the component is mounted, and follows its name.
 *
 * Components share a subscription: the last one that is unmounted ends it, unless the application was subscribed itself.
 *
 * @throws {CarillonError} `option-invalid` without a client
 *
 * @example
 * ```ts
 * const lines = ref<string[]>([]);
 * const { channel } = useChannel<Events>("lobby", { chat: ({ text }) => lines.value.push(text) });
 * ```
 */
export function useChannel<Events extends object = Record<string, unknown>>(
  name: MaybeRefOrGetter<string>,
  handlers: ChannelHandlers<Events> = {},
): HeldChannel<Events> {
  const given = Object.entries(handlers as Readonly<Record<string, PublicationHandler<unknown>>>);
  const { channel, error } = useHeld(name, (held) => given.map(([event, handler]) => held.on(event, handler)));
  return { channel: channel as unknown as ComputedRef<Channel<Events>>, error };
}

/** Who is in a channel. The component is subscribed as with {@link useChannel}. */
export function usePresence(name: MaybeRefOrGetter<string>): Readonly<ShallowRef<readonly Member[]>> {
  const members = shallowRef<readonly Member[]>([]);
  useHeld(name, ({ presence }) => {
    members.value = presence.members;
    return [presence.on("change", (present) => (members.value = present))];
  });
  return members;
}

/**
 * Whispers an event in a channel, and hears what others whisper. The component is subscribed as with {@link useChannel}.
 *
 * @returns whispers to the others; while there is no subscription, what is whispered is dropped
 */
export function useWhisper<Data = unknown>(
  name: MaybeRefOrGetter<string>,
  event: string,
  handler?: WhisperHandler<Data>,
): (data?: Data) => void {
  const { channel } = useHeld(name, (held) => [
    held.onWhisper(event, (data, whisper) => handler?.(data as Data, whisper as never)),
  ]);
  return (data) => channel.value.whisper(event, data);
}

/** @param listen runs before the subscription, so that nothing is missed; what it returns runs at the end */
function useHeld(name: MaybeRefOrGetter<string>, listen: (channel: Channel) => readonly (() => void)[]): HeldChannel {
  const client = useClient();
  const channel = computed(() => client.channel(toValue(name)));
  const error = shallowRef<CarillonError>();
  const scope = { isOver: false };
  onScopeDispose(() => (scope.isOver = true));

  const start = (): void => {
    if (scope.isOver) return;
    watch(
      channel,
      (held, _, onCleanup) => {
        error.value = undefined;
        const removals = [...listen(held), holdChannel(client, held.name, (refused) => (error.value = refused))];
        onCleanup(() => {
          for (const remove of removals) remove();
        });
      },
      { immediate: true },
    );
  };
  // A page that is rendered on a server never mounts, and must not connect there.
  if (getCurrentInstance()) onMounted(start);
  else start();
  return { channel, error };
}
