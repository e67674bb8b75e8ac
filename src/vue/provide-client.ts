import {
  hasInjectionContext,
  inject,
  onScopeDispose,
  provide,
  shallowRef,
  type App,
  type InjectionKey,
  type Plugin,
  type ShallowRef,
} from "vue";
import type { Client } from "../client/client.ts";
import type { ClientState } from "../client/state.ts";
import { CarillonError } from "../errors/carillon-error.ts";

const key: InjectionKey<Client> = Symbol("carillon");

/**
 * Gives a client to a whole application. Whoever has made the client closes it.
 *
 * @example
 * ```ts
 * createApp(Page).use(carillon(createClient("wss://example.com/carillon"))).mount("#app");
 * ```
 */
export function carillon<Events extends object>(client: Client<Events>): Plugin {
  // The map of events exists for the compiler only.
  return { install: (app: App) => void app.provide(key, client as unknown as Client) };
}

/** Gives a client to the components below the one that is being set up. */
export function provideClient<Events extends object>(client: Client<Events>): void {
  provide(key, client as unknown as Client);
}

/** The client of the nearest {@link provideClient}, or of the application. @throws {CarillonError} `option-invalid` without one */
export function useClient<Events extends object = Record<string, unknown>>(): Client<Events> {
  const client = hasInjectionContext() ? inject(key, undefined) : undefined;
  if (client) return client as unknown as Client<Events>;
  throw new CarillonError("option-invalid", { message: "no client was provided: app.use(carillon(client))" });
}

/** Where the client is with its connection. */
export function useClientState(): Readonly<ShallowRef<ClientState>> {
  const client = useClient();
  const state = shallowRef(client.state);
  onScopeDispose(client.onState((next) => (state.value = next)));
  return state;
}
