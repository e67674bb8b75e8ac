import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { languages, madeRoom, owner } from "./languages.ts";
import { createSpeaker, type Speaker } from "./speaker.ts";

/** Where everyone meets when nobody can make a room, because the server does not speak rtbroadcaster. */
const plainChannel = "languages";

/** Speakers of all languages in one room. */
export interface Gathering {
  readonly speakers: readonly Speaker[];
  /** `undefined` until it is made. */
  readonly room: ReadonlySignal<string | undefined>;
  end(): void;
}

/** @param known a room that somebody else has made; without one, its owner makes it first */
export function gather(known?: string): Gathering {
  const room = signal(known);
  const others = languages.map((language) => createSpeaker(language, room));
  const maker = known === undefined ? createSpeaker(owner, room) : undefined;
  const speakers = maker ? [maker, ...others] : others;
  const enter = (): void => others.forEach((speaker) => speaker.enter());
  const meet = (found: string): void => {
    if (room.peek() !== undefined) return;
    room.value = found;
    enter();
  };

  maker?.enter((frame) => {
    const made = madeRoom(frame);
    if (made !== undefined) meet(made);
  });
  if (!maker) enter();
  const stopWatching = effect(() => {
    if (maker?.state.value === "closed") meet(plainChannel);
  });
  return {
    speakers,
    room,
    end() {
      stopWatching();
      for (const speaker of speakers) speaker.close();
    },
  };
}
