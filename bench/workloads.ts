import type { Measurement } from "./measurement.ts";

/** One kind of work, the same for every server. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly unit: "µs" | "kB";
  /** Lower is better. */
  readonly value: (measurement: Measurement) => number;
  readonly args: readonly string[];
  /** Keeps the server busy all the time; when nobody was busy, the machine was disturbed. */
  readonly isSaturating: boolean;
  /** How the server is started. */
  readonly flags: readonly ("--compress" | "--authenticate" | "--dialects")[];
  /** For Carillon alone: who the generator plays. */
  readonly persona?: "carillon-json" | "carillon-msgpack" | "carillon-mixed";
  /** For Carillon alone: the workload that it is compared with. */
  readonly base?: string;
}

const cpu = ({ cpuUs }: Measurement): number => cpuUs;
const p99 = ({ p99Us }: Measurement): number => p99Us;
const memory = ({ kbPerConnection }: Measurement): number => kbPerConnection ?? Number.NaN;
const busy = { unit: "µs", value: cpu, isSaturating: true, flags: [] } as const;
const compressed = { ...busy, flags: ["--compress"] } as const;
const idle = { unit: "kB", value: memory, isSaturating: false } as const;

/** W16 as clients of other dialects hear it; the publisher is native. */
function heardAt(name: string, who: string, paths: string): Workload {
  const args = ["-M", "1000", "-W", "16", "--listen", paths];
  return {
    ...busy,
    name,
    title: `W16 heard by ${who}`,
    args,
    flags: ["--dialects"],
    persona: "carillon-json",
    base: "W16",
  };
}

/** Those of dialects: one row for each, and all five in one channel. */
export const dialectWorkloads: readonly Workload[] = [
  heardAt("socket-go", "clients of socket.go", "/socket"),
  heardAt("go-ws", "clients of go-ws", "/ws"),
  heardAt("rtbroadcaster", "clients of rtbroadcaster", "/broadcasting"),
  heardAt("ao-websockets", "clients of ao-concepts", "/ao"),
  heardAt("go-rtc-lib", "clients of go-rtc-lib", "/rtc"),
  heardAt("dialects", "clients of these five, in turn", "/socket,/ws,/broadcasting,/ao,/rtc"),
];

/** In the order in which they run and stand in the table. */
export const workloads: readonly Workload[] = [
  { ...busy, name: "W1", title: "1,000 subscribers, one publication in flight", args: ["-M", "1000", "-W", "1"] },
  { ...busy, name: "W16", title: "1,000 subscribers, 16 in flight", args: ["-M", "1000", "-W", "16"] },
  { ...busy, name: "W6", title: "1,000 subscribers, bursts of 10", args: ["-M", "1000", "-B", "10"] },
  { ...busy, name: "W2", title: "500 rooms of two, ping-pong", args: ["--mode", "pp", "-R", "500", "-M", "2"] },
  { ...busy, name: "W5", title: "echo, 64 connections", args: ["--mode", "pp", "-R", "64", "-M", "1"] },
  { ...compressed, name: "Z1", title: "W1, compressed", args: ["--deflate", "-M", "1000", "-W", "1"] },
  { ...compressed, name: "Z16", title: "W16, compressed", args: ["--deflate", "-M", "1000", "-W", "16"] },
  {
    ...idle,
    name: "idle",
    title: "memory per idle connection",
    flags: [],
    args: ["--mode", "idle", "-R", "100", "-M", "100"],
  },
  {
    ...idle,
    name: "Zidle",
    title: "memory per connection that got one compressed message",
    flags: ["--compress"],
    args: ["--mode", "idle", "-R", "50", "-M", "100", "--deflate", "--touch"],
  },
  {
    ...busy,
    name: "accept",
    title: "accepting, per connection",
    flags: ["--authenticate"],
    args: ["--mode", "accept"],
  },
  {
    name: "paced",
    title: "p99 latency, 50 publications/s to 1,000 subscribers",
    unit: "µs",
    value: p99,
    isSaturating: false,
    flags: [],
    args: ["-M", "1000", "-r", "50", "--sample", "1"],
  },
  {
    ...busy,
    name: "msgpack",
    title: "W16, all in MessagePack",
    args: ["-M", "1000", "-W", "16"],
    persona: "carillon-msgpack",
    base: "W16",
  },
  {
    ...busy,
    name: "mixed",
    title: "W16, every other in MessagePack",
    args: ["-M", "1000", "-W", "16"],
    persona: "carillon-mixed",
    base: "W16",
  },
  {
    ...busy,
    name: "resume",
    title: "W16 with sessions that outlive their links",
    args: ["-M", "1000", "-W", "16", "--resume"],
    persona: "carillon-json",
    base: "W16",
  },
  {
    ...busy,
    name: "members",
    title: "W16 with 10,000 subscribers",
    args: ["-M", "10000", "-W", "16"],
    persona: "carillon-json",
    base: "W16",
  },
  {
    ...busy,
    name: "channels",
    title: "100 channels of 10 subscribers, 16 in flight",
    args: ["-R", "100", "-M", "10", "-W", "16"],
    persona: "carillon-json",
  },
  {
    ...busy,
    name: "channels+",
    title: "the same, and 100,000 more channels that are quiet",
    args: ["-R", "100", "-M", "10", "-W", "16", "--extra", "100"],
    persona: "carillon-json",
    base: "channels",
  },
  ...dialectWorkloads,
];

/** Those of `--quick`. */
export const quickWorkloads: readonly string[] = [
  ...["W1", "W16", "W6", "W2", "W5", "accept"],
  ...dialectWorkloads.map(({ name }) => name),
];
