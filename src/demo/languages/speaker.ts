import { signal, type ReadonlySignal } from "@preact/signals";
import { fieldsIn, wordsIn, type Fields, type Language } from "./languages.ts";

/** Frames that are kept. */
const kept = 50;

/** One frame, as it was on the wire. */
export interface SpokenFrame {
  readonly key: number;
  readonly direction: "sent" | "received";
  readonly text: string;
  /** What somebody says with it; `undefined`: nothing that is meant for people. */
  readonly words: string | undefined;
}

/** A client of one language, on a WebSocket of its own. */
export interface Speaker {
  readonly language: Language;
  readonly state: ReadonlySignal<SpeakerState>;
  readonly frames: ReadonlySignal<readonly SpokenFrame[]>;
  /** How often something was said to it. */
  readonly heard: ReadonlySignal<number>;
  /** Connects, and enters the room. */
  enter(told?: (frame: Fields) => void): void;
  say(text: string): void;
  close(): void;
}

export type SpeakerState = "waiting" | "connecting" | "open" | "closed";

/** @param room where it speaks, once there is one */
export function createSpeaker(language: Language, room: ReadonlySignal<string | undefined>): Speaker {
  const state = signal<SpeakerState>("waiting");
  const frames = signal<readonly SpokenFrame[]>([]);
  const heard = signal(0);
  let socket: WebSocket | undefined;
  let key = 0;

  const log = (direction: SpokenFrame["direction"], text: string, words: string | undefined): void => {
    const last = frames.value.at(-1);
    // Heartbeats are shown once.
    if (words === undefined && last?.text === text && last.direction === direction) return;
    frames.value = [...frames.value, { key: key++, direction, text, words }].slice(-kept);
  };
  const send = (message: object, words?: string): void => {
    const text = JSON.stringify(message);
    socket?.send(text);
    log("sent", text, words);
  };

  return {
    language,
    state,
    frames,
    heard,
    enter(told) {
      state.value = "connecting";
      socket = new WebSocket(new URL(language.path, location.href.replace("http", "ws")));
      socket.addEventListener("open", () => {
        state.value = "open";
        for (const message of language.enter(room.value ?? "")) send(message);
      });
      socket.addEventListener("message", ({ data }) => {
        const text = String(data);
        const fields = fieldsIn(text);
        const words = fields && wordsIn(language.told(fields));
        log("received", text, words);
        if (words !== undefined) heard.value += 1;
        if (fields) told?.(fields);
      });
      socket.addEventListener("close", () => (state.value = "closed"));
    },
    say(text) {
      if (state.value === "open" && language.say) send(language.say(room.value ?? "", text), text);
    },
    close: () => socket?.close(),
  };
}
