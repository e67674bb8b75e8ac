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
  // Cc is control characters; Cf also turns the direction of writing around, Cs is half a character.
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim();
  return Array.from(visible).slice(0, maxNameLength).join("").trim();
}
