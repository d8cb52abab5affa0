/** The S9's boot script in a real U-Boot under QEMU: which slot it takes, and how it counts tries. It boots no kernel there. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const LOADER = "/usr/lib/u-boot/qemu_arm/u-boot.bin";
const SCRIPT = path.join(ROOT, "buildroot/board/zynq/boot.cmd");
const ADDRESS = "40200000";
const PROMPT = "=> ";
let machine: ChildProcess;
let heard = "";

beforeAll(async () => {
  if (!fs.existsSync(LOADER))
    throw new Error(`${LOADER} not found: apt-get install u-boot-qemu qemu-system-arm (or run .ci/install-packages)`);
  const folder = temporaryFolder();
  const [source, script] = [path.join(folder, "boot.cmd"), path.join(folder, "boot.scr")];
  // From the card on there is nothing in this machine; what would write or restart says so instead.
  const [choice = "", card] = fs.readFileSync(SCRIPT, "utf8").split("# The owner's own bitstream");
  expect(card).toContain("bootm");
  const of = (name: string): string => `\${${name}}`;
  const told = `echo RESULT ${of("slot")} root ${of("rootpart")} kernel ${of("kernelpart")} left ${of("BOOT_A_LEFT")} ${of("BOOT_B_LEFT")} END\n`;
  fs.writeFileSync(source, choice.replace(/^(\t*)(saveenv|reset)$/gm, "$1echo $2") + told);
  execFileSync("mkimage", ["-A", "arm", "-O", "linux", "-T", "script", "-C", "none", "-d", source, script]);
  const loader = `loader,file=${script},addr=0x${ADDRESS}`;
  const words = ["-M", "virt", "-m", "256", "-nographic", "-net", "none", "-bios", LOADER, "-device", loader];
  machine = spawn("qemu-system-arm", words, { stdio: ["pipe", "pipe", "ignore"] });
  machine.stdout?.on("data", (data: Buffer) => (heard += data.toString()));
  await hear("any key to stop");
  machine.stdin?.write("\n");
  await hear(PROMPT);
});

afterAll(() => machine.kill("SIGKILL"));

async function hear(what: string): Promise<void> {
  for (let i = 0; i < 5_000 && !heard.includes(what); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(heard).toContain(what);
}

/** One boot with what the environment holds. */
async function boot(environment: Readonly<Record<string, string>> = {}): Promise<string> {
  heard = "";
  const settings = Object.entries(environment).map(([name, value]) => `setenv ${name} "${value}"; `);
  machine.stdin?.write(`${settings.join("")}source ${ADDRESS}\n`);
  await hear(" END\r\n");
  await hear(PROMPT);
  return heard.replaceAll("\r", "");
}

test("a new environment begins with A and three tries; each boot costs one, then B has its turn", async () => {
  expect(await boot()).toContain("RESULT A root 2 kernel 5 left 2 3 END");
  expect(await boot()).toContain("RESULT A root 2 kernel 5 left 1 3 END");
  expect(await boot()).toContain("RESULT A root 2 kernel 5 left 0 3 END");
  expect(await boot()).toContain("RESULT B root 3 kernel 6 left 0 2 END");
});

test("the slot that the updater put first boots first, and a bad one is left out", async () => {
  const order = { BOOT_ORDER: "B A" };
  expect(await boot({ ...order, BOOT_A_LEFT: "3", BOOT_B_LEFT: "3" })).toContain(
    "RESULT B root 3 kernel 6 left 3 2 END",
  );
  expect(await boot({ ...order, BOOT_A_LEFT: "3", BOOT_B_LEFT: "0" })).toContain(
    "RESULT A root 2 kernel 5 left 2 0 END",
  );
});

test("the count is written before the kernel is loaded; without any try it begins anew", async () => {
  expect(await boot({ BOOT_A_LEFT: "3", BOOT_B_LEFT: "3" })).toMatch(/\nsaveenv\nRESULT/);
  const empty = await boot({ BOOT_A_LEFT: "0", BOOT_B_LEFT: "0" });
  expect(empty).toMatch(/counting begins anew\nsaveenv\nreset\n/);
  expect(empty).toContain("left 3 3 END");
});
