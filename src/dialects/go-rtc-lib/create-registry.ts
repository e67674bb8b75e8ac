import type { Engine } from "../../engine/engine.ts";
import type { Dialect } from "../dialect.ts";
import { goRefusal } from "../go-refusals.ts";
import { dialectName } from "./encoder.ts";
import { channelOf, Hub } from "./hub.ts";
import { ByteMessage, JsonMessage, type Deserialize } from "./messages.ts";
import { checkHandler, checks, settingsOf, type RegistryOptions } from "./options.ts";
import { handleOf, type HandleMessage, type Registry } from "./registry.ts";
import { beginSession } from "./session.ts";

/**
 * Makes a registry of go-rtc-lib's: a hub of connections and groups, whose messages are the application's own.
 *
 * A group is a channel, so that clients of other dialects hear what is broadcast there, and are heard there.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const registry = createRegistry({
 *   handleMessage: (connection, content, { broadcast }) => broadcast(new JsonMessage({ from: connection.id, content })),
 * });
 * const server = createServer({ endpoints: { "/ws": registry } });
 * ```
 */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const settings = settingsOf(options);
  const made = new Set<string>();
  const types = new Map<string, Deserialize>([
    ["json", JsonMessage.deserialize],
    ["byte", ByteMessage.deserialize],
  ]);
  let mounted: Hub | undefined;

  function hub(): Hub {
    if (mounted) return mounted;
    return checks.refuse('mount it first: createServer({ endpoints: { "/ws": registry } })');
  }

  function mountedIn(engine: Engine): Hub {
    if (mounted && mounted.engine !== engine && !mounted.isClosed) {
      checks.refuse("the registry is part of another server; make one for each");
    }
    if (mounted?.engine !== engine) mounted = new Hub(engine, settings, made);
    return mounted;
  }

  function dialectOf(handle: HandleMessage | undefined): Dialect {
    return {
      name: dialectName,
      origins: settings.origins,
      mount(engine) {
        const here = mountedIn(engine);
        const host = { hub: here, settings, registry, handle };
        return {
          webSocket: settings.webSocket,
          refuse: goRefusal,
          route: () => ({ kind: "open" }),
          open: (wire, handshake) => beginSession(host, wire, handshake),
          close: () => {
            here.isClosed = true;
          },
        };
      },
    };
  }

  const registry: Registry = {
    ...dialectOf(settings.handle),
    registerHandler(handler) {
      checkHandler("a handler", handler);
      return dialectOf(handleOf(handler));
    },
    createGroup(name) {
      channelOf(settings.channelPrefix, name);
      made.add(name);
    },
    deleteGroup: async (name) => hub().deleteGroup(name),
    addToGroup: async (group, connection) => hub().add(group, connection, false),
    joinGroup: async (group, connection) => hub().add(group, connection, true),
    removeFromGroup: (group, connection) => hub().remove(group, connection),
    get groups() {
      return hub().groups;
    },
    membersOf: (group) => hub().membersOf(group),
    broadcast: async (message, group = "", how = {}) => hub().broadcast(message, group, how),
    broadcastToAll: (message) => hub().broadcastToAll(message),
    clearConnections: () => hub().close(...hub().connections),
    get connections() {
      return hub().connections;
    },
    get count() {
      return hub().count;
    },
    connection: (id) => hub().get(id),
    registerMessageType(type, deserialize) {
      if (types.has(type)) checks.refuse(`the message type "${type}" is registered`);
      types.set(type, deserialize);
    },
    deserialize(type, content) {
      const deserialize = types.get(type);
      if (!deserialize) checks.refuse(`the message type "${type}" is not registered: registry.registerMessageType()`);
      return deserialize(content);
    },
  };
  return registry;
}
