/** What a tab remembers over a reload; a browser that forbids it makes it forgetful, and nothing worse. */
export function recall(key: string): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Then it is asked again after the next reload.
  }
}
