/** What the generator prints after one run. CPU and memory are the server's, times are in µs. */
export interface Measurement {
  readonly mode: "fan" | "pp" | "idle" | "accept";
  readonly connections: number;
  readonly seconds: number;
  /** Deliveries; in `accept` connections that were accepted. */
  readonly count: number;
  /** Per second. Depends on the machine's mood; compare `cpuUs`. */
  readonly rate: number;
  /** CPU per delivery. */
  readonly cpuUs: number;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly serverCpuSeconds: { readonly user: number; readonly system: number };
  /** Of one core. */
  readonly serverShare: number;
  readonly generatorShare: number;
  /** The generator used more than 95 % of its core, so `rate` may be its own limit. */
  readonly limited: boolean;
  readonly rssKb: number;
  /** -1 where nothing was timed. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly errors: number;
  readonly closed: number;
  readonly kbPerConnection?: number;
  readonly framesPerRead?: number;
  readonly inflatedWrong?: boolean;
  /** The whole run with its warm-up: `complete` when everybody got everything, once. */
  readonly total?: { readonly publications: number; readonly deliveries: number; readonly complete: boolean };
}
