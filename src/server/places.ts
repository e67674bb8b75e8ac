import { CarillonError } from "../errors/carillon-error.ts";
import type { Dialect, Endpoint } from "../dialects/dialect.ts";
import type { Engine } from "../engine/engine.ts";
import type { OutboundBudget } from "../transports/outbound-budget.ts";
import type { MessageRate } from "../transports/pace.ts";
import { linkActions, LinkRequests, type LinkAction } from "../transports/http/requests.ts";
import { NodeWebSockets } from "../transports/websocket/node.ts";
import type { Logger } from "./logger.ts";
import { endpointOriginRule, type OriginRule } from "./origin.ts";

/** A dialect on a path. */
export interface Mounted {
  readonly path: string;
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly webSockets: NodeWebSockets;
  /** Absent: WebSockets only. */
  readonly links: LinkRequests | undefined;
  readonly originAllowed: OriginRule;
}

/** What a dialect needs to be mounted. */
export interface MountParts {
  readonly engine: Engine;
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
  readonly logger: Logger;
  /** The server's option, if given. */
  readonly origins: readonly string[] | undefined;
}

/** @throws {CarillonError} `option-invalid` */
export function mount(path: string, dialect: Dialect, parts: MountParts): Mounted {
  const { engine, budget, rate, logger, origins } = parts;
  const endpoint = dialect.mount(engine);
  const { clock, random } = engine;
  return {
    path,
    dialect,
    endpoint,
    webSockets: new NodeWebSockets({ settings: endpoint.webSocket, clock, budget, rate }),
    links: endpoint.http && new LinkRequests({ settings: endpoint.http, clock, random, budget, rate }),
    originAllowed: endpointOriginRule(dialect, origins, logger),
  };
}

/** What a path of ours is. */
export interface Place {
  readonly mounted: Mounted;
  /** Under an endpoint's own path: what is asked of a link. */
  readonly action?: LinkAction;
  /** For dialects with requests of their own: what follows the endpoint's own path. */
  readonly rest: string;
}

/** Which paths are whose. They are compared byte for byte. */
export class Places {
  readonly #exact = new Map<string, Place>();
  readonly #below: readonly Mounted[];

  constructor(all: readonly Mounted[]) {
    for (const mounted of all) {
      const folder = folderOf(mounted);
      for (const path of mounted.endpoint.requests?.alsoAt ?? []) {
        if (!this.#exact.has(path)) this.#exact.set(path, { mounted, rest: path });
      }
      if (!mounted.links) continue;
      for (const action of Object.keys(linkActions) as LinkAction[]) {
        this.#exact.set(`${folder}/${action}`, { mounted, action, rest: `/${action}` });
      }
    }
    // An endpoint's own path comes before what is under another one.
    for (const mounted of all) this.#exact.set(mounted.path, { mounted, rest: "" });
    this.#below = all.filter(({ endpoint }) => endpoint.requests).toSorted((a, b) => b.path.length - a.path.length);
  }

  find(path: string): Place | undefined {
    const exact = this.#exact.get(path);
    if (exact || this.#below.length === 0) return exact;
    const mounted = this.#below.find((one) => path.startsWith(`${folderOf(one)}/`));
    return mounted && { mounted, rest: path.slice(folderOf(mounted).length) };
  }
}

function folderOf({ path }: Mounted): string {
  return path === "/" ? "" : path;
}

/** @throws {CarillonError} `option-invalid` */
export function checkPath(path: string): string {
  if (path.startsWith("/") && URL.canParse(`http://host${path}`) && new URL(`http://host${path}`).pathname === path) {
    return path;
  }
  throw new CarillonError("option-invalid", {
    message: `endpoints: "${path}" is not a plain path such as "/carillon"`,
  });
}
