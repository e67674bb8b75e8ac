import type { Position } from "../../engine/publication.ts";

/** A position as text: `epoch.offset.tag`. */
export function positionText({ epoch, offset, tag }: Position): string {
  return `${epoch}.${offset}.${tag}`;
}

/** @returns `undefined` for anything that no server of ours has written */
export function readPosition(text: string): Position | undefined {
  const parts = /^([\w-]{1,64})\.(0|[1-9]\d{0,15})\.([\w-]{1,64})$/.exec(text);
  if (!parts) return undefined;
  const offset = Number(parts[2]);
  return Number.isSafeInteger(offset) ? { epoch: parts[1]!, offset, tag: parts[3]! } : undefined;
}
