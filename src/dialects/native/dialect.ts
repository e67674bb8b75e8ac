import type { Handshake } from "../../engine/handshake.ts";
import { createJsonCodec } from "../../protocol/codec.ts";
import { createMsgpackCodec } from "../../protocol/msgpack.ts";
import type { Dialect } from "../dialect.ts";
import { parseJson } from "../json.ts";
import { Arrival } from "./arrival.ts";
import type { Conversation } from "./conversation.ts";
import { httpFormat, nativeFormat } from "./format.ts";
import { nativeOptions, type NativeOptions } from "./options.ts";
import { ParkedSessions } from "./parked-sessions.ts";

/**
 * The dialect of `carillon/client`, as PROTOCOL.md describes it.
 *
 * @throws {CarillonError} `option-invalid`
 */
export function native(options: NativeOptions = {}): Dialect {
  const settings = nativeOptions(options);
  return {
    name: "native",
    origins: "server",
    mount(engine) {
      const json = nativeFormat(createJsonCodec(parseJson));
      const formats = new Map(
        [json, nativeFormat(createMsgpackCodec())].map((format) => [format.codec.subprotocol, format]),
      );
      const sessions = new ParkedSessions<Conversation>(engine.clock, settings.resumeMs);
      return {
        webSocket: settings,
        ...(settings.http && {
          http: { ...settings, formats: Array.from(formats.values(), ({ codec }) => httpFormat(codec)) },
        }),
        route(handshake) {
          const subprotocol = offered(handshake).find((name) => formats.has(name));
          return subprotocol === undefined ? { kind: "open" } : { kind: "open", subprotocol };
        },
        open(wire, handshake, subprotocol) {
          const format = (subprotocol !== undefined && formats.get(subprotocol)) || json;
          return new Arrival({ engine, wire, handshake, format, settings, sessions });
        },
        close: () => sessions.close(),
      };
    },
  };
}

/** @see RFC 6455, section 4.3: a list of tokens, the client's favourite first */
function offered(handshake: Handshake): readonly string[] {
  return (handshake.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}
