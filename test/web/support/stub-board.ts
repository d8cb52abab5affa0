/** The own API with its page as the board serves them, over a recorded machine that a test bends as it likes. */
import { randomBytes } from "node:crypto";
import net from "node:net";
import path from "node:path";
import { createToken, type TokenRecord } from "#firmware/api/access.ts";
import { type Command, type CommandAnswer, done, type Scope } from "#firmware/api/commands.ts";
import type { ChipHistoryAnswer } from "#firmware/api/history/chip-history.ts";
import type { HistorySeries } from "#firmware/api/history/history-ring.ts";
import type { HistoryWish } from "#firmware/api/http/history-schemas.ts";
import { type ApiServer, createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import type { Upload } from "#firmware/api/update-intake.ts";
import type { InstallWish } from "#firmware/api/update-orders.ts";
import { settingsKeys } from "#firmware/config/constraints.ts";
import { DEFAULT_SETTINGS, type Settings } from "#firmware/config/schema.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { PROGRAM } from "../../support/program.ts";
import type { Recorded } from "./recorded.ts";

const SECOND_MS = 1_000;
const LOOPBACK = "127.0.0.1";

export interface StubOptions {
  readonly sessionMs?: number;
  readonly readsNeedToken?: boolean;
  /** Another page than the one that was built. */
  readonly webFolder?: string;
}

export class StubBoard {
  readonly url: string;
  readonly tokens: Readonly<Record<Scope, string>>;
  readonly state: ManagementState;
  readonly orders: Command[] = [];
  readonly received: { readonly bytes: number; readonly isForced: boolean }[] = [];
  /** What the next orders are answered. */
  answerTo: (command: Command) => CommandAnswer = ({ kind }) => done(`${kind} is done.`);
  snapshot: MinerSnapshot;
  chips: Recorded["chips"];
  answers: Recorded["answers"];
  history: (wish: HistoryWish) => HistorySeries = smoothHistory;
  chipHistory: (chainIndex: number, chipIndex: number) => ChipHistoryAnswer = smoothChipHistory;
  readonly #server: ApiServer;
  readonly #line: PluggedLine;
  #records: readonly TokenRecord[] = [];
  readonly #ticking: NodeJS.Timeout;

  private constructor(
    recorded: Recorded,
    server: ApiServer,
    state: ManagementState,
    line: PluggedLine,
    tokens: Record<Scope, string>,
  ) {
    this.snapshot = recorded.snapshot;
    this.chips = recorded.chips;
    this.answers = recorded.answers;
    this.state = state;
    this.tokens = tokens;
    this.url = `http://${LOOPBACK}:${line.port}/`;
    this.#server = server;
    this.#line = line;
    this.#ticking = setInterval(() => this.tick(), SECOND_MS);
  }

  static async start(
    recorded: Recorded,
    {
      sessionMs = 3_600_000,
      readsNeedToken = true,
      webFolder = path.join(path.dirname(PROGRAM), "web"),
    }: StubOptions = {},
  ): Promise<StubBoard> {
    const state = new ManagementState("0.0.0");
    // The server asks the board that is made of it.
    const box: { board: StubBoard | null } = { board: null };
    const server = createApiServer({
      tls: null,
      clock: new SystemClock(),
      randomBytes,
      state,
      readsNeedToken,
      sessionMs,
      webFolder,
      order: (command) => Promise.resolve(box.board!.obey(command as Command)),
      query: (query) => Promise.resolve(box.board!.answer(query)),
      history: (wish) => box.board!.history(wish),
      chipHistory: (chainIndex, chipIndex) => box.board!.chipHistory(chainIndex, chipIndex),
      receive: (upload, wish) => box.board!.receive(upload, wish),
    });
    const tokens: Record<Scope, string> = { read: "", control: "", admin: "" };
    const records = [];
    for (const scope of ["read", "control", "admin"] as const) {
      const { token, record } = await createToken(randomBytes, scope, scope, 1_795_900_000_000);
      tokens[scope] = token;
      records.push(record);
    }
    server.guard.setTokens(records);
    const address = new URL(await server.app.listen({ host: LOOPBACK, port: 0 }));
    const board = new StubBoard(recorded, server, state, await PluggedLine.to(Number(address.port)), tokens);
    box.board = board;
    board.#records = records;
    board.setSettings(DEFAULT_SETTINGS);
    state.take({ kind: "log", lines: LOG_LINES });
    board.tick();
    return board;
  }

  obey(command: Command): CommandAnswer | Promise<CommandAnswer> {
    this.orders.push(command);
    return this.answerTo(command);
  }

  /** Takes the file whole, as a board does. */
  async receive({ stream }: Upload, { isForced }: InstallWish): Promise<CommandAnswer> {
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    this.received.push({ bytes, isForced });
    return this.answerTo({ kind: "installUpdate", isForced });
  }

  answer(query: { readonly kind: string; readonly chainIndex?: number }) {
    const data =
      query.kind === "chips"
        ? this.chips[query.chainIndex ?? 0]
        : this.answers[query.kind as keyof Recorded["answers"]];
    return { ok: true, data } as const;
  }

  /** As the miner does each second. */
  tick(): void {
    this.snapshot = { ...this.snapshot, uptimeMs: this.snapshot.uptimeMs + SECOND_MS };
    this.state.take({ kind: "snapshot", snapshot: this.snapshot });
    this.#server.events.send("snapshot", this.state.snapshotText ?? "null");
  }

  /** From the next second on. */
  bend(change: (snapshot: MinerSnapshot) => Partial<MinerSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change(this.snapshot) };
  }

  setSettings(settings: Settings, pendingRestart: readonly string[] = []): void {
    const file = { place: "/data/settings.toml", source: "file", problems: [] } as const;
    const view = { ...file, settings, pendingRestart, overriddenKeys: [] };
    this.state.take({ kind: "settings", view, constraints: settingsKeys() });
  }

  revoke(scope: Scope): void {
    this.#records = this.#records.filter((record) => record.scope !== scope);
    this.#server.guard.setTokens(this.#records);
  }

  revokeAll(): void {
    this.#server.guard.setTokens([]);
  }

  /** What is sent from now on arrives nowhere, and nobody says so. */
  stall(): void {
    this.#line.stall();
  }

  unplug(): Promise<void> {
    return this.#line.unplug();
  }

  plugIn(): Promise<void> {
    return this.#line.plugIn();
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    await this.#line.unplug();
    await this.#server.app.close();
  }
}

const LOG_LINES = [
  '{"level":30,"time":"2026-11-25T10:00:00.000Z","part":"chain","chain":0,"msg":"chain state"}',
  '{"level":40,"time":"2026-11-25T10:00:01.000Z","part":"pool","msg":"the pool is slow"}',
];

/** Half an hour with ten minutes missing. */
function smoothHistory({ fields }: HistoryWish): HistorySeries {
  const endMs = Math.floor(Date.now() / 10_000) * 10_000;
  const ages = Array.from({ length: 180 }, (_, i) => 180 - i).filter((age) => age > 110 || age < 50);
  const timesMs = ages.map((age) => endMs - age * 10_000);
  return { timesMs, values: fields.map((_, field) => ages.map((age) => 190 + field + Math.sin(age / 7))) };
}

/** Two hours, of which twenty minutes are missing and ten are unknown. */
function smoothChipHistory(chainIndex: number, chipIndex: number): ChipHistoryAnswer {
  const periodMs = 300_000;
  const endMs = Math.floor(Date.now() / periodMs) * periodMs;
  const ages = Array.from({ length: 24 }, (_, i) => 24 - i).filter((age) => age > 14 || age < 11);
  const figures = (middle: number) => ages.map((age) => (age === 5 || age === 6 ? null : middle + Math.sin(age)));
  const timesMs = ages.map((age) => endMs - age * periodMs);
  const data = { chainIndex, chipIndex, periodMs, keptMs: 86_400_000, timesMs };
  const kept = { frequencyMhz: figures(490), errorPct: figures(1), relativePct: figures(100) };
  return { ok: true, data: { ...data, ...kept, temperatureC: ages.map(() => null) } };
}

/** A line between browser and board that can be pulled. */
class PluggedLine {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #isStalled = false;

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => {
      if (this.#isStalled) socket.unpipe().pause();
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async to(port: number): Promise<PluggedLine> {
    const server = net.createServer((near) => {
      const far = net.connect(port, LOOPBACK);
      near.pipe(far).pipe(near);
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    return new PluggedLine(server, (server.address() as net.AddressInfo).port);
  }

  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async unplug(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  plugIn(): Promise<void> {
    this.#isStalled = false;
    return new Promise((resolve) => this.#server.listen(this.port, LOOPBACK, resolve));
  }
}
