import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application } from "./application.ts";
import { Audience } from "./audience.ts";
import type { ChannelRules } from "./channel-rules.ts";
import { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { DispatchParts } from "./dispatch.ts";
import { Failures } from "./failures.ts";
import type { Limits } from "./limits.ts";
import { LocalDelivery } from "./local-delivery.ts";
import { Membership } from "./membership.ts";
import type { Broker } from "./ports/broker.ts";
import { Publishing } from "./publishing.ts";
import { Refusals } from "./refusals.ts";
import { Revocations } from "./revoking.ts";
import { Counters } from "./stats.ts";
import { Suspension } from "./suspension.ts";
import { TailCheck } from "./tail-check.ts";
import { TimelyBroker } from "./timely-broker.ts";
import { Turns } from "./turns.ts";
import { Users } from "./users.ts";
import { Whispering } from "./whispering.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly broker: Broker;
  readonly rules: ChannelRules;
  readonly application: Application;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
}

/** What does an engine's work. */
export interface EngineRoom {
  readonly broker: Broker;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly failures: Failures;
  readonly tailCheck: TailCheck;
  readonly channels: Channels;
  readonly membership: Membership;
  readonly suspension: Suspension;
  readonly refusals: Refusals;
  readonly revocations: Revocations;
  readonly users: Users;
  readonly dispatching: DispatchParts;
  readonly publishing: Publishing;
  readonly whispering: Whispering;
  readonly local: LocalDelivery;
  readonly everyone: Audience<LiveConnection>;
}

/** Puts together what does an engine's work. */
export function engineRoom(
  { application, broker: anyBroker, rules, limits, clock, random }: EngineParts,
  byId: (id: string) => LiveConnection | undefined,
): EngineRoom {
  const broker = new TimelyBroker(anyBroker, clock, limits.brokerTimeoutMs);
  const counters = new Counters();
  const failures = new Failures(application);
  const encodingFailed = (cause: unknown): void => failures.ofEncoding(cause);
  const turns = new Turns();
  const tailCheck = new TailCheck(clock);
  const channels: Channels = new Channels({
    rules,
    limits,
    broker,
    failures,
    tailCheck,
    host: { clock, limits, counters, encodingFailed },
    continuityHost: (channel) => ({
      limits,
      read: (range) => channels.watch(channel.name, range),
      inTurn: (run) => turns.take(run),
      publication: (publication) => local.hand(channel, publication),
      gap: (from, to, reason) => local.gap(channel, from, to, reason),
      repeated: () => void (counters.duplicates += 1),
    }),
  });
  const membership = new Membership({ channels, limits, failures, counters, clock });
  const suspension = new Suspension({ clock, limits, application, membership, counters });
  const parts = { broker, channels, application, failures, counters, clock };
  const everyone = new Audience<LiveConnection>(encodingFailed);
  const revocations = new Revocations();
  const places = { channels, everyone, byId, membership, revocations };
  const local: LocalDelivery = new LocalDelivery({ ...places, turns, failures, counters });
  return {
    broker,
    limits,
    counters,
    failures,
    tailCheck,
    channels,
    membership,
    suspension,
    refusals: new Refusals(application),
    revocations,
    users: new Users(limits.connectionsPerUser),
    dispatching: parts,
    publishing: new Publishing({ ...parts, limits, random }),
    whispering: new Whispering({ ...parts, limits }),
    local,
    everyone,
  };
}
