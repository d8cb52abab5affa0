/** Recording of chip and pool traffic, from the console. */
import { z } from "zod";
import { answerSchema } from "../../api/commands.ts";
import { queryAnswers } from "../../api/queries.ts";
import { type ConsoleCommand, numberOf, wordsProblem } from "../command.ts";
import { said } from "./tune.ts";

const trace: ConsoleCommand = {
  name: "trace",
  usage: "on [NAME.trace [MIB [oldest|newest]]] | off | status",
  summary: "record chip and pool traffic into a file of the data folder (1 to 1024 MiB, else 64)",
  help: [
    "trace on                      into kumpel.trace, until it is full",
    "trace on night.trace 20 newest  the last 20 MiB",
    "kumpel trace decode FILE reads it; passwords are masked in it.",
  ],
  group: "record",
  json: z.union([answerSchema, queryAnswers.trace]),
  complete: (words) => (words.length <= 1 ? ["on", "off", "status"] : []),
  run: async ([action, name, size, keep], { client }) => {
    if (action === "off") return said(await client.order({ kind: "stopTrace" }));
    if (action === "status") {
      const answer = await client.get("/trace", queryAnswers.trace);
      const ended = answer.failure ?? (answer.isFull ? "the last one ended, since its limit was reached" : null);
      const now = answer.isOn ? `Recording into ${answer.path}, ${answer.bytes} bytes.` : "No recording runs.";
      const lost = answer.lostEvents === 0 ? [] : [`${answer.lostEvents} events came faster than they were written.`];
      return { lines: [now, ...lost, ...(ended === null ? [] : [ended])], data: answer, isDone: true };
    }
    if (action !== "on") throw wordsProblem(trace, `"${action ?? ""}" is neither on, off nor status`);
    const maxMib = size === undefined ? undefined : numberOf(size);
    if (maxMib === null) throw wordsProblem(trace, `"${size}" is no size in MiB`);
    if (keep !== undefined && keep !== "oldest" && keep !== "newest")
      throw wordsProblem(trace, `"${keep}" is neither oldest nor newest`);
    return said(await client.order({ kind: "startTrace", name, maxMib, keep }));
  },
};

export const RECORD: readonly ConsoleCommand[] = [trace];
