import { z } from "zod";

const NAME = z.string().min(1).max(256);
/** Characters of one expression; as of a condition. */
const text = z.string().min(1).max(4096);

const set = (description: string) =>
  z
    .record(NAME, text)
    .refine((values) => Object.keys(values).length > 0, "Name at least one.")
    .meta({ minProperties: 1, maxProperties: 100 })
    .refine((values) => Object.keys(values).length <= 100, "Name at most 100.")
    .describe(description)
    .optional();
const remove = (description: string) => z.array(NAME).min(1).max(100).describe(description).optional();

const PATHS = "A path is a name, names with dots between them, or a JSON Pointer (/a.b/c) where a name has dots.";

const setAndRemove = (about: string, ofSet: string, ofRemove: string) =>
  z
    .strictObject({ set: set(ofSet), remove: remove(ofRemove) })
    .refine((part) => part.set !== undefined || part.remove !== undefined, "Give set, remove or both.")
    .describe(about)
    .optional();

/** What `transform` writes, as its author writes it. Names and expressions are checked where they are compiled. */
export const transformSchema = z
  .strictObject({
    arguments: setAndRemove(
      "The arguments of a tool or a prompt.",
      `CEL by path: what the argument is to be. ${PATHS}`,
      "Paths of arguments that are left out.",
    ),
  })
  .refine((parts) => Object.values(parts).some((part) => part !== undefined), "Give arguments.")
  .meta({ minProperties: 1 });
