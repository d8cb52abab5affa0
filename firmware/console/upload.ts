/** Sends a bundle to the running firmware over the socket in its data folder. */
import http from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorText, KumpelError } from "#hal/errors.ts";
import { answerSchema, type CommandAnswer } from "../api/commands.ts";

/** Receiving, and looking at the signature. */
const LIMIT_MS = 620_000;

export interface BundleFile {
  readonly stream: Readable;
  readonly bytes: number;
}

/** What became of it; a refusal is an answer, too. @throws KumpelError `CONSOLE_LOST`, `CONSOLE_REFUSED`. */
export async function uploadBundle(socketPath: string, file: BundleFile, isForced: boolean): Promise<CommandAnswer> {
  const path = `/api/v1/update?force=${isForced}`;
  const headers = { "content-type": "application/octet-stream", "content-length": file.bytes };
  const options = { socketPath, path, method: "POST", headers, agent: false, timeout: LIMIT_MS };
  try {
    return await new Promise<CommandAnswer>((resolve, reject) => {
      const request = http.request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => resolve(answerIn(text)));
      });
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      // What breaks on the way shows as an error of the request.
      pipeline(file.stream, request).catch(reject);
    });
  } catch (error) {
    if (error instanceof KumpelError) throw error;
    const text = `The firmware at ${socketPath} did not take the bundle (${errorText(error)}): look at kumpel update status.`;
    throw new KumpelError("CONSOLE_LOST", text, { cause: error });
  }
}

function answerIn(text: string): CommandAnswer {
  try {
    const parsed = answerSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Falls through to the words for what cannot be read.
  }
  return { ok: false, message: "The firmware gave no answer that can be understood." };
}
