/** Updates over the own API: where one stands, a bundle to install, and the way back. */
import { z } from "zod";
import { updateStatusSchema } from "../../update/update-status.ts";
import { answerSchema, type CommandAnswer } from "../commands.ts";
import type { Upload } from "../update-intake.ts";
import type { InstallWish } from "../update-orders.ts";
import type { Identity } from "./guard.ts";
import type { ManagementState } from "./state.ts";

const wish = z.object({
  force: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "true: also a version that is lower than the running one." }),
});

/** What these routes need of all that a route may use. */
interface Context {
  readonly state: ManagementState;
  readonly order: (command: unknown, identity: Identity) => Promise<CommandAnswer>;
  readonly receive: (upload: Upload, wish: InstallWish, identity: Identity) => Promise<CommandAnswer>;
}

interface Request {
  readonly body: unknown;
  readonly query: unknown;
  readonly identity: Identity | null;
}

const UNKNOWN_YET = { ok: false, message: "the miner has not told yet; try again in a second" };

/** Who is nobody is not let in here: it is only the types that do not know. */
async function answered(identity: Identity | null, act: (identity: Identity) => Promise<CommandAnswer>) {
  if (identity === null) return { status: 401, body: { ok: false, message: "a token is needed" } };
  const answer = await act(identity);
  return { status: answer.ok ? 200 : 400, body: answer };
}

export const UPDATE_ROUTES = [
  {
    method: "GET",
    url: "/api/v1/update",
    summary: "Where an update stands, and whether one may begin.",
    scope: "read",
    answer: updateStatusSchema,
    handle: ({ state }: Context) => {
      const status = state.update ?? state.snapshot?.update;
      return status === undefined ? { status: 503, body: UNKNOWN_YET } : { status: 200, body: status };
    },
  },
  {
    method: "POST",
    url: "/api/v1/update",
    summary: "Installs a signed bundle, then boots it. Answered when signature, board and version were checked.",
    scope: "admin",
    query: wish,
    takesUpload: true,
    answer: answerSchema,
    handle: ({ receive }: Context, { body, query, identity }: Request) => {
      const isForced = (query as z.infer<typeof wish>).force === "true";
      return answered(identity, (who) => receive(body as Upload, { isForced, clearsSettings: false }, who));
    },
  },
  {
    method: "POST",
    url: "/api/v1/update/back",
    summary: "Boots the version in the other slot.",
    scope: "admin",
    answer: answerSchema,
    handle: ({ order }: Context, { identity }: Request) => answered(identity, (who) => order({ kind: "goBack" }, who)),
  },
] as const;
