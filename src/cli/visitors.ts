import type { ConnectAttempt, Identity } from "../engine/application.ts";

const maxNameLength = 40;

/**
 * Lets everyone in, anonymously, under the name they ask for with `?name=`: for trying things out.
 *
 * A name is nobody's; whoever must be known needs an `authenticate` of the application's.
 */
export function welcomeVisitor({ url }: Pick<ConnectAttempt, "url">): Identity {
  const name = displayName(url.searchParams.get("name") ?? "");
  return name ? { info: { name } } : {};
}

function displayName(text: string): string {
  // Control characters, line separators, halves of characters, and what turns the direction of writing around.
  const visible = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu, "").trim();
  return Array.from(visible).slice(0, maxNameLength).join("").trim();
}
