import { checkNumber } from "../engine/check-number.ts";
import { CarillonError } from "../errors/carillon-error.ts";

/** Checks the options of one dialect; what is not as it should be throws `option-invalid`, and is named. */
export class OptionChecks {
  readonly #factory: string;

  /** @param factory what makes the dialect, such as `goWs` */
  constructor(factory: string) {
    this.#factory = factory;
  }

  /** A slip of the pen would leave the default in place, which lets all pages in where `origins` was meant. */
  names(options: object, known: ReadonlySet<string>): void {
    for (const name of Object.keys(options)) if (!known.has(name)) this.refuse(`there is no option ${name}`);
  }

  /** Whole numbers; those of a name that ends in `Ms` are delays. */
  number(name: string, value: unknown, least: number): void {
    checkNumber(this.#factory, name, value, least);
  }

  switch(name: string, value: unknown): void {
    if (typeof value !== "boolean") this.refuse(`${name} must be true or false`);
  }

  function(name: string, value: unknown): void {
    if (value !== undefined && typeof value !== "function") this.refuse(`${name} must be a function`);
  }

  origins(value: unknown): void {
    const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
    if (isList || value === "any" || value === "server" || typeof value === "function") return;
    this.refuse('origins must be "any", "server", a list of origins such as "https://app.example.com", or a function');
  }

  refuse(message: string): never {
    throw new CarillonError("option-invalid", { message: `${this.#factory}: ${message}` });
  }
}
