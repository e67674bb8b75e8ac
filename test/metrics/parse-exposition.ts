/** A metric as Prometheus reads it. */
export interface Parsed {
  readonly type: string;
  readonly help: string;
  readonly value: number;
}

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Reads the text format 0.0.4, as far as metrics without labels need it, and takes nothing else. */
export function parseExposition(text: string): ReadonlyMap<string, Parsed> {
  if (!text.endsWith("\n")) throw new Error("the last line must end with a line feed");
  const found = new Map<string, Parsed>();
  const lines = text.slice(0, -1).split("\n");
  for (let at = 0; at < lines.length; at += 3) {
    const [, helped = "", help = ""] = /^# HELP (\S+) (.+)$/.exec(lines[at]!) ?? [];
    const [, typed, type = ""] = /^# TYPE (\S+) (counter|gauge)$/.exec(lines[at + 1] ?? "") ?? [];
    const [, sampled, value = ""] = /^(\S+) (\S+)$/.exec(lines[at + 2] ?? "") ?? [];
    if (!name.test(helped) || typed !== helped || sampled !== helped) throw new Error(`no metric in line ${at + 1}`);
    if (found.has(helped)) throw new Error(`${helped} comes twice`);
    if (/\\(?![\\n])/.test(help)) throw new Error(`the help of ${helped} is not escaped`);
    found.set(helped, { type, help, value: read(value) });
  }
  return found;
}

function read(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (!/^(NaN|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(text)) throw new Error(`${text} is no number`);
  return Number(text);
}
