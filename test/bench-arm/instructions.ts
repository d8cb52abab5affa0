/** node instructions.cjs LOOP COUNT: repeats one loop of the hashing benches; whoever runs it counts the instructions. */
import { fullHeaderWorks, type Loop, midstateWorks, nonceChecks } from "../bench/loops.ts";

const LOOPS: Readonly<Record<string, () => Loop>> = { nonceChecks, fullHeaderWorks, midstateWorks };

const [name = "", count = ""] = process.argv.slice(2);
const loop = LOOPS[name]?.();
if (loop === undefined) throw new Error(`loop "${name}" is unknown; choose one of: ${Object.keys(LOOPS).join(" ")}`);
process.stdout.write(`${loop(Number(count))}\n`);
