/** Commands that change clocks, voltages and registers, show what came of it, and take it back. */
import { z } from "zod";
import { answerSchema, type CommandAnswer } from "../../api/commands.ts";
import { queryAnswers } from "../../api/queries.ts";
import {
  type ConsoleCommand,
  type ConsoleContext,
  numberOf,
  type Outcome,
  type Place,
  placeOf,
  wholeOf,
  wordsProblem,
} from "../command.ts";
import { type Effect, effectLines, effectSchema, measure, withEffect } from "../effect.ts";
import { number, pairs } from "../table.ts";
import { chainWords } from "./look.ts";

const withEffectSchema = z.object({ answer: answerSchema, effect: effectSchema.nullable() });

export function said(answer: CommandAnswer): Outcome {
  return { lines: [answer.message], data: answer, isDone: answer.ok };
}

/** `525`, `+6.25`, `-6.25`, `start`: null for what is none of these. */
function wishOf(word: string | undefined): { absolute?: number; change?: number } | null {
  if (word === "start") return {};
  const value = numberOf(word);
  if (word === undefined || value === null) return null;
  return /^[+-]/.test(word) ? { change: value } : { absolute: value };
}

/** Orders, then tells the effect: at once where a machine asks or nobody waits, above the prompt where somebody types. */
async function orderAndWatch(context: ConsoleContext, place: Place, command: object): Promise<Outcome> {
  const before = context.effectMs === 0 ? null : await measure(context, place);
  const answer = await context.client.order(command);
  if (!answer.ok || before === null)
    return { lines: [answer.message], data: { answer, effect: null }, isDone: answer.ok };
  if (context.isJson) {
    const effect: Effect = await withEffect(context, place, before, context.signal);
    return { lines: [], data: { answer, effect }, isDone: true };
  }
  context.later(async (signal) => effectLines(await withEffect(context, place, before, signal)).join("\n"));
  return { lines: [answer.message], data: { answer, effect: null }, isDone: true };
}

const placeWords = async (words: readonly string[], context: ConsoleContext): Promise<readonly string[]> =>
  words.length <= 1 ? ["all", ...(await chainWords(context))] : ["start"];

const freq: ConsoleCommand = {
  name: "freq",
  usage: "CHAIN|CHAIN.CHIP|CHAIN.dDOMAIN|all MHZ|+MHZ|-MHZ|start",
  summary: "hash clock in MHz, now: of a chip, a domain, a chain or all",
  help: [
    "freq 0.12 525     chip 12 of chain 0 at 525 MHz; the others go on hashing",
    "freq 0.d3 -12.5   the chips of domain 3 of chain 0, 12.5 MHz slower",
    "freq 0 +6.25      all chips of chain 0, 6.25 MHz faster",
    "freq all start    back to what the run began with",
    "Up goes in steps of 6.25 MHz each 0.1 s; limits are in `tuning`. undo takes it back, keep makes it last.",
  ],
  group: "tune",
  json: withEffectSchema,
  complete: placeWords,
  run: async ([where, what], context) => {
    const place = placeOf(where);
    if (place === null) throw wordsProblem(freq, `"${where ?? ""}" is no chain, chip or domain`);
    const wish = wishOf(what);
    if (wish === null) throw wordsProblem(freq, `"${what ?? ""}" is no frequency in MHz`);
    const { chainIndex, domainIndex, chipIndex } = place;
    return orderAndWatch(context, place, {
      kind: "tuneFrequency",
      chainIndex,
      ...(domainIndex === null ? {} : { domainIndex }),
      ...(chipIndex === null ? {} : { chipIndex }),
      ...(wish.absolute === undefined ? {} : { frequencyMhz: wish.absolute }),
      ...(wish.change === undefined ? {} : { changeMhz: wish.change }),
    });
  },
};

const MV_PER_V = 1000;

const volt: ConsoleCommand = {
  name: "volt",
  usage: "CHAIN|all V|+V|-V|start",
  summary: "working voltage in V, now: of a chain with a voltage of its own, or of all",
  help: [
    "volt all 13.6     the supply's set point; chains that share a supply share its voltage",
    "volt 1 +0.1       chain 1 of a machine whose boards make their own voltage (S9)",
    "Limits are in `tuning`. undo takes it back, keep makes it last.",
  ],
  group: "tune",
  json: withEffectSchema,
  complete: placeWords,
  run: async ([where, what], context) => {
    const place = placeOf(where);
    if (place === null) throw wordsProblem(volt, `"${where ?? ""}" is no chain`);
    if (place.chipIndex !== null || place.domainIndex !== null)
      throw wordsProblem(volt, "chips of a chain are powered in series, so that a voltage is of whole chains only");
    const wish = wishOf(what);
    if (wish === null) throw wordsProblem(volt, `"${what ?? ""}" is no voltage in V`);
    const mv = (volts: number): number => Math.round(volts * MV_PER_V);
    return orderAndWatch(context, place, {
      kind: "tuneVoltage",
      chainIndex: place.chainIndex,
      ...(wish.absolute === undefined ? {} : { voltageMv: mv(wish.absolute) }),
      ...(wish.change === undefined ? {} : { changeMv: mv(wish.change) }),
    });
  },
};

const ALL: Place = { chainIndex: null, domainIndex: null, chipIndex: null };

const undo: ConsoleCommand = {
  name: "undo",
  usage: "",
  summary: "take back the last change of clocks or voltage; again for the one before",
  group: "tune",
  json: withEffectSchema,
  run: (_words, context) => orderAndWatch(context, ALL, { kind: "undoTuning" }),
};

const reset: ConsoleCommand = {
  name: "reset",
  usage: "",
  summary: "all clocks and voltages as the run began",
  group: "tune",
  json: withEffectSchema,
  run: (_words, context) => orderAndWatch(context, ALL, { kind: "resetTuning" }),
};

const keep: ConsoleCommand = {
  name: "keep",
  usage: "",
  summary: "the next runs begin with the present clocks and voltages",
  group: "tune",
  json: answerSchema,
  run: async (_words, { client }) => said(await client.order({ kind: "keepTuning" })),
};

const tuning: ConsoleCommand = {
  name: "tuning",
  usage: "",
  summary: "clocks (MHz) and voltages (V) as tuned, their limits, and how much can be undone",
  group: "tune",
  json: queryAnswers.tuning,
  run: async (_words, context) => {
    const answer = await context.client.get("/tuning", queryAnswers.tuning);
    const { frequencyMhz: f, voltageMv: v } = answer.limits;
    const volts = (mv: number | null): string => number(mv === null ? null : mv / MV_PER_V, 2);
    const lines = pairs(
      [
        ["clock", `${f.min} to ${f.max} MHz (${f.reason})`],
        [
          "voltage",
          v === null
            ? "fixed"
            : `${volts(v.min)} to ${volts(v.max)} V (${v.reason}), ${answer.limits.isVoltagePerChain ? "each chain its own" : "one for all chains"}`,
        ],
        ["undo", `${answer.undoSteps} steps`],
        ...answer.chains.map((c): [string, string] => {
          const own = c.chips.map(({ chipIndex, frequencyMhz }) => `${chipIndex} at ${number(frequencyMhz, 2)}`);
          const chips = own.length === 0 ? "" : `; chips ${own.join(", ")}`;
          return [
            `chain ${c.chainIndex}`,
            `${number(c.frequencyMhz, 2)} MHz (began with ${number(c.startFrequencyMhz, 2)}), ${volts(c.voltageMv)} V${chips}`,
          ];
        }),
      ],
      context.screen.width(),
    );
    return { lines, data: answer, isDone: true };
  },
};

const registerJson = z.union([queryAnswers.register, answerSchema]);

const reg: ConsoleCommand = {
  name: "reg",
  usage: "read CHAIN.CHIP REGISTER | write CHAIN.CHIP REGISTER VALUE [yes]",
  summary: "a register of one chip (0x00 to 0xff, 32 bits) while its chain hashes; writing asks first",
  help: [
    "reg read 0.12 0x08",
    "reg write 0.12 0x14 0x000000ff yes   nothing checks what a write does: a wrong clock or divider can end hashing",
  ],
  group: "tune",
  json: registerJson,
  complete: (words) => (words.length <= 1 ? ["read", "write"] : []),
  run: async ([action, where, register, value, isSure], context) => {
    const place = placeOf(where);
    if (action !== "read" && action !== "write") throw wordsProblem(reg, `"${action ?? ""}" is neither read nor write`);
    if (place === null || place.chainIndex === null || place.chipIndex === null)
      throw wordsProblem(reg, `"${where ?? ""}" is no chip`);
    const at = wholeOf(register, 0, 0xff);
    if (at === null) throw wordsProblem(reg, `"${register ?? ""}" is no register of 0x00 to 0xff`);
    const { chainIndex, chipIndex } = place;
    if (action === "read") {
      const path = `/chains/${chainIndex}/chips/${chipIndex}/registers/${at}`;
      const answer = await context.client.get(path, queryAnswers.register);
      const name = answer.name === null ? "" : ` (${answer.name})`;
      return { lines: [`0x${hex(at, 2)}${name} = 0x${hex(answer.value, 8)}`], data: answer, isDone: true };
    }
    const word = wholeOf(value, 0);
    if (word === null) throw wordsProblem(reg, `"${value ?? ""}" is no value of 32 bits`);
    const question = `Write 0x${hex(word, 8)} to register 0x${hex(at, 2)} of chip ${chainIndex}.${chipIndex}?`;
    if (isSure !== "yes" && !(await context.confirm(question)))
      throw wordsProblem(reg, "a write must be confirmed: say yes at its end");
    return said(
      await context.client.order({
        kind: "writeRegister",
        chainIndex,
        chipIndex,
        register: at,
        value: word,
        confirm: "write register",
      }),
    );
  },
};

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

export const TUNE: readonly ConsoleCommand[] = [freq, volt, undo, reset, keep, tuning, reg];
