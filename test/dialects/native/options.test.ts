import { expect, test } from "vitest";
import { native } from "../../../src/index.ts";

test.each(["maxMessageByte", "origins", "__proto__x"])(
  "there is no option %s, and the default does not hold in silence",
  (name) => {
    expect(() => native({ [name]: 1 })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: `native: there is no option ${name}` }),
    );
  },
);
