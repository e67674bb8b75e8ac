import type { JSX } from "preact";
import { Bell } from "./bell.tsx";

const views = [
  ["/", "Chat"],
  ["/languages", "Languages"],
] as const;

/** The name of all this, and the way between its pages. */
export function Brand({ heard }: { readonly heard: number }): JSX.Element {
  return (
    <>
      <h1 class="brand">
        <Bell heard={heard} />
        <span>
          Carillon <small>one keyboard, many bells</small>
        </span>
      </h1>
      <nav class="views" aria-label="Pages">
        {views.map(([path, name]) => (
          <a key={path} href={path} {...(path === location.pathname && { "aria-current": "page" as const })}>
            {name}
          </a>
        ))}
      </nav>
    </>
  );
}
