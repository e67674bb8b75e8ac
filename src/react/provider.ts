import {
  createContext,
  createElement,
  useContext,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from "react";
import type { Client } from "../client/client.ts";
import type { ClientState } from "../client/state.ts";
import { CarillonError } from "../errors/carillon-error.ts";

const ClientContext = createContext<Client | undefined>(undefined);

/** What the provider is given. */
export interface CarillonProviderProps<Events extends object> {
  readonly client: Client<Events>;
  readonly children?: ReactNode;
}

/**
 * Gives a client to the hooks below it. Whoever has made the client closes it.
 *
 * @example
 * ```tsx
 * const client = createClient("wss://example.com/carillon");
 * root.render(<CarillonProvider client={client}><App /></CarillonProvider>);
 * ```
 */
export function CarillonProvider<Events extends object>(props: CarillonProviderProps<Events>): ReactElement {
  // The map of events exists for the compiler only.
  const value = props.client as unknown as Client;
  return createElement(ClientContext.Provider, { value }, props.children);
}

/** The client of the nearest {@link CarillonProvider}. @throws {CarillonError} `option-invalid` without one */
export function useClient<Events extends object = Record<string, unknown>>(): Client<Events> {
  const client = useContext(ClientContext);
  if (client) return client as unknown as Client<Events>;
  throw new CarillonError("option-invalid", { message: "there is no CarillonProvider around this component" });
}

/** Where the client is with its connection; the component follows it. */
export function useClientState(): ClientState {
  const client = useClient();
  return useSyncExternalStore(
    client.onState,
    () => client.state,
    () => client.state,
  );
}
