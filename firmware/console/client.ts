/** The console's way to the running firmware: its own API over the socket in the data folder. */
import http from "node:http";
import type { z } from "zod";
import { errorText, KumpelError } from "#hal/errors.ts";
import { answerSchema, type CommandAnswer } from "../api/commands.ts";
import { problemSchema } from "../api/http/schemas.ts";

/** A command may take ten seconds; a little more tells a late answer from none. */
const ANSWER_LIMIT_MS = 12_000;
/** Every token may read it, and no other is let in. */
const CHECKED_PATH = "/summary";

export interface ConsoleClient {
  /** Data of a route below `/api/v1`. @throws KumpelError `CONSOLE_LOST`, `CONSOLE_REFUSED`. */
  get<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>>;
  /** What became of a command; a refusal is an answer, too. @throws KumpelError `CONSOLE_LOST`. */
  order(command: object): Promise<CommandAnswer>;
  /**
   * A client that asks with this token and may do what the token may; null where nobody knows it.
   * @throws KumpelError `CONSOLE_LOST`, `CONSOLE_REFUSED` when too many are checked at once.
   */
  logIn(token: string): Promise<ConsoleClient | null>;
  /** Calls back with each snapshot until `signal` aborts or the connection ends; resolves with why it ended. */
  watch(take: (snapshot: unknown) => void, signal: AbortSignal): Promise<"stopped" | "lost">;
}

/** @param token whose rights the client has; null = of who may open the socket, and that is all. */
export function consoleClient(socketPath: string, token: string | null = null): ConsoleClient {
  const door: Door = { socketPath, headers: token === null ? {} : bearer(token) };
  return {
    get: async (path, schema) => {
      const { status, body } = await ask(door, "GET", path);
      if (status !== 200) throw refusal(body);
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new KumpelError(
        "CONSOLE_REFUSED",
        `The firmware answers ${path} in a form that this console does not know; use the console of the same version.`,
      );
    },
    order: async (command) => {
      const { body } = await ask(door, "POST", "/commands", command);
      const parsed = answerSchema.safeParse(body);
      if (!parsed.success) throw refusal(body);
      return parsed.data;
    },
    logIn: async (typed) => {
      // Anything else cannot stand in a header, and no token has it.
      if (!/^[\w-]{1,200}$/.test(typed)) return null;
      const { status, body } = await ask({ socketPath, headers: bearer(typed) }, "GET", CHECKED_PATH);
      if (status === 401) return null;
      if (status === 429) throw refusal(body);
      return consoleClient(socketPath, typed);
    },
    watch: (take, signal) => watchEvents(door, take, signal),
  };
}

function refusal(body: unknown): KumpelError {
  const problem = problemSchema.safeParse(body);
  return new KumpelError(
    "CONSOLE_REFUSED",
    problem.success ? problem.data.message : "The firmware gave no answer that can be understood.",
  );
}

interface Door {
  readonly socketPath: string;
  readonly headers: Readonly<Record<string, string>>;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

function ask(door: Door, method: string, path: string, body?: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { socketPath } = door;
    const headers = text === undefined ? door.headers : { ...door.headers, "content-type": "application/json" };
    const options = { socketPath, path: `/api/v1${path}`, method, headers, agent: false, timeout: ANSWER_LIMIT_MS };
    const request = http.request(options, (response) => {
      let reply = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (reply += chunk));
      response.on("error", (error) => reject(lost(socketPath, error)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsedOrNull(reply) }));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => reject(lost(socketPath, error)));
    request.end(text);
  });
}

function watchEvents(door: Door, take: (snapshot: unknown) => void, signal: AbortSignal): Promise<"stopped" | "lost"> {
  return new Promise((resolve) => {
    const end = (why: "stopped" | "lost"): void => {
      request.destroy();
      resolve(why);
    };
    const request = http.request({ ...door, path: "/api/v1/events", agent: false }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const events = (rest + chunk).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1];
          if (data !== undefined) take(parsedOrNull(data));
        }
      });
      response.on("close", () => end("lost"));
    });
    request.on("error", () => end("lost"));
    if (signal.aborted) end("stopped");
    signal.addEventListener("abort", () => end("stopped"), { once: true });
    request.end();
  });
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function lost(socketPath: string, error: unknown): KumpelError {
  return new KumpelError(
    "CONSOLE_LOST",
    `The firmware does not answer at ${socketPath} (${errorText(error)}): start it, or name its folder with --data DIR.`,
    { cause: error },
  );
}
