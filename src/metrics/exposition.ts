/** One metric with its value. */
export interface Sample {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly value: number;
}

/** Prometheus' text format 0.0.4. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function exposition(samples: readonly Sample[]): string {
  return samples
    .map(
      ({ name, type, help, value }) =>
        `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${name} ${written(value)}\n`,
    )
    .join("");
}

function escaped(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** The format writes floats as Go does. */
function written(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
