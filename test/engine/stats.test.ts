import { expect, it } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { codeOf, world } from "./support.ts";

it("the stats count who was ended for sending too fast, and not who was not let in", async () => {
  const one = world();
  const [ada, bob] = [one.connected("ada"), one.connected("bob")];
  ada.connection.close(4529);
  bob.connection.close(4530);
  one.application.authenticate = () => {
    throw new CarillonError("rate-limited");
  };
  const eve = one.client();
  await codeOf(() => eve.connect());
  eve.wire.close(4529);
  expect(one.engine.stats()).toMatchObject({ tooFast: 1, refused: 1, connections: 0 });
});
