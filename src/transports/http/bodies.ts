import type { HttpFormat } from "../../dialects/dialect.ts";
import type { Frame } from "../../engine/ports/wire.ts";

/** Joins frames into bodies; what many polls are answered with in turn is joined once. */
export class Bodies {
  readonly format: HttpFormat;
  #frames: readonly Frame[] = [];
  #body: Uint8Array = new Uint8Array();

  constructor(format: HttpFormat) {
    this.format = format;
  }

  of(frames: readonly Frame[]): Uint8Array {
    const last = this.#frames;
    if (frames.length !== last.length || frames.some((frame, index) => frame !== last[index])) {
      const joined = this.format.join(frames);
      this.#frames = frames;
      this.#body = typeof joined === "string" ? Buffer.from(joined) : joined;
    }
    return this.#body;
  }
}
