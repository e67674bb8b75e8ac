import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Keeps a list scrolled to its end while it grows, unless somebody has scrolled up to read. */
export function useStayAtEnd(length: unknown): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);

  useLayoutEffect(() => {
    const list = element.current;
    if (!list) return undefined;
    const look = (): void => {
      isAtEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    };
    list.addEventListener("scroll", look, { passive: true });
    return () => list.removeEventListener("scroll", look);
  }, []);

  useLayoutEffect(() => {
    const list = element.current;
    if (list && isAtEnd.current) list.scrollTop = list.scrollHeight;
  }, [length]);

  return element;
}
