import { BARE, type Route, route } from "../http/route.ts";
import { eventSchema } from "./schema.ts";
import type { EventStreams } from "./streams.ts";

/** Where it happens, below the API's beginning. */
export const EVENTS_PATH = "/events";

/** The route of what happens. */
export function eventRoutes(streams: EventStreams): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: EVENTS_PATH, id: "listenToEvents", tag: "events", who: "callers" },
      summary: "Hear what changes, as it happens",
      description:
        "Server-sent events, until you close the connection, your credential ends or the gateway stops. Nothing is kept " +
        "for later: whoever comes back reads the lists again.",
      refusals: ["TOO_MANY_OPEN", "STOPPING"],
      answer: {
        status: 200,
        description: "A stream of events. The schema is that of each one's data.",
        schema: eventSchema,
        media: ["text/event-stream"],
      },
      async handle({ operator, incoming }) {
        return streams.open(operator, incoming);
      },
    }),
  ];
}
