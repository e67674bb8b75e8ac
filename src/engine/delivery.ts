import type { Member } from "./presence.ts";
import type { Publication } from "./publication.ts";

/** What one connection is handed. */
export type Delivery =
  | { readonly kind: "publication"; readonly publication: Publication }
  | { readonly kind: "join" | "leave"; readonly channel: string; readonly member: Member }
  /** The server took part in the client's name. */
  | { readonly kind: "subscribed"; readonly channel: string; readonly members?: readonly Member[] }
  | { readonly kind: "unsubscribed"; readonly channel: string }
  /** An event outside any channel. */
  | { readonly kind: "event"; readonly event: string; readonly data: unknown }
  | { readonly kind: "batch"; readonly event: string; readonly items: readonly unknown[] }
  | { readonly kind: "request"; readonly ref: number; readonly event: string; readonly data: unknown };
