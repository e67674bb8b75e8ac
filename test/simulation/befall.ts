import { historyChannels } from "./config.ts";
import type { Entry } from "./schedule.ts";
import type { World } from "./world/world.ts";

/** Lets one entry of a schedule happen. Its actor is a number; who that is depends on how many there are. */
export function befall(world: World, { at, actor, kind, channel = "", amount = 1, flag = false }: Entry): void {
  const { network, broker, scheduler, identities, nodes, participants, trace } = world;
  const random = world.random.part(`${at} ${actor} ${kind}`);
  const clientSlot = actor % participants.length;
  const nodeSlot = actor % nodes.length;
  const participant = participants[clientSlot];
  const node = nodes[nodeSlot];
  const pipes = participant ? network.pipesOf(participant.name) : [];
  trace.add("schedule", `${kind} ${actor} ${channel} ${amount} ${flag}`);
  switch (kind) {
    case "publish":
      for (let each = 0; each < amount; each += 1) participant?.publish(channel, flag);
      break;
    case "publish-again":
      participant?.publishAgain();
      break;
    case "server-publish":
      for (let each = 0; each < amount; each += 1) if (node && !node.clock.isStopped) node.publish(channel);
      break;
    case "send":
      for (let each = 0; each < amount; each += 1) participant?.send();
      break;
    case "request":
      for (let each = 0; each < amount; each += 1) participant?.request();
      break;
    case "tell":
      for (let each = 0; each < amount; each += 1) if (node && !node.clock.isStopped) node.tell();
      break;
    case "subscribe":
      participant?.subscribe(channel, flag);
      break;
    case "unsubscribe":
      participant?.unsubscribe(channel);
      break;
    case "rush":
      participant?.unsubscribe(channel);
      participant?.subscribe(channel, flag);
      for (let each = 0; each < 10; each += 1) {
        scheduler.after(random.time(each * 20), () => {
          for (const other of nodes) if (other && !other.clock.isStopped) other.publish(channel);
        });
      }
      break;
    case "history":
      participant?.history(historyChannels[actor % historyChannels.length]!, amount * 2, flag);
      break;
    case "cut":
      for (const pipe of pipes) {
        const [clientMs, serverMs] = flag ? [0, amount] : [amount, 0];
        pipe.break({ keepsUnderway: random.chance(0.5), clientMs, serverMs });
      }
      break;
    case "half-open":
      for (const pipe of pipes) pipe.break({ keepsUnderway: flag, serverMs: amount });
      break;
    case "one-way":
      for (const pipe of pipes) {
        (flag ? pipe.toClient : pipe.toServer).die(true);
        scheduler.after(amount, () => pipe.break({ keepsUnderway: true, clientMs: 0, serverMs: random.time(500) }));
      }
      break;
    case "clog":
      for (const pipe of pipes) (flag ? pipe.toClient : pipe.toServer).stick(amount);
      break;
    case "slow":
      for (const pipe of pipes) {
        pipe.toClient.slowDown(0.1);
        scheduler.after(amount, () => pipe.toClient.speedUp());
      }
      break;
    case "block":
      network.block(flag ? "upper" : "lower", amount);
      // What blocks new ones ends the open ones as well, now and then.
      if (random.chance(0.5)) for (const pipe of pipes) pipe.break({ keepsUnderway: true, clientMs: 0, serverMs: 0 });
      break;
    case "sleep":
      participant?.sleep(amount, flag);
      break;
    case "vanish":
    case "leave":
      if (kind === "leave") participant?.leave();
      else if (participant && !participant.isGone) participant.vanish();
      scheduler.after(amount, () => world.startParticipant(clientSlot));
      break;
    case "switch-user":
      identities.change(`u${clientSlot}`);
      // Only who connects is asked.
      for (const pipe of pipes) pipe.break({ keepsUnderway: true, clientMs: 0, serverMs: 0 });
      break;
    case "crash":
      if (node?.isUp) node.crash();
      scheduler.after(amount, () => world.startNode(nodeSlot));
      break;
    case "drain":
      void node?.drain(amount).then(() => scheduler.after(amount, () => world.startNode(nodeSlot)));
      break;
    case "stall":
      node?.stall(amount);
      break;
    case "wall":
      (flag ? node : participant)?.clock.setWall(amount);
      break;
    case "outage":
      broker.outage(amount);
      break;
    case "reset":
      broker.store.reset();
      break;
    case "failover":
      broker.store.failover(amount);
      break;
    case "interrupted":
      broker.interruptAll();
      break;
    case "auth-fails":
      identities.fail(amount);
      break;
  }
}
