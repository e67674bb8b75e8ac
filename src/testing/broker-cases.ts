import type { ListeningNode } from "./listening-node.ts";

/** Declares a case for one node that has started. */
export type DeclareAlone = (name: string, body: (node: ListeningNode) => Promise<void>) => void;

/** Declares a case for two nodes of one cluster; there is none where there is one node only. */
export type DeclareTogether = (
  name: string,
  body: (first: ListeningNode, second: ListeningNode) => Promise<void>,
) => void;
