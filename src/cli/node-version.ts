/** The oldest Node that runs Carillon: from here on `require` takes ES modules, and WebSocket is there for clients. */
const oldest = { major: 22, minor: 12 } as const;

/** Why this version of Node will not do, in one line; `undefined`: it will. */
export function nodeRefusal(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `carillon needs Node ${oldest.major}.${oldest.minor} or newer; this is ${version}`;
}
