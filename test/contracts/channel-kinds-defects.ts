import type { ChannelRule } from "../../src/engine/channel-rules.ts";
import type { Heard, KindsClient, KindsDriver } from "../../src/testing/index.ts";

/** What is wrong with a dialect: with its server's rules, or with what its clients say and hear. */
export interface Defect {
  readonly rule?: (rule: ChannelRule) => ChannelRule;
  readonly graceMs?: number;
  readonly client?: (client: KindsClient, everyone: readonly KindsClient[]) => KindsClient;
}

/** Dialects that break a promise each. */
export const defects: Readonly<Record<string, Defect>> = {
  hearsTwice: { client: hears((heard) => heard.flatMap((one) => [one, one])) },
  reorders: { client: hears((heard) => heard.toReversed()) },
  hearsOthers: {
    client: (client, everyone) => changed(client, { heard: () => [client, ...everyone].flatMap((one) => one.heard()) }),
  },
  neverLeaves: { client: (client) => changed(client, { leave: () => Promise.resolve() }) },
  letsEveryoneIn: { rule: (rule) => ({ ...rule, authorize: () => true }) },
  asksOncePerChannel: { rule: askedOnce },
  letsAnyonePublish: { rule: ({ ownerLeaves: _, owner: __, ...rule }) => ({ ...rule, publish: "anyone" }) },
  closesNothing: { rule: ({ ownerLeaves: _, ...rule }) => rule },
  listsNobody: { client: (client) => changed(client, { members: () => [] }) },
  tellsOfEveryConnection: { rule: (rule) => ({ ...rule, ...(rule.presence && { presence: "connections" as const }) }) },
  missesDeaths: { graceMs: 60_000 },
  echoesWhispers: {
    client(client) {
      const own: Heard[] = [];
      return changed(client, {
        heard: () => [...client.heard(), ...own],
        whisper(channel, event, data) {
          own.push({ kind: "whisper", channel, event, data });
          client.whisper!(channel, event, data);
        },
      });
    },
  },
  losesWhispers: { client: (client) => changed(client, { whisper: () => undefined }) },
  whispersEverywhere: { rule: (rule) => ({ ...rule, whispers: true }) },
};

export function withDefect(driver: KindsDriver, { rule, graceMs, client }: Defect): KindsDriver {
  return {
    ...driver,
    async start({ channels = {}, limits }) {
      // Names without a rule of their own get the broken one as well.
      const rules = Object.entries({ "private-*": {}, ...channels });
      const setting = await driver.start({
        channels: rule ? Object.fromEntries(rules.map(([name, own]) => [name, rule(own)])) : channels,
        limits: { ...limits, ...(graceMs !== undefined && { presenceGraceMs: graceMs }) },
      });
      const everyone: KindsClient[] = [];
      return {
        ...setting,
        async connect(user) {
          const made = await setting.connect(user);
          const broken = client ? client(made, [...everyone]) : made;
          everyone.push(made);
          return broken;
        },
      };
    },
  };
}

function hears(change: (heard: readonly Heard[]) => readonly Heard[]): NonNullable<Defect["client"]> {
  return (client) => changed(client, { heard: () => change(client.heard()) });
}

/** A client of which something is different. */
function changed(client: KindsClient, changes: Partial<KindsClient>): KindsClient {
  return {
    join: (channel) => client.join(channel),
    leave: (channel) => client.leave(channel),
    publish: (channel, event, data) => client.publish!(channel, event, data),
    whisper: (channel, event, data) => client.whisper!(channel, event, data),
    members: (channel) => client.members!(channel),
    heard: () => client.heard(),
    close: () => client.close(),
    drop: () => client.drop(),
    ...changes,
  };
}

/** Whoever is asked about first decides for all. */
function askedOnce(rule: ChannelRule): ChannelRule {
  const { authorize } = rule;
  const known = new Map<string, ReturnType<NonNullable<typeof authorize>>>();
  if (!authorize) return rule;
  return {
    ...rule,
    authorize(attempt) {
      const answer = known.get(attempt.channel) ?? authorize(attempt);
      known.set(attempt.channel, answer);
      return answer;
    },
  };
}
